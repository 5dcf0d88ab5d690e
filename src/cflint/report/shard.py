"""What the report of a shard has for the merge: where its findings belong in the whole."""

from __future__ import annotations

from typing import Any

from cflint.finding import Finding, Report
from cflint.report.escape import masked


def shard_of(report: Report) -> Any:
    """The `shard` of a report, data for JSON."""
    shard = report.shard
    assert shard is not None
    return {
        "index": shard.index,
        "count": shard.count,
        "general": shard.general,
        "places": [_place(finding) for finding in report.findings],
        "silenced": [_place(finding) for finding in report.silenced],
        "notices": [[notice.path or "", notice.message] for notice in report.notices],
    }


def _place(finding: Finding) -> Any:
    at = finding.at
    return [at.document.path, at.span.start, at.span.end, finding.rule, masked(finding.message)]
