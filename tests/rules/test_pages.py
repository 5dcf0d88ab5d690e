"""Every rule's page: it has the parts that it should have, and its examples do what it says."""

from __future__ import annotations

import re

import pytest

from cflint.testing import Page, check, pages
from tests.support.fixture_cases import KNOWN

pytestmark = pytest.mark.portable

PAGES = pages(*KNOWN, known=KNOWN)
OMISSION = re.compile(r"no (?:configuration|default export) is shown\b")
"""What a note says of a document that shows a part only, as the examples of a page do."""


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_page(page: Page) -> None:
    found = KNOWN[page.rule]
    assert len(page.text.split("\n", 1)[0]) <= 110
    assert found.module.__name__.endswith(f"{found.group.replace('-', '_')}.{page.rule.replace('-', '_')}")
    assert "## Fix safety" in page.text
    if page.rule == "internal-error":
        return
    assert re.search(r"^Source: ", page.text, re.MULTILINE), "a page names its source"
    assert page.text.index("## Incorrect") < page.text.index("## Correct")
    page.check()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_correct_example_obeys_every_rule(page: Page) -> None:
    found = check({"page.md": page.text}, "all", known=KNOWN).findings
    reported = [
        f"{finding.rule}: {finding.message}"
        for finding in found
        if page.section(finding) == "Correct" and not OMISSION.match(finding.message)
    ]
    assert not reported
