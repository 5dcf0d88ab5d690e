"""The cases in `fixtures/`, and the examples of the pages."""

import pytest
from cflint.testing import Case, Page, cases, check, pages


@pytest.mark.parametrize("case", cases("fixtures"), ids=str)
def test_case(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("page", pages("house"), ids=str)
def test_page(page: Page) -> None:
    page.check("recommended")


def test_the_time_is_an_option() -> None:
    options = {"house-fetch-timeout": {"seconds": 3}}
    found = check('await fetch("https://example.com/");\n', "house-fetch-timeout", options=options)
    assert found.lines == [("src/index.ts", 1, "house-fetch-timeout")]
    after = 'await fetch("https://example.com/", { signal: AbortSignal.timeout(3_000) });\n'
    assert found.fixed() == {}
    assert found.fixed(unsafe=True) == {"src/index.ts": after}
