"""Edits of a wrangler configuration, as a fix takes them.

Every function answers None when there is no edit that does exactly this, and () when nothing has to change.
Of a configuration in TypeScript, `("env", name, …)` leads to the mode of that name; see `cloudflare/editing`.

Imported where used: editors of documents and json, which a run without fixes does not need.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from cflint.finding import Edit, Fix, Safety
from cflint.project.config.schema import Path
from cflint.source import Span
from cflint.syntax.data import DataDocument, Format, Node, Value

if TYPE_CHECKING:
    from cflint.project.config.cloudflare.machine import ConfigFault
    from cflint.project.config.cloudflare.reader import LoweredData
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
    code = _code(data)
    if code is not None:
        from cflint.project.config.cloudflare.editing import operations

        return operations.set_value(code, path, value, comment=comment)
    from cflint.syntax import edit

    return _edits(data, edit.set_value(_data(data), path, value, comment=comment))


def append_item(data: AnyData, path: Path, value: Value) -> Edits:
    """Add an item to the array at a path; the array is made when there is none."""
    code = _code(data)
    if code is not None:
        from cflint.project.config.cloudflare.editing import operations

        return operations.append_item(code, path, value)
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
    return joined(edits)


def flag_for_key(environment: Environment, key: str, flag: str) -> Edits:
    """Make a compatibility flag of a key of an environment that is true: in its place where no list of flags
    is there, otherwise as an item of that list. One that is false just goes."""
    data = environment.config
    path = environment.path(key)
    member = environment.node.member(key)
    if member is None or _code(data) is not None:
        return None
    if member.value.value is False:
        return remove_key(data, path)
    source = environment.source_of("compatibility_flags")
    if source.own("compatibility_flags") is None and not environment.enables(flag):
        name = "compatibility_flags"
        is_json = _data(data).format is Format.JSON
        text = f'"{name}": ["{flag}"]' if is_json else f'{name} = ["{flag}"]'
        return (Edit(_data(data).document, Span(member.key_span.start, member.value.span.end), text),)
    removed = remove_key(data, path)
    added = () if environment.enables(flag) else append_item(data, source.path("compatibility_flags"), flag)
    if removed is None or added is None:
        return None
    if any(a.span.overlaps(b.span) or a.span.start == b.span.start for a in added for b in removed):
        return None
    return (*removed, *added)


def require_secret(environment: Environment, name: str) -> Edits:
    """Make a secret of a variable: its value goes, and its name is required."""
    data = environment.config
    code = _code(data)
    if code is not None:
        from cflint.project.config.cloudflare.editing import operations

        return operations.require_secret(code, environment.path("vars", name))
    removed = remove_key(data, environment.path("vars", name))
    added = append_item(data, environment.path("secrets", "required"), name)
    return (*removed, *added) if removed and added else None


def joined(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits of several environments together: in TypeScript, one edit may be that of all modes."""
    return tuple(dict.fromkeys(edits))


def mend_fault(data: AnyData, fault: ConfigFault, safety: Safety) -> Fix | None:
    """The fix after which a fault of a configuration in TypeScript is gone."""
    code = _code(data)
    if code is None:
        return None
    from cflint.project.config.cloudflare.editing.mending import mended

    found = mended(code, fault)
    return Fix(found[0], found[1], safety) if found is not None else None


def remove_key(data: AnyData, path: Path) -> Edits:
    """Remove a key with its value, or an item of an array."""
    code = _code(data)
    if code is not None:
        from cflint.project.config.cloudflare.editing import operations

        return operations.remove(code, path)
    from cflint.syntax import edit

    return _edits(data, edit.remove(_data(data), path))


def remove_keys(data: AnyData, paths: Iterable[Path]) -> Edits:
    """Remove several keys with their values; None when one of them cannot be."""
    edits: list[Edit] = []
    for path in paths:
        removed = remove_key(data, path)
        if removed is None:
            return None
        edits += removed
    return tuple(dict.fromkeys(edits))


def rename_key(data: AnyData, path: Path, new_key: str) -> Edits:
    """Give the key at a path another name; None when that is taken."""
    code = _code(data)
    if code is not None:
        from cflint.project.config.cloudflare.editing import operations

        return operations.rename_key(code, path, new_key)
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
    """Make another string of values, in quotes like those they have."""
    code = _code(data)
    if code is not None:
        from cflint.project.config.cloudflare.editing import operations

        return operations.replace_texts(code, nodes, text)
    import json

    document = _data(data).document
    edits: list[Edit] = []
    for node in nodes:
        is_literal = document.data[node.span.start : node.span.start + 1] == b"'" and "'" not in text
        new = f"'{text}'" if is_literal else json.dumps(text, ensure_ascii=False)
        edits.append(Edit(document, node.span, new))
    return tuple(edits)


def move_to_top_level(data: AnyData, path: Path) -> Edits:
    """Move a key of a TOML table, with its comments, before the first table."""
    if _code(data) is not None:
        return None
    from cflint.syntax import edit

    return _edits(data, edit.move_before_first_table(_data(data), path))


def _edits(data: AnyData, edits: tuple[TextEdit, ...] | None) -> Edits:
    if edits is None:
        return None
    document = _data(data).document
    return tuple(Edit(document, edit.span, edit.text) for edit in edits)


def _code(data: AnyData) -> LoweredData | None:
    """The data of a configuration in TypeScript; None of another one."""
    found = _data(data)
    if found.format is not Format.TYPESCRIPT:
        return None
    from cflint.project.config.cloudflare.reader import LoweredData

    assert isinstance(found, LoweredData)
    return found


def _data(data: AnyData) -> DataDocument:
    return data if isinstance(data, DataDocument) else data.data
