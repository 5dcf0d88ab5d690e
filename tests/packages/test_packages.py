"""Rules of installed packages: found, listed, checked, left out, and what is wrong with one is one error."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

from tests.support.environments import Environment, write_metadata

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

PAGE = '''"""Call `{word}()` nowhere.

## Incorrect

```ts
{word}();
```

## Correct

```ts
export {{}};
```
"""
'''
RULE = """
from collections.abc import Iterator

from cflint.api import Edit, Finding, Fix, Match, Option, Safety, Severity, Span, call, rule

_MOST = Option(__name__, "most", 1, "How many are too many.")


@rule(
    call("{word}"), severity=Severity.WARNING, fix=Safety.SAFE, options=[_MOST], aliases=["acme-old-{word}"]
)
def check(match: Match) -> Iterator[Finding]:
    most = _MOST.value(match.project, match.document.path)
    fix = Fix("Say nothing", (match.remove(match.node.parent),), Safety.SAFE)
    yield Finding(f"`{word}()` is called, more than {{most}} times", match.at(), fix=fix)
"""
CONFIG = '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n'
CODE = "bad();\nexport default { fetch: () => new Response() } satisfies ExportedHandler;\n"


def module(word: str = "bad") -> str:
    return PAGE.format(word=word) + RULE.format(word=word)


FILES = {"acme_rules/__init__.py": '"""Rules about Acme."""\n', "acme_rules/acme_bad.py": module()}
ENTRIES = {"acme": "acme_rules"}


@pytest.fixture
def acme(environment: Environment) -> Environment:
    environment.install("acme-cflint", "1.2", ENTRIES, FILES)
    return environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "wrangler.jsonc").write_text(CONFIG)
    (folder / "src" / "index.ts").write_text(CODE)
    return folder


def found(environment: Environment, project: Path, *arguments: str, **variables: str) -> list[str]:
    """The rules of the findings of `check`, in their order."""
    done = environment.cflint(project, "check", "--output-format", "json", *arguments, **variables)
    assert done.stderr == "", done.stderr
    return [finding["rule"] for finding in json.loads(done.stdout)["findings"]]


def test_a_package_is_listed_and_explained(acme: Environment, project: Path) -> None:
    listed = acme.cflint(project, "rules", "--select", "acme,kv-get-json").stdout.splitlines()
    assert "PACKAGE" in listed[0]
    assert "acme-cflint 1.2" in listed[1] and " - " in listed[2]
    data = json.loads(acme.cflint(project, "rules", "--output-format", "json").stdout)["rules"]
    packages = {rule["id"]: rule["package"]["name"] for rule in data}
    assert packages["acme-bad"] == "acme-cflint" and packages["kv-get-json"] == "cflint"
    assert "from the package" in acme.cflint(project, "explain", "acme-bad").stdout
    assert "PACKAGE" not in acme.cflint(project, "rules", "--isolated").stdout
    assert acme.cflint(project, "explain", "acme-bad", "--isolated").returncode == 2
    assert "From the package" in acme.cflint(project, "rules", "--output-format", "markdown").stdout
    asked = {"_CFLINT_COMPLETE": "bash_complete", "COMP_WORDS": "cflint explain acme", "COMP_CWORD": "2"}
    assert acme.run(project, "-m", "cflint", **asked).stdout == "plain,acme-bad\n"


def test_a_package_is_checked_suppressed_configured_and_fixed(acme: Environment, project: Path) -> None:
    code = project / "src" / "index.ts"
    assert "acme-bad" in found(acme, project)
    assert "acme-bad" not in found(acme, project, "--ignore", "acme")
    assert "acme-bad" in acme.cflint(project, "check", "--select", "acme-old-bad").stdout
    code.write_text("// cflint-ignore acme-bad: it has to be\n" + CODE)
    assert {"acme-bad", "unused-suppression"}.isdisjoint(found(acme, project))
    code.write_text(CODE)
    (project / "cflint.toml").write_text(
        'select = ["acme"]\n[severity]\nacme-bad = "error"\n[options.acme-bad]\nmost = 7\n'
    )
    text = acme.cflint(project, "check").stdout
    assert "error[acme-bad]" in text and "more than 7 times" in text
    inspected = acme.cflint(project, "inspect", "src/index.ts:1:1", "--rule", "acme-bad").stdout
    assert "it reports something here" in inspected
    timed = acme.cflint(project, "check", "--profile", "--quiet").stderr
    # its finding is counted with the rules that took less than a millisecond where the machine is quick
    assert re.search(r"^(?:acme-bad|\d+ more, each below 1 ms) .*\D1$", timed, re.MULTILINE), timed
    assert acme.cflint(project, "check", "--fix").returncode == 0
    assert "bad" not in code.read_text()


def test_sarif_names_the_package(acme: Environment, project: Path) -> None:
    for _ in range(2):  # the second time out of the cache
        text = acme.cflint(project, "check", "--select", "acme,kv", "--output-format", "sarif").stdout
        rules = {rule["id"]: rule for rule in json.loads(text)["runs"][0]["tool"]["driver"]["rules"]}
        assert rules["acme-bad"]["properties"]["package"] == "acme-cflint 1.2"
        assert "helpUri" not in rules["acme-bad"]
        assert "package" not in rules["kv-get-json"]["properties"]


@pytest.mark.parametrize(("arguments", "settings"), [(("--isolated",), ""), ((), "rule-packages = false\n")])
def test_packages_are_left_out(
    acme: Environment, project: Path, arguments: tuple[str, ...], settings: str
) -> None:
    (project / "cflint.toml").write_text(settings)
    (acme.packages / "acme_rules" / "acme_bad.py").write_text("raise SystemExit('imported')\n")
    code = project / "src" / "index.ts"
    code.write_text("// cflint-ignore acme-bad: it has to be\n" + CODE)
    assert "unused-suppression" not in found(acme, project, *arguments)
    assert "acme-bad" not in found(acme, project, *arguments)
    unknown = acme.cflint(project, "check", "--select", "acme", *arguments)
    assert unknown.returncode == 2 and "unknown rule, group or preset `acme`" in unknown.stderr


def test_settings_of_folders_decide_for_their_files(acme: Environment, project: Path) -> None:
    for name in ("one", "two"):
        (project / name / "src").mkdir(parents=True)
        (project / name / "wrangler.jsonc").write_text(CONFIG)
        (project / name / "src" / "index.ts").write_text(CODE)
    (project / "two" / "cflint.toml").write_text('extends = "../base.toml"\n')
    (project / "base.toml").write_text("rule-packages = false\n")
    done = acme.cflint(project, "check", "--select", "acme", "--output-format", "concise", "one", "two")
    assert "one/src/index.ts" in done.stdout and "two/src" not in done.stdout
    shown = acme.cflint(project, "check", "--show-settings", "two").stdout
    assert "rule-packages = false" in shown and "acme-bad" not in shown
    (project / "two" / "cflint.toml").write_text("rule-packages = 0\n")
    wrong = acme.cflint(project, "check", "two")
    assert wrong.returncode == 2 and "two/cflint.toml:1:17: `rule-packages` has to be true" in wrong.stderr


def test_two_processes_run_them(acme: Environment, project: Path) -> None:
    filler = "// a long line of words that have to be read\n" * 1000
    for number in range(14):
        (project / "src" / f"m{number}.ts").write_text(f"bad();\nexport const a{number} = 1;\n{filler}")
    imports = "".join(f'import "./m{number}";\n' for number in range(14))
    (project / "src" / "index.ts").write_text(imports + CODE)
    arguments = ("--select", "acme", "--no-cache")
    two = found(acme, project, *arguments, "-j", "2")
    assert two == found(acme, project, *arguments, "-j", "1") == ["acme-bad"] * 15


# -- the cache -----------------------------------------------------------------------------------------------


def test_the_cache_knows_versions_and_contents(environment: Environment, project: Path) -> None:
    info = environment.install("acme-cflint", "1.2", ENTRIES, FILES)
    rule = environment.packages / "acme_rules" / "acme_bad.py"
    assert "acme-bad" in found(environment, project)
    rule.write_text(module().replace("is called", "was called"))
    assert "was called" in environment.cflint(project, "check").stdout
    for path in info.iterdir():
        path.unlink()
    info.rmdir()
    rule.unlink()
    assert "acme-bad" not in found(environment, project)
    newer = {**FILES, "acme_rules/acme_bad.py": module("fetched")}
    environment.install("acme-cflint", "1.3", ENTRIES, newer)
    assert "acme-bad" not in found(environment, project)
    assert "acme-cflint 1.3" in environment.cflint(project, "rules", "--select", "acme").stdout


def test_a_package_that_comes_later_is_found(environment: Environment, project: Path) -> None:
    long_ago = time.time() - 3600
    os.utime(environment.packages, (long_ago, long_ago))
    assert "acme-bad" not in found(environment, project)
    kept = list((environment.folder / "home").rglob("installed-*.json"))
    assert len(kept) == 1 and json.loads(kept[0].read_text())["infos"] == []
    environment.install("acme-cflint", "1.2", ENTRIES, FILES)
    assert "acme-bad" in found(environment, project)
    os.utime(environment.packages, (long_ago + 1, long_ago + 1))
    assert "acme-bad" in found(environment, project)
    assert len(json.loads(kept[0].read_text())["infos"]) == 1
    kept[0].write_text('{"folders": 3}')
    assert "acme-bad" in found(environment, project)


def test_an_editable_package_counts_by_its_content(
    environment: Environment, tmp_path: Path, project: Path
) -> None:
    source = tmp_path / "acme"
    for path, text in FILES.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    (source / "pyproject.toml").write_text(
        '[project]\nname = "acme-cflint"\nversion = "1"\n'
        '[project.entry-points."cflint.rules"]\nacme = "acme_rules"\n'
    )
    environment.install_editable(source)
    assert "is called" in environment.cflint(project, "check").stdout
    (source / "acme_rules" / "acme_bad.py").write_text(module().replace("is called", "was called"))
    assert "was called" in environment.cflint(project, "check").stdout
    (source / "acme_rules" / "acme_worse.py").write_text(module("worse").replace("acme-old-worse", "acme-w"))
    assert "acme-worse" in environment.cflint(project, "rules", "--select", "acme").stdout


# -- what is wrong -------------------------------------------------------------------------------------------

BROKEN = {
    "raises": ({**FILES, "acme_rules/acme_bad.py": "import nowhere\n"}, "cannot be imported: ModuleNotFound"),
    "exits": ({**FILES, "acme_rules/acme_bad.py": "raise SystemExit(0)\n"}, "cannot be imported: SystemExit"),
    "syntax": ({**FILES, "acme_rules/acme_bad.py": "def\n"}, "cannot be imported: SyntaxError"),
    "absent": ({}, "there is no module `acme_rules`"),
    "empty": ({"acme_rules/__init__.py": ""}, "there is no rule in `acme_rules`"),
    "no rule": ({**FILES, "acme_rules/helpers.py": "x = 1\n"}, "`acme_rules.helpers` is no rule"),
    "no page": (
        {**FILES, "acme_rules/acme_bad.py": RULE.format(word="bad")},
        "the page of `acme_rules.acme_bad`, its docstring, is missing",
    ),
    "page without a sentence": (
        {**FILES, "acme_rules/acme_bad.py": module().replace("nowhere.", "nowhere", 1)},
        "has to begin with a sentence in one line",
    ),
    "page with an open block": (
        {**FILES, "acme_rules/acme_bad.py": module().replace("```ts\nbad();\n```", "```ts\nbad();")},
        "has a code block without an end",
    ),
    "our rule": (
        {**FILES, "acme_rules/kv_get_json.py": module()},
        "the name of its rule `kv-get-json` is taken by cflint",
    ),
    "our group": (
        {**FILES, "acme_rules/websockets.py": module()},
        "the name of its rule `websockets` is taken by cflint",
    ),
    "our preset": ({**FILES, "acme_rules/strict.py": module()}, "rule `strict` is taken by cflint"),
    "our rule as an alias": (
        {**FILES, "acme_rules/acme_bad.py": module().replace("acme-old-bad", "kv-get-json")},
        "the name of its alias `kv-get-json` is taken by cflint",
    ),
    "no name": ({**FILES, "acme_rules/AcmeBad.py": module()}, "`AcmeBad`, of a rule, is no name"),
    "option of elsewhere": (
        {**FILES, "acme_rules/acme_bad.py": module().replace("Option(__name__", 'Option("x"')},
        "an option of `acme_rules.acme_bad` is made in another module",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_package_is_one_error(
    environment: Environment, project: Path, name: str
) -> None:
    files, why = BROKEN[name]
    environment.install("acme-cflint", "1.2", ENTRIES, files)
    for arguments in (("check",), ("rules",), ("check",)):
        done = environment.cflint(project, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        first, hint = done.stderr.splitlines()
        assert first.startswith("cflint: error: the rule package acme-cflint 1.2 cannot be used: ")
        assert why in first and "--isolated" in hint
    assert environment.cflint(project, "check", "--isolated").returncode in (0, 1)
    ours = environment.cflint(project, "rules", "--isolated", "--select", "websockets")
    assert ours.returncode == 0 and "ws-legacy-accept" in ours.stdout


def test_two_packages_of_one_name(acme: Environment, project: Path) -> None:
    acme.install("other-rules", "3", {"other": "other"}, {"other/acme_bad.py": module("worse")})
    done = acme.cflint(project, "check")
    assert done.returncode == 2
    assert (
        "other-rules 3 cannot be used: the name of its rule `acme-bad` is taken by acme-cflint 1.2"
        in done.stderr
    )
    acme.install("other-rules", "3", {"acme": "other"}, {})
    assert "the name of its group `acme` is taken by acme-cflint 1.2" in acme.cflint(project, "check").stderr


def test_an_entry_point_that_names_no_module(environment: Environment, project: Path) -> None:
    environment.install("acme-cflint", "1.2", {"acme": "acme_rules:RULES"}, FILES)
    done = environment.cflint(project, "check")
    assert done.returncode == 2 and "has to name a module, and not `acme_rules:RULES`" in done.stderr


def test_a_package_that_breaks_after_it_was_indexed(acme: Environment, project: Path) -> None:
    helper = {
        "helper_of_acme.py": "value = 1\n",
        "acme_rules/acme_bad.py": "\n".join((module(), "import helper_of_acme\n")),
    }
    acme.install("acme-cflint", "1.2", ENTRIES, helper)
    assert "acme-bad" in found(acme, project)
    (acme.packages / "helper_of_acme.py").unlink()
    for jobs in ("1", "2"):
        done = acme.cflint(project, "check", "--no-cache", "-j", jobs)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 2
        assert "acme-cflint 1.2 cannot be used: its module `acme_rules.acme_bad` cannot be" in done.stderr


def test_a_rule_that_raises_is_the_package_s(environment: Environment, project: Path) -> None:
    broken = module().replace("    most = ", "    raise KeyError(3)\n    most = ")
    environment.install("acme-cflint", "1.2", ENTRIES, {**FILES, "acme_rules/acme_bad.py": broken})
    done = environment.cflint(project, "check")
    assert done.returncode == 4
    assert "the rule `acme-bad` of acme-cflint 1.2 failed here: KeyError: 3" in " ".join(done.stdout.split())


# -- nothing of a checked repository is loaded --------------------------------------------------------------

EVIL = "import pathlib\npathlib.Path(__file__).with_name('pwned').write_text('')\n" + module()


def test_a_repository_brings_no_rules(environment: Environment, project: Path) -> None:
    (project / "acme_rules").mkdir()
    (project / "acme_rules" / "acme_bad.py").write_text(EVIL)
    (project / "acme_rules" / "__init__.py").write_text(EVIL)
    for name in ("acme_cflint-1.0.dist-info", "acme_cflint.egg-info", "site-packages/acme-1.dist-info"):
        write_metadata(project / name, "acme-cflint", "1.0", ENTRIES)
    outside: list[dict[str, str]] = [{}, {"PYTHONPATH": "."}, {"PYTHONPATH": "site-packages"}]
    for variables in outside:
        for start in (("-m", "cflint"), ("-c", "from cflint.cli import main; main()")):
            done = environment.run(project, *start, "rules", **variables)
            assert done.returncode == 0 and "acme" not in done.stdout
            done = environment.run(project, *start, "check", "--preset", "all", **variables)
            assert "acme" not in done.stdout + done.stderr
    assert not list(project.rglob("pwned"))


def test_a_repository_does_not_stand_in_for_an_installed_package(acme: Environment, project: Path) -> None:
    (project / "acme_rules").mkdir()
    (project / "acme_rules" / "acme_bad.py").write_text(EVIL)
    (project / "acme_rules" / "__init__.py").write_text(EVIL)
    assert "acme-bad" in found(acme, project)
    assert "acme-bad" in acme.run(project, "-m", "cflint", "rules").stdout
    for start, variables in (
        (("-m", "cflint"), {"PYTHONPATH": str(project)}),
        (("-c", "from cflint.cli import main; main()"), {}),  # Python has the current folder on its path
    ):
        done = acme.run(project, *start, "check", **variables)
        assert done.returncode == 2
        assert "its module `acme_rules` is found in" in done.stderr
        assert "where the package is not installed" in done.stderr
    assert not list(project.rglob("pwned"))
