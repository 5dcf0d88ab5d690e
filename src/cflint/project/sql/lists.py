"""Which calls give a list of which nothing says how long it is: of KV, R2, D1, or by a query builder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.sql.statements import SqlUse, prepared_by

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.code.nodes import Call

THROUGH = frozenset({"map", "filter", "sort", "toSorted", "reverse", "flatMap"})
"""Methods of a list after which it is about as long as before."""

_LISTS = ("kv", "r2")
_LIMITS = ("limit", "take")
_OF_ONE = frozenset({"first", "get", "executeTakeFirst", "executeTakeFirstOrThrow"})


def gives_more_than(module: Module, made: Call, most: int) -> bool:
    """Whether a call gives a list that may have more than so many items: nothing limits how many."""
    match made.name:
        case "list":
            is_of_binding = any(module.value_of(made.receiver).is_binding(kind) for kind in _LISTS)
            return is_of_binding and module.may_list_more_than(made.node, most)
        case "all" | "raw":
            use = prepared_by(module, made.receiver) if made.receiver is not None else None
            if use is not None:
                return _selects_many(use)
        case "findMany":
            options = made.argument(0)
            return options is None or (
                not module.is_open_object(options)
                and all(module.property_value(options, name) is None for name in _LIMITS)
            )
    statement = module.orm_statement(made.node)
    return (
        statement is not None
        and statement.verb == "SELECT"
        and made.name not in _OF_ONE
        and "limit" not in statement.methods
    )


def reads_list(module: Module, made: Call) -> bool:
    """Whether a call reads a list by a query or a listing that is in sight, however many items that gives."""
    match made.name:
        case "list":
            return any(module.value_of(made.receiver).is_binding(kind) for kind in _LISTS)
        case "all" | "raw" if made.receiver is not None and prepared_by(module, made.receiver) is not None:
            return True
        case "findMany":
            return True
    statement = module.orm_statement(made.node)
    return statement is not None and statement.verb == "SELECT"


def _selects_many(use: SqlUse) -> bool:
    if not use.text.is_whole or not use.text.exact or len(use.text.statements) != 1:
        return False
    statement = use.text.statements[0]
    return statement.verb == "SELECT" and all(token.upper != "LIMIT" for token in statement.tokens)
