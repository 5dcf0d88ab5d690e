"""The lines of code that say what stands at a place: the one in which it begins, and where it goes on."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.source import Document

_GOES_ON = pattern(r"(?:=|=>|\.|&&|\|\||\?|:|\+|\breturn|\bawait)$")
_CONTINUES = pattern(r"(?:\?\.|\.)[\w(\[]|&&|\|\||\? ")
"""How a line begins that belongs to the one before."""
_HANDLES = pattern(r"\}? ?(?:catch|except|finally)\b")
_SAYS_NOTHING = pattern(r"\W*$")


def code_of(at: Location, further: int) -> Iterator[str]:
    """The line in which a place begins, without blanks around it, and up to `further` of those after it:
    while a bracket is open, and while the next one goes on with it; of what handles an error what it does.
    The line before where this one has no word in it, and none after it that has none. Nothing for an empty
    line.

    Brackets are counted, also those in texts and comments: what is shown may end too late or too early, and
    is the project's own in any case.
    """
    document = at.document
    first = document.position(at.span.start).line
    line = _text(document, first)
    if not line:
        return
    if further and first > 1 and _SAYS_NOTHING.match(line):
        before = _text(document, first - 1)
        if before:
            yield before
    yield line
    pairs = "([{)]}" if _HANDLES.match(line) else "([)]"
    depth = _depth(line.removeprefix("}"), pairs)
    for number in range(first + 1, first + 1 + further):
        last, line = line, _text(document, number)
        if not line or not (depth > 0 or _GOES_ON.search(last) or _CONTINUES.match(line)):
            return
        if not _SAYS_NOTHING.match(line):
            yield line
        depth += _depth(line, pairs)


def _depth(line: str, pairs: str) -> int:
    half = len(pairs) // 2
    return sum(map(line.count, pairs[:half])) - sum(map(line.count, pairs[half:]))


def _text(document: Document, number: int) -> str:
    """A line, 1-based, without blanks around it; "" past the last one."""
    if number > document.line_of(len(document.data)):
        return ""
    span = document.line_span(number)
    return document.data[span.start : span.end].decode("utf-8", "surrogateescape").strip()
