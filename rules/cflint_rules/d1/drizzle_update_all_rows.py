"""Say which row an `update()` of Drizzle changes: without `where()` it changes all of them.

Drizzle makes `UPDATE table SET …` of it, which is no mistake to a database: what one client sends becomes the
value of that column in each row of the table, and what stood there is gone.

## Incorrect

```ts
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const decks = sqliteTable("decks", { id: integer().primaryKey(), name: text().notNull() });

export default {
  async fetch(request, env): Promise<Response> {
    const db = drizzle(env.DB);
    const url = new URL(request.url);
    const [deck] = await db.select().from(decks).where(eq(decks.id, Number(url.searchParams.get("id"))));
    if (deck === undefined) return new Response("no such deck", { status: 404 });
    await db.update(decks).set({ name: url.searchParams.get("name") ?? "" });
    return new Response("renamed");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const decks = sqliteTable("decks", { id: integer().primaryKey(), name: text().notNull() });

export default {
  async fetch(request, env): Promise<Response> {
    const db = drizzle(env.DB);
    const url = new URL(request.url);
    const [deck] = await db.select().from(decks).where(eq(decks.id, Number(url.searchParams.get("id"))));
    if (deck === undefined) return new Response("no such deck", { status: 404 });
    await db.update(decks).set({ name: url.searchParams.get("name") ?? "" }).where(eq(decks.id, deck.id));
    return new Response("renamed");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Append `.where(eq(table.id, id))` with the row that is meant, and of a client also whose it is:
`and(eq(table.id, id), eq(table.userId, userId))`.

## Not reported

Values that the code decides (`set({ isDefault: false })` of all rows may be meant); a table of which nothing
in the module asks for one row by `eq()`; a statement that is kept in a variable, which may get its `where()`
later.

## Fix safety

There is no fix: which row is meant is up to the author.

Source: https://orm.drizzle.team/docs/update
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TABLES = frozenset({"identifier", "member_expression"})
_RUNS = frozenset({"returning", "run", "execute", "all", "get", "values", "then", "catch", "prepare"})
"""What follows `set()` in a chain, and names no row."""


@rule(call("set"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    made = module.call(match.call.receiver) if match.call.receiver is not None else None
    if made is None or made.name != "update" or made.receiver is None or len(made.arguments) != 1:
        return  # a `Map`, a header
    table = js.unwrap(made.arguments[0])
    if len(match.arguments) != 1 or table.type not in _TABLES or not module.is_run:
        return
    if not _is_run_here(module, match.node) or not _is_asked_for(module, module.text(table)):
        return
    if not _is_sent(module, match.arguments[0]):
        return
    callee = made.callee
    name = callee.child_by_field_name("property") if callee is not None else None
    yield Finding(
        f"nothing says which row of `{module.text(table)}` this changes: what one client sends is put in all",
        module.at(name or made.node),
        words=js.word("table", module, table),
    )


def _is_run_here(module: Module, node: Node) -> bool:
    """Whether a statement is run as it stands: nothing in its chain names a row, and nothing keeps it."""
    whole = node
    called = module.method_called_on(node)
    while called is not None:
        name, whole = called
        if name not in _RUNS:
            return False
        called = module.method_called_on(whole)
    made = module.call(whole)
    return made is not None and made.is_awaited


def _is_asked_for(module: Module, table: str) -> bool:
    """Whether a module asks for one row of a table: `eq(table.id, id)`."""
    return any(
        (given := js.arguments_of(node)) and module.text(given[0]).startswith(f"{table}.")
        for node in module.calls_of("eq", module.root)
    )


def _is_sent(module: Module, values: Node) -> bool:
    """Whether a client sends one of the values of an object that is written there."""
    if values.type != "object":
        return module.provenance(values).trust is js.Trust.REQUEST
    return any(
        module.provenance(part.child_by_field_name("value") or part).trust is js.Trust.REQUEST
        for part in values.named_children
        if part.type in ("pair", "shorthand_property_identifier", "spread_element")
    )
