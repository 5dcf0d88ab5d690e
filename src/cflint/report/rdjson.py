"""Reviewdog's diagnostic format, as one JSON object.

Source: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cflint.finding import Finding, Fix, Location, Report, Safety, Severity
from cflint.fixer import exact
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import encodable, holds_secret, masked, relative_paths
from cflint.source import Document, Span

_SEVERITY = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}
_MAX_BRIDGE = 2_000
"""Edits with at most so many bytes between them make one suggestion: each is applied by itself."""

Object = dict[str, Any]


def render(report: Report, options: Options = DEFAULT) -> str:
    """A finding a line; ASCII, paths from where the user stands, columns 1-based in bytes of UTF-8."""
    shown = relative_paths(report)
    rows = [json.dumps(_finding(finding, report, shown)) for finding in report.findings]
    listed = "[\n    " + ",\n    ".join(rows) + "\n  ]" if rows else "[]"
    return f'{{\n  "source": {{"name": "cflint"}},\n  "diagnostics": {listed}\n}}\n'


def _finding(finding: Finding, report: Report, shown: Callable[[str], str]) -> Object:
    info = report.rules.get(finding.rule)
    out: Object = {
        "message": encodable(masked(finding.message)),
        "location": _location(finding.at, shown),
        "severity": _SEVERITY[severity_of(finding)],
        "code": {"value": encodable(finding.rule)},
    }
    if info is not None and info.uri:
        out["code"]["url"] = encodable(info.uri)
    suggestion = _suggestion(finding) if finding.fix is not None else None
    if suggestion is not None:
        out["suggestions"] = [suggestion]
    if finding.related:
        out["related_locations"] = [
            {"message": encodable(masked(place.message)), "location": _location(place, shown)}
            for place in finding.related
        ]
    return out


def _location(place: Location, shown: Callable[[str], str]) -> Object:
    return {
        "path": encodable(shown(place.document.path)),
        "range": _range(place.document, place.span),
    }


def _range(document: Document, span: Span) -> Object:
    return {"start": _position(document, span.start), "end": _position(document, max(span.start, span.end))}


def _position(document: Document, offset: int) -> Object:
    offset = min(max(offset, 0), len(document.data))
    line = document.line_of(offset)
    return {"line": line, "column": max(1, offset - document.line_span(line).start + 1)}


def _suggestion(finding: Finding) -> Object | None:
    """The fix as the replacement of one range of the finding's file, where it can be said so."""
    fix = finding.fix
    if fix is None or not _is_tellable(fix, finding.at.document):
        return None
    edits = sorted(map(exact, fix.edits), key=lambda edit: edit.span)
    document = edits[0].document
    start, end = edits[0].span.start, edits[-1].span.end
    pieces: list[str] = []
    at = start
    for edit in edits:
        between = document.data[at : edit.span.start]
        if len(between) > _MAX_BRIDGE:
            return None
        try:
            pieces += [between.decode("utf-8"), edit.text]
        except UnicodeDecodeError:
            return None
        at = max(at, edit.span.end)
    text = "".join(pieces)
    if holds_secret(document.path, text):
        return None
    return {"range": _range(document, Span(start, end)), "text": encodable(text)}


def _is_tellable(fix: Fix, document: Document) -> bool:
    return (
        bool(fix.edits)
        and fix.safety is not Safety.MANUAL
        and all(edit.document.path == document.path for edit in fix.edits)
    )
