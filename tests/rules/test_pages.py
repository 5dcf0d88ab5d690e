"""Every rule's page: it has the parts that it should have, and its examples do what it says."""

from __future__ import annotations

import re

import pytest

from cflint.testing import Page, pages
from tests.support.fixture_cases import KNOWN

pytestmark = pytest.mark.portable

PAGES = pages(*KNOWN, known=KNOWN)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_page(page: Page) -> None:
    found = KNOWN[page.rule]
    assert len(page.text.split("\n", 1)[0]) <= 110
    assert found.module.__name__.endswith(f"{found.group.replace('-', '_')}.{page.rule.replace('-', '_')}")
    assert "## Fix safety" in page.text
    if page.rule == "internal-error":
        assert page.reported_below_correct("all") == []
        return
    assert re.search(r"^Source: ", page.text, re.MULTILINE), "a page names its source"
    assert page.text.index("## Incorrect") < page.text.index("## Correct")
    page.check()
    assert page.reported_below_correct("all") == []  # the correct example obeys every rule
