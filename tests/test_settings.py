from __future__ import annotations

import json

import pytest

from cflint.finding import Finding, Location, Severity
from cflint.project.files.workspace import Workspace
from cflint.rule import UnknownSelector
from cflint.settings import Policy, Settings, SettingsError, SettingsTree
from cflint.settings.schema import schema
from cflint.source import Document, Span
from tests.support.fixture_cases import KNOWN
from tests.support.paths import ROOT

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

SCHEMA = ROOT / "docs" / "settings.schema.json"


def tree(files: dict[str, str], **options: object) -> SettingsTree:
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    return SettingsTree(workspace, KNOWN, **options)  # type: ignore[arg-type]


def finding(path: str, rule: str = "ws-legacy-accept") -> Finding:
    return Finding("x", Location(Document(path, b""), Span(0, 0)), rule=rule, severity=Severity.WARNING)


def test_without_a_file_the_recommended_rules_run() -> None:
    assert tree({}).for_path("src/a.ts").rules(KNOWN).keys() == KNOWN.select(["recommended"]).keys()


def test_the_nearest_file_wins() -> None:
    found = tree(
        {
            "cflint.toml": 'ignore = ["websockets"]',
            "apps/a/pyproject.toml": '[tool.cflint]\nselect = ["ws-legacy-accept"]',
            "apps/b/pyproject.toml": "[tool.other]",
        }
    )
    assert found.for_path("x.ts").ignore == ("websockets",)
    assert list(found.for_path("apps/a/src/x.ts").rules(KNOWN)) == ["ws-legacy-accept"]
    assert found.for_path("apps/b/x.ts").path == "cflint.toml"


def test_preview_adds_to_presets_and_not_to_names() -> None:
    preview = KNOWN.select(["preview"]).keys()
    assert preview >= KNOWN.select(["recommended"]).keys()
    strict = KNOWN.select(["strict"]).keys()
    assert tree({"cflint.toml": "preview = true"}).for_path("a.ts").rules(KNOWN).keys() == preview
    both = tree({"cflint.toml": 'preview = true\nselect = ["strict"]'}).for_path("a.ts")
    assert both.rules(KNOWN).keys() == strict | preview
    named = tree({"cflint.toml": 'preview = true\nselect = ["ws-legacy-accept"]'}).for_path("a.ts")
    assert list(named.rules(KNOWN)) == ["ws-legacy-accept"]
    above = {"base.toml": "preview = true", "cflint.toml": 'extends = "base.toml"\npreview = false'}
    assert not tree(above).for_path("a.ts").preview


def test_a_named_file_and_isolation() -> None:
    files = {"cflint.toml": 'ignore = ["websockets"]', "other.toml": 'preset = "all"'}
    assert tree(files, only="other.toml").for_path("a/b.ts").preset == "all"
    assert tree(files, isolated=True).for_path("a/b.ts") == Settings()


