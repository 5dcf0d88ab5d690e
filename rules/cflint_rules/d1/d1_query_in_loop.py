"""Ask D1 once for all items of a list, with `IN (…)` or `batch()`, not once for each.

Each query is a request to the database that the Worker waits for, or one of six that may run at once. An
invocation may make 1,000 queries, 50 on the free plan: a list that grows makes the page slow, and then fail.
One query with `IN (…)` or a `JOIN`, or one `batch()`, gives the same.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { results } = await env.DB.prepare("SELECT id FROM shops LIMIT 100").all<{ id: number }>();
    const shops = [];
    for (const shop of results) {
      const query = env.DB.prepare("SELECT count(*) AS n FROM orders WHERE shop = ?").bind(shop.id);
      shops.push({ shop, orders: await query.first("n") });
    }
    return Response.json(shops);
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
    const query = env.DB.prepare(
      "SELECT s.id, count(o.id) AS n FROM shops s LEFT JOIN orders o ON o.shop = s.id GROUP BY 1 LIMIT 100",
    );
    const { results } = await query.all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before the loop collect what it asks by (in a first loop, where the value is made in it), and ask once: the
same query with `<column> IN (SELECT value FROM json_each(?))` for `<column> = ?`, bound to
`JSON.stringify(values)`, with `<column>` among those it selects, and `.all()`. Put the rows into `new
Map(results.map((row) => [row.<column>, row]))`; the loop takes `.get(value)` <instead>. As it is, each turn
is a round trip, and an invocation may make 1,000 (50 on the Free plan). A loop that never has more than a few
turns can stay.

- "by a function": Beside `ask()` write a function that is given the values of all turns: its query with
  `<column> IN (SELECT value FROM json_each(?))` for `<column> = ?`, bound to `JSON.stringify(values)`, and
  the rows as `new Map(results.map((row) => [row.<column>, row]))`. Call it once before the loop; in it
  `.get(value)` takes the place of `ask()`. As it is, each turn is a round trip, and an invocation may make
  1,000 (50 on the Free plan). A loop that never has more than a few turns can stay.
- "by a function that does more": Take the query out of `ask()`, and give it the row as a parameter: before
  the loop ask for all rows, the same query with `<column> IN (SELECT value FROM json_each(?))` for `<column>
  = ?`, bound to `JSON.stringify(values)`, and put them into `new Map(results.map((row) => [row.<column>,
  row]))`; each turn hands `ask()` its `.get(value)`. The rest of `ask()` stays. As it is, each turn is a
  round trip, and an invocation may make 1,000 (50 on the Free plan). A loop that never has more than a few
  turns can stay.
- "one of several rows by a function": Take the query out of `ask()`, and give it the row as a parameter:
  before the loop send the queries of all turns at once, `const found = await DB.batch(list.map((one) => …))`,
  with the list that the loop goes through for `list`, and for `…` this statement with its `bind()`, without
  `await` and `.first()` (no `batch()` of an empty list); its `ORDER BY` goes on to pick the row of each. Turn
  number `n` hands `ask()` `found[n].results[0] ?? null`. The rest of `ask()` stays. As it is, each turn is a
  round trip, and an invocation may make 1,000 (50 on the Free plan). A loop that never has more than a few
  turns can stay.
- "several rows for a turn": Before the loop send the queries of all turns at once: `const found = await
  DB.batch(list.map((one) => …))`, with the list that the loop goes through for `list`, and for `…` this
  statement with its `bind()`, without `await` and `.first()` or `.all()` (no `batch()` of an empty list).
  Turn number `n` takes `found[n].results` for what `.all()` gave, `found[n].results[0]` for what `.first()`
  gave. As it is, each turn is a round trip. A loop that never has more than a few turns can stay.
- "in Python": Before the loop collect what it asks by (in a first loop, where the value is made in it), and
  ask once: the same query with `WHERE column IN (SELECT value FROM json_each(?))` for `WHERE column = ?`,
  bound to `json.dumps(values)`, with the column among those it selects. Put the rows into a dictionary by
  that column; the loop looks there in place of the query. As it is, each turn is a round trip, and an
  invocation may make 1,000 (50 on the Free plan). A loop that never has more than a few turns can stay.

## Not reported

Loops that can be left before their end, over a list that is written out, over a part of one (`slice()`), or
over the messages of a queue.
Writes alone (`d1-use-batch`). Followed is a function that queries for what it is given, to the loops that
call it.

In Python, loops whose turns wait one after the other; the functions that they call are followed.

## Fix safety

There is no fix: which statement gives all that is wanted is up to you.

Source: https://developers.cloudflare.com/d1/platform/limits/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    python,
    python_module,
    rule,
    sql,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_SEVERAL = "several rows for a turn"
"""The name of a case of the page."""
_ORDERED = pattern(r"\border\s+by\b", re.IGNORECASE)
_READERS = frozenset({"SELECT", "WITH"})


@rule(call("first", "all", "raw"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver is None or not _reads_d1(match):
        return
    for turn in js.turns_of(module, match.node):
        around = js.turn_around(turn.module, turn.node)
        if around is not None and turn.module.value_of(around.items).kind is ValueKind.MESSAGES:
            continue  # each message is handled, and acknowledged, by itself
        at = turn.module.at(turn.node)
        related = () if turn.node is match.node else (match.at(match.node, "the query"),)
        how = "waits for" if module.loop_around(match.node) or turn.module.loop_around(turn.node) else "makes"
        called = js.Call(turn.module, turn.node).name if related else ""
        words = _words_of_function(match, called) if called else _words(match)
        yield Finding(
            f"each turn of the loop {how} a query of its own: ask for all at once",
            at,
            related,
            words=(("<column>", _column(match) or "column"), *words),
        )


def _words_of_function(match: Match, called: str) -> js.Words:
    """The name of the case for a query in a function, with its name and the database."""
    use = sql.prepared_by(match.module, match.receiver) if match.receiver is not None else None
    return ((_case(match, use), ""), ("ask", called), *_database(use))


def _words(match: Match) -> js.Words:
    """The name of the case for a query that no list of values replaces; otherwise what the loop does with the
    rows that it writes itself."""
    use = sql.prepared_by(match.module, match.receiver) if match.receiver is not None else None
    statement = use.text.statements[0] if use is not None and use.text.statements else None
    is_one = match.word == "first" and not _is_ordered(use)
    if not is_one or _column(match) is None or statement is None or not statement.may_be_empty:
        return ((_SEVERAL, ""), *_database(use), *_list(match))
    tables = [token.name for _, token in sql.tables(statement) if token.name]
    instead = "in place of the query"
    if len(tables) == 1 and _is_written(match, tables[0]):
        instead += f", and each row of `{tables[0]}` that a turn writes is put there, too"
    return (("<instead>", instead),)


def _is_ordered(use: sql.SqlUse | None) -> bool:
    """Whether a query picks one of several rows by their order."""
    return use is not None and _ORDERED.search(use.text.text) is not None


def _database(use: sql.SqlUse | None) -> js.Words:
    receiver = js.Call(use.module, use.call).receiver if use is not None else None
    return js.word("DB", use.module, receiver) if use is not None else ()


def _list(match: Match) -> js.Words:
    turn = js.turn_around(match.module, match.node)
    items = turn.items if turn is not None else None
    is_name = items is not None and items.type in ("identifier", "member_expression")
    return js.word("list", match.module, items) if is_name else ()


def _is_written(match: Match, table: str) -> bool:
    """Whether the loop around a query writes its table."""
    loop = match.module.loop_around(match.node)
    uses = (
        (sql.sql_use(match.module, made.node) for made in match.module.calls("prepare", loop)) if loop else ()
    )
    return any(
        use is not None
        and any(
            column_table.name == table
            for it in use.text.statements
            for column_table, _ in sql.columns_written(it)
        )
        for use in uses
    )


def _column(match: Match) -> str | None:
    """The column that a query compares with what is another thing each turn; None of several."""
    module = match.module
    use = sql.prepared_by(module, match.receiver) if match.receiver is not None else None
    bound = module.call(module.initializer(match.receiver)) if match.receiver is not None else None
    turn, function = js.turn_around(module, match.node), match.enclosing_function
    if use is None or bound is None or bound.name != "bind" or function is None:
        return None
    tokens = use.text.tokens
    at = {
        position: tokens[index - 2].name
        for index, token in enumerate(tokens)
        for placeholder, position in sql.positions(tokens)
        if placeholder.start == token.start and index > 1 and tokens[index - 1].text in ("=", "==")
    }
    of_turn = {
        at.get(position)
        for position, value in enumerate(bound.arguments)
        if (turn is not None and turn.changes(value)) or (turn is None and _is_given(match, value))
    }
    return of_turn.pop() if len(of_turn) == 1 else None


def _is_given(match: Match, value: Node) -> bool:
    """Whether a value is made of what the function around a query is given."""
    names = (value, *match.module.descendants(value, "identifier"))
    found = (match.module.scope.resolve(it) for it in names if it.type == "identifier")
    return any(it is not None and it.kind is js.DeclarationKind.PARAMETER for it in found)


def _case(match: Match, use: sql.SqlUse | None) -> str:
    """The name of the case for a function that only looks for rows, or does more than that."""
    if match.word == "first" and _is_ordered(use):
        return "one of several rows by a function"
    function = match.enclosing_function
    if function is None:
        return "by a function"
    waits = sum(1 for _ in match.module.descendants(function, "await_expression"))
    given = (js.first_named(statement) for statement in match.module.returns_of(function))
    calls = sum(1 for it in given if it is not None and it.type == "call_expression")
    return "by a function that does more" if waits + calls > 1 else "by a function"


def _reads_d1(match: Match) -> bool:
    if match.receiver is None:
        return False
    use = sql.prepared_by(match.module, match.receiver)
    if use is None:
        return match.receiver_value.kind is ValueKind.D1_STATEMENT
    statements = use.text.statements
    return use.engine is sql.SqlDialect.D1 and bool(statements) and statements[0].verb in _READERS


@check.on(python_module("await"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if b"for " not in module.document.data or not any(one.bindings_of("d1") for one in module.environments):
        return
    seen: set[cst.CSTNode] = set()
    for made in python.awaited_calls(module):
        loop = python.loop_around(module, made)
        if loop is None or loop in seen or not python.goes_through_data(module, loop):
            continue
        query = python.reached(module, made, _is_python_read)
        if query is None or python.is_left(module, loop):
            continue
        seen.add(loop)
        related = () if query.node is made else (query.module.at(query.node, "the query"),)
        yield Finding(
            "each turn of the loop waits for a query of its own: ask for all at once",
            module.at(made),
            related,
        )


def _is_python_read(module: python.PythonModule, made: cst.Call) -> bool:
    if module.called_name(made) not in ("first", "all", "raw"):
        return False
    return module.value_of(module.receiver(made)).kind is ValueKind.D1_STATEMENT
