"""Every case of every rule: what is reported, what is not, what fixes make of it; CRLF changes nothing."""

from __future__ import annotations

from functools import partial

import pytest

from cflint.finding import Finding, Location
from cflint.report import advice
from cflint.testing import Result, check
from tests.support.fixture_cases import ALSO, KNOWN, Case, cases, cases_by_rule, expected, hold, with_crlf

pytestmark = pytest.mark.portable

CASES = cases()


BY_RULE = dict(cases_by_rule())


@pytest.mark.parametrize("rule", BY_RULE)
def test_cases(rule: str) -> None:
    """And every finding for which the page has an edit of its own is one that a case gets."""
    seen: list[Finding] = []
    hold(partial(says_what_it_should, seen=seen), BY_RULE[rule])
    openings = [opening for opening, _ in advice.cases(KNOWN[rule.rpartition("/")[2]].page)]
    assert [it for it in openings if not any(advice.is_for(it, finding) for finding in seen)] == []


def says_what_it_should(case: Case, seen: list[Finding]) -> None:
    """With CRLF the first case of each rule is checked by all rules, another one by its own. Of a few rules
    that says less, since they look where others have to look anyway: then all rules decide."""
    result = case.check(ALSO)
    seen += (finding for finding in result.findings if finding.rule == case.rule)
    if case is not BY_RULE[case.name.rpartition("/")[0]][0]:
        found, wanted = on_windows_and_here(result, case.rule)
        if found == wanted:
            return
    found, wanted = on_windows_and_here(result, case.rule, ALSO)
    assert found == wanted, "with CRLF"


Said = tuple[str, int, int, str, str]


def on_windows_and_here(result: Result, *rules: str) -> tuple[list[Said], list[Said]]:
    """What rules find in the files with CRLF, and what they found in those as they are."""
    base = None if result.base is None else with_crlf(result.base)
    on_windows = check(with_crlf(result.files), *rules, known=KNOWN, base=base)
    wanted = [said(finding) for finding in result.findings if finding.rule in on_windows.rules]
    return list(map(said, on_windows.findings)), wanted


def said(finding: Finding) -> Said:
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
