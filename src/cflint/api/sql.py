"""SQL in code: statements, what is put into them, and which database runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.project.sql.columns import columns_in_no_index as columns_in_no_index
    from cflint.project.sql.columns import columns_lacking as columns_lacking
    from cflint.project.sql.columns import columns_not_migrated as columns_not_migrated
    from cflint.project.sql.columns import columns_without_null as columns_without_null
    from cflint.project.sql.d1 import D1Query as D1Query
    from cflint.project.sql.d1 import D1Statement as D1Statement
    from cflint.project.sql.d1 import d1_statement as d1_statement
    from cflint.project.sql.d1 import is_written_before as is_written_before
    from cflint.project.sql.d1 import queries_before as queries_before
    from cflint.project.sql.drizzle import DrizzleColumn as DrizzleColumn
    from cflint.project.sql.drizzle import DrizzleTable as DrizzleTable
    from cflint.project.sql.drizzle import drizzle_tables as drizzle_tables
    from cflint.project.sql.keys import is_defined as is_defined
    from cflint.project.sql.keys import is_unique_in_whole as is_unique_in_whole
    from cflint.project.sql.keys import unique_key as unique_key
    from cflint.project.sql.lists import THROUGH as THROUGH
    from cflint.project.sql.lists import gives_more_than as gives_more_than
    from cflint.project.sql.lists import reads_list as reads_list
    from cflint.project.sql.named import columns_bound as columns_bound
    from cflint.project.sql.named import columns_read as columns_read
    from cflint.project.sql.named import columns_written as columns_written
    from cflint.project.sql.raw import RAW_CALLS as RAW_CALLS
    from cflint.project.sql.raw import raw_text as raw_text
    from cflint.project.sql.refused import Refusal as Refusal
    from cflint.project.sql.refused import refusal as refusal
    from cflint.project.sql.refused import refused_pragma as refused_pragma
    from cflint.project.sql.seeded import is_seeded as is_seeded
    from cflint.project.sql.statements import SQL_CALLS as SQL_CALLS
    from cflint.project.sql.statements import HolePosition as HolePosition
    from cflint.project.sql.statements import Interpolation as Interpolation
    from cflint.project.sql.statements import SqlDialect as SqlDialect
    from cflint.project.sql.statements import SqlLiteral as SqlLiteral
    from cflint.project.sql.statements import SqlText as SqlText
    from cflint.project.sql.statements import SqlUse as SqlUse
    from cflint.project.sql.statements import chained_call as chained_call
    from cflint.project.sql.statements import executions as executions
    from cflint.project.sql.statements import prepared_by as prepared_by
    from cflint.project.sql.statements import sql_text as sql_text
    from cflint.project.sql.statements import sql_use as sql_use
    from cflint.syntax.sql import Statement as Statement
    from cflint.syntax.sql import TableUse as TableUse
    from cflint.syntax.sql import Token as Token
    from cflint.syntax.sql import TokenKind as TokenKind
    from cflint.syntax.sql import placeholders as placeholders
    from cflint.syntax.sql import positions as positions
    from cflint.syntax.sql import statements as statements
    from cflint.syntax.sql import tables as tables

_ORIGINS = {
    "cflint.project.sql.columns": (
        "columns_in_no_index columns_lacking columns_not_migrated columns_without_null"
    ),
    "cflint.project.sql.d1": ("D1Query D1Statement d1_statement is_written_before queries_before"),
    "cflint.project.sql.drizzle": ("DrizzleColumn DrizzleTable drizzle_tables"),
    "cflint.project.sql.keys": ("is_defined is_unique_in_whole unique_key"),
    "cflint.project.sql.lists": ("THROUGH gives_more_than reads_list"),
    "cflint.project.sql.named": ("columns_bound columns_read columns_written"),
    "cflint.project.sql.raw": ("RAW_CALLS raw_text"),
    "cflint.project.sql.refused": ("Refusal refusal refused_pragma"),
    "cflint.project.sql.seeded": ("is_seeded"),
    "cflint.project.sql.statements": (
        "HolePosition Interpolation SQL_CALLS SqlDialect SqlLiteral SqlText SqlUse chained_call "
        "executions prepared_by sql_text sql_use"
    ),
    "cflint.syntax.sql": ("Statement TableUse Token TokenKind placeholders positions statements tables"),
}

__getattr__ = lazily(globals(), _ORIGINS, deprecated=DEPRECATED)

__all__ = [
    "RAW_CALLS",
    "SQL_CALLS",
    "THROUGH",
    "D1Query",
    "D1Statement",
    "DrizzleColumn",
    "DrizzleTable",
    "HolePosition",
    "Interpolation",
    "Refusal",
    "SqlDialect",
    "SqlLiteral",
    "SqlText",
    "SqlUse",
    "Statement",
    "TableUse",
    "Token",
    "TokenKind",
    "chained_call",
    "columns_bound",
    "columns_in_no_index",
    "columns_lacking",
    "columns_not_migrated",
    "columns_read",
    "columns_without_null",
    "columns_written",
    "d1_statement",
    "drizzle_tables",
    "executions",
    "gives_more_than",
    "is_defined",
    "is_seeded",
    "is_unique_in_whole",
    "is_written_before",
    "placeholders",
    "positions",
    "prepared_by",
    "queries_before",
    "raw_text",
    "reads_list",
    "refusal",
    "refused_pragma",
    "sql_text",
    "sql_use",
    "statements",
    "tables",
    "unique_key",
]
