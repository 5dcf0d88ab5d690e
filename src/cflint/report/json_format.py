"""The JSON output: one versioned object, for programs. Described in docs/json-output.md.

Imported where used: the counts, which few runs ask for.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from cflint import __version__
from cflint.finding import Edit, Finding, Fix, Location, Notice, Report, Safety, Severity
from cflint.fixer import exact
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import encodable, holds_secret, masked
from cflint.report.fingerprint import fingerprints
from cflint.report.layout import json_array, json_object
from cflint.report.shard import shard_of
from cflint.source import Document

VERSION = 1
"""Raised when a field is taken away or changes its meaning; a new field does not raise it."""

Object = dict[str, Any]


def render(report: Report, options: Options = DEFAULT) -> str:
    """ASCII text, a finding or notice a line; lines and columns 1-based in code points, offsets in bytes."""
    keys = fingerprints(report.findings)
    findings = [_finding(item, key, report) for item, key in zip(report.findings, keys, strict=True)]
    notices = [_notice(notice) for notice in report.notices]
    parts = [
        f'"version": {VERSION}',
        f'"tool": {json.dumps({"name": "cflint", "version": __version__})}',
        f'"findings": {json_array(findings)}',
        f'"notices": {json_array(notices)}',
        f'"summary": {json.dumps(_summary(report, options))}',
    ]
    if options.statistics:
        from cflint.report.statistics import as_data, statistics

        parts.append(f'"statistics": {json.dumps(as_data(statistics(report)))}')
    if report.shard is not None:
        parts.append(f'"shard": {json.dumps(shard_of(report))}')
    return json_object(parts)


def _finding(finding: Finding, fingerprint: str, report: Report) -> Object:
    info = report.rules.get(finding.rule)
    return {
        "rule": encodable(finding.rule),
        "group": info.group if info else None,
        "severity": severity_of(finding).label,
        "message": _text(finding.message),
        **_place(finding.at),
        "related": [{"message": _text(place.message), **_place(place)} for place in finding.related],
        "fix": _fix(finding.fix) if finding.fix is not None else None,
        "fingerprint": fingerprint,
        "workers": [encodable(name) for name in report.workers_of(finding)],
        "url": encodable(info.uri) if info and info.uri else None,
    }


def _place(location: Location) -> Object:
    span, document = location.span, location.document
    return {
        "path": encodable(document.path),
        "start": _position(document, span.start),
        "end": _position(document, span.end),
    }


def _position(document: Document, offset: int) -> Object:
    position = document.position(offset)
    return {"line": position.line, "column": position.column, "offset": offset}


def _fix(fix: Fix) -> Object:
    withheld = any(holds_secret(edit.document.path, edit.text) for edit in fix.edits)
    return {
        "title": _text(fix.title),
        "safety": fix.safety.value,
        "edits": None if withheld else [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> Object:
    made = exact(edit)
    return {**_place(Location(made.document, made.span)), "text": encodable(made.text)}


def _notice(notice: Notice) -> Object:
    return {
        "level": notice.level,
        "message": _text(notice.message),
        "path": None if notice.path is None else encodable(notice.path),
        "line": notice.line,
        "rule": notice.rule,
    }


def _summary(report: Report, options: Options) -> Object:
    tally = Counter(severity_of(finding) for finding in report.findings)
    fixable = Counter(finding.fix.safety for finding in report.findings if finding.fix is not None)
    return {
        "errors": tally[Severity.ERROR],
        "warnings": tally[Severity.WARNING],
        "notes": tally[Severity.NOTE],
        "files": report.files_checked,
        "workers": report.workers_checked,
        "suppressed": report.suppressed,
        "fixed": options.fixed,
        "fixable": {safety.value: fixable[safety] for safety in Safety},
        "partial": report.partial,
    }


def _text(text: str) -> str:
    return encodable(masked(text))
