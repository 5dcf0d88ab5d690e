"""A baseline: the findings that there were at some time, so that only new ones are reported.

It is a file of JSON to be committed, an entry a line, in the order of the paths. An entry says which rule,
where, how often, and what the finding is known by: a hash that does not depend on the line (see
`fingerprint`), and one that does not depend on the path either, for files that are renamed. Neither messages
nor code are in it. At its end stand the version of cflint and the rules that it was written with, so that a
run with other rules can say so; a baseline without them counts as any other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cflint import __version__
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
class Baseline:
    """The entries, and what they were found with: the version of cflint and the rules that ran, both None in
    a baseline that does not say so."""

    entries: tuple[Entry, ...]
    version: str | None = None
    rules: frozenset[str] | None = None

    @property
    def count(self) -> int:
        """How many findings it holds."""
        return sum(entry.count for entry in self.entries)


@record(frozen=True)
class Compared:
    """A report without what the baseline holds, the findings that this hid, and the entries that nothing was
    found for, each with as many findings as it lacks. `newer` are the rules that ran and that the baseline
    was written without, sorted; none where it does not say."""

    report: Report
    hidden: tuple[Finding, ...]
    gone: tuple[Entry, ...]
    newer: tuple[str, ...] = ()


def baseline_of(report: Report) -> Baseline:
    """The baseline of all findings of a report."""
    return Baseline(entries_of(report.findings), __version__, frozenset(report.rules))


def entries_of(findings: Sequence[Finding]) -> tuple[Entry, ...]:
    """The entries of findings, sorted."""
    tally: Counter[tuple[str, str, str, str]] = Counter(
        (finding.at.document.path, finding.rule, key, moved)
        for finding, (key, moved) in zip(findings, digests(findings), strict=True)
    )
    return tuple(Entry(*known, count) for known, count in sorted(tally.items()))


def written(baseline: Baseline) -> str:
    """A baseline as it stands in a file; ASCII, the same for the same findings and rules."""
    tally: Counter[tuple[str, str, str, str]] = Counter()
    for entry in baseline.entries:
        tally[entry.path, entry.rule, entry.key, entry.moved] += entry.count
    rows = [
        json.dumps({"path": path, "rule": rule, "count": count, "key": key, "moved": moved})
        for (path, rule, key, moved), count in sorted(tally.items())
    ]
    body = "[\n    " + ",\n    ".join(rows) + "\n  ]" if rows else "[]"
    parts = [f'"cflint-baseline": {VERSION}', f'"findings": {body}']
    if baseline.version is not None and baseline.rules is not None:
        rules = ",\n".join(f"      {json.dumps(rule)}" for rule in sorted(baseline.rules))
        made = [f'"cflint": {json.dumps(baseline.version)}', f'"rules": [\n{rules}\n    ]']
        parts.append('"written-with": {\n    ' + ",\n    ".join(made) + "\n  }")
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def read_baseline(data: bytes) -> Baseline:
    """A baseline as it stands in a file. Raises BaselineError."""
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
    entries = tuple(_entry(number, row) for number, row in enumerate(rows, 1))
    made = whole.get("written-with")
    if made is None:
        return Baseline(entries)
    cflint = made.get("cflint") if isinstance(made, dict) else None
    rules = made.get("rules") if isinstance(made, dict) else None
    if not (isinstance(cflint, str) and isinstance(rules, list) and all(isinstance(it, str) for it in rules)):
        raise BaselineError("what it was written with is no version and list of rules")
    return Baseline(entries, cflint, frozenset(rules))


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


def compared(report: Report, baseline: Baseline, is_there: Callable[[str], bool]) -> Compared:
    """Take away what the baseline holds: of alike findings as many as it counts, the first ones.

    What is found in a file that the baseline does not know is held against the entries of files that are no
    longer there (`is_there` tells): they may have been renamed. An entry with an alias of a rule counts
    for the rule. Entries of rules that did not run are not gone.
    """
    entries = baseline.entries
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
    open_ones = {id(finding) for finding in new}
    hidden = tuple(finding for finding in report.findings if id(finding) not in open_ones)
    gone = tuple(_gone(report, entries, left, renamed, there))
    return Compared(replace(report, findings=tuple(new)), hidden, gone, tuple(_newer(report, baseline.rules)))


def _gone(
    report: Report,
    entries: Iterable[Entry],
    left: Counter[str],
    renamed: Counter[str],
    there: Mapping[str, bool],
) -> Iterator[Entry]:
    """What of the entries nothing was found for; takes it from the two counters."""
    names = _former_names(report, {entry.rule for entry in entries})
    for entry in entries:
        counter, key = (left, entry.key) if there[entry.path] else (renamed, entry.moved)
        lacking = min(entry.count, counter[key])
        counter[key] -= lacking
        if lacking and (entry.rule in report.rules or entry.rule in names):
            yield replace(entry, count=lacking)


def _newer(report: Report, rules: frozenset[str] | None) -> Iterator[str]:
    """The rules that ran and that are not among these, by no name that they had."""
    if rules is None:
        return
    for rule in sorted(report.rules.keys() - rules):
        if rules.isdisjoint(report.rules[rule].aliases):
            yield rule


def _former_names(report: Report, names: Collection[str]) -> set[str]:
    """Those of some names that are former ones of rules that ran."""
    if report.rules.keys() >= set(names):
        return set()
    return {alias for info in report.rules.values() for alias in info.aliases if alias in names}


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
