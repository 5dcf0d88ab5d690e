"""The scripts for contributors: a rule is started, generated files are written, the address is put in."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".*cache", ".oracles", ".hypothesis", "node_modules", "target"),
    *("fixtures", "corpus"),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository without its fixtures."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    (folder / "fixtures").mkdir()
    return folder


def python(folder: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python with the code of a copy."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))
    }
    environment["PYTHONPATH"] = os.pathsep.join(str(folder / name) for name in ("src", "rules"))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd or folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder: Path, *arguments: str) -> dict[str, str]:
    """What a script changes in a copy: the text of each file, by path. The script says the same."""
    before = contents(folder)
    done = python(folder, *arguments)
    assert done.returncode == 0, done.stderr
    after = contents(folder)
    assert after.keys() == before.keys()
    found = {path: data.decode() for path, data in after.items() if data != before[path]}
    if arguments == ("scripts/write_all.py",):
        if found:
            assert sorted(done.stdout.splitlines()) == sorted(found)
        else:
            assert re.fullmatch(r"\d\d+ documents, nothing to write\n", done.stdout)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in found if "cache" not in str(path)
    }


def started(folder: Path, id: str, about: str) -> tuple[list[str], str]:
    """The files that were written for a new rule about alarms, and what is advised."""
    done = python(folder, "scripts/new_rule.py", "alarms", id, "--about", about)
    assert done.returncode == 0, done.stderr
    listed, _, advice = done.stdout.partition("\n\n")
    return listed.splitlines(), advice


def fill_in(folder: Path, paths: list[str]) -> None:
    """Write what a contributor has to."""
    for path in paths:
        text = (folder / path).read_text().replace("FILL IN", "Something").replace("fillIn", "leaveBehind")
        (folder / path).write_text(text.replace("FILL_IN", "LEFT_BEHIND"))


ABOUT = {"call": "alarm-left-behind", "binding": "alarm-left-open"}
"""What a rule can be about, and what one is called here: both are tried at once."""


def test_rules_are_started_and_filled_in(copy: Path) -> None:
    paths: list[str] = []
    for about, id in ABOUT.items():
        new, advice = started(copy, id, about)
        assert f"rules/cflint_rules/alarms/{id.replace('-', '_')}.py" in new
        assert {f"fixtures/alarms/{id}/{case}/src/index.ts" for case in ("reports", "clean")} <= set(new)
        assert all((copy / path).is_file() for path in new)
        tools = [path for path in new if path.endswith("tools.ts")]
        assert tools == ([f"fixtures/alarms/{id}/clean/src/tools.ts"] if about == "call" else [])
        assert f"pytest tests/rules -k {id}" in advice
        paths += new

    tests = ["tests/rules/test_fixtures.py", "tests/rules/test_pages.py", "tests/rules/test_every_rule.py"]
    run_tests = ["-m", "pytest", "-p", "no:cacheprovider", "-k", " or ".join(ABOUT.values()), *tests]
    tried = python(copy, *run_tests)
    failed = re.findall(r"^FAILED (\S+)", tried.stdout, re.MULTILINE)
    assert failed == [
        f"tests/rules/test_every_rule.py::test_nothing_is_left_to_fill_in[alarms/{id}]"
        for id in ABOUT.values()
    ]

    fill_in(copy, paths)
    filled_in = python(copy, *run_tests)
    assert filled_in.returncode == 0, filled_in.stdout
    passed = re.search(r"^(\d+) passed", filled_in.stdout, re.MULTILINE)
    assert passed is not None and int(passed[1]) >= 3 * len(ABOUT)

    code = [path for path in paths if path.endswith(".py")]
    lint = python(copy, "-m", "ruff", "check", "--no-cache", *code)
    assert lint.returncode == 0, lint.stdout
    assert python(copy, "-m", "ruff", "format", "--no-cache", "--check", *code).returncode == 0

    for about, place in {"call": "src/index.ts:5:5", "binding": "wrangler.jsonc:7:18"}.items():
        id = ABOUT[about]
        reports = copy / "fixtures" / "alarms" / id / "reports"
        check = ["-m", "cflint", "check", "--isolated", "--select", id, "--fail-on", "note"]
        check += ["--output-format", "concise", "."]
        found = python(copy, *check, cwd=reports)
        assert (found.returncode, found.stderr) == (1, "")
        first = found.stdout.splitlines()[0]
        assert re.fullmatch(rf"{re.escape(place)}: \S*\[?{id}\b.*", first), found.stdout


def test_generated_files_are_current_and_take_in_a_new_rule(copy: Path) -> None:
    assert list(written(copy, "scripts/write_all.py")) == [], "run scripts/write_all.py"
    id = "alarm-left-behind"
    fill_in(copy, started(copy, id, "call")[0])
    changed = written(copy, "scripts/write_all.py")
    assert "docs/settings.schema.json" in changed
    assert any(path.endswith(".md") for path in changed)
    assert all(id in text for text in changed.values())


@pytest.mark.parametrize(
    ("group", "id", "reason"),
    [
        ("alarm", "alarm-left-behind", "no group alarm among"),
        ("alarms", "alarm-floating-set", "alarm_floating_set.py is there"),
        ("kv", "alarm-floating-set", "alarm_floating_set.py is there"),
        ("alarms", "AlarmLeft", "small letters"),
        ("alarms", "alarm", "small letters"),
        ("alarms", "../alarm-left", "small letters"),
        ("alarms", "durable-objects", "is a preset or a group"),
    ],
)
def test_a_rule_that_cannot_be_is_not_started(
    group: str, id: str, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["new_rule.py", group, id])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "scripts" / "new_rule.py"))["main"]()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert reason in err


def test_the_addresses_are_put_in_and_changed(copy: Path) -> None:
    for owner in ("somebody", "somebody-else"):
        changed = written(copy, "scripts/write_address.py", f"https://github.com/{owner}/cflint")
        assert {"pyproject.toml", ".github/CODEOWNERS", ".github/ISSUE_TEMPLATE/config.yml"} <= changed.keys()
        address = f'ADDRESS: str | None = "https://github.com/{owner}/cflint"\n'
        assert address in changed["src/cflint/__init__.py"]
        assert f"* @{owner}\n" in changed[".github/CODEOWNERS"]
        assert f"https://github.com/{owner}/cflint/security" in changed[".github/ISSUE_TEMPLATE/config.yml"]
        pages = [path for path in contents(copy) if path.endswith(".md") or path.startswith(".github/")]
        earlier = re.compile(
            r"OWNER/cflint|@OWNER|somebody/cflint" if owner != "somebody" else "OWNER/cflint"
        )
        assert [path for path in pages if earlier.search((copy / path).read_text(encoding="utf-8"))] == []
    site = ("https://github.com/a/cflint", "https://a.example/cflint")
    changed = written(copy, "scripts/write_address.py", *site)
    assert '\nSITE: str | None = "https://a.example/cflint"\n' in changed["src/cflint/__init__.py"]
    done = python(copy, "scripts/write_address.py", site[0], "ftp://a.example")
    assert done.returncode != 0 and "https://" in done.stderr
