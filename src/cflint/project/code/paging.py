"""Lists that come in pages: whether somebody asks for the next one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from cflint.project.code.awaited import awaited
from cflint.project.code.nodes import call as call_at
from cflint.project.code.nodes import member, member_read, operation
from cflint.project.code.origins import is_open_object, number_of, property_value
from cflint.project.code.tree import string_across
from cflint.scope import DeclarationKind
from cflint.syntax.javascript import arguments_of, first_named, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.project.code.nodes import Call

_STEPS = 16
"""How many names and calls a list is followed through."""
_ITEMS = frozenset({"keys", "objects", "results"})
_PARTS = frozenset({"slice", "splice", "substring", "pop", "shift", "find"})


def list_without_pagination(module: ModuleLike, call: Node, items: str, ends: frozenset[str]) -> Node | None:
    """Where the items of an awaited `list()` are taken although nobody asks whether there are more.

    `items` is the property with the items, `ends` those that tell of a next page. None when one of them is
    read, when the call has a `limit`, a `cursor`, a prefix of one thing (`user:${id}:`) or options that are
    not in sight, when its result is used as a whole, or when only the first item is wanted.
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
        if read.name == items and not _wants_first(module, read.node):
            first = first or read.name_node
    return first


def _wants_first(module: ModuleLike, listed: Node) -> bool:
    """Whether of a list only the first item is taken, or whether there is one: `[0]`, `.at(0)`,
    `.length > 0`, `[first] = …`."""
    whole = with_wrappers(module.syntax, listed)
    parent = module.syntax.parent(whole)
    if parent is None:
        return False
    index = parent.child_by_field_name("index") if parent.type == "subscript_expression" else None
    if index is not None:
        return module.text(index) == "0"
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        return name is not None and _is_one_item(name)
    read = member_read(module, listed)
    if read is None:
        return False
    if read.name == "at":
        called = read.call
        return called is not None and [module.text(given) for given in called.arguments] == ["0"]
    around = module.syntax.parent(with_wrappers(module.syntax, read.node))
    compared = operation(module, around)
    return read.name == "length" and (
        (around is not None and around.type in ("if_statement", "parenthesized_expression"))
        or (
            compared is not None
            and any(module.text(side) in ("0", "1") for side in compared.operands)
            and compared.operator in _COMPARISONS
        )
    )


_COMPARISONS = frozenset({">", "<", ">=", "<=", "===", "!==", "==", "!="})


def _is_one_item(pattern: Node) -> bool:
    """Whether a pattern takes the first item of a list alone: `[first]`."""
    return pattern.type == "array_pattern" and [part.type for part in pattern.named_children] == [
        "identifier"
    ]


def _item_read(module: ModuleLike, node: Node, items: str) -> Node | None:
    read = member_read(module, node)
    if read is None or read.name != items or _wants_first(module, read.node):
        return None
    return read.name_node


def _wants_all(module: ModuleLike, call: Node) -> bool:
    arguments = arguments_of(call)
    if not arguments:
        return True
    if is_open_object(module, arguments[0]):
        return False
    prefix = property_value(module, arguments[0], "prefix")
    made = module.initializer(prefix) if prefix is not None else None
    parts = made.named_children if made is not None else ()
    if any(part.type == "template_substitution" and not _is_constant(module, part) for part in parts):
        return False
    return all(property_value(module, arguments[0], name) is None for name in ("limit", "cursor"))


def _is_constant(module: ModuleLike, substitution: Node) -> bool:
    """Whether what stands in `${…}` is the same in every call: a text of a module's top level."""
    inner = first_named(substitution)
    return inner is not None and inner.type == "identifier" and string_across(module, inner) is not None


def _first_of_pattern(module: ModuleLike, part: Node) -> bool:
    """Whether a part of a pattern takes the first item alone: `{ objects: [first] }`, or by its name, which
    is used for nothing else."""
    value = part.child_by_field_name("value") or part
    if value.type == "array_pattern":
        return _is_one_item(value)
    if value.type not in ("identifier", "shorthand_property_identifier_pattern"):
        return False
    declaration = module.scope.resolve(value)
    uses = module.scope.references(declaration) if declaration is not None else ()
    used = [use for use in uses if declaration is not None and use.id != declaration.node.id]
    return bool(used) and all(_wants_first(module, use) for use in used)


def _pattern(module: ModuleLike, pattern: Node, items: str, ends: frozenset[str]) -> Node | None:
    found: Node | None = None
    for part in pattern.named_children:
        if part.type == "rest_pattern":
            return None
        key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
        if module.text(key) in ends:
            return None
        if module.text(key) == items and not _first_of_pattern(module, part):
            found = part
    return found


def may_list_more_than(module: ModuleLike, call: Node, most: int) -> bool:
    """Whether a `list()` of KV or R2 may give more than so many items: nothing in its options limits them to
    fewer, and all of these are in sight."""
    arguments = arguments_of(call)
    if not arguments:
        return True
    if is_open_object(module, arguments[0]):
        return False
    limit = property_value(module, arguments[0], "limit")
    number = number_of(module, limit) if limit is not None else None
    return limit is None or (number is not None and number > most)


def whole_list_behind(
    module: ModuleLike, items: Node, gives: Callable[[Call], bool], through: Collection[str] = ("map",)
) -> Node | None:
    """The call that gives a list of which an expression holds all items, or what was made of each.

    `gives` says whether a call gives such a list, `through` are the methods of lists that are followed.
    Followed as well: names, `await`, `keys`, `objects` and `results`, arrays that a list is spread in,
    `Array.from()` and `?:`. None where a part of the list is taken, where somebody compares how many there
    are with another number than 0, and where it is not known what the list is.
    """
    todo, seen = [unwrap(items)], set[int]()
    for _ in range(_STEPS):
        if not todo:
            return None
        node = unwrap(todo.pop())
        if node.id in seen:
            continue
        seen.add(node.id)
        match node.type:
            case "identifier":
                declaration = module.scope.resolve(node)
                if declaration is None or declaration.kind is DeclarationKind.PARAMETER:
                    return None
                if any(_is_counted(module, use) for use in module.scope.references(declaration)):
                    return None
                is_items = not declaration.path or (
                    len(declaration.path) == 1 and declaration.path[0] in _ITEMS
                )
                if declaration.value is not None and is_items:
                    todo.append(declaration.value)
            case "await_expression":
                todo.append(node.named_children[0])
            case "member_expression":
                found = member(module, node)
                if found is not None and found.name in _ITEMS:
                    todo.append(found.object)
            case "array":
                todo += [
                    part.named_children[0] for part in node.named_children if part.type == "spread_element"
                ]
            case "call_expression":
                made = call_at(module, node)
                if made is not None and gives(made):
                    return made.node
                if made is None or made.receiver is None:
                    return None
                if made.name in through:
                    todo.append(made.receiver)
                elif made.name == "from" and made.arguments and module.text(made.receiver) == "Array":
                    todo.append(made.arguments[0])
                else:
                    return None
            case "ternary_expression":
                todo += node.named_children[1:]
    return None


def _is_counted(module: ModuleLike, use: Node) -> bool:
    """Whether somebody compares how many there are with another number than 0, or takes a part of them."""
    read = member_read(module, use)
    if read is None:
        return False
    if read.name in _PARTS:
        return True
    around = operation(module, module.syntax.parent(read.node)) if read.name == "length" else None
    if around is None or around.operator not in _COMPARISONS:
        return False
    return not any(number_of(module, side) == 0 for side in around.operands if side is not None)
