"""Where words stand: the cheap question that comes before any parsing."""

from __future__ import annotations

from collections.abc import Iterable

from cflint.source import BOM

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$#") | frozenset(
    range(0x80, 0x100)
)


class Anchors:
    """Finds words (identifiers, keywords, module names) in bytes, all in one linear pass: whole ones, or
    wherever they stand."""

    def __init__(self, words: Iterable[str], *, whole: bool = True) -> None:
        from ahocorasick_rs import BytesAhoCorasick, MatchKind

        self._whole = whole
        self._words = sorted(set(words))
        patterns = [word.encode() for word in self._words]
        self._automaton = (
            BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest) if patterns else None
        )

    def find(self, data: bytes) -> list[tuple[int, int, str]]:
        """Each occurrence as (start, end, word), in source order."""
        if self._automaton is None:
            return []
        words, size = self._words, len(data)
        matches = self._automaton.find_matches_as_indexes(data)
        if not self._whole:
            return [(start, end, words[index]) for index, start, end in matches]
        first = len(BOM) if data.startswith(BOM) else 0
        return [
            (start, end, words[index])
            for index, start, end in matches
            if not ((start > first and data[start - 1] in _WORD) or (end < size and data[end] in _WORD))
        ]
