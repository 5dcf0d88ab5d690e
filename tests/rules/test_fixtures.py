"""Every case of every rule: what is reported, what is not, what fixes make of it; CRLF changes nothing."""

from __future__ import annotations

import pytest

from cflint.finding import Finding, Location
from cflint.testing import check
from tests.support.fixture_cases import ALSO, KNOWN, Case, cases, expected, with_crlf

pytestmark = pytest.mark.portable

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    result = case.check(ALSO)
    base = None if result.base is None else with_crlf(result.base)
    on_windows = check(with_crlf(case.files), case.rule, ALSO, known=KNOWN, base=base)
    assert list(map(said, on_windows.findings)) == list(map(said, result.findings)), "with CRLF"


def said(finding: Finding) -> tuple[str, int, int, str, str]:
    """The path, the line, the byte in it, the rule, the message."""

    def place(at: Location) -> tuple[str, int, int]:
        start = at.span.start
        before = at.document.data.rfind(b"\n", 0, start) + 1
        return at.document.path, at.document.line_of(start), start - before

    return *place(finding.at), finding.rule, finding.message


def test_every_rule_has_cases_that_it_reports_and_cases_that_it_does_not() -> None:
    reporting = {rule for case in CASES for (_, _, rule) in expected(case.files)[0]}
    by_rule: dict[str, list[Case]] = {}
    for case in CASES:
        by_rule.setdefault(case.rule, []).append(case)
    clean = {
        rule
        for rule, group in by_rule.items()
        if any(not any(key[2] == rule for key in expected(case.files)[0]) for case in group)
    }
    exempt = {"internal-error"}  # no code makes a rule fail; it has a test of its own
    assert set(KNOWN) - reporting - exempt == set()
    assert set(KNOWN) - clean - exempt == set()
