"""Policies in memory: how they are read, what they look at, and what they report."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cflint.engine.analysis import Run
from cflint.engine.plan import Options
from cflint.finding import Finding
from cflint.policy import POLICY_KEYS, ConfigPolicy, KeyPath, PolicyError
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.settings import Policy, Settings, SettingsError, SettingsTree
from cflint.settings.schema import schema
from tests.support.fixture_cases import KNOWN
from tests.support.paths import ROOT
from tests.support.projects import memory

pytestmark = pytest.mark.portable

CODE = 'export default { fetch: () => new Response("x") } satisfies ExportedHandler;'


def findings(policies: str, config: str, name: str = "wrangler.jsonc", code: str = CODE) -> list[Finding]:
    workspace = memory({"cflint.toml": policies, name: config, "src/index.ts": code})
    policy = Policy(SettingsTree(workspace, KNOWN), KNOWN, lambda settings: settings.overridden(["policy"]))
    loaded = load(workspace, ("",), preferences=no_preferences)
    rules, known = policy.rules([name]), policy.known_for([name])
    run = Run(loaded, Options(rules, known, jobs=1, debug=True, apply_policy=policy.apply_policy))
    return list(run.report(run.everything(), Path()).findings)


def messages(policies: str, config: str, name: str = "wrangler.jsonc") -> list[str]:
    return [finding.message for finding in findings(policies, config, name)]


def policy(path: str, condition: str, more: str = "") -> str:
    return f'[[policy]]\nname = "it"\npath = "{path}"\n{condition}\n{more}\n'


def worker(keys: str) -> str:
    return '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-01-01", ' + keys + " }"


@pytest.mark.parametrize(
    ("path", "condition", "good", "bad"),
    [
        ("observability.enabled", "equals = true", '"observability": {"enabled": true}', '"vars": {}'),
        ("workers_dev", "equals = false", '"workers_dev": false', '"workers_dev": true'),
        ("limits.cpu_ms", "at-most = 50", '"limits": {"cpu_ms": 50}', '"limits": {"cpu_ms": 50.5}'),
        ("limits.cpu_ms", "at-least = 1\nat-most = 9", '"limits": {"cpu_ms": 9}', '"limits": {"cpu_ms": 10}'),
        ("compatibility_date", 'at-least = "2026-01-01"', '"vars": {}', '"compatibility_date": "2025-12-31"'),
        ("logpush", "present = true", '"logpush": false', '"vars": {}'),
        ("logpush", "absent = true", '"vars": {}', '"logpush": false'),
        ("logpush", "absent = true", '"logpush": null', '"logpush": true'),
        ("account_id", 'one-of = ["a", "b"]', '"account_id": "b"', '"account_id": "c"'),
        ("account_id", 'none-of = ["a", "b"]', '"account_id": "c"', '"account_id": "a"'),
        ("account_id", 'not-equals = "a"', '"vars": {}', '"account_id": "a"'),
        (
            "routes[*].pattern",
            'matches = "*.a.com/*"',
            '"routes": ["x.a.com/*"]',
            '"routes": ["a.com.evil/*"]',
        ),
        (
            "routes[*].pattern",
            'matches = "*.a.com/*"',
            '"route": {"pattern": "x.a.com/*", "zone_name": "a.com"}',
            '"route": "b.com/*"',
        ),
        ("routes[*].custom_domain", "equals = true", '"vars": {}', '"routes": ["x.a.com/*"]'),
        ("vars.*", 'not-matches = "sk-*"', '"vars": {"A": "b"}', '"vars": {"A": "b", "C": "sk-d"}'),
        (
            "kv_namespaces[*].id",
            'matches = "????"',
            '"kv_namespaces": [{"binding": "A", "id": "0a1b"}]',
            '"kv_namespaces": [{"binding": "A"}]',
        ),
        (
            "compatibility_flags",
            'contains = "nodejs_compat"',
            '"compatibility_flags": ["x", "nodejs_compat"]',
            '"compatibility_flags": []',
        ),
        ("placement", 'equals = { mode = "smart" }', '"placement": {"mode": "smart"}', '"placement": {}'),
    ],
)
def test_a_condition(path: str, condition: str, good: str, bad: str) -> None:
    assert messages(policy(path, condition), worker(good)) == []
    (message,) = messages(policy(path, condition), worker(bad))
    assert message.startswith("`")


def test_true_is_not_one() -> None:
    assert len(messages(policy("limits.cpu_ms", "equals = 1"), worker('"limits": {"cpu_ms": true}'))) == 1
    assert messages(policy("limits.cpu_ms", "equals = 1"), worker('"limits": {"cpu_ms": 1.0}')) == []


def test_what_is_optional_may_be_absent() -> None:
    text = policy("limits.cpu_ms", "at-most = 50", "optional = true")
    assert messages(text, worker('"vars": {}')) == []
    assert len(messages(text, worker('"limits": {"cpu_ms": 60}'))) == 1


def test_environments_are_looked_at_with_what_counts_there() -> None:
    text = policy("observability.enabled", "equals = true")
    inherited = worker('"observability": {"enabled": true}, "env": {"a": {}}')
    assert messages(text, inherited) == []
    own = worker('"observability": {"enabled": true}, "env": {"a": {"observability": {"enabled": false}}}')
    (finding,) = findings(text, own)
    assert finding.message == "`observability.enabled` has to be `true`, and is `false` in `env.a`"
    (once,) = findings(text, worker('"observability": {"enabled": false}, "env": {"a": {}, "b": {}}'))
    assert "env" not in once.message
    lacking = worker('"vars": {"REGION": "eu"}, "env": {"a": {}}')  # variables are not inherited
    (message,) = messages(policy("vars.REGION", "present = true"), lacking)
    assert message == "`vars.REGION` has to be set, and is not set in `env.a`"


def test_what_cannot_be_known_is_not_judged() -> None:
    text = policy("account_id", 'equals = "a"')
    assert messages(text, worker('"account_id": "${ACCOUNT}"')) == []
    assert messages(text, worker('"account_id": "<ID>"')) == []
    assert messages(text, "{ broken") == []


def test_a_configuration_of_pages_has_only_its_own_keys() -> None:
    pages = '{ "name": "w", "pages_build_output_dir": "dist", "compatibility_date": "2026-01-01" }'
    assert messages(policy("workers_dev", "equals = false"), pages) == []
    assert len(messages(policy("vars.REGION", "present = true"), pages)) == 1


def test_the_value_of_a_variable_is_not_shown() -> None:
    (message,) = messages(policy("vars.*", 'not-matches = "sk-*"'), worker('"vars": {"A": "sk-1"}'))
    assert message == '`vars.A` must not match `"sk-*"`'


TYPESCRIPT = """\
import { defineWorker } from "wrangler/experimental-config";

