"""Whether two expressions of a module mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_NAMES = frozenset({"identifier", "shorthand_property_identifier", "this"})
_LIMIT = 200


def is_same(module: ModuleLike, one: Node, other: Node) -> bool:
    """Whether two expressions are written alike, with names that mean the same: `env.KV` twice, `key` and the
    constant that it is set to. White space, comments, parentheses and casts do not count, nor what happens
    between the two places."""
    todo = [(one, other)]
    for _ in range(_LIMIT):
        if not todo:
            return True
        left, right = (unwrap(node) for node in todo.pop())
        if left.type in _NAMES and right.type == left.type and module.text(left) == module.text(right):
            if module.scope.resolve(left) is not module.scope.resolve(right):
                return False
            continue
        left, right = module.initializer(left), module.initializer(right)
        text = module.string_of(left)
        if text is not None:
            if text != module.string_of(right):
                return False
            continue
        parts = [[part for part in node.children if part.type != "comment"] for node in (left, right)]
        if left.type != right.type or len(parts[0]) != len(parts[1]):
            return False
        if not parts[0] and module.text(left) != module.text(right):
            return False
        todo.extend(zip(*parts, strict=True))
    return False
