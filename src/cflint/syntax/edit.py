"""Edits of configuration documents as text: what is not edited stays as it is, byte for byte.

Every function reads nothing but a `DataDocument` and returns the edits that bring about exactly one change of
its value. They are tried out before they are returned: the edited text is read again, and when its value is
not exactly the intended one, or it has a problem that was not there before, the answer is None (there is no
such edit). An empty tuple means that nothing has to change.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from cflint.pattern import pattern
from cflint.record import record
from cflint.source import BOM, Document, Span
from cflint.syntax.data import DataDocument, Format, Kind, Node, Value, read
from cflint.syntax.toml import Statement, statements_of


class TextEdit(NamedTuple):
    """Replace the bytes of `span` by `text` (an empty span inserts)."""

    span: Span
    text: str


Path = Sequence[str | int]
"""Keys and 0-based indexes from the root to a value; negative indexes count from the end."""

Edits = tuple[TextEdit, ...] | None


def apply(data: bytes, edits: Iterable[TextEdit]) -> bytes:
    """The bytes with all edits made; ValueError when two overlap, one lies outside, or a text is no Unicode.

    Edits may come in any order; two insertions at one place are made in the order they come.
    """
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        if edit.span.start < at or edit.span.end > len(data) or edit.span.start > edit.span.end:
            raise ValueError(f"an edit overlaps another or lies outside the text: {edit.span}")
        parts += data[at : edit.span.start], edit.text.encode("utf-8")
        at = edit.span.end
    parts.append(data[at:])
    return b"".join(parts)


def set_value(doc: DataDocument, path: Path, value: Value, *, comment: str | None = None) -> Edits:
    """Make `value` the value at `path`; a key that is not there is added, with the objects around it.

    What the old and the new value share stays untouched, with its comments. In TOML a new object becomes a
    table with a header and a new array of objects an array of tables, where that is possible. `comment` is
    written on the line above a key that is new.
    """
    steps = _resolved(doc.root, path)
    if not steps:
        return None
    try:
        wanted = _tree_of(value, doc.format)
    except _UnwritableError:
        return None
    node = doc.root.at(*steps)
    expected = _with(_tree(doc.root), steps, wanted)
    if node is None:
        return _insert(doc, steps, value, expected, comment)
    if _tree(node) == wanted:
        return ()
    if node.kind is Kind.OBJECT and isinstance(value, dict) and _worth_keeping(doc, steps, node, value):
        return _set_members(doc, steps, node, value, expected)
    if node.kind is Kind.ARRAY and isinstance(value, list):
        done = _set_items(doc, steps, node, value, expected)
        if done is not None:
            return done
    if doc.format is Format.TOML and not _Toml(doc).is_text(steps):
        return _in_turn(
            doc,
            expected,
            [lambda doc: remove(doc, steps), lambda doc: set_value(doc, steps, value, comment=comment)],
        )
    text = _Text(doc)
    writer = _writer(doc, text)
    one_line = b"\n" not in doc.document.data[text.line_start(node.span.start) : node.span.end]
    inside = doc.root.at(*steps[:-1])
    if inside is not None and b"\n" in doc.document.data[inside.span.start : inside.span.end]:
        one_line = False
    new = (
        writer.on_one_line(value, like=_source(doc, node))
        if one_line or not isinstance(value, (dict, list))
        else writer.on_lines(value, text.indent(node.span.start))
    )
    return _tried(doc, [TextEdit(node.span, new)], [expected])


def append_item(doc: DataDocument, path: Path, value: Value) -> Edits:
    """Add an item at the end of the array at `path`; the array is made when there is none.

    A TOML array of tables gets another `[[block]]`; other arrays keep to one line or to one item a line.
    """
    steps = _resolved(doc.root, path)
    if not steps:
        return None
    node = doc.root.at(*steps)
    if node is None:
        return set_value(doc, steps, [value])
    if node.kind is not Kind.ARRAY:
        return None
    try:
        wanted = _tree_of(value, doc.format)
    except _UnwritableError:
        return None
    expected = _with(_tree(doc.root), (*steps, len(node.items)), wanted)
    text = _Text(doc)
    if doc.format is Format.TOML:
        toml = _Toml(doc)
        if not toml.is_text(steps):
            if not isinstance(value, dict):
                return None
            return _tried(doc, toml.append_block(text, steps, value), [expected])
    inside = doc.root.at(*steps[:-1])
    return _tried(doc, _add(text, _writer(doc, text), node, inside, None, value, None), [expected])


def remove(doc: DataDocument, path: Path) -> Edits:
    """Remove a key with its value, or an item, with its comma and line.

    Comments on lines of their own directly above it, and the one behind it, belong to it. In TOML, tables
    that only its header implied go with it.
    """
    steps = _resolved(doc.root, path)
    if not steps or doc.root.at(*steps) is None:
        return None
    expected = _tree(doc.root)
    _drop(expected, steps)
    text = _Text(doc)
    if doc.format is Format.TOML:
        toml = _Toml(doc)
        if toml.holder(steps) is None:
            return _tried(doc, toml.cut(text, steps), _pruned(expected, steps))
    container = doc.root.at(*steps[:-1])
    if container is None:
        return None
    return _tried(doc, _cut(text, container, steps[-1]), [expected])


def rename_key(doc: DataDocument, path: Path, new_key: str) -> Edits:
    """Give the key at `path` another name; None when there is such a key already."""
    steps = _resolved(doc.root, path)
    if not steps or not isinstance(steps[-1], str) or doc.root.at(*steps) is None:
        return None
    if new_key == steps[-1]:
        return ()
    around = doc.root.at(*steps[:-1])
    member = None if around is None else around.member(steps[-1])
    if around is None or member is None or around.get(new_key) is not None:
        return None
    expected = _tree(doc.root)
    value = _drop(expected, steps)
    expected = _with(expected, (*steps[:-1], new_key), value)
    writer = _writer(doc, _Text(doc))
    spans = [member.key_span]
    if doc.format is Format.TOML:
        spans = _Toml(doc).key_spans(steps) or spans
    return _tried(doc, [TextEdit(span, writer.key(new_key)) for span in spans], [expected])


def move_before_first_table(doc: DataDocument, path: Path) -> Edits:
    """Move a key of a TOML table, with the comments that belong to it, to the top level.

    It comes after the keys that are there, and before the first header. None for JSON, for what is no
    `key = value` of its own below a header, and when the top level has that key.
    """
    steps = _resolved(doc.root, path)
    if doc.format is not Format.TOML:
        return None
    toml = _Toml(doc)
    statement = toml.pair(steps)
    if statement is None or statement.value is None or len(statement.keys) == len(steps):
        return None
    target = steps[-len(statement.keys) :]
    if doc.root.at(target[0]) is not None:
        return None
    expected = _tree(doc.root)
    value = _drop(expected, steps)
    expected = _with(expected, target, value)
    text = _Text(doc)
    lines = text.lines(statement.span.start, statement.span.end)
    try:
        moved = text.data[lines.start : text.line_end(statement.span.end)].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return _tried(doc, [toml.at_top(text, moved), TextEdit(lines, "")], _pruned(expected, steps))


# Several edits, one after the other


def _in_turn(doc: DataDocument, expected: _Tree, steps: Iterable[Callable[[DataDocument], Edits]]) -> Edits:
    """Make edits of edits: each step sees the document as the steps before left it."""
    pieces: list[tuple[int, int] | bytes] = [(0, len(doc.document.data))]  # of the document, or new text
    now = doc
    for step in steps:
        edits = step(now)
        if edits is None:
            return None
        for edit in sorted(edits, reverse=True):
            first = _split(pieces, edit.span.start)
            last = _split(pieces, edit.span.end)
            pieces[first:last] = [edit.text.encode("utf-8")]
        now = _reread(doc, apply(now.document.data, edits))
    merged: list[TextEdit] = []
    at = 0
    new = b""
    for piece in [*pieces, (len(doc.document.data), len(doc.document.data))]:
        if isinstance(piece, bytes):
            new += piece
            continue
        start, end = piece
        if new or start > at:
            merged.append(TextEdit(Span(at, start), new.decode("utf-8")))
        at, new = end, b""
    return _tried(doc, merged, [expected])


def _split(pieces: list[tuple[int, int] | bytes], offset: int) -> int:
    """Make a piece begin at an offset of the text that the pieces make; its index."""
    at = 0
    for index, piece in enumerate(pieces):
        if at == offset:
            return index
        size = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
        if offset < at + size:
            middle = offset - at
            if isinstance(piece, bytes):
                pieces[index : index + 1] = [piece[:middle], piece[middle:]]
            else:
                start, end = piece
                pieces[index : index + 1] = [(start, start + middle), (start + middle, end)]
            return index + 1
        at += size
    return len(pieces)


def _worth_keeping(doc: DataDocument, steps: _Steps, node: Node, value: dict[str, Value]) -> bool:
    if any(member.key in value for member in node.members):
        return True
    return bool(value) and doc.format is Format.TOML and not _Toml(doc).is_text(steps)


def _set_members(
    doc: DataDocument, steps: _Steps, node: Node, value: dict[str, Value], expected: _Tree
) -> Edits:
    def setter(key: str) -> Callable[[DataDocument], Edits]:
        return lambda doc: set_value(doc, (*steps, key), value[key])

    def remover(key: str) -> Callable[[DataDocument], Edits]:
        return lambda doc: remove(doc, (*steps, key))

    old = dict.fromkeys(member.key for member in node.members)
    return _in_turn(doc, expected, [*map(setter, value), *(remover(key) for key in old if key not in value)])


def _set_items(doc: DataDocument, steps: _Steps, node: Node, value: list[Value], expected: _Tree) -> Edits:
    """Keep the items that both arrays begin and end with; None when there is none of them."""
    old = [_tree(item) for item in node.items]
    new = [_tree_of(item, doc.format) for item in value]
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    in_text = doc.format is not Format.TOML or _Toml(doc).is_text(steps)
    if in_text and head == tail == 0:
        return None
    if len(new) > len(old):
        tail = 0  # items are added at the end only
    shared = min(len(old), len(new)) - tail

    def setter(index: int) -> Callable[[DataDocument], Edits]:
        return lambda doc: set_value(doc, (*steps, index), value[index])

    def remover(index: int) -> Callable[[DataDocument], Edits]:
        return lambda doc: remove(doc, (*steps, index))

    def adder(index: int) -> Callable[[DataDocument], Edits]:
        return lambda doc: append_item(doc, steps, value[index])

    return _in_turn(
        doc,
        expected,
        [
            *map(setter, range(head, shared)),
            *map(remover, range(len(old) - tail - 1, shared - 1, -1)),
            *map(adder, range(len(old), len(new))),
        ],
    )


# What a document's value is, and shall be

_Steps = tuple[str | int, ...]
_Tree = tuple[Kind, str] | list["_Tree"] | dict[str, "_Tree"]
"""A value in which equal means the same: a date is no string, 1 neither 1.0 nor true."""


_DEEPEST: Final = 32  # what is written is written by recursion


class _UnwritableError(Exception):
    """The format has no such value."""


def _resolved(root: Node, path: Path) -> _Steps:
    """The path with its negative indexes counted from the beginning; () when an array is too short for it."""
    steps: list[str | int] = []
    node: Node | None = root
    for step in path:
        if isinstance(step, int) and step < 0 and node is not None:
            step += len(node.items)
        if isinstance(step, int) and node is not None and not 0 <= step <= len(node.items):
            return ()
        steps.append(step)
        node = None if node is None else node.at(step)
    return tuple(steps)


def _tree(root: Node) -> _Tree:
    def shallow(node: Node) -> _Tree:
        tree: _Tree
        if node.kind is Kind.OBJECT:
            tree = {}
        elif node.kind is Kind.ARRAY:
            tree = []
        else:
            return (node.kind, repr(node.value))
        todo.append((node, tree))
        return tree

    todo: list[tuple[Node, _Tree]] = []
    result = shallow(root)
    while todo:
        node, tree = todo.pop()
        if isinstance(tree, dict):
            tree.update((member.key, shallow(member.value)) for member in node.members)
        elif isinstance(tree, list):
            tree.extend(shallow(item) for item in node.items)
    return result


def _tree_of(value: Value, format: Format, depth: int = 0) -> _Tree:
    """The tree of a plain value; `_UnwritableError` when the format cannot hold it, or it is very deep."""
    if depth > _DEEPEST:
        raise _UnwritableError
    if isinstance(value, dict):
        return {key: _tree_of(below, format, depth + 1) for key, below in value.items()}
    if isinstance(value, list):
        return [_tree_of(item, format, depth + 1) for item in value]
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise _UnwritableError
        return (Kind.STRING, repr(value))
    if isinstance(value, bool):
        return (Kind.BOOLEAN, repr(value))
    if value is None:
        if format is Format.TOML:
            raise _UnwritableError
        return (Kind.NULL, repr(None))
    if format is Format.JSON and value - value != 0:  # infinite, or not a number
        raise _UnwritableError
    return (Kind.NUMBER, repr(value))


def _with(tree: _Tree, steps: _Steps, value: _Tree) -> _Tree:
    """The tree (changed) with a value at a path; what is missing on the way is made."""
    here = tree
    for step, following in zip(steps, (*steps[1:], None), strict=False):
        below: _Tree = value if following is None else {}
        if isinstance(here, dict) and isinstance(step, str):
            if following is None:
                here[step] = below
            here = here.setdefault(step, below)
        elif isinstance(here, list) and isinstance(step, int):
            if step == len(here):
                here.append(below)
            elif following is None:
                here[step] = below
            here = here[step]
        else:
            return tree
    return tree


def _drop(tree: _Tree, steps: _Steps) -> _Tree:
    """Take the value at a path out of the tree."""
    for step in steps[:-1]:
        tree = _below(tree, step)
    last = steps[-1]
    if isinstance(tree, dict) and isinstance(last, str):
        return tree.pop(last)
    if isinstance(tree, list) and isinstance(last, int):
        return tree.pop(last)
    raise KeyError(last)


def _below(tree: _Tree, step: str | int) -> _Tree:
    if isinstance(tree, dict) and isinstance(step, str):
        return tree[step]
    if isinstance(tree, list) and isinstance(step, int):
        return tree[step]
    raise KeyError(step)


def _pruned(tree: _Tree, steps: _Steps) -> Iterator[_Tree]:
    """The tree, and the tree without what is empty on the way to a path, one level after the other."""
    yield tree
    for depth in range(len(steps) - 1, 0, -1):
        here = tree
        for step in steps[:depth]:
            here = _below(here, step)
        if here:
            return
        _drop(tree, steps[:depth])
        yield tree


def _tried(doc: DataDocument, edits: Iterable[TextEdit | None] | None, expected: Iterable[_Tree]) -> Edits:
    """The edits in order, if they bring about an expected value and no new problem."""
    if edits is None:
        return None
    wanted = sorted((edit for edit in edits if edit is not None), key=lambda edit: edit.span)
    origin = doc.document.origin
    if origin is not None and not _keeps_block(doc.document.data, origin.data, wanted):
        return None
    try:
        data = apply(doc.document.data, wanted)
    except ValueError:
        return None
    now = _reread(doc, data)
    before = Counter(problem.message for problem in doc.problems)
    if Counter(problem.message for problem in now.problems) - before:
        return None
    tree = _tree(now.root)
    return tuple(wanted) if any(tree == one for one in expected) else None


def _reread(doc: DataDocument, data: bytes) -> DataDocument:
    document = Document(doc.document.path, data)
    document.__dict__["newline"] = doc.document.newline  # a text that lost its last line keeps its line ends
    return read(document, doc.format)


def _keeps_block(data: bytes, file: bytes, edits: Iterable[TextEdit]) -> bool:
    """Whether edits of a Markdown block leave what is around it, and the block its fence and margin."""
    for edit in edits:
        start, end = edit.span.start, edit.span.end
        if data[start:end] != file[start:end] or "```" in edit.text or "~~~" in edit.text:
            return False
        if "\n" in edit.text:
            line = data.rfind(b"\n", 0, start) + 1
            margin = len(data[line:]) - len(data[line:].lstrip(b" \t"))
            if data[line : line + margin] != file[line : line + margin]:
                return False
    return True


# The text of a document


class _Text:
    """The bytes of a document as an editor sees them: lines, indents, commas and comments."""

    def __init__(self, doc: DataDocument) -> None:
        self.data = doc.document.data
        self.newline = doc.document.newline
        self.start = len(BOM) if self.data.startswith(BOM) else 0
        self.comments = doc.comments
        self.comment_starts = [span.start for span in doc.comments]
        self.in_markdown = doc.document.origin is not None

    def line_start(self, at: int) -> int:
        return max(self.data.rfind(b"\n", 0, at) + 1, self.start)

    def line_end(self, at: int) -> int:
        """Where the line's text ends, before its line end."""
        end = self.data.find(b"\n", at)
        if end == -1:
            return len(self.data)
        return end - 1 if end > at and self.data[end - 1] == 0x0D else end

    def next_line(self, at: int) -> int:
        end = self.data.find(b"\n", at)
        return len(self.data) if end == -1 else end + 1

    def indent(self, at: int) -> str:
        """The blanks that the line of an offset begins with."""
        start = self.line_start(at)
        line = self.data[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip(b" \t"))].decode()

    def first_on_line(self, at: int) -> bool:
        return not self.data[self.line_start(at) : at].strip(b" \t")

    def comment_at(self, at: int) -> Span | None:
        index = bisect_left(self.comment_starts, at)
        if index < len(self.comments) and self.comments[index].start == at:
            return self.comments[index]
        return None

    def comments_in(self, span: Span) -> Sequence[Span]:
        first = bisect_left(self.comment_starts, span.start)
        return self.comments[first : bisect_left(self.comment_starts, span.end)]

    def own_start(self, at: int) -> int:
        """Where the lines of what begins at `at` begin, with the comments right above it."""
        start = self.line_start(at)
        index = bisect_left(self.comment_starts, start) - 1
        while index >= 0:
            comment = self.comments[index]
            between = self.data[comment.end : start]
            if between.strip(b" \t\r") != b"\n" or not self.first_on_line(comment.start):
                break
            start = self.line_start(comment.start)
            index -= 1
        return start

    def lines(self, start: int, end: int) -> Span:
        """The whole lines of something that has them for itself, with the comments above and behind."""
        first, last = self.own_start(start), self.next_line(end)
        if last == len(self.data) and not self.data.endswith(b"\n") and first > self.start:
            first = self.line_end(first - 1)  # the last line has no end: take the one before
            if first > self.start and self.data[first - 1 : first + 1] == b"\r\n":
                first -= 1
        return Span(first, last)

    def skip(self, at: int) -> int:
        """The next offset with neither blank nor comment."""
        data = self.data
        while True:
            while at < len(data) and data[at] in b" \t\r\n":
                at += 1
            comment = self.comment_at(at)
            if comment is None:
                return at
            at = comment.end

    def comma_after(self, at: int) -> int | None:
        at = self.skip(at)
        return at if self.data[at : at + 1] == b"," else None

    def tail(self, at: int) -> int | None:
        """The end of the line when nothing but comments that end on it follow `at`, else None."""
        end = self.line_end(at)
        while at < end:
            if self.data[at] in b" \t":
                at += 1
                continue
            comment = self.comment_at(at)
            if comment is None or comment.end > end:
                return None
            at = comment.end
        return end


