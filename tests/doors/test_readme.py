"""What the README shows is what there is."""

from __future__ import annotations

import re

import pytest

from cflint.cli import run
from tests.support.paths import ROOT

pytestmark = pytest.mark.portable

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_rules_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--output-format", "markdown"]) == 0
    table = capsys.readouterr().out
    shown = re.search(r"<!-- rules: .*? -->\n(.*?)<!-- /rules -->", README, re.DOTALL)
    assert shown is not None
    assert shown.group(1) == table, "run scripts/write_readme_rules.py"


def test_the_example_says_what_the_readme_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["check", "--color", "never", "examples/chat-room"]) == 1
    output = capsys.readouterr().out
    shown = re.search(r"\$ cflint check examples/chat-room\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    for block in shown.group(1).strip().split("\n\n"):
        assert block in output


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_count_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    count = re.search(r"^(\d+) rules\.", README, re.MULTILINE)
    assert count is not None
    assert int(count.group(1)) == len(re.findall(r"^\| \[`", README, re.MULTILINE))
