"""Which lines of a text are new, in the time that sorting takes."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque


def new_lines(before: bytes, after: bytes) -> frozenset[int]:
    """The lines of `after`, from 1, that `before` does not have, or not in that order. Line ends are nothing.

    Of lines that stand there several times, the first is held against the first, and so on: where they were
    moved, this finds more lines than the least that could be new, and takes no longer for it.
    """
    old, new = _lines(before), _lines(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    places: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for at in range(start, len(old) - end):
        places[old[at]].append(at)
    pairs = [(places[new[at]].popleft(), at) for at in range(start, len(new) - end) if places.get(new[at])]
    kept = _increasing(pairs)
    return frozenset(at + 1 for at in range(start, len(new) - end) if at not in kept)


def _lines(text: bytes) -> list[bytes]:
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _increasing(pairs: list[tuple[int, int]]) -> set[int]:
    """The second numbers of the longest run of pairs, some left out, whose first numbers grow."""
    ends: list[int] = []  # the least first number that a run of each length ends in
    at_end: list[int] = []  # the pair that it ends in
    before: list[int] = []  # for each pair, the one before it in the longest run that it ends
    for index, (first, _) in enumerate(pairs):
        length = bisect_left(ends, first)
        before.append(at_end[length - 1] if length else -1)
        if length == len(ends):
            ends.append(first)
            at_end.append(index)
        else:
            ends[length], at_end[length] = first, index
    kept: set[int] = set()
    index = at_end[-1] if at_end else -1
    while index != -1:
        kept.add(pairs[index][1])
        index = before[index]
    return kept
