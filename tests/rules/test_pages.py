"""Every rule's page: it has the parts that it should have, and its examples do what it says."""

from __future__ import annotations

import re

import pytest

from cflint.rule import Documents
from cflint.source import Document
from cflint.syntax.markdown import fenced_blocks
from tests.support.fixture_cases import KNOWN, run

pytestmark = pytest.mark.portable

OMISSION = re.compile(r"no (?:configuration|default export) is shown\b")
"""What a note says of a document that shows a part only, as the examples of a page do."""


@pytest.mark.parametrize("rule", list(KNOWN))
def test_page(rule: str) -> None:
    found = KNOWN[rule]
    page = found.page
    first = page.split("\n", 1)[0]
    assert first.endswith(".") and len(first) <= 110
    assert page.split("\n")[1] == ""
    assert found.module.__name__.endswith(f"{found.group.replace('-', '_')}.{rule.replace('-', '_')}")
    assert "## Fix safety" in page
    if rule == "internal-error":
        return
    assert re.search(r"^Source: ", page, re.MULTILINE), "a page names its source"
    incorrect, correct = page.index("## Incorrect"), page.index("## Correct")
    assert incorrect < correct
    if found.spec.documents is Documents.NOTHING:
        said = {section: _reported(page, section, rule) for section in ("Incorrect", "Correct")}
        assert said["Incorrect"] and not said["Correct"], said
        return
    report = run({"page.md": page.encode()}, KNOWN.select([rule]))
    blocks = fenced_blocks(Document("page.md", page.encode()))
    assert {"Incorrect", "Correct"} <= {block.heading.text for block in blocks if block.heading is not None}
    speaking = {_section(finding.at.span.start, page) for finding in report.findings if finding.rule == rule}
    assert speaking == {"Incorrect"}, [f.message for f in report.findings]


@pytest.mark.parametrize("rule", list(KNOWN))
def test_correct_example_obeys_every_rule(rule: str) -> None:
    page = KNOWN[rule].page
    if KNOWN[rule].spec.documents is Documents.NOTHING:
        assert not _reported(page, "Correct", "all")
        return
    report = run({"page.md": page.encode()}, KNOWN.select(["all"]))
    reported = [
        f"{finding.rule}: {finding.message}"
        for finding in report.findings
        if _section(finding.at.span.start, page) == "Correct" and not OMISSION.match(finding.message)
    ]
    assert not reported


def _reported(page: str, section: str, rules: str) -> list[str]:
    """What rules say of the project that a section shows: the title of a block is the path of a file. So the
    examples of a rule are read that says nothing of Markdown, because it needs files beside each other."""
    found = fenced_blocks(Document("page.md", page.encode()))
    blocks = [block for block in found if block.heading is not None and block.heading.text == section]
    assert blocks and all(block.title for block in blocks), "each block needs the title of a file"
    report = run({block.title or "": block.document.data for block in blocks}, KNOWN.select([rules]))
    return [f"{finding.rule}: {finding.message}" for finding in report.findings]


def _section(offset: int, page: str) -> str:
    before = page.encode()[:offset].decode("utf-8", "replace")
    return str(re.findall(r"^## (.+)$", before, re.MULTILINE)[-1])
