"""Earlier reports in JSON, and what has come, gone and moved since the last of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cflint.finding import Report, Severity
from cflint.record import record
from cflint.report.escape import encodable, masked
from cflint.report.fingerprint import fingerprints

_LEVELS = tuple(severity.label for severity in Severity)


class Incomparable(ValueError):
    """A file that is no JSON report of cflint; the message says why."""


@record(frozen=True)
class EarlierFinding:
    """What an earlier report says of a finding; `line` is 1-based."""

    rule: str
    severity: str
    message: str
    path: str
    line: int
    workers: tuple[str, ...]
    fingerprint: str


@record(frozen=True)
class Earlier:
    """An earlier report, by the name under which it was given."""

    name: str
    findings: tuple[EarlierFinding, ...]


@record(frozen=True)
class Comparison:
    """What has changed since an earlier report: for each finding of this one where it was before, None for a
    new one; and what is no longer found."""

    before: tuple[EarlierFinding | None, ...]
    gone: tuple[EarlierFinding, ...]


def read_earlier(name: str, data: bytes) -> Earlier:
    """A report of `--output json`. Raises Incomparable."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Incomparable("it is no JSON") from error
    tool = whole.get("tool") if isinstance(whole, dict) else None
    if not isinstance(tool, dict) or tool.get("name") != "cflint":
        raise Incomparable("it is no JSON report of cflint (`--output json:FILE` writes one)")
    rows = whole.get("findings")
    if not isinstance(rows, list):
        raise Incomparable("it has no list of findings")
    return Earlier(name, tuple(_finding(number, row) for number, row in enumerate(rows, 1)))


def _finding(number: int, row: Any) -> EarlierFinding:
    try:
        texts = [row[name] for name in ("rule", "severity", "message", "path", "fingerprint")]
        line, workers = row["start"]["line"], row.get("workers", [])
    except (AttributeError, KeyError, TypeError) as error:
        raise Incomparable(f"its finding {number} lacks something") from error
    is_plain = all(
        isinstance(text, str) for text in (*texts, *(workers if isinstance(workers, list) else [0]))
    )
    if not is_plain or not isinstance(line, int) or texts[1] not in _LEVELS:
        raise Incomparable(f"its finding {number} is none of cflint's")
    rule, severity, message, path, fingerprint = texts
    return EarlierFinding(rule, severity, message, path, line, tuple(workers), fingerprint)


def compared(report: Report, earlier: Earlier) -> Comparison:
    """What has changed since an earlier report. A finding is the same while its fingerprint is, and after its
    file was renamed while nothing else of its rule and message has come or gone."""
    known = {finding.fingerprint: finding for finding in earlier.findings}
    keys = fingerprints(report.findings)
    before = [known.pop(key, None) for key in keys]
    left: dict[tuple[str, str], list[EarlierFinding]] = {}
    for finding in known.values():
        left.setdefault((finding.rule, finding.message), []).append(finding)
    come: dict[tuple[str, str], list[int]] = {}
    for index, (item, found) in enumerate(zip(report.findings, before, strict=True)):
        if found is None:
            come.setdefault((encodable(item.rule), encodable(masked(item.message))), []).append(index)
    for what, indexes in come.items():
        if len(indexes) == len(left.get(what, ())) == 1:
            before[indexes[0]] = left.pop(what)[0]
    gone = [finding for findings in left.values() for finding in findings]
    return Comparison(tuple(before), _ordered(gone))


def _ordered(findings: Sequence[EarlierFinding]) -> tuple[EarlierFinding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.path, finding.line, finding.rule)))
