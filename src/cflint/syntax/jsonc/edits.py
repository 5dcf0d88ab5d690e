"""How JSON is written into a document."""

from __future__ import annotations

from typing import Final

from cflint.pattern import pattern
from cflint.record import record
from cflint.syntax.data import Node, Value
from cflint.syntax.editing.brackets import elements_of
from cflint.syntax.editing.text import Text
from cflint.syntax.editing.writer import comment_lines, in_double_quotes

_LINE_LENGTH: Final = 80  # an array of scalars that is longer than this has an item a line
_ESCAPED: Final = pattern(r'["\\\x00-\x1f]')


@record(frozen=True)
class JsonWriter:
    """Writes values as JSON; `unit` is what a level is indented by."""

    newline: str
    unit: str
    needs_one_line: bool = False

    def key(self, key: str) -> str:
        return in_double_quotes(key, _ESCAPED)

    def pair(self, key: str, text: str) -> str:
        return f"{self.key(key)}: {text}"

    def comment(self, comment: str | None, indent: str) -> str:
        return comment_lines(comment, "//", indent, self.newline)

    def on_one_line(self, value: Value, like: str = "") -> str:
        if isinstance(value, dict):
            pairs = [self.pair(key, self.on_one_line(below)) for key, below in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.on_one_line, value))}]"
        if isinstance(value, str):
            return in_double_quotes(value, _ESCAPED)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "null" if value is None else repr(value)

    def on_lines(self, value: Value, indent: str) -> str:
        deeper = indent + self.unit
        if isinstance(value, dict) and value:
            lines = [self.pair(key, self.on_lines(below, deeper)) for key, below in value.items()]
            return self.block("{", lines, "}", indent)
        if isinstance(value, list) and value:
            line = self.on_one_line(value)
            if len(line) <= _LINE_LENGTH and not any(isinstance(item, (dict, list)) for item in value):
                return line
            return self.block("[", [self.on_lines(item, deeper) for item in value], "]", indent)
        return self.on_one_line(value)

    def block(self, opener: str, lines: list[str], closer: str, indent: str) -> str:
        start = self.newline + indent + self.unit
        return opener + start + ("," + start).join(lines) + self.newline + indent + closer


def indent_unit(root: Node, text: Text) -> str:
    """What a level of a JSON document is indented by: the first level that shows it."""
    for node in root.walk():
        for element in elements_of(node)[:1]:
            if text.first_on_line(element.start):
                outer, inner = text.indent(node.span.start), text.indent(element.start)
                if len(inner) > len(outer) and inner.startswith(outer):
                    return inner[len(outer) :]
    return "  "
