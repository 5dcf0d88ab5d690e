"""The parts of an import statement, and what is to be cut to take some of them out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from cflint.source import Span
from cflint.syntax.javascript.nodes import string_value

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.syntax.javascript.tree import Syntax


def import_parts(statement: Node) -> Iterator[Node]:
    """The specifiers, default and namespace of an import statement; nothing of another one."""
    if statement.type != "import_statement":
        return
    for clause in statement.named_children:
        if clause.type != "import_clause":
            continue
        for part in clause.named_children:
            if part.type == "named_imports":
                yield from (child for child in part.named_children if child.type == "import_specifier")
            elif part.type in ("identifier", "namespace_import"):
                yield part


def import_braces(statement: Node) -> Node | None:
    """The part of an import statement with the names in braces."""
    for clause in statement.named_children:
        if clause.type == "import_clause":
            for part in clause.named_children:
                if part.type == "named_imports":
                    return part
    return None


def import_source(syntax: Syntax, statement: Node) -> str | None:
    """The module that a statement imports from."""
    node = statement.child_by_field_name("source")
    return string_value(syntax, node) if node is not None else None


def spans_of_parts(statement: Node, gone: Collection[int]) -> tuple[Span, ...] | None:
    """What is to be cut so that the parts with these node ids are no longer imported.

    None when nothing is left of the statement; () when they cannot be taken out.
    """
    parts = list(import_parts(statement))
    kept = [part for part in parts if part.id not in gone]
    if not kept:
        return None
    braces = import_braces(statement)
    named = [part for part in parts if part.type == "import_specifier"]
    if braces is None or any(part.id in gone for part in parts if part.type != "import_specifier"):
        return ()
    if all(part.id in gone for part in named):  # `import A, { b } from` becomes `import A from`
        return (Span(kept[-1].end_byte, braces.end_byte),)
    return tuple(_without(named, gone))


def _without(named: list[Node], gone: Collection[int]) -> Iterator[Span]:
    survivor_before = False
    index = 0
    while index < len(named):
        if named[index].id not in gone:
            survivor_before = True
            index += 1
            continue
        end = index
        while end + 1 < len(named) and named[end + 1].id in gone:
            end += 1
        if survivor_before:
            yield Span(named[index - 1].end_byte, named[end].end_byte)
        else:
            yield Span(named[index].start_byte, named[end + 1].start_byte)
        index = end + 1
