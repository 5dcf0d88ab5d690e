"""Literals of TypeScript, as the editor of brackets takes them, and how values are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.data import DataDocument, Format, Kind, Member, Node, Value
from cflint.syntax.editing.text import Text
from cflint.syntax.editing.writer import comment_lines, in_double_quotes
from cflint.syntax.javascript import Syntax, span_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node as SyntaxNode

_NAME: Final = pattern(r"[A-Za-z_$][\w$]*", re.ASCII)
_ESCAPED: Final = pattern(r'["\\\x00-\x1f\x7f]')
_ESCAPED_IN_SINGLE: Final = pattern(r"[\\\x00-\x1f\x7f]")  # without the quote itself
_LINE_LENGTH: Final = 100  # what would be longer goes over several lines
_SHORT_OBJECT: Final = 60  # an object that is longer than this has a key a line


class Code(str):
    """An expression, written as it is."""

    __slots__ = ()


class Call(dict[str, Value]):
    """The call of a helper, `callee` with what it is given.

    A helper gets one object with its options (none where that is empty), or what is `positional`.
    """

    def __init__(self, callee: str, options: dict[str, Value], *, positional: bool = False) -> None:
        super().__init__(options)
        self.callee = callee
        self.positional = positional

    @property
    def arguments(self) -> list[Value]:
        """What stands between the parentheses."""
        if self.positional:
            return list(self.values())
        return [dict(self)] if self else []


@record(frozen=True)
class CodeWriter:
    """Writes values as TypeScript. `unit` is what a level is indented by, `quote` what stands around a text;
    `quotes_keys` says that all keys are in quotes, `trailing` that the last line of a block has a comma."""

    newline: str
    unit: str
    quote: str = '"'
    quotes_keys: bool = False
    trailing: bool = True
    needs_one_line: bool = False

    def key(self, key: str) -> str:
        is_name = _NAME.fullmatch(key) is not None and not self.quotes_keys
        return key if is_name else self.text(key, self.quote)

    def pair(self, key: str, text: str) -> str:
        return f"{self.key(key)}: {text}"

    def comment(self, comment: str | None, indent: str) -> str:
        return comment_lines(comment, "//", indent, self.newline)

    def text(self, text: str, quote: str) -> str:
        """A string in quotes."""
        if quote != "'":
            return in_double_quotes(text, _ESCAPED)
        inside = in_double_quotes(text, _ESCAPED_IN_SINGLE)[1:-1].replace("'", "\\'")
        return f"'{inside}'"

    def on_one_line(self, value: Value, like: str = "") -> str:
        if isinstance(value, Call):
            return f"{value.callee}({', '.join(map(self.on_one_line, value.arguments))})"
        if isinstance(value, Code):
            return str(value)
        if isinstance(value, dict):
            pairs = [self.pair(key, self.on_one_line(below)) for key, below in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.on_one_line, value))}]"
        if isinstance(value, str):
            return self.text(value, like[:1] if like[:1] in ("'", '"') else self.quote)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "null" if value is None else repr(value)

    def on_lines(self, value: Value, indent: str) -> str:
        line = self.on_one_line(value)
        deeper = indent + self.unit
        if isinstance(value, Call):
            if len(indent) + len(line) <= _LINE_LENGTH:
                return line
            return f"{value.callee}({', '.join(self.on_lines(one, indent) for one in value.arguments)})"
        if isinstance(value, dict) and value:
            if len(line) <= _SHORT_OBJECT and not _has_calls(value):
                return line
            pairs = [self.pair(key, self.on_lines(below, deeper)) for key, below in value.items()]
            return self._block("{", pairs, "}", indent)
        if isinstance(value, list) and value:
            fits = len(indent) + len(line) <= _LINE_LENGTH
            if fits and (len(value) == 1 or not _has_calls(value)):
                return line
            return self._block("[", [self.on_lines(item, deeper) for item in value], "]", indent)
        return line

    def _block(self, opener: str, lines: list[str], closer: str, indent: str) -> str:
        start = self.newline + indent + self.unit
        comma = "," if self.trailing else ""
        return opener + start + ("," + start).join(lines) + comma + self.newline + indent + closer


def _has_calls(value: Value) -> bool:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, Call) or _has_calls(one) for one in below)


def writer_for(syntax: Syntax, literal: SyntaxNode | None = None) -> CodeWriter:
    """How a file writes values; `literal` is the object that a key is to be written into."""
    document = syntax.document
    keys = [pair.child_by_field_name("key") for pair in _pairs(literal)] if literal is not None else []
    quotes_keys = bool(keys) and all(key is not None and key.type == "string" for key in keys)
    unit, trailing = _layout(syntax)
    return CodeWriter(document.newline, unit, _quote(syntax), quotes_keys, trailing)


def _pairs(literal: SyntaxNode) -> Iterator[SyntaxNode]:
    return (child for child in literal.named_children if child.type == "pair")


def _quote(syntax: Syntax) -> str:
    for statement in syntax.root.named_children:
        source = statement.child_by_field_name("source")
        if source is not None:
            return "'" if syntax.text(source).startswith("'") else '"'
    for node in walk(syntax.root):
        if node.type == "string":
            return "'" if syntax.text(node).startswith("'") else '"'
    return '"'


def _layout(syntax: Syntax) -> tuple[str, bool]:
    """What a level is indented by, and whether the last line of a block has a comma: as the first object or
    array shows it that has a line for its elements."""
    text = text_of(syntax)
    for node in walk(syntax.root):
        if node.type not in ("object", "array"):
            continue
        elements = [child for child in node.named_children if child.type != "comment"]
        if elements and text.first_on_line(elements[0].start_byte):
            outer, inner = text.indent(node.start_byte), text.indent(elements[0].start_byte)
            if len(inner) > len(outer) and inner.startswith(outer):
                comma = text.comma_after(elements[-1].end_byte)
                return inner[len(outer) :], comma is not None
    return "\t" if b"\n\t" in text.data else "  ", True


def text_of(syntax: Syntax) -> Text:
    """A file as an editor of text sees it."""
    return Text(_data(syntax.document, tuple(comments_of(syntax))))


def comments_of(syntax: Syntax) -> Iterator[Span]:
    """The comments of a file, in order."""
    for node in walk(syntax.root):
        if node.type == "comment":
            yield span_of(node)


def _data(document: Document, comments: tuple[Span, ...]) -> DataDocument:
    return DataDocument(document, Format.JSON, Node(Kind.INVALID, Span(0, 0)), (), comments)


def shallow(literal: SyntaxNode) -> Node:
    """An object or array literal, or the names in braces of an import, with its elements: those of an object
    under `key_of` them."""
    children = [child for child in literal.named_children if child.type != "comment"]
    if literal.type == "object":
        members = [
            Member(key_of(child), Span(child.start_byte, child.start_byte), _element(child))
            for child in children
        ]
        return Node(Kind.OBJECT, span_of(literal), None, tuple(members))
    return Node(Kind.ARRAY, span_of(literal), None, (), tuple(map(_element, children)))


def key_of(element: SyntaxNode) -> str:
    """What an element of an object is called in its `shallow` node."""
    return str(element.start_byte)


def _element(node: SyntaxNode) -> Node:
    return Node(Kind.INVALID, span_of(node))