# Objects and arrays in brackets, in both formats


def _elements(node: Node) -> list[Span]:
    """The places of an array's items or of an object's keys with their values."""
    spans = [item.span for item in node.items]
    spans += [
        Span(min(member.key_span.start, member.value.span.start), member.value.span.end)
        for member in node.members
    ]
    return sorted(spans)


def _add(
    text: _Text,
    writer: _Writer,
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

    def written(indent: str, one_line: bool) -> str:
        body = writer.on_one_line(value) if one_line else writer.on_lines(value, indent)
        return body if key is None else writer.pair(key, body)

    elements = _elements(node)
    if not elements:
        indent = text.indent(start) + writer.unit
        comments = text.comments_in(node.span)
        if comments:
            at = comments[-1].end
            if text.first_on_line(comments[-1].start):
                indent = text.indent(comments[-1].start)
            lines = text.newline + writer.comment(comment, indent) + indent + written(indent, False)
            return [TextEdit(Span(at, at), lines)]
        short = inside is not None and b"\n" not in data[inside.span.start : inside.span.end]
        if writer.needs_one_line or short or not (key is not None or isinstance(value, dict)):
            pad = "" if key is None else " "
            new = pad + written("", True) + pad
        else:
            lines = writer.comment(comment, indent) + indent + written(indent, False)
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
        new += written(indent, key is None and last_on_one_line) + ("" if comma is None else ",")
        tail = text.tail(behind)
        at = behind if tail is None else tail
        if comma is not None:
            return [TextEdit(Span(at, at), new)]
        if at == last.end:
            return [TextEdit(Span(at, at), "," + new)]
        return [TextEdit(Span(last.end, last.end), ","), TextEdit(Span(at, at), new)]
    new = written(text.indent(last.start), last_on_one_line or key is not None)
    if comma is None:
        return [TextEdit(Span(last.end, last.end), ", " + new)]
    return [TextEdit(Span(behind, behind), " " + new + ",")]


def _cut(text: _Text, node: Node, step: str | int) -> list[TextEdit] | None:
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
    elements = _elements(node)
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


# Writing values


class _Writer(Protocol):
    """How a format writes values."""

    @property
    def unit(self) -> str:
        """One level of indentation."""

    @property
    def needs_one_line(self) -> bool: ...

    def key(self, key: str) -> str: ...

    def pair(self, key: str, text: str) -> str: ...

    def comment(self, comment: str | None, indent: str) -> str:
        """A comment's lines with their line ends; nothing for None."""

    def on_one_line(self, value: Value, like: str = "") -> str:
        """A value; a string in the quotes of `like`, which it takes the place of, where it can be."""

    def on_lines(self, value: Value, indent: str) -> str:
        """A value that may go over several lines, the first of which is indented by `indent`."""


def _writer(doc: DataDocument, text: _Text) -> _Writer:
    if doc.format is Format.TOML:
        return _TomlWriter(text.newline)
    return _JsonWriter(text.newline, _unit(doc.root, text))


def _source(doc: DataDocument, node: Node) -> str:
    return doc.document.text(Span(node.span.start, min(node.span.end, node.span.start + 4)))


def _unit(root: Node, text: _Text) -> str:
    """What a level of a JSON document is indented by: the first level that shows it."""
    for node in root.walk():
        for element in _elements(node)[:1]:
            if text.first_on_line(element.start):
                outer, inner = text.indent(node.span.start), text.indent(element.start)
                if len(inner) > len(outer) and inner.startswith(outer):
                    return inner[len(outer) :]
    return "  "


_LINE_LENGTH: Final = 80  # an array of scalars that is longer than this has an item a line


@record(frozen=True)
class _JsonWriter:
    newline: str
    unit: str
    needs_one_line: bool = False

    def key(self, key: str) -> str:
        return _quoted(key, _JSON_ESCAPED)

    def pair(self, key: str, text: str) -> str:
        return f"{self.key(key)}: {text}"

    def comment(self, comment: str | None, indent: str) -> str:
        return _comment_lines(comment, "//", indent, self.newline)

    def on_one_line(self, value: Value, like: str = "") -> str:
        if isinstance(value, dict):
            pairs = [self.pair(key, self.on_one_line(below)) for key, below in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.on_one_line, value))}]"
        if isinstance(value, str):
            return _quoted(value, _JSON_ESCAPED)
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


