"""What asks whether a value is there: shared by rules about what always counts as true."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.api import Module

_TESTS = frozenset({"if_statement", "ternary_expression", "while_statement"})
_LOGICAL = frozenset({"&&", "||", "!"})


def test_around(module: Module, node: Node) -> Node | None:
    """The `if`, `while` or `?:` whose condition asks whether an expression gives anything: as its whole, or
    as an operand of `&&`, `||` and `!`."""
    node = module.with_wrappers(node)
    above = module.parent(node)
    while above is not None and (made := module.operation(above)) is not None and made.operator in _LOGICAL:
        node = module.with_wrappers(above)
        above = module.parent(node)
    is_test = above is not None and above.type in _TESTS and above.child_by_field_name("condition") == node
    return above if is_test else None
