"""Comments that silence findings: `cflint-ignore rule: reason` and `cflint-ignore-file`.

`until=2027-01-31` in the comment is the last day on which it silences.

Imported where used: dates and the clock, since few comments end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cflint.finding import Finding
from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Document, Span

if TYPE_CHECKING:
    from datetime import date

_COMMENT = pattern(
    rb"(?://|/\*+|\#|<!--|\{/\*)[^\S\n]*cflint-ignore(-file)?(?![\w-])[^\S\n]*"
    rb"((?!until=)[\w-]+(?:[^\S\n]*,[^\S\n]*(?!until=)[\w-]+)*)?"
)
_UNTIL = pattern(rb"(?<![\w-])until=([^\s,;:()\[\]]*)")
_DAY = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BEGIN = pattern(rb"(?://|/\*+|\#|<!--|\{/\*)[^\S\n]*\Z")
_FAR = 200
"""How many bytes before its first word a comment may begin."""

_NAME = pattern(rb"[\w-]+")
_END = pattern(rb"\*/|-->|\r?\n|\Z")


@record(frozen=True)
class Until:
    """The `until=…` of a comment: its place, and the last day on which the comment silences; None where what
    stands there is no date (`2027-01-31`)."""

    span: Span
    day: date | None


@record(frozen=True, eq=False)
class Suppression:
    """One comment. `names` are the rules or groups it names, with their places; without any it silences every
    rule. `lines` are the 1-based lines it is about; None: the whole file. One that `has_ended` silences
    nothing any more; one whose end is no date never ends."""

    span: Span
    names: tuple[tuple[str, Span], ...]
    lines: frozenset[int] | None
    until: Until | None = None
    has_ended: bool = False


Use = tuple[Suppression, str]
"""A comment and the name in it that a finding goes by; "" where it names none."""


@record(frozen=True)
class Suppressions:
    """The suppression comments of one document."""

    comments: tuple[Suppression, ...]

    def use_for(self, names: Collection[str], line: int) -> Use | None:
        """The first comment that silences a finding which starts on a 1-based line, and the name by which it
        does; `names` are those of the finding's rule (`Rule.names`)."""
        everywhere, here = self._first.get(None, {}), self._first.get(line, {})
        found = [first for name in ("", *names) for by in (everywhere, here) if (first := by.get(name))]
        if not found:
            return None
        _, place, comment = min(found, key=lambda first: first[:2])
        return comment, comment.names[place][0] if comment.names else ""

    @cached_property
    def _first(self) -> Mapping[int | None, Mapping[str, tuple[int, int, Suppression]]]:
        """By line (None: of the whole file) and name ("": any rule), the first comment that has it: its
        number, the number of the name in it, and itself."""
        found: dict[int | None, dict[str, tuple[int, int, Suppression]]] = {}
        for number, comment in enumerate(self.comments):
            if comment.has_ended:
                continue
            for line in comment.lines if comment.lines is not None else (None,):
                by_name = found.setdefault(line, {})
                for place, name in enumerate([name for name, _ in comment.names] or [""]):
                    by_name.setdefault(name, (number, place, comment))
        return found

    def use_by(self, finding: Finding, names: Collection[str]) -> Use | None:
        """The comment, and the name in it, that silences a finding of a rule with these names."""
        if not self.comments:
            return None  # as nearly always: then nobody need count lines
        return self.use_for(names, finding.at.document.line_of(finding.at.span.start))


def read_suppressions(document: Document) -> Suppressions:
    """The suppression comments of a document (`//`, `/* */`, `#`, `<!-- -->`)."""
    data = document.data
    found: list[Suppression] = []
    next_lines: dict[int, int] = {}
    at = data.find(b"cflint-ignore")
    while at != -1:
        line = document.line_of(at)
        span = document.line_span(line)
        after = at + 1
        first = max(span.start, at - _FAR)
        begin = _BEGIN.search(data[first:at])
        match = _COMMENT.match(data, first + begin.start(), span.end) if begin is not None else None
        if match is not None:
            found.append(_suppression(document, match, line, next_lines))
            after = match.end()
        at = data.find(b"cflint-ignore", after)
    return Suppressions(tuple(found))


def _suppression(
    document: Document, match: re.Match[bytes], line: int, next_lines: dict[int, int]
) -> Suppression:
    data = document.data
    names: list[tuple[str, Span]] = []
    if match.group(2) is not None:
        names = [
            (name.group().decode("ascii", "replace"), Span(name.start(), name.end()))
            for name in _NAME.finditer(data, match.start(2), match.end(2))
        ]
    end_match = _END.search(data, match.end())
    closes = end_match is not None and end_match.group() in (b"*/", b"-->")
    end = match.end() if end_match is None else (end_match.end() if closes else end_match.start())
    span = Span(match.start(), end)
    until = _until(data, match.end(), len(data) if end_match is None else end_match.start())
    has_ended = until is not None and until.day is not None and _is_over(until.day)
    lines: frozenset[int] | None = None
    if match.group(1) is None:
        start_of_line = document.line_span(line).start
        alone = not data[start_of_line : match.start()].strip()
        lines = frozenset({_next_code_line(document, line, next_lines) if alone else line})
    return Suppression(span, tuple(names), lines, until, has_ended)


def _until(data: bytes, start: int, end: int) -> Until | None:
    """The end that the rest of a comment names."""
    found = _UNTIL.search(data, start, end)
    if found is None:
        return None
    return Until(Span(found.start(), found.end()), read_day(found[1].decode("utf-8", "replace")))


def read_day(text: str) -> date | None:
    """The day that is written as `2027-01-31`; None for anything else."""
    from datetime import date

    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _is_over(day: date) -> bool:
    from cflint.platform.clock import today

    return day < today()


def _next_code_line(document: Document, line: int, known: dict[int, int]) -> int:
    """The line that a comment on a line of its own is about: the next that is no suppression itself.

    `known` are the answers for other lines.
    """
    passed: list[int] = []
    while line not in known and line < document.line_count:
        passed.append(line)
        line += 1
        text = document.text(document.line_span(line)).strip()
        if text and "cflint-ignore" not in text:
            break
    else:
        line = known.get(line, line)
    known.update(dict.fromkeys(passed, line))
    return line