@record(frozen=True)
class _TomlWriter:
    newline: str
    unit: str = "  "
    needs_one_line: bool = True

    def key(self, key: str) -> str:
        return key if _BARE_KEY.fullmatch(key) else _quoted(key, _TOML_ESCAPED)

    def pair(self, key: str, text: str) -> str:
        return f"{self.key(key)} = {text}"

    def comment(self, comment: str | None, indent: str) -> str:
        return _comment_lines(comment, "#", indent, self.newline)

    def on_one_line(self, value: Value, like: str = "") -> str:
        if isinstance(value, dict):
            pairs = [self.pair(key, self.on_one_line(below)) for key, below in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.on_one_line, value))}]"
        if isinstance(value, str):
            if like.startswith("'") and value.isprintable() and "'" not in value:
                return f"'{value}'"
            return _quoted(value, _TOML_ESCAPED)
        if isinstance(value, bool):
            return "true" if value else "false"
        return repr(value)

    def on_lines(self, value: Value, indent: str) -> str:
        return self.on_one_line(value)

    def tables(self, names: tuple[str, ...], value: Value, first: bool = True) -> Iterator[str]:
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
        below = {key: inner for key, inner in value.items() if _is_tables(inner)}
        if not below or len(below) < len(value):
            if not first:
                yield ""
            first = False
            yield f"[{name}]"
            yield from (self.pair(key, self.on_one_line(value[key])) for key in value if key not in below)
        for key, inner in below.items():
            yield from self.tables((*names, key), inner, first)
            first = False


