"""The report where it belongs, and the exit code it deserves."""

# Imported where used: what only some formats need.

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

from cflint.cli.check.plan import FAIL_ON, Plan
from cflint.cli.console import (
    counted,
    is_terminal,
    put,
    remark,
    takes_hyperlinks,
    wants_color,
    warn,
    width_of,
)
from cflint.cli.exits import Exit
from cflint.cli.output import Output, file_addresses, write_output
from cflint.finding import Location, Notice, Report, Severity
from cflint.record import replace
from cflint.report import FORMATS
from cflint.report import Options as Rendering
from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.cli.check.analysis import Analysis
    from cflint.project.workers.circumstances import Circumstances
    from cflint.report.repository import Repository

_FINDINGS_ONLY = ("gitlab", "junit", "checkstyle", "rdjson")
"""Formats with no place for notices: warnings go to stderr."""


def deliver_report(plan: Plan, analysis: Analysis, report: Report, fixed: int = 0) -> Exit:
    """Write a report to all its outputs; the exit code. `fixed` is how many findings were fixed before."""
    request = plan.request
    code = _exit_code(plan, report)
    if request.quiet:
        report = replace(report, notices=())
    said = [text for output in request.outputs for text in _delivered(plan, analysis, output, report, fixed)]
    if all(output.format in _FINDINGS_ONLY for output in request.outputs):
        for notice in report.notices:
            if notice.level == "warning":
                warn(located(notice))
    for sentence in said:
        remark(sentence)
    return code


def _delivered(plan: Plan, analysis: Analysis, output: Output, report: Report, fixed: int) -> list[str]:
    """Write a report to one of its outputs; what is to be said of that."""
    text = _rendered(plan, analysis, output, report, fixed)
    deliver(plan, output, text)
    omitted = _omitted(plan, output, report, text)
    if omitted:
        warn(
            f"{counted(omitted, 'finding')} of the lowest severity {'was' if omitted == 1 else 'were'} "
            "omitted: the SARIF file would exceed GitHub's size limit"
        )
    if output.file is None or plan.request.quiet:
        return []
    written = min(len(report.findings), _listed(plan, report) - omitted)
    return [f"wrote {counted(written, 'finding')} to {visible(output.file)}"]


def deliver(plan: Plan, output: Output, text: str) -> None:
    """Write text where an output goes: a file, stderr when stdout is taken, or stdout."""
    if output.file is None and plan.stdout_is_taken:
        put(text)
    else:
        write_output(output, text)


def is_colored(plan: Plan, output: Output) -> bool:
    """Whether what `deliver` writes is coloured."""
    request = plan.request
    if output.file is not None and request.color == "auto":
        return False
    return wants_color(request.color, _stream(plan))


def located(notice: Notice) -> str:
    """The message of a notice, behind its path."""
    return f"{notice.path}: {notice.message}" if notice.path else notice.message


def _stream(plan: Plan) -> TextIO:
    return sys.stderr if plan.stdout_is_taken else sys.stdout


def _rendered(plan: Plan, analysis: Analysis, output: Output, report: Report, fixed: int) -> str:
    request = plan.request
    to_file = output.file is not None
    colored, stream = is_colored(plan, output), _stream(plan)
    rendering = Rendering(
        color=colored,
        hyperlinks=not to_file and colored and takes_hyperlinks(stream),
        width=width_of(None if to_file else stream),
        on_terminal=not to_file and is_terminal(stream),
        fixed=fixed,
        quiet=request.quiet,
        repository=_repository(output, report),
        suppressions=request.show_suppressed,
        statistics=request.statistics,
        earlier=plan.earlier,
    )
    if output.format == "agent" and report.findings and not request.statistics:
        rendering = replace(rendering, circumstances=circumstances_in(analysis, report))
    if output.format == "html":
        rendering = _with_picture(rendering, analysis, output, report)
    return FORMATS[output.format](report, rendering)


def circumstances_in(analysis: Analysis, report: Report) -> Mapping[str, tuple[Circumstances, ...]]:
    """What edits of the findings may depend on, by the paths of their files."""
    from cflint.project.workers.circumstances import circumstances_by_path

    paths = {finding.at.document.path for finding in report.findings}
    return circumstances_by_path(analysis.loaded.project, paths)


def _addresses(output: Output, report: Report, repository: Repository | None) -> Callable[[Location], str]:
    """Where clicks on things of the picture lead: to their lines where the repository is hosted, or to the
    files, from the page's folder."""
    from cflint.report.escape import uri

    of_file = file_addresses(report, output.file)
    if repository is None:
        return of_file

    def address(at: Location) -> str:
        line = at.document.line_of(at.span.start)
        return repository.page(uri(at.document.path), line) or of_file(at)

    return address


def _with_picture(rendering: Rendering, analysis: Analysis, output: Output, report: Report) -> Rendering:
    """With a picture of the Workers, or the reason why there is none."""
    from cflint.graph.dot import as_svg
    from cflint.graph.drawing import Wishes, draw

    project = analysis.whole().project
    if all(worker.is_document for worker in project.workers):
        return replace(rendering, no_picture="There is no Worker to draw.")
    picture = draw(project, report.findings, Wishes())
    try:
        addresses = _addresses(output, report, rendering.repository)
        return replace(rendering, picture=as_svg(picture, addresses))
    except ImportError:
        reason = (
            "There is no picture of the Workers: it needs pygraphviz, which cflint's extra `graph` installs. "
            "`cflint graph` prints one for Mermaid without it."
        )
        return replace(rendering, no_picture=reason)


def _listed(plan: Plan, report: Report) -> int:
    return len(report.findings) + (len(report.silenced) if plan.request.show_suppressed else 0)


def _omitted(plan: Plan, output: Output, report: Report, text: str) -> int:
    """How many findings the one format with limits has no room for."""
    if output.format != "sarif":
        return 0
    from cflint.report.layout import results_in

    return _listed(plan, report) - results_in(text)


def _repository(output: Output, report: Report) -> Repository | None:
    """What was analysed, for the formats that have it: SARIF, and for their links Markdown and HTML,
    which take what the CI's job says first."""
    if output.format not in ("sarif", "markdown", "html"):
        return None
    from cflint.report.repository import repository_of, repository_of_job

    of_job = repository_of_job(os.environ) if output.format != "sarif" else None
    return of_job or repository_of(report.root)


def _exit_code(plan: Plan, report: Report) -> Exit:
    request = plan.request
    is_whole = not any(notice.is_skip for notice in report.notices)
    if report.partial or (request.strict and not is_whole):
        return Exit.INTERNAL
    least = FAIL_ON.get(plan.fail_on)
    if least is None or request.exit_zero:
        return Exit.CLEAN
    failing = any((finding.severity or Severity.WARNING) >= least for finding in report.findings)
    return Exit.FINDINGS if failing else Exit.CLEAN if is_whole else Exit.INTERNAL
