"""Variables whose first value nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.flow import completes
from cflint.syntax.javascript import first_named, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.scope import Declaration

_BLOCKS = frozenset({"statement_block", "program"})
_HOISTED = frozenset({"function_declaration", "generator_function_declaration"})


def is_overwritten(module: ModuleLike, declaration: Declaration) -> bool:
    """Whether a variable gets another value on every way to each place that reads it."""
    if declaration.value is None or declaration.path or declaration.constant:
        return False
    uses = [
        use
        for use in module.scope.references(declaration)
        if use.id != declaration.node.id and not _is_set(module, use)
    ]
    return bool(uses) and all(_is_set_before(module, declaration, use) for use in uses)


def _is_set(module: ModuleLike, use: Node) -> bool:
    above = module.syntax.parent(use)
    left = above.child_by_field_name("left") if above is not None else None
    return (
        above is not None and above.type == "assignment_expression" and left is not None and left.id == use.id
    )


def _is_set_before(module: ModuleLike, declaration: Declaration, use: Node) -> bool:
    """Whether a statement that stands before a use, in a block around it, sets the variable in any case."""
    child = use
    for above in module.syntax.ancestors(use):
        if above.type in _HOISTED:
            return False  # it may be called before
        if above.type in _BLOCKS:
            before = (part for part in above.named_children if part.end_byte <= child.start_byte)
            if any(_sets(module, declaration, part) for part in before):
                return True
            if above.start_byte <= declaration.node.start_byte < above.end_byte:
                return False
        child = above
    return False


def _sets(module: ModuleLike, declaration: Declaration, statement: Node) -> bool:
    """Whether a statement sets a variable whenever control gets behind it."""
    match statement.type:
        case "expression_statement":
            expression = first_named(statement)
            expression = unwrap(expression) if expression is not None else None
            left = expression.child_by_field_name("left") if expression is not None else None
            return (
                expression is not None
                and expression.type == "assignment_expression"
                and left is not None
                and left.type == "identifier"
                and module.scope.resolve(left) is declaration
            )
        case "statement_block":
            return any(_sets(module, declaration, part) for part in statement.named_children)
        case "else_clause":
            inner = first_named(statement)
            return inner is not None and _sets(module, declaration, inner)
        case "if_statement":
            branches = [statement.child_by_field_name(name) for name in ("consequence", "alternative")]
            return all(
                branch is not None
                and (_sets(module, declaration, branch) or not completes(module, _within(branch)))
                for branch in branches
            )
        case "try_statement":
            body, handler = (statement.child_by_field_name(name) for name in ("body", "handler"))
            caught = handler.child_by_field_name("body") if handler is not None else None
            return (
                body is not None
                and _sets(module, declaration, body)
                and (caught is None or _sets(module, declaration, caught) or not completes(module, caught))
            )
    return False


def _within(branch: Node) -> Node:
    inner = first_named(branch) if branch.type == "else_clause" else None
    return inner if inner is not None else branch
