"""Annotations of GitHub Actions: one workflow command a finding.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands and the runner's
`ActionCommand.cs`, which says what is escaped.
"""

from __future__ import annotations

from cflint.finding import Finding, Report, Severity
from cflint.quoting import visible_text
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import escape_message, masked
from cflint.report.frame import last_line

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """One line a finding, then one for each notice that is a warning; paths from the workspace's root.

    GitHub shows at most ten errors, ten warnings and ten notices of a step, the first ones. Lines and columns
    are 1-based, columns in code points; they are left out of a finding of several lines, which GitHub wants.
    """
    lines = [_finding(finding) for finding in report.findings]
    for notice in report.notices:
        if notice.level == "warning":
            place = {} if notice.path is None else {"file": notice.path, "line": str(notice.line or 1)}
            lines.append(_command("warning", place | {"title": "cflint"}, escape_message(notice.message)))
    if report.partial:
        message = "the analysis is partial: not everything could be read"
        lines.append(_command("error", {"title": "cflint"}, message))
    return "".join(lines)


def _finding(finding: Finding) -> str:
    document, span = finding.at.document, finding.at.span
    start, last = document.position(span.start), last_line(document, span)
    place = {"file": document.path, "line": str(start.line), "endLine": str(last)}
    if start.line == last:
        end = document.position(max(span.start, span.end))
        place |= {"col": str(start.column)}
        if end.line == last and end.column > start.column:
            place |= {"endColumn": str(end.column)}
    message = escape_message(finding.message)
    if finding.fix is not None:
        message += f"\nfix: {escape_message(finding.fix.title)}"
    title = f"cflint: {masked(finding.rule)}"
    return _command(_COMMAND[severity_of(finding)], place | {"title": title}, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    """A message as the runner reads it; other control characters are shown, not sent."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible_text(text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
