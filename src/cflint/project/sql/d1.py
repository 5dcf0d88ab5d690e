"""One statement of D1 as code runs it: its words, the values that are bound to it, the queries before it; and
whether a row that is asked for was written before, for the SQL of Durable Objects, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.project.code.nodes import Call
from cflint.project.code.rewritten import nearest
from cflint.project.sql.statements import SqlDialect, SqlUse, executions, prepared_by, sql_use
from cflint.record import record
from cflint.syntax.sql import Statement, tables

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_ASK = ("first", "all")
_INSERTS = frozenset({"INSERT", "REPLACE"})
_MOST_KEYS = 20
_MOST_STEPS = 20


@record(frozen=True, eq=False)
class D1Statement:
    """A statement, and what `bind()` is given for it; () where that is not called."""

    statement: Statement
    values: tuple[Node, ...]

    @property
    def verb(self) -> str:
        return self.statement.verb

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the statement, in upper case."""
        return frozenset(token.upper for token in self.statement.tokens if token.upper)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables, in small letters."""
        return tuple(token.name.lower() for _, token in tables(self.statement) if token.name)

    @cached_property
    def compared(self) -> frozenset[str]:
        """The columns that it compares by `=`, in small letters."""
        pairs = pairwise(self.statement.tokens)
        return frozenset(one.name.lower() for one, after in pairs if one.name and after.text in ("=", "=="))


@record(frozen=True, eq=False)
class D1Query:
    """A `SELECT` from one table, and the call that runs it."""

    call: Call
    select: D1Statement


def d1_statement(module: Module, node: Node) -> D1Statement | None:
    """The one statement that an expression is: `prepare()`, `bind()` of it, or a constant that holds either.
    None where it is several, or a part of its text is conditional."""
    use = prepared_by(module, node)
    if use is None or use.engine is not SqlDialect.D1 or not use.text.exact or len(use.text.statements) != 1:
        return None
    bound = module.call(module.initializer(node))
    values = bound.arguments if bound is not None and bound.name == "bind" else ()
    return D1Statement(use.text.statements[0], values)


def queries_before(module: Module, function: Node, node: Node, table: str) -> Iterator[D1Query]:
    """The queries of a table that stand before a node in a function, the nearest first; whether control gets
    from there to the node is not asked. None that is far above is looked at."""
    known = module.memoized(("queries by table", function.id), lambda: _by_table(module, function))
    return nearest(known.get(table, ()), node, lambda query: query.call.node.end_byte)


def _by_table(module: Module, function: Node) -> Mapping[str, list[D1Query]]:
    calls = [call for word in _ASK for call in module.calls(word, function) if call.receiver is not None]
    found: dict[str, list[D1Query]] = {}
    for call in sorted(calls, key=lambda call: call.node.end_byte):
        select = d1_statement(module, call.receiver) if call.receiver is not None else None
        if select is not None and select.verb == "SELECT" and len(select.tables) == 1:
            found.setdefault(select.tables[0], []).append(D1Query(call, select))
    return found


# -- rows that are there -------------------------------------------------------------------------------


@record(frozen=True, eq=False)
class _Written:
    """A statement that writes a row: its call, its columns (small letters), and the values bound to it."""

    call: Node
    columns: frozenset[str]
    values: tuple[Node, ...]


def is_written_before(module: Module, asks: Node, query: D1Statement) -> bool:
    """Whether the row that a query asks for is one that the same function has written before it: an `INSERT`
    into the same table, with or without `ON CONFLICT`, has all columns that the query compares, and gets all
    values that are bound to it, or one of these is its `last_row_id`. `asks` is the call that runs it."""
    function = module.enclosing_function(asks)
    compared = query.compared
    if function is None or len(query.tables) != 1 or not query.values or len(query.values) > _MOST_KEYS:
        return False
    known = module.memoized(("rows by table", function.id), lambda: _rows_by_table(module, function))
    for row in nearest(known.get(query.tables[0], ()), asks, lambda row: row.call.end_byte):
        if any(_is_row_id(module, value, row) for value in query.values):
            return True
        if compared and compared <= row.columns and all(_gets(module, row, value) for value in query.values):
            return True
    return False


def _gets(module: Module, row: _Written, value: Node) -> bool:
    return any(module.is_same(given, value) for given in row.values[:_MOST_KEYS])


def _is_row_id(module: Module, value: Node, row: _Written) -> bool:
    """Whether a value is read of what a statement gives: `result.meta.last_row_id`."""
    node = module.initializer(value)
    if "last_row_id" not in module.text(node):
        return False
    for _ in range(_MOST_STEPS):  # `const id = id.meta` has no end
        if node.type not in ("member_expression", "non_null_expression", "parenthesized_expression"):
            break
        node = module.initializer(node.child_by_field_name("object") or node.named_children[0])
    return node.start_byte <= row.call.start_byte and row.call.end_byte <= node.end_byte


def _rows_by_table(module: Module, function: Node) -> Mapping[str, list[_Written]]:
    found: dict[str, list[_Written]] = {}
    calls = [call for word in ("prepare", "exec") for call in module.calls(word, function)]
    for call in sorted(calls, key=lambda call: call.node.end_byte):
        use = sql_use(module, call.node)
        if use is None or len(use.text.statements) != 1 or use.text.statements[0].verb not in _INSERTS:
            continue
        statement = use.text.statements[0]
        names = [token for _, token in tables(statement) if token.name]
        if names:
            row = _Written(call.node, _columns(statement, names[0].end), tuple(_bound(module, use)))
            found.setdefault((names[0].name or "").lower(), []).append(row)
    return found


def _bound(module: Module, use: SqlUse) -> Iterator[Node]:
    yield from use.bound
    if use.engine is SqlDialect.D1:
        for held in executions(module, use.call):
            made = module.call(held)
            if made is not None and made.name == "bind":
                yield from made.arguments


def _columns(statement: Statement, after: int) -> frozenset[str]:
    """The columns that stand in parentheses behind a table's name."""
    names: set[str] = set()
    tokens = [token for token in statement.tokens if token.start >= after]
    for token in tokens[1:] if tokens and tokens[0].text == "(" else ():
        if token.text == ")":
            break
        if token.name:
            names.add(token.name.lower())
    return frozenset(names)
