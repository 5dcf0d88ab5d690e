"""Edits of a text, and a document as an editor sees it: lines, indents, commas and comments."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cflint.source import BOM, Span
from cflint.syntax.data import DataDocument


class TextEdit(NamedTuple):
    """Replace the bytes of `span` by `text` (an empty span inserts)."""

    span: Span
    text: str


Path = Sequence[str | int]
"""Keys and 0-based indexes from the root to a value; negative indexes count from the end."""

Edits = tuple[TextEdit, ...] | None


def apply(data: bytes, edits: Iterable[TextEdit]) -> bytes:
    """The bytes with all edits made; ValueError when two overlap, one lies outside, or a text is no Unicode.

    Edits may come in any order; two insertions at one place are made in the order they come.
    """
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        if edit.span.start < at or edit.span.end > len(data) or edit.span.start > edit.span.end:
            raise ValueError(f"an edit overlaps another or lies outside the text: {edit.span}")
        parts += data[at : edit.span.start], edit.text.encode("utf-8")
        at = edit.span.end
    parts.append(data[at:])
    return b"".join(parts)


class Pieces:
    """A text while it is edited step by step: pieces of the original, and what is new between them."""

    def __init__(self, data: bytes) -> None:
        self._original = data
        self._pieces: list[tuple[int, int] | bytes] = [(0, len(data))]

    def edit(self, edits: Iterable[TextEdit]) -> None:
        """Make edits of the text as it is now; they do not overlap."""
        for edit in sorted(edits, reverse=True):
            first = self._split(edit.span.start)
            last = self._split(edit.span.end)
            self._pieces[first:last] = [edit.text.encode("utf-8")]

    @property
    def data(self) -> bytes:
        """The text as it is now."""
        parts = (
            piece if isinstance(piece, bytes) else self._original[piece[0] : piece[1]]
            for piece in self._pieces
        )
        return b"".join(parts)

    def edits(self) -> list[TextEdit]:
        """The edits of the original text that make this one of it, in order."""
        merged: list[TextEdit] = []
        at = 0
        new = b""
        size = len(self._original)
        for piece in [*self._pieces, (size, size)]:
            if isinstance(piece, bytes):
                new += piece
                continue
            start, end = piece
            if new or start > at:
                merged.append(TextEdit(Span(at, start), new.decode("utf-8")))
            at, new = end, b""
        return merged

    def _split(self, offset: int) -> int:
        """Make a piece begin at an offset of the text as it is now; its index."""
        at = 0
        for index, piece in enumerate(self._pieces):
            if at == offset:
                return index
            size = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
            if offset < at + size:
                middle = offset - at
                if isinstance(piece, bytes):
                    self._pieces[index : index + 1] = [piece[:middle], piece[middle:]]
                else:
                    start, end = piece
                    self._pieces[index : index + 1] = [(start, start + middle), (start + middle, end)]
                return index + 1
            at += size
        return len(self._pieces)


class Text:
    """The bytes of a document as an editor sees them: lines, indents, commas and comments."""

    def __init__(self, doc: DataDocument) -> None:
        self.data = doc.document.data
        self.newline = doc.document.newline
        self.start = len(BOM) if self.data.startswith(BOM) else 0
        self.comments = doc.comments
        self.comment_starts = [span.start for span in doc.comments]
        self.in_markdown = doc.document.origin is not None

    def line_start(self, at: int) -> int:
        return max(self.data.rfind(b"\n", 0, at) + 1, self.start)

    def line_end(self, at: int) -> int:
        """Where the line's text ends, before its line end."""
        end = self.data.find(b"\n", at)
        if end == -1:
            return len(self.data)
        return end - 1 if end > at and self.data[end - 1] == 0x0D else end

    def next_line(self, at: int) -> int:
        end = self.data.find(b"\n", at)
        return len(self.data) if end == -1 else end + 1

    def indent(self, at: int) -> str:
        """The blanks that the line of an offset begins with."""
        start = self.line_start(at)
        line = self.data[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip(b" \t"))].decode()

    def first_on_line(self, at: int) -> bool:
        return not self.data[self.line_start(at) : at].strip(b" \t")

    def comment_at(self, at: int) -> Span | None:
        index = bisect_left(self.comment_starts, at)
        if index < len(self.comments) and self.comments[index].start == at:
            return self.comments[index]
        return None

    def comments_in(self, span: Span) -> Sequence[Span]:
        first = bisect_left(self.comment_starts, span.start)
        return self.comments[first : bisect_left(self.comment_starts, span.end)]

    def own_start(self, at: int) -> int:
        """Where the lines of what begins at `at` begin, with the comments right above it."""
        start = self.line_start(at)
        index = bisect_left(self.comment_starts, start) - 1
        while index >= 0:
            comment = self.comments[index]
            between = self.data[comment.end : start]
            if between.strip(b" \t\r") != b"\n" or not self.first_on_line(comment.start):
                break
            start = self.line_start(comment.start)
            index -= 1
        return start

    def lines(self, start: int, end: int) -> Span:
        """The whole lines of something that has them for itself, with the comments above and behind."""
        first, last = self.own_start(start), self.next_line(end)
        if last == len(self.data) and not self.data.endswith(b"\n") and first > self.start:
            first = self.line_end(first - 1)  # the last line has no end: take the one before
            if first > self.start and self.data[first - 1 : first + 1] == b"\r\n":
                first -= 1
        return Span(first, last)

    def skip(self, at: int) -> int:
        """The next offset with neither blank nor comment."""
        data = self.data
        while True:
            while at < len(data) and data[at] in b" \t\r\n":
                at += 1
            comment = self.comment_at(at)
            if comment is None:
                return at
            at = comment.end

    def comma_after(self, at: int) -> int | None:
        at = self.skip(at)
        return at if self.data[at : at + 1] == b"," else None

    def tail(self, at: int) -> int | None:
        """The end of the line when nothing but comments that end on it follow `at`, else None."""
        end = self.line_end(at)
        while at < end:
            if self.data[at] in b" \t":
                at += 1
                continue
            comment = self.comment_at(at)
            if comment is None or comment.end > end:
                return None
            at = comment.end
        return end
