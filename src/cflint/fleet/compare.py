"""Two sweeps held against each other: what one found and the other did not, repository by repository.

Only the rows of one repository are held at a time: both sweeps are in the same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from cflint.fleet.journal import rows_in
from cflint.fleet.sources import called
from cflint.record import record

Row = dict[str, Any]
State = tuple[str, str]
"""The name of a repository, and of a commit ("" for none)."""
Known = tuple[str, str, str, int]
"""What a finding is known by: rule, path, message, and which of the equal ones in the file: lines move."""

_COMPARED = ("severity", "fix")


@record(frozen=True)
class Difference:
    """A difference: the rule, or "" where a repository ended otherwise; `sign` is `+`, `-` or `~`, `what` the
    severity or what changed, `where` the place."""

    rule: str
    sign: str
    what: str
    where: str

    def as_data(self) -> Row:
        """As data for JSON."""
        return {"rule": self.rule or None, "sign": self.sign, "what": self.what, "where": self.where}


@record(frozen=True)
class Comparison:
    """How many findings there were before and after, and what differs."""

    before: int
    after: int
    differences: tuple[Difference, ...]


def compare(old: Path, new: Path) -> Comparison:
    """What differs between two sweeps, sorted by rule. Raises JournalError."""
    differences: list[Difference] = []
    total_before = total_after = 0
    for state, before, after in _paired(old / "findings.jsonl", new / "findings.jsonl"):
        total_before += len(before)
        total_after += len(after)
        differences += _differing(state, before, after)
    for state, was, now in _paired(old / "repositories.jsonl", new / "repositories.jsonl"):
        differences += _ended(state, was, now)
    differences.sort(key=lambda it: (it.rule, it.where, it.sign, it.what))
    return Comparison(total_before, total_after, tuple(differences))


def _paired(old: Path, new: Path) -> Iterator[tuple[State, list[Row], list[Row]]]:
    """The rows of each state in both files."""
    sides = [groupby(rows_in(path), key=_state) for path in (old, new)]
    heads = [_next(side) for side in sides]
    while any(head is not None for head in heads):
        state = min(head[0] for head in heads if head is not None)
        rows: list[list[Row]] = []
        for at, head in enumerate(heads):
            if head is not None and head[0] == state:
                rows.append(head[1])
                heads[at] = _next(sides[at])
            else:
                rows.append([])
        yield state, rows[0], rows[1]


def _next(side: Iterator[tuple[State, Iterator[Row]]]) -> tuple[State, list[Row]] | None:
    found = next(side, None)
    return None if found is None else (found[0], list(found[1]))


def _state(row: Row) -> State:
    return row["repository"], row["ref"] or ""


def _differing(state: State, before: list[Row], after: list[Row]) -> Iterator[Difference]:
    old, new = _by_known(before), _by_known(after)
    for sign, one, other in (("-", old, new), ("+", new, old)):
        for known, row in one.items():
            if known not in other:
                where = f"{called(*state)}/{row['path']}:{row['line']}: {row['message']}"
                yield Difference(row["rule"], sign, row["severity"], where)
    for row, now in ((old[known], new[known]) for known in old if known in new):
        for part in _COMPARED:
            if row[part] != now[part]:
                what = f"{part} {row[part] or 'none'} -> {now[part] or 'none'}"
                where = f"{called(*state)}/{row['path']}: {row['message']}"
                yield Difference(row["rule"], "~", what, where)


def _by_known(rows: list[Row]) -> dict[Known, Row]:
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[Known, Row] = {}
    for row in rows:
        same = (row["rule"], row["path"], row["message"])
        seen[same] += 1
        found[(*same, seen[same])] = row
    return found


def _ended(state: State, was: list[Row], now: list[Row]) -> Iterator[Difference]:
    old, new = (_end(rows) for rows in (was, now))
    if old != new:
        yield Difference("", "~", "end", f"{called(*state)}: {old}, now {new}")


def _end(rows: list[Row]) -> str:
    if not rows:
        return "not there"
    row = rows[0]
    partial = ", partial" if row["partial"] else ""
    return f"{row['status']}{partial}" + (f" ({row['reason']})" if row["reason"] else "")
