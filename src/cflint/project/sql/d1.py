"""One statement of D1 as code runs it: its words, the values that are bound to it, the queries before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.project.code.nodes import Call
from cflint.project.code.rewritten import nearest
from cflint.project.sql.statements import SqlDialect, prepared_by
from cflint.record import record
from cflint.syntax.sql import Statement, tables

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_ASK = ("first", "all")


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
