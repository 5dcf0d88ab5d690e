"""The report where it belongs, and the exit code it deserves."""

# Imported where used: what only SARIF needs.

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from cflint.cli.check.plan import FAIL_ON, Plan
from cflint.cli.check.request import FOR_PEOPLE
from cflint.cli.console import (
    counted,
    is_terminal,
    put,
    remark,
    takes_hyperlinks,
    wants_color,
    warn,
    width_of,
    write,
)
from cflint.cli.exits import Exit
from cflint.cli.output import write_file
from cflint.finding import Notice, Report, Severity
from cflint.record import replace
from cflint.report import FORMATS
from cflint.report import Options as Rendering
from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.report.repository import Repository

_FINDINGS_ONLY = ("gitlab", "junit", "checkstyle", "rdjson")
"""Formats with no place for notices: warnings go to stderr."""


def deliver_report(plan: Plan, report: Report, fixed: int = 0) -> Exit:
    """Write a report; the exit code. `fixed` is how many findings were fixed before."""
    request = plan.request
    code = _exit_code(plan, report)
    if request.quiet:
        report = replace(report, notices=())
    text = _rendered(plan, report, fixed)
    deliver(plan, text)
    if request.output_format in _FINDINGS_ONLY:
        for notice in report.notices:
            if notice.level == "warning":
                warn(located(notice))
    omitted = _omitted(plan, report, text)
    if omitted:
        warn(
            f"{counted(omitted, 'finding')} of the lowest severity {'was' if omitted == 1 else 'were'} "
            "omitted: the SARIF file would exceed GitHub's size limit"
        )
    if request.output_file is not None and not request.quiet:
        written = min(len(report.findings), _listed(plan, report) - omitted)
        remark(f"wrote {counted(written, 'finding')} to {visible(request.output_file)}")
    return code


def deliver(plan: Plan, text: str) -> None:
    """Write text where the report goes: a file, stderr when stdout is taken, or stdout."""
    request = plan.request
    if request.output_file is not None:
        write_file(request.output_file, text.encode("utf-8", "backslashreplace"))
    elif plan.stdout_is_taken:
        put(text)
    else:
        write(text, None if request.output_format in FOR_PEOPLE else "utf-8")


def is_colored(plan: Plan) -> bool:
    """Whether what `deliver` writes is coloured."""
    request = plan.request
    if request.output_file is not None and request.color == "auto":
        return False
    return wants_color(request.color, _stream(plan))


def located(notice: Notice) -> str:
    """The message of a notice, behind its path."""
    return f"{notice.path}: {notice.message}" if notice.path else notice.message


def _stream(plan: Plan) -> TextIO:
    return sys.stderr if plan.stdout_is_taken else sys.stdout


def _rendered(plan: Plan, report: Report, fixed: int) -> str:
    request = plan.request
    if request.statistics:
        return "".join(f"{row}\n" for row in _statistics(report))
    to_file = request.output_file is not None
    colored, stream = is_colored(plan), _stream(plan)
    rendering = Rendering(
        color=colored,
        hyperlinks=not to_file and colored and takes_hyperlinks(stream),
        width=width_of(None if to_file else stream),
        on_terminal=not to_file and is_terminal(stream),
        fixed=fixed,
        quiet=request.quiet,
        repository=_repository(plan, report),
        suppressions=request.show_suppressed,
    )
    return FORMATS[request.output_format](report, rendering)


def _listed(plan: Plan, report: Report) -> int:
    return len(report.findings) + (len(report.silenced) if plan.request.show_suppressed else 0)


def _omitted(plan: Plan, report: Report, text: str) -> int:
    """How many findings the one format with limits has no room for."""
    if plan.request.output_format != "sarif" or plan.request.statistics:
        return 0
    from cflint.report.layout import results_in

    return _listed(plan, report) - results_in(text)


def _repository(plan: Plan, report: Report) -> Repository | None:
    """What was analysed, for the one format that has it."""
    if plan.request.output_format != "sarif":
        return None
    from cflint.report.repository import repository_of

    return repository_of(report.root)


def _exit_code(plan: Plan, report: Report) -> Exit:
    request = plan.request
    if report.partial or (request.strict and any(notice.is_skip for notice in report.notices)):
        return Exit.INTERNAL
    least = FAIL_ON.get(plan.fail_on)
    if least is None or request.exit_zero:
        return Exit.CLEAN
    failing = any((finding.severity or Severity.WARNING) >= least for finding in report.findings)
    return Exit.FINDINGS if failing else Exit.CLEAN


def _statistics(report: Report) -> Iterator[str]:
    """A line for each rule, the most frequent first: how often, which, how bad, how many fixes."""
    tally = Counter(finding.rule for finding in report.findings)
    fixable = Counter(finding.rule for finding in report.findings if finding.fix is not None)
    wide = max((len(str(number)) for number in tally.values()), default=0)
    longest = max(map(len, tally), default=0)
    for rule, number in sorted(tally.items(), key=lambda item: (-item[1], item[0])):
        info = report.rules.get(rule)
        mark = f"{counted(fixable[rule], 'fix')}" if fixable[rule] else ""
        summary = info.summary if info is not None else ""
        label = info.severity.label if info is not None else ""
        yield f"{number:>{wide}}  {rule:<{longest}}  {label:<7}  {mark:<9}  {summary}".rstrip()
