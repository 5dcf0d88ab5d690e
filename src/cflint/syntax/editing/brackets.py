"""Objects and arrays in brackets, in both formats: a member or an item is added or removed."""

from __future__ import annotations

from cflint.source import Span
from cflint.syntax.data import Node, Value
from cflint.syntax.editing.text import Text, TextEdit
from cflint.syntax.editing.writer import Writer


def elements_of(node: Node) -> list[Span]:
    """The places of an array's items or of an object's keys with their values."""
    spans = [item.span for item in node.items]
    spans += [
        Span(min(member.key_span.start, member.value.span.start), member.value.span.end)
        for member in node.members
    ]
    return sorted(spans)


def add(
    text: Text,
    writer: Writer,
    node: Node,
    inside: Node | None,
    key: str | None,
    value: Value,
    comment: str | None,
) -> list[TextEdit] | None:
    """Add a member or item at the end of an object or array in brackets; `inside` is what that stands in."""
    data = text.data
    start, end = node.span.start, node.span.end
    if data[start : start + 1] not in (b"{", b"["):
        return None

    def written(indent: str, *, one_line: bool) -> str:
        body = writer.on_one_line(value) if one_line else writer.on_lines(value, indent)
        return body if key is None else writer.pair(key, body)

    elements = elements_of(node)
    if not elements:
        indent = text.indent(start) + writer.unit
        comments = text.comments_in(node.span)
        if comments:
            at = comments[-1].end
            if text.first_on_line(comments[-1].start):
                indent = text.indent(comments[-1].start)
            lines = text.newline + writer.comment(comment, indent) + indent + written(indent, one_line=False)
            return [TextEdit(Span(at, at), lines)]
        short = inside is not None and b"\n" not in data[inside.span.start : inside.span.end]
        if writer.needs_one_line or short or not (key is not None or isinstance(value, dict)):
            pad = "" if key is None else " "
            new = pad + written("", one_line=True) + pad
        else:
            lines = writer.comment(comment, indent) + indent + written(indent, one_line=False)
            new = text.newline + lines + text.newline + text.indent(start)
        return [TextEdit(Span(start + 1, end - 1), new)]

    last = elements[-1]
    comma = text.comma_after(last.end)
    before = elements[-2].end if len(elements) > 1 else start
    last_on_one_line = b"\n" not in data[last.start : last.end]
    behind = last.end if comma is None else comma + 1
    if b"\n" in data[before : last.start]:
        indent = text.indent(last.start)
        if not text.first_on_line(last.start):
            indent = text.indent(start) + writer.unit
        new = text.newline + writer.comment(comment, indent) + indent
        new += written(indent, one_line=key is None and last_on_one_line) + ("" if comma is None else ",")
        tail = text.tail(behind)
        at = behind if tail is None else tail
        if comma is not None:
            return [TextEdit(Span(at, at), new)]
        if at == last.end:
            return [TextEdit(Span(at, at), "," + new)]
        return [TextEdit(Span(last.end, last.end), ","), TextEdit(Span(at, at), new)]
    new = written(text.indent(last.start), one_line=last_on_one_line or key is not None)
    if comma is None:
        return [TextEdit(Span(last.end, last.end), ", " + new)]
    return [TextEdit(Span(behind, behind), " " + new + ",")]


def cut(text: Text, node: Node, step: str | int) -> list[TextEdit] | None:
    """Remove a member or item of an object or array in brackets."""
    data = text.data
    if data[node.span.start : node.span.start + 1] not in (b"{", b"["):
        return None
    target: Span
    if isinstance(step, str):
        member = node.member(step)
        if member is None:
            return None
        target = Span(min(member.key_span.start, member.value.span.start), member.value.span.end)
    else:
        target = node.items[step].span
    elements = elements_of(node)
    index = elements.index(target)
    comma = text.comma_after(target.end)
    behind = target.end if comma is None else comma + 1
    tail = text.tail(behind)
    alone = tail is not None and text.first_on_line(target.start)
    own = Span(target.start, behind)
    if alone:
        own = Span(text.own_start(target.start), text.next_line(behind))
    if len(elements) == 1 and all(own.covers(comment) for comment in text.comments_in(node.span)):
        return [TextEdit(Span(node.span.start + 1, node.span.end - 1), "")]
    edits: list[TextEdit] = []
    if comma is None and index:
        comma_before = text.comma_after(elements[index - 1].end)
        if comma_before is not None:
            edits.append(TextEdit(Span(comma_before, comma_before + 1), ""))
    if not alone:
        begin, end = target.start, behind
        if comma is not None and tail is None:
            while data[end] in b" \t":
                end += 1
        else:
            while data[begin - 1] in b" \t" and not text.first_on_line(begin):
                begin -= 1
        own = Span(begin, end)
    edits.append(TextEdit(own, ""))
    return edits