_BARE_KEY: Final = pattern(r"[A-Za-z0-9_-]+")
_JSON_ESCAPED: Final = pattern(r'["\\\x00-\x1f]')
_TOML_ESCAPED: Final = pattern(r'["\\\x00-\x1f\x7f]')
_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def _quoted(text: str, escaped: re.Pattern[str]) -> str:
    def escape(match: re.Match[str]) -> str:
        return _SHORT_ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}")

    return f'"{escaped.sub(escape, text)}"'


def _comment_lines(comment: str | None, mark: str, indent: str, newline: str) -> str:
    if comment is None:
        return ""
    return "".join(f"{indent}{mark} {line}".rstrip() + newline for line in comment.splitlines())


def _is_tables(value: Value) -> bool:
    """Whether TOML has headers for the value: an object, or an array of objects."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and bool(value)


# Adding a key


def _insert(doc: DataDocument, steps: _Steps, value: Value, expected: _Tree, comment: str | None) -> Edits:
    """Add the key at a path that is not there."""
    depth = len(steps) - 1
    while depth and doc.root.at(*steps[:depth]) is None:
        depth -= 1
    around = doc.root.at(*steps[:depth])
    if around is None or around.kind is not Kind.OBJECT or around.broken:
        return None  # in a broken object, what seems not to be there may be there
    keys: list[str] = []
    for step in steps[depth:]:
        if not isinstance(step, str):
            return None
        keys.append(step)
    for key in reversed(keys[1:]):
        value = {key: value}
    text = _Text(doc)
    if doc.format is Format.TOML:
        toml = _Toml(doc)
        if not toml.is_text(steps[:depth]):
            return _tried(doc, toml.add(text, steps[:depth], keys[0], value, comment), [expected])
    inside = doc.root.at(*steps[: depth - 1]) if depth else None
    return _tried(doc, _add(text, _writer(doc, text), around, inside, keys[0], value, comment), [expected])


class _Toml:
    """The statements of a TOML document, and where in them a path is written."""

    def __init__(self, doc: DataDocument) -> None:
        self.statements = statements_of(doc.document)
        self.writer = _TomlWriter(doc.document.newline)

    def pair(self, path: _Steps) -> Statement | None:
        """The `key = value` of a path."""
        for statement in reversed(self.statements):
            if statement.value is not None and statement.path == path:
                return statement
        return None

    def holder(self, path: _Steps) -> Statement | None:
        """The `key = value` in whose value a path goes on."""
        for statement in reversed(self.statements):
            size = len(statement.path)
            if statement.value is not None and size < len(path) and statement.path == path[:size]:
                return statement
        return None

    def is_text(self, path: _Steps) -> bool:
        """Whether the value at a path is one piece of text: behind an `=`, not made by headers."""
        return self.pair(path) is not None or self.holder(path) is not None

    def below(self, path: _Steps) -> list[int]:
        """The indexes of the statements of a path and of all below it."""
        size = len(path)
        return [index for index, one in enumerate(self.statements) if one.path[:size] == path]

    def key_spans(self, path: _Steps) -> list[Span]:
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

    def behind(self, text: _Text, index: int, lines: Iterable[str], blank: bool = False) -> TextEdit:
        """New lines behind those of a statement."""
        statement = self.statements[index]
        indent = text.indent(statement.span.start)
        at = text.line_end(statement.span.end)
        start = text.newline * (2 if blank else 1)
        return TextEdit(Span(at, at), start + _lines(lines, indent, text.newline))

    def at_top(self, text: _Text, moved: str) -> TextEdit | None:
        """A text of whole lines (but the last line end) behind the keys before the first header."""
        last = self.section_end(-1)
        if last >= 0:
            at = text.line_end(self.statements[last].span.end)
            return TextEdit(Span(at, at), text.newline + moved)
        if self.statements:
            at = text.own_start(self.statements[0].span.start)
            return TextEdit(Span(at, at), moved + 2 * text.newline)
        return self.at_end(text, moved)

    def at_end(self, text: _Text, new: str, blank: bool = False) -> TextEdit | None:
        end = len(text.data.rstrip())
        if end > text.start:
            return TextEdit(Span(end, end), text.newline * (2 if blank else 1) + new)
        if text.in_markdown:
            return None  # where in the file the empty block stands cannot be told
        return TextEdit(Span(text.start, len(text.data)), new + text.newline)

    # Edits

    def add(
        self, text: _Text, path: _Steps, key: str, value: Value, comment: str | None
    ) -> list[TextEdit | None] | None:
        """Add a key to a table that is no inline table."""
        below = self.below(path)
        header = next((i for i in below if self.statements[i].path == path), None)
        named = all(isinstance(step, str) for step in path)
        names = tuple(step for step in path if isinstance(step, str))
        dotted = [i for i in below if self.is_dotted(i, path)]
        if _is_tables(value) and named and not (dotted and header is None):
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

    def is_dotted(self, index: int, path: _Steps) -> bool:
        """Whether a `key = value` names the table at a path in its own dotted key."""
        statement = self.statements[index]
        if statement.value is None or len(statement.path) <= len(path):
            return False
        return len(statement.path) - len(statement.keys) < len(path)

    def append_block(self, text: _Text, path: _Steps, value: dict[str, Value]) -> list[TextEdit] | None:
        below = self.below(path)
        if not below:
            return None
        names = tuple(step for step in path if isinstance(step, str))
        lines = self.writer.tables(names, [value])
        return [self.behind(text, below[-1], lines, blank=True)]

    def cut(self, text: _Text, path: _Steps) -> list[TextEdit] | None:
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

    def with_blank_lines(self, text: _Text, span: Span) -> Span:
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
