"""Insert so that a message that comes twice leaves one row.

Queues deliver each message at least once: one whose consumer is cut off, or that fails behind its `INSERT`,
comes again, and so does a whole batch when one of its messages throws. A plain `INSERT` then stores the row
twice or, where a constraint forbids that, throws for a message that was done already, until it has used up
its retries.

## Incorrect

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

interface Order {
  id: string;
  total: number;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      const { id, total } = message.body;
      await env.DB.prepare("INSERT INTO orders (id, total) VALUES (?, ?)").bind(id, total).run();
      message.ack();
    }
  },
} satisfies ExportedHandler<Env, Order>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
  "queues": { "consumers": [{ "queue": "orders", "dead_letter_queue": "failed" }] }
}
```

## Correct

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

interface Order {
  id: string;
  total: number;
}

export default {
  async queue(batch, env): Promise<void> {
    const insert = env.DB.prepare("INSERT INTO orders (id, total) VALUES (?, ?) ON CONFLICT (id) DO NOTHING");
    await env.DB.batch(batch.messages.map(({ body }) => insert.bind(body.id, body.total)));
  },
} satisfies ExportedHandler<Env, Order>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
  "queues": { "consumers": [{ "queue": "orders", "dead_letter_queue": "failed" }] }
}
```

## What to do

Write the id of the message with the row, which is the same when it comes again, make it `UNIQUE`, and insert
with `ON CONFLICT (message_id) DO NOTHING`; with Drizzle `.onConflictDoNothing()`.

- "inserted into `<table>` again": Write the id of the message with the row, which is the same when it comes
  again: `INSERT INTO <table> (…, message_id) VALUES (…, ?) ON CONFLICT (message_id) DO NOTHING`, with
  `message.id` for it (with Drizzle `.onConflictDoNothing()`). A new migration makes the column: `ALTER TABLE
  <table> ADD COLUMN message_id TEXT; CREATE UNIQUE INDEX <table>_message_id ON <table> (message_id)`. Where
  what the row says is unique already (the number of an order), a `UNIQUE` index of that, and `ON CONFLICT DO
  NOTHING`, is enough.

## Not reported

Inserts that say what happens in a conflict; consumers that read, or delete, rows of the same table first;
tables of logs, events and counts, where a row too many does no harm.

## Fix safety

There is no fix: which column is the key is up to the schema.

Source: https://developers.cloudflare.com/queues/reference/delivery-guarantees/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Handler, Module, Severity, handler, js, pattern, quoted, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH = 3
"""Through how many functions a handler is followed."""
_INSERT = pattern(r"\s*INSERT\s+INTO\s+[\"`\[]?(\w+)[\"`\]]?", re.IGNORECASE)
_DECIDES = pattern(r"\bON\s+CONFLICT\b|\bNOT\s+EXISTS\b|\bSELECT\b", re.IGNORECASE)
_LOOKS = pattern(r"\b(?:FROM|UPDATE|JOIN)\s+[\"`\[]?(\w+)", re.IGNORECASE)
_WORD = pattern(r"\w+")
_HARMLESS = pattern(
    r"logs?$|event|metric|audit|histor|analytic|stat|visit|click|view|hit|usage|error|attempt|trace|deliver",
    re.IGNORECASE,
)
"""Tables in which a row too many does no harm."""
_CONFLICTS = frozenset({"onConflictDoNothing", "onConflictDoUpdate", "onConflict", "orIgnore"})
_TABLE = pattern(r"(?:\w+\.)?(\w+)")


@rule(handler("queue"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(found: Handler) -> Iterator[Finding]:
    reached = list(_reached(found.module, found.function))
    inserts = [one for where in reached for one in _inserts(*where) if _HARMLESS.search(one[2]) is None]
    if not inserts:
        return
    named = {name.lower() for where in reached for name in _tables_looked_at(*where)}
    words = {word for where in reached for word in _words_of_queries(*where)}
    plain = [one for one in inserts if one[2].lower() not in named and one[2] not in words]
    if plain:
        (module, node, table), *others = plain
        yield Finding(
            f"a message that is delivered again is inserted into {quoted(table)} again: Queues deliver"
            " at least once",
            module.at(node),
            tuple(home.at(other, "so is this") for home, other, _ in others[:5]),
        )


def _reached(module: Module, function: Node) -> Iterator[tuple[Module, Node]]:
    """A function and those of the project that it calls."""
    todo, seen = [(module, function, _DEPTH)], set[tuple[str, int]]()
    while todo:
        home, around, depth = todo.pop(0)
        if (home.path, around.start_byte) in seen:
            continue
        seen.add((home.path, around.start_byte))
        yield home, around
        for node in home.descendants(around, "call_expression") if depth else ():
            called = js.function_called(home, node)
            if called is not None:
                todo.append((*called, depth - 1))


def _inserts(module: Module, function: Node) -> Iterator[tuple[Module, Node, str]]:
    """The inserts of a function that say nothing of conflicts, with the names of their tables."""
    for made in module.calls("prepare", function):
        use = sql.sql_use(module, made.node)
        if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.exact:
            continue
        text = use.text.text
        begins = _INSERT.match(text)
        if begins is not None and _DECIDES.search(text) is None:
            yield module, made.node, begins[1]
    for made in module.calls("values", function):
        statement = module.orm_statement(made.node)
        if statement is None or statement.verb != "INSERT" or statement.database is None:
            continue
        if _CONFLICTS & {*_methods_behind(module, made.node), *statement.methods}:
            continue
        table = statement.first.argument(0)
        named = _TABLE.fullmatch(module.text(table)) if table is not None else None
        if named is not None:
            yield module, made.node, named[1]


def _methods_behind(module: Module, node: Node) -> Iterator[str]:
    """The names of the methods that are called on what a call gives, and on what these give."""
    called = module.method_called_on(node)
    while called is not None:
        yield called[0]
        called = module.method_called_on(called[1])


def _tables_looked_at(module: Module, function: Node) -> Iterator[str]:
    """The tables of which the SQL of a function reads, changes, or deletes rows."""
    for made in module.calls("prepare", function):
        use = sql.sql_use(module, made.node)
        if use is not None:
            yield from _LOOKS.findall(use.text.text)


def _words_of_queries(module: Module, function: Node) -> Iterator[str]:
    """The words in the calls of an ORM by which a function does that, the tables among them."""
    for name in ("from", "delete", "update", "findFirst", "findMany"):
        for made in module.calls(name, function):
            yield from _WORD.findall(module.text(made.node))
