"""Checkstyle's XML, which many CI servers and review bots read."""

from __future__ import annotations

from itertools import groupby

from cflint.finding import Report, Severity
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import masked, relative_paths
from cflint.report.markup import HEAD, tag

_SEVERITY = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "info"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """XML with paths from where the user stands; lines and columns 1-based, columns in code points."""
    shown = relative_paths(report)
    rows = [tag("checkstyle", {"version": "10.3"}, open=True)]
    for path, group in groupby(report.findings, key=lambda finding: finding.at.document.path):
        rows.append("  " + tag("file", {"name": shown(path)}, open=True))
        for finding in group:
            position = finding.at.document.position(finding.at.span.start)
            attributes = {
                "line": position.line,
                "column": position.column,
                "severity": _SEVERITY[severity_of(finding)],
                "message": masked(finding.message),
                "source": f"cflint.{finding.rule}",
            }
            rows.append("    " + tag("error", attributes))
        rows.append("  </file>")
    rows.append("</checkstyle>")
    return HEAD + "".join(f"{row}\n" for row in rows)
