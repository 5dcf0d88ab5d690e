"""Where words stand: the cheap test that comes before any parsing.

Imported where used: the automaton's library is loaded when there are words to find.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.source import BOM

if TYPE_CHECKING:
    from ahocorasick_rs import BytesAhoCorasick

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$#") | frozenset(
    range(0x80, 0x100)
)


_FEW = 32
"""So many words are looked for with the processor's vectors."""

_MUCH = 200_000
"""After so many bytes an automaton pays that takes longer to build and reads twice as fast."""


class Anchors:
    """Finds words (identifiers, keywords, module names) in bytes, all in one linear pass: whole ones, or
    wherever they stand."""

    def __init__(self, words: Iterable[str], *, whole: bool = True) -> None:
        self._whole = whole
        self._words = sorted(set(words))
        self._automaton: BytesAhoCorasick | None = None
        self._until_quick = _MUCH if len(self._words) > _FEW else math.inf

    def _built(self, *, quick: bool) -> BytesAhoCorasick:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        return BytesAhoCorasick(
            [word.encode() for word in self._words],
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.DFA if quick else None,
        )

    def find(self, data: bytes) -> list[tuple[int, int, str]]:
        """Each occurrence as (start, end, word), in source order."""
        words, size = self._words, len(data)
        if not words:
            return []
        automaton = self._automaton
        if automaton is None or self._until_quick <= 0:
            quick = self._until_quick <= 0
            automaton = self._automaton = self._built(quick=quick)
            if quick:
                self._until_quick = math.inf
        self._until_quick -= size
        matches = automaton.find_matches_as_indexes(data)
        if not self._whole:
            return [(start, end, words[index]) for index, start, end in matches]
        first = len(BOM) if data.startswith(BOM) else 0
        return [
            (start, end, words[index])
            for index, start, end in matches
            if not ((start > first and data[start - 1] in _WORD) or (end < size and data[end] in _WORD))
        ]
