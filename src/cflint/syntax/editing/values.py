"""The value of a document, and the one that an edit must bring about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cflint.syntax.data import Format, Kind, Node, Value
from cflint.syntax.editing.text import Path

Steps = tuple[str | int, ...]
Tree = tuple[Kind, str] | list["Tree"] | dict[str, "Tree"]
"""A value in which equal means the same: a date is no string, 1 neither 1.0 nor true."""


_DEEPEST: Final = 32  # what is written is written by recursion


class UnwritableError(Exception):
    """The format has no such value."""


def resolved(root: Node, path: Path) -> Steps:
    """The path with its negative indexes counted from the beginning; () when an array is too short for it."""
    steps: list[str | int] = []
    node: Node | None = root
    for step in path:
        if isinstance(step, int) and step < 0 and node is not None:
            step += len(node.items)
        if isinstance(step, int) and node is not None and not 0 <= step <= len(node.items):
            return ()
        steps.append(step)
        node = None if node is None else node.at(step)
    return tuple(steps)


def tree_at(root: Node) -> Tree:
    """The tree of a node."""

    def shallow(node: Node) -> Tree:
        tree: Tree
        if node.kind is Kind.OBJECT:
            tree = {}
        elif node.kind is Kind.ARRAY:
            tree = []
        else:
            return (node.kind, repr(node.value))
        todo.append((node, tree))
        return tree

    todo: list[tuple[Node, Tree]] = []
    result = shallow(root)
    while todo:
        node, tree = todo.pop()
        if isinstance(tree, dict):
            tree.update((member.key, shallow(member.value)) for member in node.members)
        elif isinstance(tree, list):
            tree.extend(shallow(item) for item in node.items)
    return result


def tree_of(value: Value, format: Format, depth: int = 0) -> Tree:
    """The tree of a plain value; `UnwritableError` when the format cannot hold it, or it is very deep."""
    if depth > _DEEPEST:
        raise UnwritableError
    if isinstance(value, dict):
        return {key: tree_of(below, format, depth + 1) for key, below in value.items()}
    if isinstance(value, list):
        return [tree_of(item, format, depth + 1) for item in value]
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise UnwritableError
        return (Kind.STRING, repr(value))
    if isinstance(value, bool):
        return (Kind.BOOLEAN, repr(value))
    if value is None:
        if format is Format.TOML:
            raise UnwritableError
        return (Kind.NULL, repr(None))
    if format is Format.JSON and value - value != 0:  # infinite, or not a number
        raise UnwritableError
    return (Kind.NUMBER, repr(value))


def with_value(tree: Tree, steps: Steps, value: Tree) -> Tree:
    """The tree (changed) with a value at a path; what is missing on the way is made."""
    here = tree
    for step, following in zip(steps, (*steps[1:], None), strict=False):
        below: Tree = value if following is None else {}
        if isinstance(here, dict) and isinstance(step, str):
            if following is None:
                here[step] = below
            here = here.setdefault(step, below)
        elif isinstance(here, list) and isinstance(step, int):
            if step == len(here):
                here.append(below)
            elif following is None:
                here[step] = below
            here = here[step]
        else:
            return tree
    return tree


def drop(tree: Tree, steps: Steps) -> Tree:
    """Take the value at a path out of the tree; KeyError when there is none."""
    for step in steps[:-1]:
        tree = _child(tree, step)
    last = steps[-1]
    if isinstance(tree, dict) and isinstance(last, str):
        return tree.pop(last)
    if isinstance(tree, list) and isinstance(last, int):
        return tree.pop(last)
    raise KeyError(last)


def _child(tree: Tree, step: str | int) -> Tree:
    if isinstance(tree, dict) and isinstance(step, str):
        return tree[step]
    if isinstance(tree, list) and isinstance(step, int):
        return tree[step]
    raise KeyError(step)


def pruned(tree: Tree, steps: Steps) -> Iterator[Tree]:
    """The tree, and the tree without what is empty on the way to a path, one level after the other."""
    yield tree
    for depth in range(len(steps) - 1, 0, -1):
        here = tree
        for step in steps[:depth]:
            here = _child(here, step)
        if here:
            return
        drop(tree, steps[:depth])
        yield tree