export default defineWorker({
  name: "w",
  entrypoint: "src/index.ts",
  compatibilityDate: "2026-01-01",
  observability: { enabled: false },
});
"""


def test_toml_and_typescript_in_the_same_spelling() -> None:
    text = policy("observability.enabled", "equals = true", "fix = true")
    toml = 'name = "w"\nmain = "src/index.ts"\ncompatibility_date = "2026-01-01"\n'
    toml += "[observability]\nenabled = false\n"
    (finding,) = findings(text, toml, "wrangler.toml")
    assert finding.fix is not None and finding.at.document.line_of(finding.at.span.start) == 5
    (finding,) = findings(text, TYPESCRIPT, "cloudflare.config.ts")
    assert "worker.observability.enabled" in finding.message
    assert finding.fix is not None and [edit.text for edit in finding.fix.edits] == ["true"]


def test_a_fix_sets_the_value() -> None:
    config = worker('"workers_dev": true')
    (finding,) = findings(policy("workers_dev", "equals = false", "fix = false"), config)
    assert finding.fix is not None and finding.fix.title == "Set `workers_dev` to `false`"
    (edit,) = finding.fix.edits
    data = config.encode()
    assert data[: edit.span.start] + edit.text.encode() + data[edit.span.end :] == data.replace(
        b'"workers_dev": true', b'"workers_dev": false'
    )


MISTAKES = [
    ('policy = "x"', "1:10: policies have to be tables"),
    ("[[policy]]\npath = 'logpush'\nequals = true", "needs a `name`"),
    ("[[policy]]\nname = 'A b'\npath = 'logpush'\nequals = true", "2:8: a policy needs a `name`"),
    (policy("", "equals = 1"), "3:8: `path` has to be a string"),
    (policy("obsrvability.enabled", "equals = true"), "did you mean `observability`?"),
    (policy("observability.enbled", "equals = true"), "did you mean `enabled`?"),
    (policy("env.staging.vars", "present = true"), "holds for the top level and every environment"),
    (policy("routes[0]", "present = true"), "is no path of keys"),
    (policy("[*].x", "present = true"), "is no path of keys"),
    (policy("logpush", ""), "a policy needs a condition: `present`"),
    (policy("logpush", "present = false"), "4:11: `present` can only be true"),
    (policy("logpush", "present = true\nequals = true"), "5:1: `present` and `equals` are two conditions"),
    (policy("logpush", "one-of = []"), "has to be an array that is not empty"),
    (policy("logpush", 'at-least = "soon"'), "has to be a number, or a date like"),
    (policy("logpush", "matches = 1"), "has to be a pattern"),
    (policy("logpush", "equals = true", "fix = false"), "does not meet the policy itself"),
    (policy("logpush", "absent = true", "fix = false"), "the policy wants none there"),
    (policy("vars.*", 'equals = "a"', 'fix = "a"'), "the path has to end with one"),
    (policy("logpush", "equals = true", "sevrity = 'note'"), "did you mean `severity`?"),
    (policy("logpush", "equals = true", "severity = 'bad'"), "has to be one of `note`"),
    (policy("logpush", "equals = true") * 2, "7:8: there are two policies `it`"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_wrong_policy_is_an_error_with_its_place(text: str, message: str) -> None:
    workspace = memory({"cflint.toml": text})
    with pytest.raises(SettingsError) as error:
        SettingsTree(workspace, KNOWN).for_path("wrangler.jsonc")
    assert str(error.value).startswith("cflint.toml:") and message in str(error.value)


def test_a_path_of_keys() -> None:
    assert KeyPath.of("durable_objects.bindings[*].class_name").steps == (
        *("durable_objects", "bindings", "[*]", "class_name"),
    )
    assert KeyPath.of("vars.*").has_wildcard and not KeyPath.of("logpush").has_wildcard
    for wrong in ("a..b", ".a", "a.", "a b", "*"):
        with pytest.raises(PolicyError):
            KeyPath.of(wrong)


def tree(files: dict[str, str]) -> Policy:
    return Policy(SettingsTree(memory(files), KNOWN), KNOWN, lambda settings: settings)


def test_policies_run_whatever_the_settings_select() -> None:
    files = {"cflint.toml": 'select = ["d1"]\n' + policy("logpush", "equals = true")}
    assert "policy-it" in tree(files).rules(["wrangler.toml"])
    off = {"cflint.toml": 'severity = { policy-it = "off" }\n' + policy("logpush", "equals = true")}
    assert "policy-it" not in tree(off).rules(["wrangler.toml"])
    ignored = {"cflint.toml": 'ignore = ["policy"]\n' + policy("logpush", "equals = true")}
    assert "policy-it" not in tree(ignored).rules(["wrangler.toml"])


def test_each_folder_runs_its_own_rules_below_settings_that_are_put_on_top() -> None:
    files = {
        "above.toml": policy("logpush", "equals = true"),
        "cflint.toml": 'select = ["d1"]',
        "a/cflint.toml": 'select = ["websockets"]',
    }
    settings = SettingsTree(memory(files), KNOWN, above="above.toml")
    found = Policy(settings, KNOWN, lambda it: it)
    root, below = found.rules_for("x.ts"), found.rules_for("a/x.ts")
    assert "ws-legacy-accept" in below and "ws-legacy-accept" not in root
    assert "policy-it" in root and "policy-it" in below
    assert found.settings_for("x.ts").path == found.settings_for("a/x.ts").path == "above.toml"


@pytest.mark.parametrize("options", [{}, {"isolated": True}, {"above": "cflint.toml"}])
def test_settings_are_put_together_once_for_all_files_that_share_them(options: dict[str, Any]) -> None:
    files = {"cflint.toml": policy("logpush", "equals = true")}
    calls: list[Settings] = []

    def adjust(settings: Settings) -> Settings:
        calls.append(settings)
        return settings.overridden(ignore=["d1"])

    found = Policy(SettingsTree(memory(files), KNOWN, **options), KNOWN, adjust)
    paths = [f"{folder}/x.ts" for folder in "abcd"]
    assert len({id(found.settings_for(path)) for path in paths}) == 1 == len(calls)
    assert len({id(rule) for path in paths for rule in found.settings_for(path).policy_rules}) <= 1
    assert found.known_for(paths) is found.known_for(["a/y.ts", *paths])


def test_the_page_of_a_policy_is_made_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def page_of(policy: ConfigPolicy) -> str:
        made.append(policy.name)
        return "It.\n"

    monkeypatch.setattr("cflint.policy.rules.page_of", page_of)
    rule = tree({"cflint.toml": policy("logpush", "equals = true")}).known_for(["x.ts"])["policy-it"]
    assert made == []
    assert rule.page == "It.\n" and rule.summary == "It" and made == ["it"]


def test_settings_above_and_below() -> None:
    above = policy("logpush", "equals = true") + policy("workers_dev", "equals = false").replace("it", "dev")
    files = {
        "cflint.toml": above,
        "a/cflint.toml": 'extends = ["../cflint.toml", "../other.toml"]\n'
        + policy("logpush", "present = true"),
        "other.toml": 'ignore = ["d1"]\n'
        + policy("upload_source_maps", "equals = true").replace("it", "maps"),
    }
    settings = tree(files).settings_for("a/x.ts")
    assert [found.name for found in settings.policies] == ["dev", "maps", "it"]
    assert settings.policies[-1].place == "a/cflint.toml:3" and settings.ignore == ("d1",)
    with pytest.raises(SettingsError, match="demands something else in"):
        tree(files).known_for(["x.ts", "a/x.ts"])
    with pytest.raises(SettingsError, match="goes round in circles"):
        tree({"cflint.toml": 'extends = ["a.toml"]', "a.toml": 'extends = ["cflint.toml"]'}).settings_for("x")


def guide_blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "guides" / "policies.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_policies_of_the_guide() -> None:
    text = guide_blocks("toml")[0]
    good = worker('"observability": {"enabled": true}, "workers_dev": false, "routes": ["a.example.com/*"]')
    assert messages(text, good) == []
    bad = worker(
        '"workers_dev": true, "routes": ["a.evil.com/*"], "limits": {"cpu_ms": 2000}, "unsafe": {},'
        ' "compatibility_date": "2025-01-01"'
    )
    assert {finding.rule for finding in findings(text, bad)} == {
        f"policy-{name}"
        for name in ("observability", "no-workers-dev", "own-zones", "recent-date", "cpu-limit", "no-unsafe")
    }
    sample = guide_blocks("console")[0].splitlines()[1]
    (found,) = (finding for finding in findings(text, bad) if finding.rule == "policy-no-workers-dev")
    assert sample.endswith(f"error[policy-no-workers-dev] {found.message}")


def test_the_keys_of_the_guide_are_all_there_are() -> None:
    page = (ROOT / "docs" / "guides" / "policies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert set(re.findall(r"`([a-z-]+)(?: = true)?`", " ".join(rows))) == set(POLICY_KEYS)


def test_the_schema_takes_the_policies_of_the_guide() -> None:
    validator = jsonschema.Draft202012Validator(schema(KNOWN))
    assert not list(validator.iter_errors(tomllib.loads(guide_blocks("toml")[0])))
    assert list(validator.iter_errors(tomllib.loads('[[policy]]\nname = "a"')))
