"""What the pages of the rules say to who is to mend a finding."""

from __future__ import annotations

from cflint.finding import Safety
from cflint.report.advice import what_to_do, why_unsafe
from tests.support.fixture_cases import KNOWN


def test_whoever_is_offered_an_unsafe_fix_is_told_why() -> None:
    found = {rule.id: why_unsafe(rule.info, Safety.UNSAFE) for rule in map(KNOWN.__getitem__, KNOWN)}
    offering = [name for name in KNOWN if KNOWN[name].spec.fix is Safety.UNSAFE]
    silent = [name for name in offering if len(found[name]) < 20]
    assert len(offering) > 60
    assert silent == []
    assert found["observability-not-enabled"] == "stored logs count against a quota and may cost money"
    assert found["env-binding-type-mismatch"].startswith("for variables: right where")
    assert found["astro-pass-through-throws"].startswith("The fix removes the call: ")
    assert why_unsafe(KNOWN["secret-in-vars"].info, Safety.MANUAL).startswith("the value is known by now")
    assert why_unsafe(KNOWN["observability-not-enabled"].info, Safety.SAFE) == ""


def test_whoever_is_offered_no_fix_is_told_what_to_do() -> None:
    """Rules that speak by default and never offer a fix; a summary alone is not always the edit."""
    silent = {
        name
        for name in KNOWN
        if KNOWN[name].spec.fix is None
        and "recommended" in KNOWN[name].info.presets
        and what_to_do(KNOWN[name].info) == KNOWN[name].summary
    }
    assert silent == set()
    assert what_to_do(KNOWN["unguarded-decode"].info).startswith("Write `let value; try {")
