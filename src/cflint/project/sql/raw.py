"""SQL that ORMs and query builders take as it is: all of a statement, or a part of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.platform_names import called_name
from cflint.project.sql.statements import SqlText, sql_text
from cflint.syntax.javascript import arguments_of, unwrap
from cflint.syntax.sql import Dialect

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_RAW = frozenset({("drizzle-orm", "sql.raw"), ("kysely", "sql.raw")})
_UNSAFE = frozenset({"$queryRawUnsafe", "$executeRawUnsafe"})
_OF_KNEX = frozenset({"raw", "whereRaw", "orWhereRaw", "havingRaw", "orderByRaw", "groupByRaw", "joinRaw"})
RAW_CALLS = (*sorted(_UNSAFE), *sorted(_OF_KNEX))
"""The names of the methods by which ORMs take SQL, or a part of it, as it is."""


def raw_text(module: Module, call: Node) -> SqlText | None:
    """The SQL that a call hands to an ORM as it is: all of a statement, or a part of one; None when it is no
    such call. Nothing may be concluded from what it lacks."""
    callee = call.child_by_field_name("function")
    callee = unwrap(callee) if callee is not None else None
    arguments = arguments_of(call)
    if callee is None or callee.type != "member_expression" or not arguments:
        return None
    name = callee.child_by_field_name("property")
    method = module.text(name) if name is not None else ""
    if method not in _UNSAFE:
        called = called_name(module, call)
        is_drizzle = called is not None and (called.module, called.name) in _RAW
        if not is_drizzle and not (method in _OF_KNEX and "Knex" in module.orms_imported()):
            return None
    return sql_text(module, arguments[0], Dialect.POSTGRES)
