"""Edits of a wrangler configuration, as a fix takes them.

Every function answers None when there is no edit that does exactly this, and () when nothing has to change.
A configuration in TypeScript is a program: here, only what stands there as a string is replaced.

Imported where used: editors of documents and json, which a run without fixes does not need.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from cflint.finding import Edit
from cflint.project.config.schema import Path
from cflint.syntax.data import DataDocument, Format, Node, Value

if TYPE_CHECKING:
    from cflint.project.config.wrangler import Environment
    from cflint.syntax.edit import TextEdit

Edits = tuple[Edit, ...] | None


class HasData(Protocol):
    """A configuration; callers that still give one instead of its `data`: to be removed."""

    @property
    def data(self) -> DataDocument: ...


AnyData = DataDocument | HasData


def set_key(data: AnyData, path: Path, value: Value, *, comment: str | None = None) -> Edits:
    """Make `value` the value at a path, with the objects around it; `comment` goes above a new key."""
    if _is_code(data):
        return None
    from cflint.syntax import edit

    return _edits(data, edit.set_value(_data(data), path, value, comment=comment))


def append_item(data: AnyData, path: Path, value: Value) -> Edits:
    """Add an item to the array at a path; the array is made when there is none."""
    if _is_code(data):
        return None
    from cflint.syntax import edit

    return _edits(data, edit.append_item(_data(data), path, value))


def add_flag(environments: Iterable[Environment], flag: str) -> Edits:
    """Add a compatibility flag where the environments get theirs from; () where all have it."""
    edits: list[Edit] = []
    for source in dict.fromkeys(found.source_of("compatibility_flags") for found in environments):
        if flag in source.compatibility_flags:
            continue
        added = append_item(source.config, source.path("compatibility_flags"), flag)
        if added is None:
            return None
        edits += added
    return tuple(edits)


def remove_key(data: AnyData, path: Path) -> Edits:
    """Remove a key with its value, or an item of an array."""
    if _is_code(data):
        return None
    from cflint.syntax import edit

    return _edits(data, edit.remove(_data(data), path))


def rename_key(data: AnyData, path: Path, new_key: str) -> Edits:
    """Give the key at a path another name; None when that is taken."""
    if _is_code(data):
        return None
    from cflint.syntax import edit

    return _edits(data, edit.rename_key(_data(data), path, new_key))


def convert(
    data: AnyData, path: Path, old_key: str, left: list[Value], new_key: str, into: list[Value]
) -> Edits:
    """Make `left` the value of one key of the object at a path, and `into` that of another.

    A key without items goes; when all of it moves to a key that is not there, the key just gets that name.
    """
    there = _data(data).root.at(*path)
    if there is None:
        return None
    if not left and there.get(new_key) is None:
        return rename_key(data, (*path, old_key), new_key)
    changed = there.plain
    if not isinstance(changed, dict):
        return None
    value = {key: item for key, item in changed.items() if key != old_key or left}
    if left:
        value[old_key] = left
    return set_key(data, path, {**value, new_key: into})


def replace_text(data: AnyData, *nodes: Node, text: str) -> Edits:
    """Make another string of values, in quotes like those they have. In TypeScript, values of several modes
    may stand at one place."""
    import json

    document = _data(data).document
    edits: dict[Edit, None] = {}
    for node in nodes:
        written = document.data[node.span.start : node.span.end]
        if _is_code(data) and (len(written) < 2 or written[1:-1] != (node.text or "").encode()):
            return None  # it is no literal, or it has escapes
        is_literal = written[:1] == b"'" and "'" not in text
        new = f"'{text}'" if is_literal else json.dumps(text, ensure_ascii=False)
        edits[Edit(document, node.span, new)] = None
    return tuple(edits)


def move_to_top_level(data: AnyData, path: Path) -> Edits:
    """Move a key of a TOML table, with its comments, before the first table."""
    if _is_code(data):
        return None
    from cflint.syntax import edit

    return _edits(data, edit.move_before_first_table(_data(data), path))


def _edits(data: AnyData, edits: tuple[TextEdit, ...] | None) -> Edits:
    if edits is None:
        return None
    document = _data(data).document
    return tuple(Edit(document, edit.span, edit.text) for edit in edits)


def _is_code(data: AnyData) -> bool:
    return _data(data).format is Format.TYPESCRIPT


def _data(data: AnyData) -> DataDocument:
    return data if isinstance(data, DataDocument) else data.data
