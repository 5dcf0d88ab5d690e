"""What is found by walking down a whole tree: its tokens, its errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_ENCLOSED = frozenset(
    {"statement_block", "class_body", "object", "object_type", "interface_body", "switch_body", "array"}
    | {"template_string", "string", "jsx_element", "jsx_self_closing_element"}
)
"""Nodes between a pair of brackets or quotes: without an error in them, there is no typo in them."""


def tokens_of(tree: Tree, *, whole: bool = True) -> list[tuple[str, int, int]]:
    """The leaves of a (broken) tree: type, start, end. Comments and the text of strings are left out; unless
    `whole`, what is enclosed in brackets and has no error is left out too, its brackets are not."""
    tokens: list[tuple[str, int, int]] = []
    cursor = tree.walk()
    down = True
    while True:
        node = cursor.node if down else None
        if node is not None and not whole and node.type in _ENCLOSED and not node.has_error:
            brackets = [child for child in node.children if child.type != "comment"]
            tokens.extend(
                (end.type, end.start_byte, end.end_byte) for end in brackets[:1] + brackets[1:][-1:]
            )
        elif node is not None and cursor.goto_first_child():
            continue
        elif (
            node is not None
            and node.end_byte > node.start_byte
            and node.type not in ("comment", "string_fragment")
        ):
            tokens.append((node.type, node.start_byte, node.end_byte))
        if cursor.goto_next_sibling():
            down = True
        elif cursor.goto_parent():
            down = False
        else:
            return tokens


def errors_of(tree: Tree) -> Iterator[Node]:
    """The outermost ERROR and MISSING nodes, in source order."""
    if not tree.root_node.has_error:
        return
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
