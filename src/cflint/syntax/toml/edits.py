"""How TOML is written into a document: values, tables with headers, and the places for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Span
from cflint.syntax.data import DataDocument, Value
from cflint.syntax.editing.text import Text, TextEdit
from cflint.syntax.editing.values import Steps
from cflint.syntax.editing.writer import comment_lines, in_double_quotes
from cflint.syntax.toml.reader import Statement, statements_of

_BARE_KEY: Final = pattern(r"[A-Za-z0-9_-]+")
_ESCAPED: Final = pattern(r'["\\\x00-\x1f\x7f]')


@record(frozen=True)
class TomlWriter:
    """Writes values as TOML 1.0: everything behind an `=` on one line."""

    newline: str
    unit: str = "  "
    needs_one_line: bool = True

    def key(self, key: str) -> str:
        return key if _BARE_KEY.fullmatch(key) else in_double_quotes(key, _ESCAPED)

    def pair(self, key: str, text: str) -> str:
        return f"{self.key(key)} = {text}"

    def comment(self, comment: str | None, indent: str) -> str:
        return comment_lines(comment, "#", indent, self.newline)

    def on_one_line(self, value: Value, like: str = "") -> str:
        if isinstance(value, dict):
            pairs = [self.pair(key, self.on_one_line(below)) for key, below in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.on_one_line, value))}]"
        if isinstance(value, str):
            if like.startswith("'") and value.isprintable() and "'" not in value:
                return f"'{value}'"
            return in_double_quotes(value, _ESCAPED)
        if isinstance(value, bool):
            return "true" if value else "false"
        return repr(value)

    def on_lines(self, value: Value, indent: str) -> str:
        return self.on_one_line(value)

    def tables(self, names: tuple[str, ...], value: Value, *, first: bool = True) -> Iterator[str]:
        """The lines of a table, or of an array of tables, with its headers."""
        name = ".".join(map(self.key, names))
        if isinstance(value, list):
            for index, block in enumerate(value):
                if index or not first:
                    yield ""
                yield f"[[{name}]]"
                if isinstance(block, dict):
                    yield from (self.pair(key, self.on_one_line(below)) for key, below in block.items())
            return
        if not isinstance(value, dict):
            return
        below = {key: inner for key, inner in value.items() if is_tables(inner)}
        if not below or len(below) < len(value):
            if not first:
                yield ""
            first = False
            yield f"[{name}]"
            yield from (self.pair(key, self.on_one_line(value[key])) for key in value if key not in below)
        for key, inner in below.items():
            yield from self.tables((*names, key), inner, first=first)
            first = False


def is_tables(value: Value) -> bool:
    """Whether TOML has headers for the value: an object, or an array of objects."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and bool(value)


