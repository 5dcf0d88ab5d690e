"""The tables that code defines with Drizzle: `sqliteTable("notes", { text: text("text") })`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.origins import properties_of
from cflint.project.code.platform_names import called_name
from cflint.record import record
from cflint.syntax.javascript import arguments_of, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_HUMP = pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_TABLES = {"sqliteTable": "drizzle-orm/sqlite-core", "pgTable": "drizzle-orm/pg-core"}
TABLE_CALLS = tuple(_TABLES)
_MADE_BUILDERS = frozenset({"customType", "pgEnum"})
"""What makes a builder of columns: `pgEnum("mood", ["sad"])`."""
_MOST_CALLS = 20


@record(frozen=True, eq=False)
class DrizzleColumn:
    """A column, by its name in the database; `key` is that in the code, and `said` tells that the name is
    spelled out, and not made of the key by what the database is opened with (`casing`)."""

    name: str
    key: str
    said: bool
    node: Node

    @property
    def names(self) -> frozenset[str]:
        """The names that it may have in the database, in lower case."""
        if self.said:
            return frozenset({self.name.lower()})
        return frozenset({self.key.lower(), _HUMP.sub("_", self.key).lower()})


@record(frozen=True, eq=False)
class DrizzleTable:
    """A table, with its call; `is_open` when it has columns that are not known, `is_sqlite` when it is one
    that D1 can have."""

    name: str
    columns: tuple[DrizzleColumn, ...]
    is_open: bool
    is_sqlite: bool
    node: Node


def drizzle_tables(module: Module) -> tuple[DrizzleTable, ...]:
    """The tables that a module defines, in their order."""
    return module.memoized("tables of Drizzle", lambda: _find(module))


def _find(module: Module) -> tuple[DrizzleTable, ...]:
    found: list[DrizzleTable] = []
    for call in (one for name in _TABLES for one in module.calls(name, module.root)):
        called = called_name(module, call.node)
        if called is None or _TABLES.get(called.name) != called.module or len(call.arguments) < 2:
            continue
        name = module.string_of(call.arguments[0])
        if not name:
            continue
        given = unwrap(call.arguments[1])
        columns = [_column(module, key, value) for key, value in (properties_of(module, given) or {}).items()]
        known = tuple(column for column in columns if column is not None)
        is_open = not columns or len(known) < len(columns)
        is_sqlite = called.name == "sqliteTable"
        found.append(DrizzleTable(name, known, is_open, is_sqlite, call.node))
    return tuple(found)


def _column(module: Module, key: str, value: Node) -> DrizzleColumn | None:
    """A column of a chain: `text("name").notNull()`; None of what makes it elsewhere."""
    node = unwrap(value)
    for _ in range(_MOST_CALLS):
        call = module.call(node)
        if call is None or call.is_new:
            return None
        if call.receiver is None or module.call(unwrap(call.receiver)) is None:
            break
        node = unwrap(call.receiver)
    called = called_name(module, node)
    if called is None or not called.module.startswith("drizzle-orm"):
        callee = node.child_by_field_name("function")
        made = module.call(module.initializer(callee)) if callee is not None else None
        maker = called_name(module, made.node) if made is not None else None
        if maker is None or maker.name not in _MADE_BUILDERS:
            return None
    arguments = arguments_of(node)
    said = module.string_of(arguments[0]) if arguments else None
    if said is None and arguments and unwrap(arguments[0]).type != "object":
        return None
    return DrizzleColumn(said or key, key, said is not None, value)
