"""Merge conflicts that git left in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Span

_MARKER = pattern(rb"^(<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)", re.MULTILINE)


@record(frozen=True)
class MergeConflict:
    """A conflict, by its markers (bytes): `<<<<<<<`, the `=======` in between, `>>>>>>>`."""

    start: Span
    separators: tuple[Span, ...]
    end: Span


def merge_conflicts(data: bytes) -> Iterator[MergeConflict]:
    """The conflicts of a text in any language, in their order; a start without an end is none."""
    start: Span | None = None
    separators: list[Span] = []
    for found in _MARKER.finditer(data):
        span = Span(*found.span())
        match found[1][:1]:
            case b"<":
                start, separators = span, []
            case b"=":
                separators.append(span)
            case b">" if start is not None:
                yield MergeConflict(start, tuple(separators), span)
                start = None
