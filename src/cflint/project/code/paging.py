"""Lists that come in pages: whether somebody asks for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.awaited import awaited
from cflint.project.code.nodes import member_read
from cflint.project.code.origins import is_open_object, property_value
from cflint.syntax.javascript import arguments_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


def list_without_pagination(module: ModuleLike, call: Node, items: str, ends: frozenset[str]) -> Node | None:
    """Where the items of an awaited `list()` are taken although nobody asks whether there are more.

    `items` is the property with the items, `ends` those that tell of a next page. None when one of them is
    read, when the call has a `limit`, a `cursor`, a prefix of one thing (`user:${id}:`) or options that are
    not in sight, or when its result is used as a whole.
    """
    if not _wants_all(module, call):
        return None
    result = awaited(module, call)
    if result is None:
        return None
    if result.pattern is not None:
        is_object = result.pattern.type == "object_pattern"
        return _pattern(module, result.pattern, items, ends) if is_object else None
    if result.declaration is None:
        return _item_read(module, result.node, items)
    first: Node | None = None
    for reference in result.references:
        read = member_read(module, reference)
        if read is None or read.name in ends:
            return None
        first = first or (read.name_node if read.name == items else None)
    return first


def _item_read(module: ModuleLike, node: Node, items: str) -> Node | None:
    read = member_read(module, node)
    return read.name_node if read is not None and read.name == items else None


def _wants_all(module: ModuleLike, call: Node) -> bool:
    arguments = arguments_of(call)
    if not arguments:
        return True
    if is_open_object(module, arguments[0]):
        return False
    prefix = property_value(module, arguments[0], "prefix")
    made = module.initializer(prefix) if prefix is not None else None
    if made is not None and any(part.type == "template_substitution" for part in made.named_children):
        return False
    return all(property_value(module, arguments[0], name) is None for name in ("limit", "cursor"))


def _pattern(module: ModuleLike, pattern: Node, items: str, ends: frozenset[str]) -> Node | None:
    found: Node | None = None
    for part in pattern.named_children:
        if part.type == "rest_pattern":
            return None
        key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
        if module.text(key) in ends:
            return None
        if module.text(key) == items:
            found = part
    return found
