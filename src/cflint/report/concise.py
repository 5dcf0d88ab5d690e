"""One line for each finding: `path:line:column: severity[rule] message`.

Imported where used: the counts, which few runs ask for.
"""

from __future__ import annotations

from cflint.finding import Report, Severity
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import escape_message, paths_for

_SGR = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """One line a finding, in the report's order, then (unless quiet) one for each notice that is a warning.

    Lines and columns are 1-based, columns in code points; no text from a file can begin a line of its own.
    """
    if options.statistics:
        from cflint.report.statistics import as_text

        return as_text(report)
    shown = paths_for(report)
    lines = []
    for finding in report.findings:
        position = finding.at.document.position(finding.at.span.start)
        severity = severity_of(finding)
        label = f"{severity.label}[{escape_message(finding.rule)}]"
        if options.color:
            label = f"\x1b[{_SGR[severity]}m{label}\x1b[0m"
        path = shown(finding.at.document.path)
        lines.append(f"{path}:{position.line}:{position.column}: {label} {escape_message(finding.message)}\n")
    for notice in report.notices:
        if notice.level == "warning" and not options.quiet:
            place = "" if notice.path is None else f"{shown(notice.path)}:{notice.line or 1}:1: "
            lines.append(f"{place}warning: {escape_message(notice.message)}\n")
    return "".join(lines)
