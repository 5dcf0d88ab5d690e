"""Calls that a loop makes for each element, and that is all it waits for: those that one call could make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.control import loop_around, try_around
from cflint.project.code.nodes import callback_of
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.syntax.javascript import body_of, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_EACH = frozenset({"map", "forEach", "flatMap"})
_IN_A_ROW = 3


@record(frozen=True, eq=False)
class Repetition:
    """A loop, or a call of `map()` and the like: `head` is what to point at (its `for`, the callee), `body`
    is run for each of `items`."""

    head: Node
    body: Node
    items: Node


def repetition_of(module: ModuleLike, call: Node) -> Repetition | None:
    """What makes a call again for each element of a list, and waits for nothing else meanwhile.

    None where a turn awaits another thing, may be the last by choice, or handles each one's error; where the
    list is one or two elements that are written out, and where it is the messages of a queue, each of which
    is acknowledged by itself.
    """
    found = _around(module, call)
    if found is None or try_around(module, call, found.body) is not None:
        return None
    if _is_short(module, found.items) or not _only_makes(module, found.body, call):
        return None
    return found


def _around(module: ModuleLike, node: Node) -> Repetition | None:
    function = module.enclosing_function(node)
    loop = loop_around(module, node, function)
    if loop is not None:
        body, items = loop.child_by_field_name("body"), loop.child_by_field_name("right")
        is_of = any(child.type == "of" for child in loop.children)
        if body is None or items is None or not is_of:
            return None
        return Repetition(loop.children[0], body, items)
    around = callback_of(module, function) if function is not None else None
    body = body_of(function) if function is not None else None
    if around is None or body is None or around.name not in _EACH or around.receiver is None:
        return None
    return Repetition(around.callee or around.node, body, around.receiver)


def _is_short(module: ModuleLike, items: Node) -> bool:
    """Whether the list is a short array literal, or messages of a queue."""
    if module.value_of(items).kind is ValueKind.MESSAGES:
        return True
    found = module.initializer(items)
    parts = [part for part in found.named_children if part.type != "comment"]
    return (
        found.type == "array"
        and len(parts) < _IN_A_ROW
        and all(part.type != "spread_element" for part in parts)
    )


def _only_makes(module: ModuleLike, body: Node, call: Node) -> bool:
    """Whether a turn awaits nothing but the one call, and is never the last by choice."""
    if any(True for _ in module.descendants(body, "break_statement")):
        return False
    for word in module.syntax.leaves("await", body):
        awaited = module.syntax.parent(word)
        inner = unwrap(awaited.named_children[0]) if awaited is not None and awaited.named_children else None
        if inner is None or inner.id != call.id:
            return False
    return True
