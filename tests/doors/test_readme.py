"""What the README and the page of rules show is what there is; the README's commands are run in order."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cflint.cli import run
from tests.support.paths import ROOT

pytestmark = pytest.mark.portable

README = (ROOT / "README.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
CUT = "[...]"
"""What stands in the sample for findings that it leaves out."""
SAFETY = ("-", "manual", "safe", "unsafe")


def commands() -> list[str]:
    """The lines of all shell blocks, in order, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]


def example(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """What a check of the example prints, on a terminal of 100 columns."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["check", "--color", "never", *options, "examples/chat-room"]) == 1
    return capsys.readouterr().out


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_page_of_rules_is_current() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "write_rules_page.py"))
    assert script["page"]() == RULES, "run scripts/write_rules_page.py"
    for target in re.findall(r"\]\((?!#)([^)#]+)\)", RULES):
        assert (ROOT / "docs" / target).exists(), target
    for group in re.findall(r"\]\(#([^)]+)\)", RULES):
        assert f"\n## {group}\n\nRules about " in RULES


def test_the_sample_is_a_run_and_says_where_it_was_shortened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = example(capsys, monkeypatch)
    shown = re.search(r"^(.*)\n\n```console\n\$ cflint check examples/chat-room\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    sample = shown.group(2)
    findings = r"(?:(?!Found )[^\n]*\n)+?"
    pattern = re.escape(sample).replace(re.escape(f"{CUT}\n"), findings)
    assert re.fullmatch(pattern, output), "the sample differs from a run"
    few, every = (len(re.findall(r"^\w+\[[\w-]+\]: ", text, re.MULTILINE)) for text in (sample, output))
    sentence = (
        f"{NUMBERS[few].capitalize()} of the {NUMBERS[every]} findings of the example; `{CUT}` stands for"
    )
    assert shown.group(1).endswith(f"{sentence} the others.")


def test_the_column_of_fixes_agrees_with_the_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    column = dict(re.findall(r"^\| \[`([\w-]+)`\].* \| (\S+) \| [^|]+ \| [^|]+ \|$", RULES, re.MULTILINE))
    findings = json.loads(example(capsys, monkeypatch, "--output-format", "json"))["findings"]
    offered = {(one["rule"], one["fix"]["safety"] if one["fix"] else "-") for one in findings}
    assert {safety for _, safety in offered} == {"-", "safe", "unsafe"}
    for rule, safety in offered:
        assert SAFETY.index(safety) <= SAFETY.index(column[rule]), rule
    assert ("binding-not-declared", "safe") in offered
    assert column["binding-not-declared"] == "unsafe", "the page says so of this rule"
    assert "(as `binding-not-declared` in the README's example)" in " ".join(RULES.split())


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_two_commands() -> None:
    check, tests, *_ = commands()
    assert check.endswith(" && .venv/bin/cflint check examples/chat-room")
    assert tests.endswith(" && .venv/bin/pytest")
    assert f"\n{tests}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"\n{tests}\n" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_commands_work_in_order(tmp_path: Path) -> None:
    """All but the two that install: `.venv` is the environment of the tests."""
    installing, rest = commands()[:2], commands()[2:]
    assert all("pip install" in command for command in installing)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if (Path(sys.prefix) / "bin" / "activate").exists():
        (tmp_path / ".venv").symlink_to(sys.prefix)
    else:
        rest.remove(". .venv/bin/activate")
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    script = "".join(f"{command}; echo ::$?\n" for command in rest)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1:] == ["wrote 7 findings to cflint.sarif"]
    assert "error" not in done.stderr
    parts = re.split(r"^::(\d)\n", done.stdout, flags=re.MULTILINE)
    said = dict(zip(rest, zip(parts[::2], map(int, parts[1::2]), strict=False), strict=True))
    assert [command for command, (_, status) in said.items() if status not in (0, 1)] == []
    assert said["cflint --version"][0].startswith("cflint ")
    assert said["cflint check README.md"] == (
        "All checks passed in 1 file of 1 Worker. 1 finding suppressed by comments.\n",
        0,
    )
    assert "[ws-legacy-accept]" in said["cflint check examples"][0]
    assert said["cflint explain ws-legacy-accept"][1] == said["cflint rules"][1] == 0
    assert (tmp_path / "cflint.sarif").is_file()
