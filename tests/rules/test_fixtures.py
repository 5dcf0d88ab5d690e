"""Every case of every rule: what is reported, what is not, and what the fixes make of it."""

from __future__ import annotations

import pytest

from tests.support.fixture_cases import ALSO, KNOWN, Case, cases, expected

pytestmark = pytest.mark.portable

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    case.check(ALSO)


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
