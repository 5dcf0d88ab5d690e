"""Edits of a module's text, and the white space that they have to keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.source import Document, Span
from cflint.syntax.javascript import span_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


def replace(module: ModuleLike, node: Node, text: str) -> Edit:
    """An edit that replaces a node."""
    return Edit(module.document, span_of(node), text)


def insert(module: ModuleLike, offset: int, text: str) -> Edit:
    """An edit that inserts at a byte offset."""
    return Edit(module.document, Span(offset, offset), text)


def indent_of(module: ModuleLike, node: Node) -> str:
    """The white space at the start of the line on which a node starts."""
    line = module.document.line_span(module.document.line_of(node.start_byte))
    text = module.document.data[line.start : node.start_byte]
    return text[: len(text) - len(text.lstrip())].decode("ascii", "ignore")


def indent_unit(document: Document) -> str:
    """One step of a document's indentation: a tab, or as many spaces as its first indented line has."""
    for line in document.data[:20_000].split(b"\n"):
        text = line.lstrip(b" \t")
        if text[:1] not in (b"", b"*", b"\r") and len(text) < len(line):
            return "\t" if line[:1] == b"\t" else " " * min(len(line) - len(text), 8)
    return "  "


def whole_lines(module: ModuleLike, node: Node) -> Span:
    """The span of a statement with its indentation and line end when it stands alone on its lines."""
    return lines_around(module, span_of(node))


def lines_around(module: ModuleLike, span: Span) -> Span:
    """A span with the rest of its lines, and a `;`, when nothing else stands on them."""
    data = module.document.data
    start, end = span.start, span.end
    while end < len(data) and data[end] in b" \t;":
        end += 1
    first = data.rfind(b"\n", 0, start) + 1
    last = data.find(b"\n", end)
    last = len(data) if last == -1 else last + 1
    alone = not data[first:start].strip() and not data[end:last].strip()
    return Span(first, last) if alone else Span(start, end)


def item_span(module: ModuleLike, item: Node) -> Span:
    """The span of a property, element or argument with the comma that goes with it, and with its line when it
    stands alone there."""
    data = module.document.data
    end = _after_blanks(data, item.end_byte)
    if data[end : end + 1] != b",":
        start = len(data[: item.start_byte].rstrip())
        return Span(start - 1 if data[start - 1 : start] == b"," else item.start_byte, item.end_byte)
    end += 1
    start = data.rfind(b"\n", 0, item.start_byte) + 1
    line_end = data.find(b"\n", end)
    if line_end != -1 and not data[start : item.start_byte].strip() and not data[end:line_end].strip():
        return Span(start, line_end + 1)
    return Span(item.start_byte, _after_blanks(data, end))


def _after_blanks(data: bytes, offset: int) -> int:
    while offset < len(data) and data[offset] in b" \t":
        offset += 1
    return offset
