"""Comments that silence findings: `cflint-ignore rule: reason` and `cflint-ignore-file`."""

from __future__ import annotations

import re
from collections.abc import Collection

from cflint.finding import Finding
from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Document, Span

_COMMENT = pattern(
    rb"(?://|/\*+|\#|<!--|\{/\*)[^\S\n]*cflint-ignore(-file)?(?![\w-])[^\S\n]*([\w-]+(?:[^\S\n]*,[^\S\n]*[\w-]+)*)?"
)
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
        for comment in self.comments:
            if comment.lines is not None and line not in comment.lines:
                continue
            if not comment.names:
                return comment, ""
            for name, _ in comment.names:
                if name in names:
                    return comment, name
        return None

    def use_by(self, finding: Finding, names: Collection[str]) -> Use | None:
        """The comment, and the name in it, that silences a finding of a rule with these names."""
        if not self.comments:
            return None  # as nearly always: then nobody need count lines
        return self.use_for(names, finding.at.document.line_of(finding.at.span.start))


def read_suppressions(document: Document) -> Suppressions:
    """The suppression comments of a document (`//`, `/* */`, `#`, `<!-- -->`)."""
    data = document.data
    found: list[Suppression] = []
    at = data.find(b"cflint-ignore")
    while at != -1:
        line = document.line_of(at)
        span = document.line_span(line)
        after = at + 1
        for match in _COMMENT.finditer(data, span.start, span.end):
            if match.start() <= at < match.end():
                found.append(_suppression(document, match, line))
                after = match.end()
                break
        at = data.find(b"cflint-ignore", after)
    return Suppressions(tuple(found))


def _suppression(document: Document, match: re.Match[bytes], line: int) -> Suppression:
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
    return Suppression(span, tuple(names), frozenset({_next_code_line(document, line) if alone else line}))


def _next_code_line(document: Document, line: int) -> int:
    """The line that a comment on a line of its own is about: the next that is no suppression itself."""
    while line < document.line_count:
        line += 1
        text = document.text(document.line_span(line)).strip()
        if text and "cflint-ignore" not in text:
            return line
    return line
