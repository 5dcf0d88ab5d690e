"""JUnit's XML, for the test reports of CI servers: a suite for each file, a failed test for each finding."""

from __future__ import annotations

from itertools import groupby

from cflint.finding import Finding, Report, Severity
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import masked, relative_paths
from cflint.report.markup import HEAD, escaped, tag


def render(report: Report, options: Options = DEFAULT) -> str:
    """XML with paths from where the user stands.

    A note is a test that was skipped, since it fails no run; without any finding there is one test that
    passed; a partial analysis is a test with an error.
    """
    shown = relative_paths(report)
    suites: list[str] = []
    for path, group in groupby(report.findings, key=lambda finding: finding.at.document.path):
        suites += _suite(shown(path), list(group))
    ran = {"name": "cflint", "tests": 1, "failures": 0, "errors": 0, "skipped": 0, "time": 0}
    case = {"classname": "cflint", "name": "analysis", "time": 0}
    errors = 0
    if report.partial:
        errors = 1
        problem = tag("error", {"type": "partial", "message": "not everything could be read"})
        suites += [
            "  " + tag("testsuite", ran | {"errors": 1}, open=True),
            "    " + tag("testcase", case, open=True) + problem + "</testcase>",
            "  </testsuite>",
        ]
    elif not suites:
        suites = [
            "  " + tag("testsuite", ran, open=True),
            "    " + tag("testcase", case),
            "  </testsuite>",
        ]
    notes = sum(severity_of(finding) is Severity.NOTE for finding in report.findings)
    total = {
        "name": "cflint",
        "tests": len(report.findings) + errors or 1,
        "failures": len(report.findings) - notes,
        "errors": errors,
        "time": 0,
    }
    rows = [tag("testsuites", total, open=True), *suites, "</testsuites>"]
    return HEAD + "".join(f"{row}\n" for row in rows)


def _suite(path: str, findings: list[Finding]) -> list[str]:
    notes = sum(severity_of(finding) is Severity.NOTE for finding in findings)
    counts = {"tests": len(findings), "failures": len(findings) - notes, "errors": 0, "skipped": notes}
    rows = ["  " + tag("testsuite", {"name": path, **counts, "time": 0, "file": path}, open=True)]
    for finding in findings:
        severity = severity_of(finding)
        position = finding.at.document.position(finding.at.span.start)
        name = f"{finding.rule} ({position.line}:{position.column})"
        message = masked(finding.message)
        case = tag("testcase", {"classname": path, "name": name, "time": 0}, open=True)
        if severity is Severity.NOTE:
            outcome = tag("skipped", {"message": message})
        else:
            text = f"{path}:{position.line}:{position.column}: {severity.label}[{finding.rule}] {message}"
            if finding.fix is not None:
                text += f"\nfix: {masked(finding.fix.title)}"
            start = tag("failure", {"type": severity.label, "message": message}, open=True)
            outcome = f"{start}{escaped(text)}</failure>"
        rows.append(f"    {case}{outcome}</testcase>")
    rows.append("  </testsuite>")
    return rows
