"""Every rule's page: it has the parts that it should have, and its examples do what it says."""

from __future__ import annotations

import re

import pytest

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
    report = run({"page.md": page.encode()}, KNOWN.select([rule]))
    blocks = fenced_blocks(Document("page.md", page.encode()))
    assert {"Incorrect", "Correct"} <= {block.heading.text for block in blocks if block.heading is not None}
    speaking = {_section(finding.at.span.start, page) for finding in report.findings if finding.rule == rule}
    assert speaking == {"Incorrect"}, [f.message for f in report.findings]


@pytest.mark.parametrize("rule", list(KNOWN))
def test_correct_example_obeys_every_rule(rule: str) -> None:
    page = KNOWN[rule].page
    report = run({"page.md": page.encode()}, KNOWN.select(["all"]))
    reported = [
        f"{finding.rule}: {finding.message}"
        for finding in report.findings
        if _section(finding.at.span.start, page) == "Correct" and not OMISSION.match(finding.message)
    ]
    assert not reported


def _section(offset: int, page: str) -> str:
    before = page.encode()[:offset].decode("utf-8", "replace")
    return str(re.findall(r"^## (.+)$", before, re.MULTILINE)[-1])
