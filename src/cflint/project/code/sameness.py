"""Whether two expressions of a module mean the same."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_NAMES = frozenset({"identifier", "shorthand_property_identifier", "this"})
_LIMIT = 200


def is_same(module: ModuleLike, one: Node, other: Node) -> bool:
    """Whether two expressions are written alike, with names that mean the same: `env.KV` twice, `key` and the
    constant that it is set to. White space, comments, parentheses and casts do not count, nor what happens
    between the two places. Expressions of more than 200 nodes are the same as nothing."""
    parts = zip_longest(_parts(module, one), _parts(module, other))
    return all(left == right for left, right in parts)


def meaning(module: ModuleLike, node: Node) -> tuple[Hashable, ...]:
    """What two expressions that are the same (`is_same`) have in common, and others have not: to find what is
    the same among many."""
    return tuple(_parts(module, node))


def _parts(module: ModuleLike, node: Node) -> Iterator[Hashable]:
    todo = [node]
    for _ in range(_LIMIT):
        if not todo:
            return
        node = module.initializer(todo.pop())
        text = module.string_of(node)
        if text is not None:
            yield text
        elif node.type in _NAMES:
            yield node.type, module.text(node), id(module.scope.resolve(node))
        else:
            parts = [part for part in node.children if part.type != "comment"]
            yield node.type, len(parts), "" if parts else module.text(node)
            todo.extend(unwrap(part) for part in parts)
    yield object()
