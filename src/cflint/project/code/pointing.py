"""What a place in a module means: the value of the name there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.values import UNKNOWN, Value, ValueKind
from cflint.source import Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module


def value_at(module: Module, offset: int) -> tuple[Value, Span] | None:
    """What the name at a byte offset means, and its place; None when no name is there."""
    node = module.syntax.node_at(offset, offset)
    if node is None or node.type not in _NAMES:
        node = module.syntax.node_at(offset - 1, offset) if offset else None  # just behind a name
        if node is None or node.type not in _NAMES:
            return None
    subject = node
    parent = module.syntax.parent(node)
    if node.type == "string_fragment":  # `env["ROOM"]`
        above = module.syntax.parent(parent) if parent is not None else None
        if above is None or above.type != "subscript_expression":
            return None
        subject = above
    elif node.type == "property_identifier":
        if parent is not None and parent.type == "pair_pattern":  # `{ ROOM: room } = env`
            return taken(module, parent), Span(node.start_byte, node.end_byte)
        if parent is None or parent.type != "member_expression":
            return None
        subject = parent
    value = module.value_of(subject)
    if value.kind is ValueKind.UNKNOWN and node.type == "shorthand_property_identifier_pattern":
        declared = module.scope.resolve(node)
        value = module.value_declared(declared) if declared is not None else value
    return value, Span(node.start_byte, node.end_byte)


def taken(module: Module, pair: Node) -> Value:
    """What a pattern takes under a key, when it gives it one name."""
    name = pair.child_by_field_name("value")
    if name is not None and name.type == "assignment_pattern":
        name = name.child_by_field_name("left")
    declared = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    return module.value_declared(declared) if declared is not None else UNKNOWN


_NAMES = frozenset(
    {
        "string_fragment",
        "property_identifier",
        "identifier",
        "shorthand_property_identifier_pattern",
        "shorthand_property_identifier",
    }
)
