"""GitLab's code quality report.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
"""

from __future__ import annotations

import json
from typing import Any

from cflint.finding import Finding, Report, Severity
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import encodable, masked
from cflint.report.fingerprint import fingerprints
from cflint.report.frame import last_line

_SEVERITY = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """A JSON array with an object for each finding, one a line; ASCII, paths from the workspace's root."""
    keys = fingerprints(report.findings)
    rows = [json.dumps(_finding(item, key, report)) for item, key in zip(report.findings, keys, strict=True)]
    return "[\n  " + ",\n  ".join(rows) + "\n]\n" if rows else "[]\n"


def _finding(finding: Finding, fingerprint: str, report: Report) -> dict[str, Any]:
    document, span = finding.at.document, finding.at.span
    return {
        "description": encodable(masked(finding.message)),
        "check_name": encodable(finding.rule),
        "fingerprint": fingerprint,
        "severity": _SEVERITY[severity_of(finding)],
        "location": {
            "path": encodable(document.path),
            "lines": {"begin": document.line_of(min(span.start, len(document.data)))}
            | {"end": last_line(document, span)},
        },
    }
