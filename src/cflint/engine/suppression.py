"""Comments that silence findings: `cflint-ignore rule: reason` and `cflint-ignore-file`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property

from cflint.finding import Finding
from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Document, Span

_COMMENT = pattern(
    rb"(?://|/\*+|\#|<!--|\{/\*)[^\S\n]*cflint-ignore(-file)?(?![\w-])[^\S\n]*([\w-]+(?:[^\S\n]*,[^\S\n]*[\w-]+)*)?"
)
_BEGIN = pattern(rb"(?://|/\*+|\#|<!--|\{/\*)[^\S\n]*\Z")
_FAR = 200
"""How many bytes before its first word a comment may begin."""

_NAME = pattern(rb"[\w-]+")
_END = pattern(rb"\*/|-->|\r?\n|\Z")


@record(frozen=True, eq=False)
class Suppression:
    """One comment. `names` are the rules or groups it names, with their places; without any it silences every
    rule. `lines` are the 1-based lines it is about; None: the whole file."""

    span: Span
    names: tuple[tuple[str, Span], ...]
    lines: frozenset[int] | None


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
    if match.group(1) is not None:
        return Suppression(span, tuple(names), None)
    start_of_line = document.line_span(line).start
    alone = not data[start_of_line : match.start()].strip()
    return Suppression(
        span, tuple(names), frozenset({_next_code_line(document, line, next_lines) if alone else line})
    )


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
