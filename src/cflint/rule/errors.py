"""The texts of errors that rules know, and which of them a text is that somebody has at hand.

A rule's page has them below `## Errors`, in blocks whose titles say who prints them, one text a line. A line
that begins with blanks continues the one before, and `…` stands for anything. `site/errors.js` does the same
in a browser, for the documentation's page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from math import log

from cflint.pattern import pattern
from cflint.record import record

ANYTHING = "…"
_SECTION = pattern(r"^## Errors\n(.*?)(?=^## |^Source: |\Z)", re.DOTALL | re.MULTILINE)
_BLOCK = pattern(r'^```text title="([^"\n]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_COLORS = pattern(r"\x1b\[[0-9;]*[A-Za-z]")
_WORD = pattern(r"[a-z0-9_$]+")
_CODE_OF_TEXT = pattern(
    r"\[(?:API )?code: (\d+)\]|^error (TS\d+): |^(\d{4,5}): |^error code: (\d+)$|^Error (\d{4}): "
)
_CODE_GIVEN = pattern(r"\b(ts\d{4,5})\b|\b(?:code|\w*error)s?\b[^\w\n]{1,5}(\d{4,6})\b|^\W*(\d{4,6})\W*$")
_KIND = pattern(r"^(?:Uncaught )?(?:\w*Error|ERROR): ")
_MOST_BETWEEN = 600
"""Characters that `…` stands for at most."""
_LEAST_WORDS = 4
"""From how many words on a text is known without the kind of its error (`TypeError: `)."""
_FEW = 8
"""In how many texts a word stands at most that is enough by itself."""
_LEAST_ALIKE = 0.6


@record(frozen=True)
class ErrorText:
    """What a rule's page says of one error: the rule's id, who prints it, the text."""

    rule: str
    printed_by: str
    text: str


class Match(IntEnum):
    """How a text that was given is one that a rule knows: it holds it, it is a part of it or its code alone,
    it has its code, or much the same words."""

    ALIKE = 0
    CODE = 1
    PART = 2
    WHOLE = 3

    @property
    def is_certain(self) -> bool:
        """Whether it is the same text, not one like it."""
        return self >= Match.PART


@record(frozen=True)
class Hit:
    """A text that a rule knows, and how what was given is that."""

    known: ErrorText
    match: Match


def texts_of(rule: str, page: str) -> Iterator[ErrorText]:
    """What the page of a rule says of errors, in order; blocks without a title are left out."""
    section = _SECTION.search(page)
    for block in _BLOCK.finditer(section[1]) if section is not None else ():
        lines: list[str] = []
        for line in filter(None, map(str.rstrip, block[2].split("\n"))):
            if line.startswith(" ") and lines:
                lines[-1] += f" {line.strip()}"
            else:
                lines.append(line.strip())
        yield from (ErrorText(rule, block[1], text) for text in lines)


class ErrorTexts:
    """The texts of errors that rules know; made once, and asked for any text."""

    def __init__(self, texts: Iterable[ErrorText]) -> None:
        self._known = [_Known(text) for text in texts]
        found = Counter(word for known in self._known for word in set(known.whole.split()))
        self._weights = {word: log((1 + len(self._known)) / number) for word, number in found.items()}
        self._rarest = log(1 + len(self._known)) if self._known else 1.0
        self._rare = self._rarest - log(_FEW)

    def find(self, given: str) -> list[Hit]:
        """What a text is or, if it is none that a rule knows, what it is like: a hit for each rule, the best
        first. Those that are certain, if there is one, and no others."""
        text = _plain(given)
        words = set(text.split())
        codes = {code for groups in _CODE_GIVEN.findall(given.lower()) for code in groups if code}
        is_code = bool(codes) and words <= {*codes, "api", "code", "error"}
        best: dict[str, tuple[Match, float, Hit]] = {}
        for known in self._known:
            found = self._match(known, text, words, codes, is_code=is_code)
            if found is not None:
                match, weight = (
                    found[0],
                    round(found[1], 9),
                )  # sums that differ in their order alone are equal
                before = best.get(known.of.rule)
                if before is None or (match, weight) > before[:2]:
                    best[known.of.rule] = match, weight, Hit(known.of, match)
        ordered = sorted(best.values(), key=lambda it: (-it[0], -it[1], it[2].known.rule))
        certain = [hit for match, _, hit in ordered if match.is_certain]
        return certain or [hit for _, _, hit in ordered]

    def _match(
        self, known: _Known, text: str, words: set[str], codes: set[str], *, is_code: bool
    ) -> tuple[Match, float] | None:
        has_code = not known.codes.isdisjoint(codes)
        if known.parts:
            if _holds(text, known.parts):
                return Match.WHOLE, self._weight(known.words) + has_code
        elif has_code:
            return Match.WHOLE, self._rarest
        if text in known.whole and (len(words) > 1 or self._weight(words) >= self._rare):
            return Match.PART, self._weight(words) / self._weight(known.words)
        if has_code:
            return Match.PART if is_code else Match.CODE, self._weight(words & known.words)
        common = words & known.words
        if len(common) < 2:
            return None
        shared = self._weight(common)
        of_known = shared / self._weight(known.words) if len(common) > 2 else 0.0
        alike = max(of_known, shared / self._weight(words))
        return (Match.ALIKE, alike) if alike >= _LEAST_ALIKE else None

    def _weight(self, words: Iterable[str]) -> float:
        """The rarer the words in the texts, the more; a word that stands in none is the rarest. Above 0."""
        return sum(self._weights.get(word, self._rarest) for word in words) or 1e-9


class _Known:
    """A text as it is compared: its plain words, those before and after each `…`, and the codes in it."""

    def __init__(self, of: ErrorText) -> None:
        self.of = of
        self.codes = {code.lower() for groups in _CODE_OF_TEXT.findall(of.text) for code in groups if code}
        self.whole = _plain(of.text)

    @cached_property
    def parts(self) -> Sequence[str]:
        """Words in order, each sequence between blanks; without codes and, where enough is left, without the
        kind of the error."""
        text = _CODE_OF_TEXT.sub("", self.of.text)
        without = _KIND.sub("", text)
        if len(_plain(without).split()) >= _LEAST_WORDS:
            text = without
        return [plain for part in text.split(ANYTHING) if (plain := _plain(part)).strip()]

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(word for part in self.parts for word in part.split())


def _plain(text: str) -> str:
    """The words of a text, in small letters and between single blanks, without colours and all signs."""
    return f" {' '.join(_WORD.findall(_COLORS.sub('', text).replace(chr(92) + 'n', ' ').lower()))} "


def _holds(text: str, parts: Sequence[str]) -> bool:
    """Whether the parts stand in a text one after the other, not far from each other."""
    start = text.find(parts[0])
    while start >= 0:
        at = start + len(parts[0]) - 1
        for part in parts[1:]:
            found = text.find(part, at, at + _MOST_BETWEEN + len(part))
            if found < 0:
                break
            at = found + len(part) - 1
        else:
            return True
        start = text.find(parts[0], start + 1)
    return False
