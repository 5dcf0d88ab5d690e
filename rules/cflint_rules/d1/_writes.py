"""What several rules ask of statements of D1 that write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Match, Module, js, sql

if TYPE_CHECKING:
    from tree_sitter import Node

WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
BEGINS = ("insert", "update", "delete", "insertInto", "replaceInto", "updateTable", "deleteFrom", "create")
"""The methods with which an ORM's statements that write begin."""
IN_A_ROW = 3
_SINGLE = frozenset({"scheduled", "alarm"})
"""Handlers of which one runs at a time, as a rule."""


def outermost(module: Module, node: Node) -> Node:
    """The last call of the chain that begins with a call: `db.insert(t).values(x)` of `db.insert(t)`."""
    while (found := module.method_called_on(node)) is not None:
        node = found[1]
    return node


def awaited_of(module: Module, statement: Node) -> Node | None:
    """The call of the statement `await …();`."""
    is_one = statement.type == "expression_statement" and statement.named_child_count > 0
    awaited = js.unwrap(statement.named_children[0]) if is_one else statement
    call = module.call(awaited.named_children[0]) if awaited.type == "await_expression" else None
    return call.node if call is not None and not call.is_new else None


def is_write(module: Module, run: Node) -> bool:
    """Whether a call runs one statement of D1 that writes."""
    call = module.call(run)
    if call is None or call.receiver is None:
        return False
    use = sql.prepared_by(module, call.receiver) if call.name == "run" else None
    if use is not None:
        statements = use.text.statements
        return use.engine is sql.SqlDialect.D1 and len(statements) == 1 and statements[0].verb in WRITES
    made = module.orm_statement(run)
    return made is not None and made.database is not None and made.verb in WRITES


def row_from(module: Module, statement: Node) -> Iterator[Node]:
    """The calls of a row of `await …;` that a statement begins, its own first."""
    node: Node | None = statement
    while node is not None:
        found = awaited_of(module, node)
        if found is None and node.type != "comment":
            return
        if found is not None:
            yield found
        node = node.next_named_sibling


def is_told_as_row(module: Module, write: Node) -> bool:
    """Whether a write is one of so many in a row that `d1-use-batch` tells of them."""
    whole = js.Call(module, write).whole
    statement = module.parent(whole)
    if statement is None or awaited_of(module, statement) is None:
        return False
    before = statement.prev_named_sibling
    while before is not None:
        made = awaited_of(module, before)
        if before.type != "comment":
            if made is None or not is_write(module, made):
                break
            statement = before
        before = before.prev_named_sibling
    row = [made for made, _ in zip(row_from(module, statement), range(IN_A_ROW), strict=False)]
    return len(row) == IN_A_ROW and all(is_write(module, made) for made in row)


def is_alone(match: Match) -> bool:
    """Whether a Durable Object, or a trigger, does it: one after the other."""
    handler = match.handler
    owner = match.module.enclosing_class(match.node)
    if handler is not None and handler.name in _SINGLE:
        return True
    return owner is not None and owner.kind.runs_as_durable_object
