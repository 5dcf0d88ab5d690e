"""Any subset of the fixes, on any fixture: it comes to rest, parses no worse, and leaves the rest alone."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Finding, Report, Safety
from cflint.fixer import applicable, apply, converge, plan
from cflint.source import Document
from tests.fuzz.engines import mutations
from tests.fuzz.run_targets import PROJECT_WORDS, check_fixes, check_kept
from tests.fuzz.target import pack
from tests.support.fixture_cases import Case, cases, rules_for, run

pytestmark = pytest.mark.portable

FIXED = [case for case in cases() if case.fixed_folder.is_dir()]
KEPT_BACK = "a fix was not applied: the result would not parse (syntax-error)"
SAFETIES = st.sampled_from([Safety.SAFE, Safety.UNSAFE])


def offered(report: Report, allowed: Safety) -> list[Finding]:
    return [finding for finding in report.findings if applicable(finding.fix, allowed)]


def key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.at.document.path, finding.message


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FIXED), SAFETIES, st.data())
def test_any_subset_of_the_fixes_of_a_fixture(case: Case, allowed: Safety, data: st.DataObject) -> None:
    files, rules = case.files, rules_for(case.rule)
    first = run(files, rules)
    keys = sorted({key(finding) for finding in offered(first, allowed)})
    wanted = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    some = [finding for finding in offered(first, allowed) if key(finding) in wanted]

    check_kept(some, allowed)
    chosen = plan(some, allowed)
    # With one slip of several mended, the parser may take offence at others that it passed over. Then the
    # fix is kept back, and that is said.
    is_part = case.rule == "syntax-error" and wanted != set(keys)
    for path, after in apply(chosen).items() if not is_part else ():
        assert syntax_errors(Document(path, after)) <= syntax_errors(Document(path, files[path]))

    def analyse(overlay: Mapping[str, bytes]) -> Report:
        report = run({**files, **overlay}, rules)
        return replace(report, findings=tuple(f for f in report.findings if key(f) in wanted))

    result = converge(analyse, allowed, parses_worse=parses_worse)
    event(f"{len(result.applied)} applied")
    for path, after in ((change.path, change.after) for change in result.changes):
        assert syntax_errors(Document(path, after)) <= syntax_errors(Document(path, files[path]))
    kept_back = {(notice.rule, notice.message) for notice in result.notices}
    assert kept_back <= ({("syntax-error", KEPT_BACK)} if is_part else set())
    assert kept_back or not offered(result.report, allowed)
    assert {key(finding) for finding in result.applied} <= wanted
    touched = {edit.document.path for f in result.applied if f.fix for edit in f.fix.edits}
    assert {change.path for change in result.changes} <= touched


def test_a_slip_alone_is_kept_back_where_the_parser_is_misled_without_it() -> None:
    (case,) = (case for case in FIXED if case.name == "handlers/syntax-error/reports-slips")
    rules = rules_for(case.rule)

    def analyse(overlay: Mapping[str, bytes]) -> Report:
        report = run({**case.files, **overlay}, rules)
        return replace(report, findings=tuple(f for f in report.findings if "return type" in f.message))

    result = converge(analyse, Safety.SAFE, parses_worse=parses_worse)
    assert [notice.message for notice in result.notices] == [KEPT_BACK]
    assert (result.changes, result.applied) == ((), ())


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(FIXED), st.integers(0, 1 << 32))
def test_fixes_of_damaged_fixtures(case: Case, seed: int) -> None:
    check_fixes(next(mutations([pack(case.files)], PROJECT_WORDS, 20_000, random.Random(seed))))
