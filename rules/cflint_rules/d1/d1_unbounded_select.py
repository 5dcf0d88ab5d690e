"""Limit how many rows a query of D1 gives, where the table decides.

`SELECT … FROM table` without `WHERE` and `LIMIT` reads every row. With a few it works; when there are many,
each request bills all of them as rows read, waits for all, and holds all of them in the 128 MB of the
isolate.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { results } = await env.DB.prepare("SELECT id, title FROM posts ORDER BY id DESC").all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const before = Number(new URL(request.url).searchParams.get("before") ?? Number.MAX_SAFE_INTEGER);
    const query = env.DB.prepare("SELECT id, title FROM posts WHERE id < ? ORDER BY id DESC LIMIT 50");
    const { results } = await query.bind(before).all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write ` LIMIT 100` at the end of the statement: whoever reads more today gets the first 100, and a page that
shows them all has to ask on with `OFFSET`. A table that only migrations write to, or that stays small by
what it holds (settings, categories), keeps the statement, and this is suppressed. As it is, each row makes
the answer slower and dearer (D1 bills rows that are read).

- "to count them": Write `await db.$count(table, condition)` for the whole query, with its database, its
  table and the condition of its `where()`: it gives the number, so that the `.length` behind it goes. One
  row comes over instead of all.
- "set a limit": Write `.limit(100)` at the end of the query: whoever reads more today gets the first 100,
  and a page that shows them all has to ask on with `.offset()`. A table that only migrations write to, or
  that stays small by what it holds (settings, categories), keeps the query, and this is suppressed. As it is,
  each row makes the answer slower and dearer (D1 bills rows that are read).

## Not reported

Queries of which a filter, a `LIMIT` or the like is always there; those that count or group, and those of
the schema (`sqlite_master`, `PRAGMA`); tables of settings, by their names; those into which SQL files insert
rows and no code does; `DISTINCT`. Code that no request runs: cron
triggers, queues, migrations; and what is there to see all rows, by the name of its file, function or route
(`seed`, `reset`, `wipe`, `truncate`, `backfill`, `reindex`; and `admin`: a limit would hide the rest from
those who keep the list).

## Fix safety

There is no fix: how many rows are wanted, and how one asks for the next, is up to the author.

Source: https://developers.cloudflare.com/d1/best-practices/use-indexes/, https://developers.cloudflare.com/d1/platform/pricing/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Severity,
    call,
    js,
    pattern,
    python,
    python_module,
    quoted,
    rule,
    sql,
)
from cflint_rules.d1._limits import STAYS_SMALL

if TYPE_CHECKING:
    from tree_sitter import Node

_BOUNDED = frozenset(
    {
        "WHERE",
        "LIMIT",
        "GROUP",
        "HAVING",
        "COUNT",
        "SUM",
        "TOTAL",
        "AVG",
        "MIN",
        "MAX",
        "GROUP_CONCAT",
        "JOIN",
        "DISTINCT",
    }
)
_RESETS = pattern(
    r"(?:(?:^|[^A-Za-z])(?:reseed|seed|reset|wipe|truncate|backfill|reindex)"
    r"|(?:Reseed|Seed|Reset|Wipe|Truncate|Backfill|Reindex))(?![a-z]|[-_]?[Pp]ass)"
)
"""Names of what is there for tests and upkeep, and has to see all rows."""


_ADMIN = pattern(r"(?<![a-z])admin|Admin")
"""Names of what shows a list to who keeps it: all of it, until a page has pages."""


@rule(call("all", "raw"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if module.orm_statement(match.node) is not None:
        return  # that of an ORM, which check_orm sees
    use = sql.prepared_by(module, match.receiver) if match.receiver is not None else None
    if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.is_whole:
        return
    table = _whole_table(use.text)
    if table is None:
        return
    if js.Invocation.REQUEST not in js.invocations_of(module, match.node):
        return
    if _wants_all(module, match.node) or sql.is_seeded(module, table):
        return
    yield Finding(f"this reads every row of {quoted(table)}: set a `LIMIT`", module.at(use.statement))


def _whole_table(text: sql.SqlText) -> str | None:
    """The table of which a text reads every row; None where it does not, or that one stays small."""
    if not text.exact or len(text.statements) != 1 or text.statements[0].verb != "SELECT":
        return None
    statement = text.statements[0]
    if not _BOUNDED.isdisjoint(token.upper for token in statement.tokens):
        return None
    tables = [token.name or "" for _, token in sql.tables(statement)]
    return tables[0] if len(tables) == 1 and STAYS_SMALL.search(tables[0]) is None else None


@check.on(call("select", "selectFrom", "findMany"))
def check_orm(match: Match) -> Iterator[Finding]:
    """The same of a statement that an ORM makes for D1: `db.select().from(posts)`."""
    module = match.module
    begun = module.orm_statement(match.node)
    if (
        begun is None
        or begun.verb != "SELECT"
        or begun.database is None
        or begun.first.node.id != match.node.id
    ):
        return
    chain = [js.Call(module, match.node)]
    while (found := module.method_called_on(chain[-1].node)) is not None:
        chain.append(js.Call(module, found[1]))
    if (
        not _wants_all(module, match.node)
        and _BOUNDS.isdisjoint(made.name for made in chain[1:])
        and _is_only_counted(module, chain)
    ):
        yield Finding("every row is read to count them: let the database count, with `count()`", match.at())
        return
    wheres = [made for made in chain[1:] if made.name == "where"]
    others = {made.name for made in chain[1:]} - {"where"}
    if not _ORM_BOUNDED.isdisjoint(others) or not all(_may_be_empty(module, made) for made in wheres):
        return
    table = _table_of(module, chain)
    if table is None or STAYS_SMALL.search(table) is not None:
        return
    if any(_counts(module, argument) for argument in match.arguments):
        return
    if not _is_sent(module, chain[-1].node):
        return  # a part of another statement, or more of it may be added elsewhere
    if js.Invocation.REQUEST not in js.invocations_of(module, match.node) or _wants_all(module, match.node):
        return
    if sql.is_seeded(module, table):
        return
    when = ", where no filter is given" if wheres else ""
    yield Finding(f"this reads every row of {quoted(table)}{when}: set a limit", match.at())


_ORM_BOUNDED = frozenset(
    {
        "limit",
        "groupBy",
        "having",
        "get",
        "innerJoin",
        "rightJoin",
        "executeTakeFirst",
        "whereRef",
        "top",
    }
    | {"executeTakeFirstOrThrow", "$dynamic", "as", "fullJoin", "select_count", "toSQL", "prepare"}
)
"""Methods of a chain that bound what a statement gives, or keep it for later."""
_BOUNDS = frozenset(
    {"limit", "get", "top", "executeTakeFirst", "executeTakeFirstOrThrow", "$dynamic", "toSQL"}
)
"""Methods of a chain after which not all rows that a condition leaves are read."""
_ASKS = frozenset({"!", "===", "!==", "==", "!=", "<", ">", "<=", ">="})
"""What is asked of a number of which it only matters whether it is small."""
_COMBINES = frozenset({"and", "or"})
_COUNTS = pattern(r"\b(?:count|sum|avg|min|max|countAll|sql)\b")
_LIMITS = frozenset({"where", "limit", "take", "cursor"})


def _may_be_empty(module: Module, where: js.Call) -> bool:
    """Whether a `where()` leaves no row out where a request gives no filter: `and(...filters)` of a list that
    is filled under conditions, or what is `undefined` on one way."""
    if len(where.arguments) != 1:
        return False
    given = module.initializer(where.arguments[0])
    if given.type == "ternary_expression":
        ways = (given.child_by_field_name("consequence"), given.child_by_field_name("alternative"))
        return any(way is not None and js.unwrap(way).type == "undefined" for way in ways)
    made = module.call(given)
    if made is None or made.receiver is not None or made.name not in _COMBINES or len(made.arguments) != 1:
        return False
    spread = made.arguments[0]
    name = js.first_named(spread) if spread.type == "spread_element" else None
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if name is None or declaration is None or declaration.value is None:
        return False
    value = js.unwrap(declaration.value)
    if value.type != "array" or value.named_child_count or module.scope.assignments(declaration):
        return False
    changes = list(module.mutations(declaration))
    function = module.enclosing_function(where.node)
    return (
        bool(changes)
        and function is not None
        and all(
            change.method == "push" and module.is_conditional(change.node, function) for change in changes
        )
    )


def _is_only_counted(module: Module, chain: list[js.Call]) -> bool:
    """Whether of all rows that a statement gives nothing is taken but how many they are."""
    last = chain[-1]
    if last.name == "then" and last.callbacks:
        body = js.body_of(last.callbacks[0])
        names = module.parameters(last.callbacks[0])
        member = module.member(body) if body is not None else None
        return (
            member is not None
            and member.name == "length"
            and len(names) == 1
            and module.text(member.object) == names[0].name
        )
    result = module.awaited(last.node)
    if result is None or result.declaration is None or not result.references:
        return False
    reads = [module.member_read(use) for use in result.references]
    if any(read is None or read.name != "length" for read in reads):
        return False
    return not any(_asks_whether(module, read.node) for read in reads if read is not None)


def _asks_whether(module: Module, length: Node) -> bool:
    """Whether a length only tells if there is anything: a condition, or a comparison with 0 or 1."""
    above = module.parent(module.with_wrappers(length))
    operation = module.operation(above) if above is not None else None
    if operation is not None:
        return operation.operator in _ASKS
    return module.is_guard(length) or (above is not None and above.type == "subscript_expression")


def _is_sent(module: Module, node: Node) -> bool:
    """Whether a statement is awaited or returned where it stands."""
    if module.awaited(node) is not None:
        return True
    above = module.parent(module.with_wrappers(node))
    return above is not None and above.type in ("return_statement", "arrow_function")


def _table_of(module: Module, chain: list[js.Call]) -> str | None:
    """The name of the table that a statement of an ORM reads; None where that or a limit is not seen."""
    first = chain[0]
    if first.name == "selectFrom":
        name = module.string_of(first.arguments[0]) if first.arguments else None
        names = {made.name for made in chain}
        picks = next((made for made in chain if made.name == "select"), None)
        is_plain = "selectAll" in names or (
            picks is not None and not any(_counts(module, argument) for argument in picks.arguments)
        )
        return name if is_plain else None
    if first.name == "findMany":
        options = module.initializer(first.arguments[0]) if first.arguments else None
        if options is not None and (options.type != "object" or module.is_open_object(options)):
            return None
        if options is not None and any(module.property_value(options, key) is not None for key in _LIMITS):
            return None
        model = module.member(js.unwrap(first.receiver)) if first.receiver is not None else None
        return model.name if model is not None else None
    source = next((made for made in chain if made.name == "from"), None)
    if source is None or not source.arguments or source.arguments[0].type != "identifier":
        return None
    return module.text(source.arguments[0])


def _counts(module: Module, node: Node) -> bool:
    """Whether a selection holds a function that gives one row for many."""
    return _COUNTS.search(module.text(node)) is not None


def _wants_all(module: Module, node: Node) -> bool:
    """Whether what is around a query is there to look at every row, by its name: that of the file, of
    the function, or the path of the route (`/api/test/reset`)."""
    if _RESETS.search(posixpath.basename(module.path)) or _ADMIN.search(module.path):
        return True
    for above in module.ancestors(node):
        if above.type not in js.FUNCTIONS:
            continue
        named = js.name_of(module, above)
        around = module.call_around(above)
        path = module.string_of(around[0].arguments[0]) if around is not None and around[1] > 0 else None
        names = (path or "", module.text(named) if named is not None else "")
        if any(_RESETS.search(name) or _ADMIN.search(name) for name in names):
            return True
    return False


_MOST = 5
_UPKEEP = frozenset({"scheduled", "on_scheduled", "queue", "on_queue", "alarm"})


@check.on(python_module("SELECT", "select"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not any(one.bindings_of("d1") for one in module.environments):
        return
    if _RESETS.search(posixpath.basename(module.path)) or _ADMIN.search(module.path):
        return
    found: dict[str, list[python.PythonStatement]] = {}
    for statement in python.python_statements(module):
        table = _whole_table(statement.text) if statement.engine is sql.SqlDialect.D1 else None
        if table is None or statement.text.holes or not statement.gives_rows:
            continue
        function = module.method_around(statement.call)
        named = function.name.value if function is not None else ""
        if named not in _UPKEEP and not (_RESETS.search(named) or _ADMIN.search(named)):
            found.setdefault(table, []).append(statement)
    for table, (first, *others) in found.items():
        yield Finding(
            f"this reads every row of {quoted(table)}: set a `LIMIT`",
            module.at(first.written),
            tuple(module.at(other.written, "so does this") for other in others[:_MOST]),
        )
