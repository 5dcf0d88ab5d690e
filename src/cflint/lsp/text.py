"""Positions as the protocol counts them (0-based lines, characters of a negotiated unit); open buffers."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from cflint.source import BOM, Document, Span

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Encoding(Enum):
    """The unit in which a character of a line counts."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


class Lines:
    """The lines of a text, which end where the protocol says: at `\\n`, `\\r\\n` or a lone `\\r`.

    Offsets are bytes, lines and characters 0-based. A BOM on the disk is no character for an editor.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _starts(self) -> list[int]:
        data = self._data
        starts = [len(BOM) if data.startswith(BOM) else 0]
        if b"\r" in data:
            starts += [found.end() for found in _LINE_END.finditer(data)]
            return starts
        at = data.find(b"\n")
        while at != -1:
            starts.append(at + 1)
            at = data.find(b"\n", at + 1)
        return starts

    def _span(self, line: int) -> Span:
        """The bytes of a line without its end."""
        starts = self._starts
        start = starts[line]
        end = starts[line + 1] if line + 1 < len(starts) else len(self._data)
        while end > start and self._data[end - 1] in b"\r\n":
            end -= 1
        return Span(start, end)

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """The byte offset of a position; what lies beyond a line or the text means its end."""
        if line >= len(self._starts):
            return len(self._data)
        if line < 0:
            return self._starts[0]
        span = self._span(line)
        return span.start + _bytes_of(self._data[span.start : span.end], max(0, character), encoding)

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """The line and character of a byte offset."""
        starts = self._starts
        offset = min(max(offset, starts[0]), len(self._data))
        line = bisect_right(starts, offset) - 1
        return line, _units_of(self._data[starts[line] : offset], encoding)


def lines_of(document: Document) -> Lines:
    """The lines of a document."""
    return document.memoized("lines", lambda document: Lines(document.data))


def _units_of(data: bytes, encoding: Encoding) -> int:
    if encoding is Encoding.UTF8 or data.isascii():
        return len(data)
    text = _decoded(data)
    if encoding is Encoding.UTF32:
        return len(text)
    return len(text) + sum(1 for char in text if char > "\uffff")


def _bytes_of(line: bytes, units: int, encoding: Encoding) -> int:
    """How many bytes so many units are, at most the line; a character is never cut."""
    if line.isascii() or encoding is Encoding.UTF8:
        end = min(units, len(line))
        while 0 < end < len(line) and line[end] & 0xC0 == 0x80:
            end -= 1
        return end
    text = _decoded(line)
    if encoding is Encoding.UTF16:
        left = units
        for at, char in enumerate(text):
            left -= 2 if char > "\uffff" else 1
            if left < 0:
                text = text[:at]
                break
    else:
        text = text[:units]
    return min(len(text.encode("utf-8", "surrogatepass")), len(line))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Buffer:
    """A document that is open in the editor."""

    uri: str
    version: int
    data: bytes

    def replaced(self, text: str, version: int) -> Buffer:
        """The buffer with another text."""
        return Buffer(self.uri, version, encoded(text))

    def edited(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        text: str,
        version: int,
        encoding: Encoding,
    ) -> Buffer:
        """The buffer with the text between two positions replaced; places that are not there mean the
        nearest that is."""
        lines = Lines(self.data)
        low, high = sorted((lines.offset(*start, encoding), lines.offset(*end, encoding)))
        return Buffer(self.uri, version, self.data[:low] + encoded(text) + self.data[high:])


def encoded(text: str) -> bytes:
    """A text of the protocol as bytes; lone surrogates, which JSON can hold, are kept."""
    return text.encode("utf-8", "surrogatepass")
