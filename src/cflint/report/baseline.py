"""A baseline: the findings that there were at some time, so that only new ones are reported.

It is a file of JSON to be committed, an entry a line, in the order of the paths. An entry says which rule,
where, how often, and what the finding is known by: a hash that does not depend on the line (see
`fingerprint`), and one that does not depend on the path either, for files that are renamed. Neither messages
nor code are in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cflint.finding import Finding, Report
from cflint.record import record, replace
from cflint.report.fingerprint import digests

VERSION = 1


class BaselineError(ValueError):
    """A file that is no baseline; the message says why."""


@record(frozen=True)
class Entry:
    """Findings that are alike: `count` of them, of a rule, in a file; `key` is their hash, `moved` the one
    without the path."""

    path: str
    rule: str
    key: str
    moved: str
    count: int


@record(frozen=True)
class Compared:
    """A report without what the baseline holds, how many findings that hid, and the entries (or parts of
    them) that nothing was found for, each as often as it lacks findings."""

    report: Report
    hidden: int
    gone: int


def written(findings: Sequence[Finding]) -> str:
    """The baseline of findings; ASCII, the same for the same findings."""
    tally: Counter[tuple[str, str, str, str]] = Counter(
        (finding.at.document.path, finding.rule, key, moved)
        for finding, (key, moved) in zip(findings, digests(findings), strict=True)
    )
    rows = [
        json.dumps({"path": path, "rule": rule, "count": count, "key": key, "moved": moved})
        for (path, rule, key, moved), count in sorted(tally.items())
    ]
    body = "[\n    " + ",\n    ".join(rows) + "\n  ]" if rows else "[]"
    return f'{{\n  "cflint-baseline": {VERSION},\n  "findings": {body}\n}}\n'


def read_baseline(data: bytes) -> tuple[Entry, ...]:
    """The entries of a baseline. Raises BaselineError."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BaselineError("it is no JSON") from error
    version = whole.get("cflint-baseline") if isinstance(whole, dict) else None
    if version is None:
        raise BaselineError("it is no baseline of cflint")
    if version != VERSION or isinstance(version, bool):
        raise BaselineError(f"its version is not {VERSION}: another cflint has written it")
    rows = whole.get("findings")
    if not isinstance(rows, list):
        raise BaselineError("it has no list of findings")
    return tuple(_entry(number, row) for number, row in enumerate(rows, 1))


def _entry(number: int, row: Any) -> Entry:
    if not isinstance(row, dict):
        raise BaselineError(f"entry {number} is no object")
    texts = [row.get(name) for name in ("path", "rule", "key", "moved")]
    count = row.get("count")
    if not all(isinstance(text, str) for text in texts):
        raise BaselineError(f"entry {number} lacks a path, a rule or a key")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise BaselineError(f"the count of entry {number} is no number above 0")
    path, rule, key, moved = map(str, texts)
    return Entry(path, rule, key, moved, count)


def compared(report: Report, entries: Iterable[Entry], is_there: Callable[[str], bool]) -> Compared:
    """Take away what the baseline holds: of alike findings as many as it counts, the first ones.

    What is found in a file that the baseline does not know is held against the entries of files that are no
    longer there (`is_there` tells): they may have been renamed. An entry with an alias of a rule counts
    for the rule.
    """
    entries = tuple(entries)
    left: Counter[str] = Counter()
    for entry in entries:
        left[entry.key] += entry.count
    aliases = _aliases(report, entries)
    kept: list[tuple[Finding, tuple[str, ...]]] = []
    for finding, hashes in zip(report.findings, digests(report.findings), strict=True):
        former = (replace(finding, rule=name) for name in aliases.get(finding.rule, ()))
        keys, moved = zip(hashes, *digests(former), strict=True)
        key = next((key for key in keys if left[key] > 0), None)
        if key is not None:
            left[key] -= 1
        else:
            kept.append((finding, moved))
    there: dict[str, bool] = {}
    renamed: Counter[str] = Counter()
    for entry in entries:
        if entry.path not in there:
            there[entry.path] = is_there(entry.path)
        if not there[entry.path]:
            renamed[entry.moved] += left[entry.key]
            left[entry.key] = 0
    known = frozenset(there)
    new = list(_new(kept, renamed, known))
    hidden = len(report.findings) - len(new)
    return Compared(replace(report, findings=tuple(new)), hidden, left.total() + renamed.total())


def _new(
    kept: Iterable[tuple[Finding, tuple[str, ...]]], renamed: Counter[str], known: frozenset[str]
) -> Iterator[Finding]:
    for finding, hashes in kept:
        moved = next((moved for moved in hashes if renamed[moved] > 0), None)
        if moved is not None and finding.at.document.path not in known:
            renamed[moved] -= 1
        else:
            yield finding


def _aliases(report: Report, entries: Iterable[Entry]) -> dict[str, list[str]]:
    """For the rules with findings, the names that they had before and that the baseline still has."""
    old = {entry.rule for entry in entries} - report.rules.keys()
    if not old:
        return {}
    found = {finding.rule for finding in report.findings} & report.rules.keys()
    return {rule: [name for name in report.rules[rule].aliases if name in old] for rule in found}
