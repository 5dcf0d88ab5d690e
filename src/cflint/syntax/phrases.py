"""Many texts looked for at once, in any case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from cflint.syntax.anchors import Anchors

if TYPE_CHECKING:
    import re

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Phrases:
    """Texts of ASCII that are looked for in any case. A regular expression of as many alternatives takes a
    hundred times as long, as it tries each of them at each byte.

    In a text, `_?` is an underscore that may be missing. `whole` are texts that count only as whole words. A
    place at which `unless` matches does not count. With `lines` they are where to look: what it finds in the
    lines that have one of the texts is what is found.
    """

    def __init__(
        self,
        texts: str,
        whole: str = "",
        *,
        unless: re.Pattern[bytes] | None = None,
        lines: re.Pattern[bytes] | None = None,
    ) -> None:
        self._texts = texts.lower().split()
        self._whole = frozenset(whole.lower().split())
        self._unless = unless
        self._lines = lines

    @cached_property
    def _anchors(self) -> Anchors:
        return Anchors([*chain.from_iterable(map(_spellings, self._texts)), *self._whole], whole=False)

    def stand_in(self, data: bytes) -> bool:
        """Whether one of them stands in bytes."""
        return bool(self.spans(data))

    def spans(self, data: bytes) -> tuple[tuple[int, int], ...]:
        """Where they stand in bytes, in order: of texts that overlap the first, and of these the longest."""
        found = self._spans(data)
        return found if self._lines is None else tuple(_in_lines(data, found, self._lines))

    def _spans(self, data: bytes) -> tuple[tuple[int, int], ...]:
        return tuple(
            (start, end)
            for start, end, text in self._anchors.find(data.lower())
            if not (text in self._whole and _is_part(data, start, end))
            and (self._unless is None or self._unless.match(data, start) is None)
        )


def _in_lines(
    data: bytes, places: Iterable[tuple[int, int]], words: re.Pattern[bytes]
) -> Iterator[tuple[int, int]]:
    """What a pattern finds in the lines of some places, each of which is looked through once."""
    end = 0
    for at, _ in places:
        if at < end:
            continue
        after = data.find(b"\n", at)
        end = after if after != -1 else len(data)
        for found in words.finditer(data, data.rfind(b"\n", 0, at) + 1, end):
            yield found.span()


def _spellings(text: str) -> set[str]:
    return {text.replace("_?", "_"), text.replace("_?", "")}


def _is_part(data: bytes, start: int, end: int) -> bool:
    """Whether bytes are a part of a longer word."""
    return (start > 0 and data[start - 1] in _WORD) or (end < len(data) and data[end] in _WORD)
