"""Edits that have a constant of a module made in the functions that read it, not while the module loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.project.code.edits import insert, prepend_statement, whole_lines
from cflint.syntax.javascript import FUNCTIONS

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_MOST_FUNCTIONS = 6


def moved_to_uses(module: ModuleLike, node: Node) -> tuple[Edit, ...] | None:
    """Edits that move the declaration of constants, a line of the module's top level in which a node stands,
    to the beginning of each function that reads one of them. None where code outside of functions or another
    module reads one, and where nothing does."""
    statement = _declaration(module, node)
    if statement is None:
        return None
    bodies: dict[int, Node] = {}
    for declared in module.scope.top_level.values():
        if not statement.start_byte <= declared.node.start_byte < statement.end_byte:
            continue
        for use in module.scope.references(declared):
            body = _body_around(module, use)
            if body is None:
                return None
            bodies[body.id] = body
    if not bodies or len(bodies) > _MOST_FUNCTIONS:
        return None
    text = module.text(statement)
    moved = [edit for body in bodies.values() for edit in _begun(module, body, text)]
    return (Edit(module.document, whole_lines(module, statement), ""), *moved)


def _begun(module: ModuleLike, body: Node, text: str) -> tuple[Edit, ...]:
    """The body of a function with a statement at its beginning."""
    if body.type == "statement_block":
        return (prepend_statement(module, body, text),)
    opened = f"{{ {text.rstrip(';')}; return "
    return insert(module, body.start_byte, opened), insert(module, body.end_byte, "; }")


def _declaration(module: ModuleLike, node: Node) -> Node | None:
    """The line of the top level that declares constants by what a node is part of."""
    statement = next((it for it in module.syntax.ancestors(node) if it.type == "lexical_declaration"), None)
    parent = module.syntax.parent(statement) if statement is not None else None
    if statement is None or parent is None or parent.type != "program":
        return None
    is_constant = module.text(statement).startswith("const ")
    is_line = statement.start_point.row == statement.end_point.row
    return statement if is_constant and is_line and statement.named_child_count == 1 else None


def _body_around(module: ModuleLike, use: Node) -> Node | None:
    """The body of the outermost function around a use; None where there is none."""
    functions = [it for it in module.syntax.ancestors(use) if it.type in FUNCTIONS]
    body = functions[-1].child_by_field_name("body") if functions else None
    return body if body is not None and body.start_byte <= use.start_byte < body.end_byte else None
