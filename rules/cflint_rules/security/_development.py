"""What is only there while a project is worked on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.api import Module, pattern

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
