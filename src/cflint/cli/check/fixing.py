"""Fixes: applied to files or to the text on stdin (`--fix`), or shown (`--diff`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.delivery import deliver, deliver_report, is_colored, located
from cflint.cli.check.plan import Plan
from cflint.cli.console import counted, say, warn, write_bytes
from cflint.cli.exits import Exit
from cflint.cli.signals import held_back
from cflint.engine.parsing import parses_worse
from cflint.finding import Finding, Report, Safety
from cflint.fixer import Change, FixResult, Written, converge
from cflint.fixer import write as write_changes
from cflint.record import replace
from cflint.report.diff import diffs
from cflint.report.escape import escape_message, paths_for


def show_changes(plan: Plan, analysis: Analysis, first: Report) -> Exit:
    """Show the changes that `--fix` would make."""
    request = plan.request
    result = converge(analysis, plan.allowed, parses_worse=parses_worse, report=first)
    (output,) = request.outputs
    deliver(plan, output, diffs(result.changes, color=is_colored(plan, output)))
    if not request.quiet:
        for notice in result.notices:
            warn(located(notice))
        would = counted(len(result.applied), "finding") if result.applied else "nothing"
        say(f"Would fix {would}.{_left_for_unsafe(plan, result.report)}")
    if first.partial:
        return Exit.INTERNAL
    return Exit.FINDINGS if result.changes and not request.exit_zero else Exit.CLEAN


def _left_for_unsafe(plan: Plan, report: Report) -> str:
    unsafe = sum(1 for item in report.findings if item.fix and item.fix.safety is Safety.UNSAFE)
    if plan.request.unsafe_fixes or not unsafe:
        return ""
    return f" {unsafe} more with `--unsafe-fixes`."


def apply_fixes(plan: Plan, analysis: Analysis, first: Report) -> Exit:
    """Apply the fixes, write what they change, report what is left."""
    result = converge(analysis, plan.allowed, parses_worse=parses_worse, report=first)
    if plan.place.buffer is None:
        applied, report = _write_files(plan, analysis, result)
    else:
        applied, report = list(result.applied), result.report
        fixed = (change.after for change in result.changes if change.path == plan.place.buffer)
        write_bytes(next(fixed, plan.place.data) or b"")
        report = replace(report, notices=(*report.notices, *result.notices))
    if applied and not plan.request.quiet:
        say("".join(_fixed(applied, report)))
    return deliver_report(plan, analysis, report, len(applied))


def write_held_back(changes: Sequence[Change], root: Path) -> Written:
    """Write changed files; a signal that would end the run waits until they are written."""
    with held_back():
        return write_changes(changes, root)


def _write_files(plan: Plan, analysis: Analysis, result: FixResult) -> tuple[list[Finding], Report]:
    """Write the changed files; the findings that are fixed now, and the report on what is left."""
    applied, report = list(result.applied), result.report
    notices = [*result.notices]
    root = plan.place.workspace.root
    if result.changes and root is not None:
        written = write_held_back(result.changes, root)
        failed = {change.path for change in result.changes} - set(written.paths)
        if failed:
            applied = [finding for finding in applied if not _edited(finding) & failed]
            report = analysis.again()
            notices += written.notices
    return applied, replace(report, notices=(*report.notices, *notices))


def _edited(finding: Finding) -> set[str]:
    return {edit.document.path for edit in finding.fix.edits} if finding.fix is not None else set()


def _fixed(applied: list[Finding], report: Report) -> Iterator[str]:
    """What was fixed, file by file, equal fixes counted."""
    shown = paths_for(report)
    yield f"Fixed {counted(len(applied), 'finding')}:\n"
    by_file: dict[str, Counter[tuple[str, str]]] = {}
    for finding in applied:
        title = finding.fix.title if finding.fix is not None else ""
        by_file.setdefault(finding.at.document.path, Counter())[finding.rule, title] += 1
    for path in sorted(by_file):
        yield f"  {shown(path)}\n"
        for (rule, title), number in sorted(by_file[path].items()):
            times = f" ({number} times)" if number > 1 else ""
            yield f"    {rule}: {escape_message(title)}{times}\n"
