"""Where words stand: the cheap test that comes before any parsing.

Imported where used: the automaton's library is loaded when there are words to find.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.source import BOM

if TYPE_CHECKING:
    from ahocorasick_rs import BytesAhoCorasick

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$#") | frozenset(
    range(0x80, 0x100)
)


_SIGN = pattern(r"[^\w$]")

_FEW = 32
"""So many words are looked for with the processor's vectors."""

_MUCH = 200_000
"""After so many bytes an automaton pays that takes longer to build and reads twice as fast."""


def _begins(start: str, word: str) -> bool:
    return word.startswith(start)


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

    @property
    def words(self) -> Sequence[str]:
        """The words, by the index that they have in `matches`."""
        return self._words

    def find(self, data: bytes) -> list[tuple[int, int, str]]:
        """Each occurrence as (start, end, word), in source order."""
        return self.whole(data, self.matches(data))

    @cached_property
    def alone(self) -> dict[bytes, str]:
        """The words of which `matches` has every place where they are no part of a longer one, by their
        bytes: not those that may stand in one that has signs, as `fs` in `node:fs`."""
        words = self._words
        covered = set[str]()
        for long in words:
            for sign in _SIGN.finditer(long):
                covered.add(long[: sign.start()])
                rest = long[sign.end() :]
                if rest:
                    covered.update(rest[:end] for end in range(1, len(rest)))
                    covered.update(
                        takewhile(partial(_begins, rest), islice(words, bisect_left(words, rest), None))
                    )
        return {word.encode(): word for word in words if word not in covered}

    def matches(self, data: bytes) -> list[tuple[int, int, int]]:
        """What the words match, parts of longer ones too: (index of the word, start, end), in source order.
        Of those that overlap it is the first, and of those that begin together the longest."""
        if not self._words:
            return []
        automaton = self._automaton
        if automaton is None or self._until_quick <= 0:
            quick = self._until_quick <= 0
            automaton = self._automaton = self._built(quick=quick)
            if quick:
                self._until_quick = math.inf
        self._until_quick -= len(data)
        return automaton.find_matches_as_indexes(data)

    def whole(self, data: bytes, matches: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, str]]:
        """What of the matches counts as an occurrence, as `find` gives it."""
        words, size = self._words, len(data)
        if not self._whole:
            return [(start, end, words[index]) for index, start, end in matches]
        first = len(BOM) if data.startswith(BOM) else 0
        return [
            (start, end, words[index])
            for index, start, end in matches
            if not ((start > first and data[start - 1] in _WORD) or (end < size and data[end] in _WORD))
        ]
