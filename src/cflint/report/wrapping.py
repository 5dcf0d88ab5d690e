"""Sentences broken at words, for a width in the cells of a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.report.cells import cells_of

_LONG_SPAN = 40
"""A code span of at most so many characters is one word."""
COMMAND = "::"
"""What a row must not begin with: GitHub's runner takes it for a command, whatever blanks stand before it."""


def wrapped(text: str, first: int, others: int) -> Iterator[str]:
    """Rows of a text: of at most `first` cells, and `others` after the first; a word that is longer has a row
    to itself, and one that begins with `::` stands in the row of the word before. A short code span is broken
    where it would not fit a row. The rows joined by a blank are the text."""
    room = first
    row, used = "", 0
    for word in _words(text, max(first, others)):
        size = cells_of(word)
        if used and used + 1 + size > room and not word.startswith(COMMAND):
            yield row
            row, used, room = word, size, others
        elif used:
            row, used = f"{row} {word}", used + 1 + size
        else:
            row, used = word, size
    yield row


def _words(text: str, most: int) -> Iterator[str]:
    """What stands between blanks; a code span of up to 40 characters, and `most` cells, is one word."""
    held: list[str] = []
    for word in text.split(" "):
        held.append(word)
        span = " ".join(held)
        if span.count("`") % 2 == 0 and (len(held) == 1 or cells_of(span) <= most):
            yield span
            held = []
        elif span.count("`") % 2 == 0 or len(span) > _LONG_SPAN:
            yield from held
            held = []
    yield from held
