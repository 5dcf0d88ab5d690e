"""Edits of configuration documents as text: what is not edited stays as it is, byte for byte.

Every function reads nothing but a `DataDocument` and returns the edits that bring about exactly one change of
its value. They are tried out before they are returned: the edited text is read again, and when its value is
not exactly the intended one, or it has a problem that was not there before, the result is None (there is no
such edit). An empty tuple means that nothing has to change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from cflint.source import BOM, Document, Span
from cflint.syntax.data import DataDocument, Format, Kind, Node, Value
from cflint.syntax.documents import read
from cflint.syntax.editing.brackets import add, cut
from cflint.syntax.editing.text import Edits, Path, Pieces, Text, TextEdit, apply
from cflint.syntax.editing.values import (
    Steps,
    Tree,
    UnwritableError,
    drop,
    pruned,
    resolved,
    tree_at,
    tree_of,
    with_value,
)
from cflint.syntax.editing.writer import Writer
from cflint.syntax.jsonc.edits import JsonWriter, indent_unit
from cflint.syntax.toml.edits import TomlText, TomlWriter

__all__ = [
    "Edits",
    "Path",
    "TextEdit",
    "append_item",
    "apply",
    "move_before_first_table",
    "remove",
    "rename_key",
    "set_value",
]


def set_value(doc: DataDocument, path: Path, value: Value, *, comment: str | None = None) -> Edits:
    """Make `value` the value at `path`; a key that is not there is added, with the objects around it.

    What the old and the new value share stays untouched, with its comments. In TOML a new object becomes a
    table with a header and a new array of objects an array of tables, where that is possible. `comment` is
    written on the line above a key that is new.
    """
    steps = resolved(doc.root, path)
    if not steps:
        return None
    try:
        wanted = tree_of(value, doc.format)
    except UnwritableError:
        return None
    node = doc.root.at(*steps)
    expected = with_value(tree_at(doc.root), steps, wanted)
    if node is None:
        return _insert(doc, steps, value, expected, comment)
    if tree_at(node) == wanted:
        return ()
    if node.kind is Kind.OBJECT and isinstance(value, dict) and _worth_keeping(doc, steps, node, value):
        return _set_members(doc, steps, node, value, expected)
    if node.kind is Kind.ARRAY and isinstance(value, list):
        done = _set_items(doc, steps, node, value, expected)
        if done is not None:
            return done
    if doc.format is Format.TOML and not TomlText(doc).is_text(steps):
        return _in_turn(
            doc,
            expected,
            [lambda doc: remove(doc, steps), lambda doc: set_value(doc, steps, value, comment=comment)],
        )
    text = Text(doc)
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
    steps = resolved(doc.root, path)
    if not steps:
        return None
    node = doc.root.at(*steps)
    if node is None:
        return set_value(doc, steps, [value])
    if node.kind is not Kind.ARRAY:
        return None
    try:
        wanted = tree_of(value, doc.format)
    except UnwritableError:
        return None
    expected = with_value(tree_at(doc.root), (*steps, len(node.items)), wanted)
    text = Text(doc)
    if doc.format is Format.TOML:
        toml = TomlText(doc)
        if not toml.is_text(steps):
            if not isinstance(value, dict):
                return None
            return _tried(doc, toml.append_block(text, steps, value), [expected])
    inside = doc.root.at(*steps[:-1])
    return _tried(doc, add(text, _writer(doc, text), node, inside, None, value, None), [expected])


def remove(doc: DataDocument, path: Path) -> Edits:
    """Remove a key with its value, or an item, with its comma and line.

    Comments on lines of their own directly above it, and the one behind it, belong to it. In TOML, tables
    that only its header implied go with it.
    """
    steps = resolved(doc.root, path)
    if not steps or doc.root.at(*steps) is None:
        return None
    expected = tree_at(doc.root)
    drop(expected, steps)
    text = Text(doc)
    if doc.format is Format.TOML:
        toml = TomlText(doc)
        if toml.holder(steps) is None:
            return _tried(doc, toml.cut(text, steps), pruned(expected, steps))
    container = doc.root.at(*steps[:-1])
    if container is None:
        return None
    return _tried(doc, cut(text, container, steps[-1]), [expected])


def rename_key(doc: DataDocument, path: Path, new_key: str) -> Edits:
    """Give the key at `path` another name; None when there is such a key already."""
    steps = resolved(doc.root, path)
    if not steps or not isinstance(steps[-1], str) or doc.root.at(*steps) is None:
        return None
    if new_key == steps[-1]:
        return ()
    around = doc.root.at(*steps[:-1])
    member = None if around is None else around.member(steps[-1])
    if around is None or member is None or around.get(new_key) is not None:
        return None
    expected = tree_at(doc.root)
    value = drop(expected, steps)
    expected = with_value(expected, (*steps[:-1], new_key), value)
    writer = _writer(doc, Text(doc))
    spans = [member.key_span]
    if doc.format is Format.TOML:
        spans = TomlText(doc).key_spans(steps) or spans
    return _tried(doc, [TextEdit(span, writer.key(new_key)) for span in spans], [expected])


def move_before_first_table(doc: DataDocument, path: Path) -> Edits:
    """Move a key of a TOML table, with the comments that belong to it, to the top level.

    It comes after the keys that are there, and before the first header. None for JSON, for what is no
    `key = value` of its own below a header, and when the top level has that key.
    """
    steps = resolved(doc.root, path)
    if doc.format is not Format.TOML or doc.root.at(*steps) is None:
        return None
    toml = TomlText(doc)
    statement = toml.pair(steps)
    if statement is None or statement.value is None or len(statement.keys) == len(steps):
        return None
    target = steps[-len(statement.keys) :]
    if doc.root.at(target[0]) is not None:
        return None
    expected = tree_at(doc.root)
    value = drop(expected, steps)
    expected = with_value(expected, target, value)
    text = Text(doc)
    lines = text.lines(statement.span.start, statement.span.end)
    try:
        moved = text.data[lines.start : text.line_end(statement.span.end)].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return _tried(doc, [toml.at_top(text, moved), TextEdit(lines, "")], pruned(expected, steps))


# Several edits, one after the other


def _in_turn(doc: DataDocument, expected: Tree, steps: Iterable[Callable[[DataDocument], Edits]]) -> Edits:
    """Make edits of edits: each step sees the document as the steps before left it."""
    pieces = Pieces(doc.document.data)
    now = doc
    for step in steps:
        edits = step(now)
        if edits is None:
            return None
        pieces.edit(edits)
        now = _reread(doc, pieces.data)
    return _tried(doc, pieces.edits(), [expected])


def _worth_keeping(doc: DataDocument, steps: Steps, node: Node, value: dict[str, Value]) -> bool:
    if any(member.key in value for member in node.members):
        return True
    return bool(value) and doc.format is Format.TOML and not TomlText(doc).is_text(steps)


def _set_members(
    doc: DataDocument, steps: Steps, node: Node, value: dict[str, Value], expected: Tree
) -> Edits:
    def setter(key: str) -> Callable[[DataDocument], Edits]:
        return lambda doc: set_value(doc, (*steps, key), value[key])

    def remover(key: str) -> Callable[[DataDocument], Edits]:
        return lambda doc: remove(doc, (*steps, key))

    old = dict.fromkeys(member.key for member in node.members)
    return _in_turn(doc, expected, [*map(setter, value), *(remover(key) for key in old if key not in value)])


def _set_items(doc: DataDocument, steps: Steps, node: Node, value: list[Value], expected: Tree) -> Edits:
    """Keep the items that both arrays begin and end with; None when there is none of them."""
    old = [tree_at(item) for item in node.items]
    new = [tree_of(item, doc.format) for item in value]
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    in_text = doc.format is not Format.TOML or TomlText(doc).is_text(steps)
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


def _tried(doc: DataDocument, edits: Iterable[TextEdit | None] | None, expected: Iterable[Tree]) -> Edits:
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
    if data.startswith(BOM) != doc.document.data.startswith(BOM):
        return None  # one in the midst of a broken text would come first
    now = _reread(doc, data)
    before = Counter(problem.message for problem in doc.problems)
    if Counter(problem.message for problem in now.problems) - before:
        return None
    tree = tree_at(now.root)
    return tuple(wanted) if any(tree == one for one in expected) else None


def _reread(doc: DataDocument, data: bytes) -> DataDocument:
    # A text that lost its last line keeps its line ends.
    document = Document(doc.document.path, data, newline=doc.document.newline)
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


def _writer(doc: DataDocument, text: Text) -> Writer:
    if doc.format is Format.TOML:
        return TomlWriter(text.newline)
    return JsonWriter(text.newline, indent_unit(doc.root, text))


def _source(doc: DataDocument, node: Node) -> str:
    return doc.document.text(Span(node.span.start, min(node.span.end, node.span.start + 4)))


# Adding a key


def _insert(doc: DataDocument, steps: Steps, value: Value, expected: Tree, comment: str | None) -> Edits:
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
    text = Text(doc)
    if doc.format is Format.TOML:
        toml = TomlText(doc)
        if not toml.is_text(steps[:depth]):
            return _tried(doc, toml.add(text, steps[:depth], keys[0], value, comment), [expected])
    inside = doc.root.at(*steps[: depth - 1]) if depth else None
    return _tried(doc, add(text, _writer(doc, text), around, inside, keys[0], value, comment), [expected])
