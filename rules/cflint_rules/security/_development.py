"""What is only there while a project is worked on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.api import Module, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

DEVELOPMENT = pattern(rb"dev|debug|local|environment|node_env|verbose", re.IGNORECASE)
"""Words of a condition that asks for development, or of a switch that shows more."""


def is_for_development(module: Module, condition: Node) -> bool:
    """Whether a condition asks for development."""
    return next(module.mentions(DEVELOPMENT, condition), None) is not None