def test_extends() -> None:
    files = {
        "base.toml": 'preset = "strict"\nignore = ["migrations"]\nseverity = { websockets = "note" }',
        "apps/cflint.toml": 'extends = "../base.toml"\nignore = ["ws-legacy-accept"]',
    }
    found = tree(files).for_path("apps/x.ts")
    assert found.preset == "strict" and found.ignore == ("migrations", "ws-legacy-accept")
    assert found.severity == {"websockets": Severity.NOTE}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('selct = ["x"]', "cflint.toml:1:1: unknown key `selct`; did you mean `select`?"),
        ('select = ["ws-legacy-acept"]', "cflint.toml:1:11: unknown rule, group or preset"),
        ('\nignore = "kv"', "cflint.toml:2:10: `ignore` has to be an array of strings"),
        ('severity = { ws-legacy-accept = "warn" }', "did you mean `warning`?"),
        ('severity = { nope = "note" }', "unknown rule, group or preset `nope`"),
        ('preset = "recomended"', "did you mean `recommended`?"),
        ('preview = "yes"', "cflint.toml:1:11: `preview` has to be true or false"),
        ("fail-on = 3", "`fail-on` has to be one of"),
        ("per-file-ignores = []", "`per-file-ignores` has to be a table"),
        ("a = ", "cflint.toml:1:"),
        ('extends = "../out.toml"', "inside the repository"),
        ('extends = "https://example.com/x.toml"', "inside the repository"),
        ('extends = "/etc/passwd"', "inside the repository"),
        ('extends = "gone.toml"', "does not exist"),
        ('extends = "cflint.toml"', "round in circles"),
        ("extends = 1", "has to be the path"),
        ("options = 1", "`options` has to be a table"),
        ("options = { ws-legacy-acept = {} }", "did you mean `ws-legacy-accept`?"),
        ("options = { ws-legacy-accept = {} }", "`ws-legacy-accept` has no options; `alarm-unconditional"),
        ("options = { compat-date-stale = 3 }", "the options of `compat-date-stale` have to be a table"),
        (
            "options = { compat-date-stale = { day = 90 } }",
            "has no option `day`, only `days`; did you mean `days`?",
        ),
        ("options = { compat-date-stale = { days = 7 } }", "`days` has to be a whole number, 30 or more"),
        ("options = { compat-date-stale = { days = true } }", "a whole number, 30 or more"),
        ('options = { compat-date-stale = { days = "90" } }', "a whole number, 30 or more"),
        ("options = { compat-date-stale = { days = 90.5 } }", "a whole number, 30 or more"),
    ],
)
def test_mistakes_have_a_place_and_a_hint(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        tree({"cflint.toml": text}).for_path("a.ts")
    assert message in str(caught.value)


def test_severities_and_per_file_ignores() -> None:
    text = """
severity = { ws-legacy-accept = "error", migrations = "off" }
[per-file-ignores]
"legacy/" = ["websockets"]
"*.gen.ts" = ["ws-legacy-accept"]
"""
    settings = tree({"apps/cflint.toml": text}).for_path("apps/x.ts")
    judged = settings.apply_to(finding("apps/src/a.ts"), "websockets")
    assert judged is not None and judged.severity is Severity.ERROR
    assert settings.apply_to(finding("apps/legacy/a.ts"), "websockets") is None
    assert settings.apply_to(finding("apps/src/x.gen.ts"), "websockets") is None
    assert "migration-missing-class" not in settings.rules(KNOWN)


def test_excludes_are_relative_to_their_file() -> None:
    settings = tree({"apps/cflint.toml": 'exclude = ["*.gen.ts", "/old", "a/b"]'}).for_path("apps/x")
    assert settings.exclude == ("/apps/**/*.gen.ts", "/apps/old", "/apps/a/b")


def test_what_the_file_of_a_folder_leaves_out_is_left_out_from_above_too() -> None:
    policy = Policy(tree({"apps/cflint.toml": 'exclude = ["old/"]'}), KNOWN, lambda settings: settings)
    assert policy.apply_policy(finding("apps/old/a.ts")) is None
    assert policy.apply_policy(finding("apps/new/a.ts")) is not None
    assert policy.apply_policy(finding("old/a.ts")) is not None


def test_options_of_rules_come_from_the_nearest_file_and_what_it_extends() -> None:
    files = {
        "base.toml": "options = { compat-date-stale = { days = 90 }, alarm-unconditional-short-interval = "
        "{ seconds = 5 } }",
        "a/cflint.toml": 'extends = "../base.toml"\n[options.compat-date-stale]\ndays = 40',
    }
    policy = Policy(tree(files), KNOWN, lambda settings: settings)
    assert policy.options_for("b/x.ts") == {}
    assert policy.options_for("a/x.ts") == {
        ("compat-date-stale", "days"): 40,
        ("alarm-unconditional-short-interval", "seconds"): 5,
    }
    broken = Policy(tree({"cflint.toml": "options = 1"}), KNOWN, lambda settings: settings)
    assert broken.options_for("x.ts") == {}  # the mistake is told where the rules are chosen


def test_the_command_line_comes_on_top() -> None:
    settings = Settings(select=("websockets",), extend_select=("meta",), ignore=("ws-legacy-accept",))
    assert settings.overridden(select=["migrations"]).select == ("migrations",)
    assert settings.overridden(select=["migrations"]).extend_select == ()
    assert settings.overridden().select == ("websockets",)
    assert settings.overridden(ignore=["meta"]).ignore == ("ws-legacy-accept", "meta")
    with pytest.raises(UnknownSelector):
        settings.overridden(select=["nope"]).rules(KNOWN)


def test_a_policy_runs_what_any_file_wants_and_judges_each_by_its_own() -> None:
    files = {"cflint.toml": 'select = ["migrations"]', "a/cflint.toml": 'select = ["websockets"]'}
    policy = Policy(tree(files), KNOWN, lambda settings: settings)
    rules = policy.rules(["a/x.ts", "b/y.ts"])
    assert {"ws-legacy-accept", "migration-missing-class"} <= set(rules)
    assert policy.apply_policy(finding("a/x.ts")) is not None
    assert policy.apply_policy(finding("b/y.ts")) is None
    assert policy.apply_policy(finding("b/y.ts", "internal-error")) is not None


def test_the_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == schema(KNOWN), "run scripts/write_settings_schema.py"
