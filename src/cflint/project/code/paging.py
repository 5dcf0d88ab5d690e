"""Lists that come in pages: whether somebody asks for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.origins import is_open_object, property_value
from cflint.syntax.javascript import arguments_of, unwrap, with_wrappers

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
    syntax = module.syntax
    awaited = syntax.parent(with_wrappers(syntax, call))
    if awaited is None or awaited.type != "await_expression":
        return None
    whole = with_wrappers(syntax, awaited)
    parent = syntax.parent(whole)
    if parent is None:
        return None
    if parent.type == "member_expression":
        return _member(module, whole, parent, items)
    name = parent.child_by_field_name("name") if parent.type == "variable_declarator" else None
    if name is None:
        return None
    if name.type == "object_pattern":
        return _pattern(module, name, items, ends)
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or module.scope.assignments(declaration):
        return None
    first: Node | None = None
    for reference in module.scope.references(declaration):
        node = with_wrappers(syntax, reference)
        member = syntax.parent(node)
        if member is None or member.type != "member_expression":
            return None
        read = _member(module, node, member, items)
        property_node = member.child_by_field_name("property")
        if read is None and (property_node is None or module.text(property_node) in ends):
            return None
        first = first or read
    return first


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


def _member(module: ModuleLike, node: Node, member: Node, items: str) -> Node | None:
    target, name = member.child_by_field_name("object"), member.child_by_field_name("property")
    if target is None or name is None or unwrap(target).id != unwrap(node).id:
        return None
    return name if module.text(name) == items else None


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
