"""Documents and positions: bytes inside, lines and columns only at the edge."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from cflint.pattern import pattern
from cflint.record import record

T = TypeVar("T")

BOM = b"\xef\xbb\xbf"


class Span(NamedTuple):
    """A half-open range of 0-based byte offsets, `start <= end`."""

    start: int
    end: int

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.start <= offset < self.end

    def covers(self, other: Span) -> bool:
        """Whether `other` lies within this span (equal spans cover each other)."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share a byte; an empty span overlaps only what it lies strictly inside."""
        return self.start < other.end and other.start < self.end

    @property
    def empty(self) -> bool:
        return self.start == self.end


class Position(NamedTuple):
    """A place for people: 1-based line, 1-based column in code points (a BOM is no column)."""

    line: int
    column: int


_WORD = pattern(rb"[\w$]+")
_WORD_BYTES = frozenset(bytes((byte,)) for byte in range(128) if chr(byte).isalnum() or byte in b"_$")
_MOST_SEARCHES = 50
"""For how many words a document is searched before its words are listed."""


class Document:
    """One text and its path.

    `path` is relative to the workspace's root, with `/`. `data` is the file as it is on disk, with its BOM
    and line ends. A document is compared by identity: two reads of a file are two documents.

    A fenced block of a Markdown file is a document too: its `data` has the bytes of the whole Markdown file
    with everything but the block blanked out, so a byte offset means the same place in both; `origin` is the
    Markdown file, and findings and edits belong there. The script of a file of another language (`.astro`) is
    such a document, too, under the path of its file.
    """

    __slots__ = ("__dict__", "_newline", "data", "origin", "path")

    def __init__(
        self, path: str, data: bytes, origin: Document | None = None, *, newline: str | None = None
    ) -> None:
        self.path = path
        self.data = data
        self.origin = origin
        self._newline = newline

    def __repr__(self) -> str:
        return f"Document({self.path!r}, {len(self.data)} bytes)"

    def memoized(self, question: Hashable, find: Callable[[Document], T]) -> T:
        """What `find` makes of the document, found once and kept as long as the document is."""
        answers = self._answers
        if question not in answers:
            answers[question] = find(self)
        found: T = answers[question]
        return found

    @cached_property
    def _answers(self) -> dict[Hashable, Any]:
        return {}

    def has_word(self, word: str) -> bool:
        """Whether a word (letters of ASCII, digits, `_` and `$`) stands somewhere, not as a part of a longer
        one. Found by searching, or, when that has been done often, in a set of all words."""
        known = self._has.get(word)
        if known is None:
            known = self._has[word] = self._find_word(word.encode())
        return known

    def _find_word(self, needle: bytes) -> bool:
        data = self.data
        if _WORD.fullmatch(needle) is None:
            return needle in data
        if len(self._has) >= _MOST_SEARCHES:
            return needle in self._words
        at = data.find(needle)
        while at != -1:
            after = at + len(needle)
            if data[at - 1 : at] not in _WORD_BYTES and data[after : after + 1] not in _WORD_BYTES:
                return True
            at = data.find(needle, after)
        return False

    @cached_property
    def _has(self) -> dict[str, bool]:
        """The words that were asked for: rules ask for the same one at each construct of a module."""
        return {}

    @cached_property
    def _words(self) -> frozenset[bytes]:
        return frozenset(_WORD.findall(self.data))

    @property
    def is_block(self) -> bool:
        """Whether the document is a fenced block of a Markdown file."""
        return self.origin is not None and self.origin.path != self.path

    @property
    def is_embedded(self) -> bool:
        """Whether the document is the script of a file of another language."""
        return self.origin is not None and self.origin.path == self.path

    @property
    def file(self) -> Document:
        """The document that exists as a file: itself, or the Markdown file that a block stands in."""
        return self if self.origin is None else self.origin

    @cached_property
    def _line_starts(self) -> list[int]:
        # A loop in Python would be slow: there are many lines.
        with_ends = map((1).__add__, map(len, self.data.split(b"\n")))
        starts = list(accumulate(with_ends, initial=0))[:-1]
        if self.data.startswith(BOM):
            starts[0] = len(BOM)
        return starts

    @property
    def line_count(self) -> int:
        return len(self._line_starts)

    def line_of(self, offset: int) -> int:
        """The 1-based line that holds a byte offset."""
        return max(1, bisect_right(self._line_starts, offset))

    def line_span(self, line: int) -> Span:
        """The bytes of a 1-based line, without its line end."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] - 1 if line < len(self._line_starts) else len(self.data)
        if end > start and self.data[end - 1] == 0x0D:
            end -= 1
        return Span(start, max(start, end))

    def position(self, offset: int) -> Position:
        """Line and column (1-based, code points) of a byte offset; past the end counts as the end."""
        offset = min(max(offset, 0), len(self.data))
        line = self.line_of(offset)
        return Position(line, len(self._before(line, offset)) + 1)

    def utf16_column(self, offset: int) -> int:
        """The 1-based column of a byte offset, in UTF-16 code units."""
        offset = min(max(offset, 0), len(self.data))
        return len(self._before(self.line_of(offset), offset).encode("utf-16-le", "replace")) // 2 + 1

    def _before(self, line: int, offset: int) -> str:
        return self.data[self._line_starts[line - 1] : max(offset, 0)].decode("utf-8", "replace")

    def offset(self, position: Position) -> int:
        """The byte offset of a position; a column past the line's end means the line's end."""
        if position.line > len(self._line_starts):
            return len(self.data)
        span = self.line_span(max(1, position.line))
        line = self.data[span.start : span.end].decode("utf-8", "surrogateescape")
        return span.start + len(line[: max(0, position.column - 1)].encode("utf-8", "surrogateescape"))

    def text(self, span: Span) -> str:
        """The text of a span; bytes that are no UTF-8 become U+FFFD."""
        return self.data[span.start : span.end].decode("utf-8", "replace")

    @cached_property
    def newline(self) -> str:
        """The line end that the document uses first (`\\n` when it has one line), or the one it was given."""
        if self._newline is not None:
            return self._newline
        at = self.data.find(b"\n")
        return "\r\n" if at > 0 and self.data[at - 1] == 0x0D else "\n"


@record(frozen=True)
class Change:
    """Bytes `start` to `old_end` of a text became bytes `start` to `new_end` of another."""

    start: int
    old_end: int
    new_end: int

    def moved(self, span: Span) -> Span | None:
        """Where a span of the old text is in the new one; None when it was touched."""
        if span.end <= self.start:
            return span
        if span.start < self.old_end:
            return None
        by = self.new_end - self.old_end
        return Span(span.start + by, span.end + by)

    def before(self, span: Span) -> Span:
        """The span of the old text that became a span around the change."""
        return Span(span.start, span.end - (self.new_end - self.old_end))


def change_between(old: bytes, new: bytes) -> Change | None:
    """The smallest change that makes one text of another; None when they are the same."""
    if old == new:
        return None
    shorter = min(len(old), len(new))
    start = _longest(shorter, lambda size: old.startswith(new[:size]))
    rest = shorter - start
    end = _longest(rest, lambda size: old.endswith(new[len(new) - size :]))
    return Change(start, len(old) - end, len(new) - end)


def _longest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, as all smaller ones do."""
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        if fits(middle):
            low = middle
        else:
            most = middle - 1
    return low
