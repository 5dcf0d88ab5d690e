"""The fixes of rules in a `cloudflare.config.ts`: what wrangler's formats have, it has, too."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Finding, Report, Safety
from cflint.fixer import converge
from cflint.source import Document
from tests.rules.test_typescript_fixtures import ALL, DIFFERENT, NOT_THERE
from tests.support.fixture_cases import KNOWN, Case, rules_for, run


def _fixed(findings: tuple[Finding, ...], rule: str, path: str) -> int:
    """How many findings of a rule have a fix that edits a file."""
    return sum(
        found.rule == rule
        and found.fix is not None
        and any(edit.document.path == path for edit in found.fix.edits)
        for found in findings
    )


def _is_compared(case: Case) -> bool:
    short = case.name.partition("/")[2]
    has_fix = KNOWN[case.rule].spec.fix is not None
    return has_fix and case.rule not in NOT_THERE and short not in DIFFERENT and "/clean" not in short


COMPARED = [(case, path, files) for case, (path, files) in ALL if _is_compared(case)]


@pytest.mark.parametrize(("case", "path", "files"), COMPARED, ids=[case.name for case, _, _ in COMPARED])
def test_a_fix_is_offered_in_both_formats(case: Case, path: str, files: Mapping[str, bytes]) -> None:
    rules = rules_for(case.rule)
    before = _fixed(run(case.files, rules).findings, case.rule, path)
    if not before:
        return
    new = next(name for name in files if name.endswith("cloudflare.config.ts"))
    report = run(files, rules)
    assert _fixed(report.findings, case.rule, new) == before

    def analyse(overlay: Mapping[str, bytes]) -> Report:
        return run({**files, **overlay}, rules)

    result = converge(analyse, Safety.UNSAFE, parses_worse=parses_worse, report=report)
    assert not result.notices
    for change in result.changes:
        errors = syntax_errors(Document(change.path, change.after))
        assert errors <= syntax_errors(Document(change.path, files[change.path]))
    applied = [found for found in report.findings if found.rule == case.rule and _is_applied(found)]
    left = [found for found in result.report.findings if found.rule == case.rule and _is_applied(found)]
    assert not applied or len(left) < len(applied)


def _is_applied(found: Finding) -> bool:
    return found.fix is not None and found.fix.safety is not Safety.MANUAL
