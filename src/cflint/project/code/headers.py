"""Headers that code sets: the value that goes with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.nodes import assignment, call_around
from cflint.syntax.javascript import contains

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

HEADER_SETTERS = frozenset({"set", "append", "header", "setHeader"})
"""Methods of `Headers`, Hono's context and Node.js that set a header: its name, then its value."""
_WHOLE = frozenset({"string", "template_string", "property_identifier"})


def header_value(module: ModuleLike, mention: Node) -> Node | None:
    """What the header is set to whose name a text or key is, or a part of it that `mentions()` gives: the
    value of a property (`{ Vary: "Origin" }`), of an assignment (`headers["vary"] = "Origin"`), the second
    argument of `headers.set("Vary", "Origin")`. None of names that are only read, or stand elsewhere."""
    name = mention if mention.type in _WHOLE else module.syntax.parent(mention)
    above = module.syntax.parent(name) if name is not None else None
    if name is None or above is None:
        return None
    if above.type == "pair":
        key, value = above.child_by_field_name("key"), above.child_by_field_name("value")
        return value if key is not None and contains(key, name) else None
    if above.type == "subscript_expression":
        assigned = assignment(module, module.syntax.parent(above))
        return assigned.value if assigned is not None and contains(assigned.target, name) else None
    around = call_around(module, name)
    if around is None or around[1] != 0 or around[0].name not in HEADER_SETTERS:
        return None
    return around[0].argument(1)
