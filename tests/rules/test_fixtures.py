"""Every case of every rule: what is reported, what is not, and what the fixes make of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

import pytest

from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Report, Safety
from cflint.fixer import FixResult, applicable, converge
from cflint.source import Document
from tests.support.fixture_cases import KNOWN, Case, cases, expected, reported, rules_for, run

pytestmark = pytest.mark.portable

CASES = cases()


def fix(files: Mapping[str, bytes], rule: str, allowed: Safety) -> tuple[FixResult, dict[str, bytes]]:
    """Fix files until nothing changes; the result and the files after."""
    rules = rules_for(rule)

    def analyse(overlay: Mapping[str, bytes]) -> Report:
        return run({**files, **overlay}, rules)

    result = converge(analyse, allowed, parses_worse=parses_worse)
    return result, {**files, **{change.path: change.after for change in result.changes}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    files = case.files
    report = run(files, rules_for(case.rule))
    wanted, severities = expected(files)
    found = reported(report.findings)
    assert not report.partial
    assert found == wanted, _difference(report, found, wanted)
    for finding in report.findings:
        document = finding.at.document
        key = (document.path, document.line_of(finding.at.span.start), finding.rule)
        if key in severities:
            assert finding.severity == severities[key], finding
        _check_fix(finding.rule, finding.fix.safety if finding.fix else None)
        assert "\n" not in finding.message

    result, after = fix(files, case.rule, Safety.UNSAFE)
    changed = {path: data for path, data in after.items() if files.get(path) != data}
    if os.environ.get("CFLINT_FIXED") == "write":
        for path, data in changed.items():
            target = case.fixed_folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    assert not result.notices
    assert changed.keys() == case.fixed.keys()
    for path, data in changed.items():
        assert data.decode() == case.fixed[path].decode()
        assert syntax_errors(Document(path, data)) <= syntax_errors(Document(path, files[path]))
    if not changed:  # another round would start from the same files
        assert not any(applicable(left.fix, Safety.UNSAFE) for left in result.report.findings)
        return
    again, _ = fix(after, case.rule, Safety.UNSAFE)
    assert not again.changes

    safe, _ = fix(files, case.rule, Safety.SAFE)
    for applied in safe.applied:
        assert applied.fix is not None and applied.fix.safety is Safety.SAFE
    assert not any(applicable(left.fix, Safety.SAFE) for left in safe.report.findings)


def _check_fix(rule: str, safety: Safety | None) -> None:
    declared = KNOWN[rule].spec.fix
    ranks = {None: 0, Safety.SAFE: 1, Safety.UNSAFE: 2, Safety.MANUAL: 3}
    assert ranks[safety] <= ranks[declared], f"{rule} declares {declared} and offers {safety}"


def _difference(report: Report, found: object, wanted: object) -> str:
    lines = [f"missing: {key}" for key in wanted - found]  # type: ignore[operator]
    for finding in report.findings:
        document = finding.at.document
        key = (document.path, document.line_of(finding.at.span.start), finding.rule)
        if key in found - wanted:  # type: ignore[operator]
            lines.append(f"not expected: {key}: {finding.message}")
    return "\n".join(lines)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_name_of_a_case_says_whether_its_rule_reports_anything(case: Case) -> None:
    word = "reports" if any(key[2] == case.rule for key in expected(case.files)[0]) else "clean"
    assert re.fullmatch(rf"{word}(-[a-z0-9]+)*", case.folder.name)


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
