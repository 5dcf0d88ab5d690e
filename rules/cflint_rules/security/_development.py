"""What is only there while a project is worked on, and what a `try` may do without errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.api import Module, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

DEVELOPMENT = pattern(rb"dev|debug|local|environment|node_env|verbose", re.IGNORECASE)
"""Words of a condition that asks for development, or of a switch that shows more."""

_CONDITIONALS = frozenset({"if_statement", "ternary_expression", "binary_expression"})


def is_for_development(module: Module, condition: Node) -> bool:
    """Whether a condition asks for development."""
    return next(module.mentions(DEVELOPMENT, condition), None) is not None


def only_in_development(module: Module, node: Node) -> bool:
    """Whether a condition around asks for development, or for a switch that prints more."""
    for above in module.ancestors(node):
        if above.type not in _CONDITIONALS:
            continue
        asked = above.child_by_field_name("condition") or above.child_by_field_name("left")
        if asked is not None and is_for_development(module, asked):
            return True
    return False


def only_hands_on(module: Module, keyword: Node) -> bool:
    """Whether a `try` does nothing but hand work to `waitUntil()`, whose errors come to nobody here."""
    whole = module.parent(keyword) if keyword.type == "catch_clause" else None
    body = whole.child_by_field_name("body") if whole is not None else None
    statements = [part for part in body.named_children if part.type != "comment"] if body is not None else []
    for statement in statements:
        made = module.call(statement.named_children[0]) if statement.type == "expression_statement" else None
        work = module.call(made.arguments[0]) if made is not None and made.arguments else None
        called = js.function_called(module, work.node) if work is not None else None
        if made is None or made.name != "waitUntil" or called is None or not js.is_async(called[1]):
            return False
    return bool(statements)