class TomlText:
    """The statements of a TOML document, and where in them a path is written."""

    def __init__(self, doc: DataDocument) -> None:
        self.statements = statements_of(doc.document)
        self.writer = TomlWriter(doc.document.newline)

    def pair(self, path: Steps) -> Statement | None:
        """The `key = value` of a path."""
        for statement in reversed(self.statements):
            if statement.value is not None and statement.path == path:
                return statement
        return None

    def holder(self, path: Steps) -> Statement | None:
        """The `key = value` in whose value a path goes on."""
        for statement in reversed(self.statements):
            size = len(statement.path)
            if statement.value is not None and size < len(path) and statement.path == path[:size]:
                return statement
        return None

    def is_text(self, path: Steps) -> bool:
        """Whether the value at a path is one piece of text: behind an `=`, not made by headers."""
        return self.pair(path) is not None or self.holder(path) is not None

    def below(self, path: Steps) -> list[int]:
        """The indexes of the statements of a path and of all below it."""
        size = len(path)
        return [index for index, one in enumerate(self.statements) if one.path[:size] == path]

    def key_spans(self, path: Steps) -> list[Span]:
        """All places where the last key of a path is written, as far as it is not in a value."""
        if self.holder(path) is not None:
            return []
        names = sum(isinstance(step, str) for step in path)
        spans = []
        for index in self.below(path):
            statement = self.statements[index]
            all_names = sum(isinstance(step, str) for step in statement.path)
            at = names - 1 - (all_names - len(statement.keys))
            if at >= 0:
                spans.append(statement.keys[at])
        return spans

    def section_end(self, index: int) -> int:
        """The index of the last statement of the header with this index."""
        while index + 1 < len(self.statements) and self.statements[index + 1].value is not None:
            index += 1
        return index

    # Places for new lines

    def behind(self, text: Text, index: int, lines: Iterable[str], *, blank: bool = False) -> TextEdit:
        """New lines behind those of a statement."""
        statement = self.statements[index]
        indent = text.indent(statement.span.start)
        at = text.line_end(statement.span.end)
        start = text.newline * (2 if blank else 1)
        return TextEdit(Span(at, at), start + _lines(lines, indent, text.newline))

    def at_top(self, text: Text, moved: str) -> TextEdit | None:
        """A text of whole lines (but the last line end) behind the keys before the first header."""
        last = self.section_end(-1)
        if last >= 0:
            at = text.line_end(self.statements[last].span.end)
            return TextEdit(Span(at, at), text.newline + moved)
        if self.statements:
            at = text.own_start(self.statements[0].span.start)
            return TextEdit(Span(at, at), moved + 2 * text.newline)
        return self.at_end(text, moved)

    def at_end(self, text: Text, new: str, *, blank: bool = False) -> TextEdit | None:
        end = len(text.data.rstrip())
        if end > text.start:
            return TextEdit(Span(end, end), text.newline * (2 if blank else 1) + new)
        if text.in_markdown:
            return None  # where in the file the empty block stands is unknown
        return TextEdit(Span(text.start, len(text.data)), new + text.newline)

    # Edits

    def add(
        self, text: Text, path: Steps, key: str, value: Value, comment: str | None
    ) -> list[TextEdit | None] | None:
        """Add a key to a table that is no inline table."""
        below = self.below(path)
        header = next((i for i in below if self.statements[i].path == path), None)
        named = all(isinstance(step, str) for step in path)
        names = tuple(step for step in path if isinstance(step, str))
        dotted = [i for i in below if self.is_dotted(i, path)]
        if is_tables(value) and named and not (dotted and header is None):
            new = [*self.comment(comment), *self.writer.tables((*names, key), value)]
            if path and below:
                return [self.behind(text, below[-1], new, blank=True)]
            indent = text.indent(self.statements[0].span.start) if self.statements else ""
            return [self.at_end(text, _lines(new, indent, text.newline), blank=True)]
        line = self.writer.pair(key, self.writer.on_one_line(value))
        new = [*self.comment(comment), line]
        if not path:
            indent = text.indent(self.statements[0].span.start) if self.statements else ""
            return [self.at_top(text, _lines(new, indent, text.newline))]
        if header is not None:
            return [self.behind(text, self.section_end(header), new)]
        if dotted:
            statement = self.statements[dotted[-1]]
            own = statement.path[len(statement.path) - len(statement.keys) :]
            shared = own[: len(own) - (len(statement.path) - len(path))]
            prefix = ".".join(self.writer.key(str(step)) for step in shared)
            return [self.behind(text, dotted[-1], [*self.comment(comment), f"{prefix}.{line}"])]
        if not below or not named:
            return None
        first = self.statements[below[0]].span.start
        at = text.own_start(first)
        new = [f"[{'.'.join(map(self.writer.key, names))}]", *new, "", ""]
        return [TextEdit(Span(at, at), _lines(new, text.indent(first), text.newline))]

    def comment(self, comment: str | None) -> list[str]:
        return self.writer.comment(comment, "").splitlines()

    def is_dotted(self, index: int, path: Steps) -> bool:
        """Whether a `key = value` names the table at a path in its own dotted key."""
        statement = self.statements[index]
        if statement.value is None or len(statement.path) <= len(path):
            return False
        return len(statement.path) - len(statement.keys) < len(path)

    def append_block(self, text: Text, path: Steps, value: dict[str, Value]) -> list[TextEdit] | None:
        below = self.below(path)
        if not below:
            return None
        names = tuple(step for step in path if isinstance(step, str))
        lines = self.writer.tables(names, [value])
        return [self.behind(text, below[-1], lines, blank=True)]

    def cut(self, text: Text, path: Steps) -> list[TextEdit] | None:
        """Remove the key, table or block at a path, with all below it."""
        spans: list[Span] = []
        below = self.below(path)
        at = 0
        while at < len(below):
            first = last = below[at]
            if self.statements[first].value is None:
                last = self.section_end(first)
            while at < len(below) and below[at] <= last:
                at += 1
            lines = text.lines(self.statements[first].span.start, self.statements[last].span.end)
            if self.statements[first].value is None and not text.in_markdown:
                lines = self.with_blank_lines(text, lines)
            if spans and lines.start <= spans[-1].end:  # both took the blank lines between them
                before = spans.pop()
                lines = Span(min(before.start, lines.start), max(before.end, lines.end))
            spans.append(lines)
        return [TextEdit(span, "") for span in spans]

    def with_blank_lines(self, text: Text, span: Span) -> Span:
        """A section with the blank lines below it, or above it when it is the last."""
        data = text.data
        start, end = span.start, span.end
        rest = data[end:]
        if rest.strip():
            blank = len(rest) - len(rest.lstrip())
            return Span(start, max(end, text.line_start(end + blank)))
        kept = len(data[:start].rstrip())
        if kept > text.start:
            return Span(min(start, text.next_line(kept)), end)
        return span


def _lines(lines: Iterable[str], indent: str, newline: str) -> str:
    """Indented lines, without the last line end."""
    return newline.join(indent + line if line else "" for line in lines)
