"""Let the database decide whether a row is there already, in the statement that inserts it.

A `SELECT` that finds nothing, and then an `INSERT`, are two requests: of two clients at once both find
nothing, and both insert. Where the table has a `UNIQUE` constraint the second `INSERT` throws, and the client
gets status 500; where it has none, the row is there twice. `INSERT … ON CONFLICT DO NOTHING RETURNING …` is
one statement, and tells which of the two it was.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const email = new URL(request.url).searchParams.get("email");
    const taken = await env.DB.prepare("SELECT id FROM users WHERE email = ?").bind(email).first();
    if (taken) return new Response("taken", { status: 409 });
    await env.DB.prepare("INSERT INTO users (email) VALUES (?)").bind(email).run();
    return new Response("welcome", { status: 201 });
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
    const email = new URL(request.url).searchParams.get("email");
    const insert = "INSERT INTO users (email) VALUES (?) ON CONFLICT DO NOTHING RETURNING email";
    const added = await env.DB.prepare(insert).bind(email).first();
    if (added === null) return new Response("taken", { status: 409 });
    return new Response("welcome", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add a unique index on the column that is looked up (`CREATE UNIQUE INDEX … ON t(c)`, as a migration),
write `INSERT … ON CONFLICT (c) DO NOTHING`, and ask `meta.changes`: 0 means that it was there, where the
code does what it did after the lookup. Without the index a second row comes now and then.

## Not reported

`INSERT OR IGNORE`, `INSERT OR REPLACE`, `ON CONFLICT`; an `INSERT` in a `try` whose `catch` speaks of
`UNIQUE` or of a constraint; a `SELECT` of which nobody asks whether it found a row, and one by another value
than the `INSERT` writes.

## Errors

```text title="workerd"
D1_ERROR: UNIQUE constraint failed: …: SQLITE_CONSTRAINT
```

## Fix safety

There is no fix: what makes a row the same, and what to answer then, is up to you.

Source: https://www.sqlite.org/lang_upsert.html, https://developers.cloudflare.com/d1/worker-api/prepared-statements/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, join_names, js, pattern, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_EXPECTED = pattern(rb"unique|constraint|conflict|duplicate|already", re.IGNORECASE)
_STAND_IN = frozenset({"string", "null", "undefined", "number"})
_DECIDES = frozenset({"CONFLICT", "IGNORE", "REPLACE", "SELECT"})
"""Words of an `INSERT` that does not insert whatever is there."""


@rule(call("run", "first", "all"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or match.receiver is None or not module.document.has_word("INSERT"):
        return
    insert = sql.d1_statement(module, match.receiver)
    if (
        insert is None
        or insert.verb != "INSERT"
        or not insert.words.isdisjoint(_DECIDES)
        or not insert.tables
    ):
        return
    if _is_expected(module, match.node):
        return
    written = {_plain(module, value) for value in insert.values}
    for query in sql.queries_before(module, function, match.node, insert.tables[0]):
        by = {_plain(module, value) for value in query.select.values}
        if not by or not by <= written or "WHERE" not in query.select.words:
            continue
        asked = query.call.node
        if _is_asked(module, asked) and js.can_reach(module, asked, match.node):
            key = sql.unique_key(module, insert.tables[0], query.select.compared)
            is_known = sql.is_defined(module, insert.tables[0])
            then = "both insert" if is_known else "both insert, where no column forbids it"
            way = "with a unique index and `ON CONFLICT`"
            if key is not None:
                unique = join_names([f"`{name}`" for name in sorted(key)])
                state = "is unique" if len(key) == 1 else "are unique together"
                then = f"the second `INSERT` fails ({unique} {state})"
                way = "with `ON CONFLICT`"
            yield Finding(
                f"of two clients at once both find nothing, and {then}: let the statement decide, {way}",
                match.at(match.node),
                (module.at(asked, "it is looked for here"),),
            )
            return


def _plain(module: Module, value: Node) -> str:
    """How a value is written, without what stands in for one that is missing: `x` of `(x || "")`."""
    node = js.unwrap(value)
    default = module.operation(node)
    if default is not None and default.operator in ("||", "??") and default.left is not None:
        stands_in = default.right is not None and js.unwrap(default.right).type in _STAND_IN
        if stands_in:
            return _plain(module, default.left)
    made = module.call(node)
    if made is None or made.receiver is None or made.is_new:
        return module.text(node)
    return f"{_plain(module, made.receiver)}.{made.name}({', '.join(map(module.text, made.arguments))})"


def _is_asked(module: Module, asked: Node) -> bool:
    """Whether somebody asks whether a query found a row."""
    result = module.awaited(asked)
    if result is None:
        return False
    if result.declaration is None:
        return module.is_guard(result.node)
    for use in result.references:
        read = module.member_read(use)
        if module.is_guard(use) or (read is not None and read.name in ("results", "length")):
            return True
    return False


def _is_expected(module: Module, insert: Node) -> bool:
    """Whether a `catch` around an `INSERT` speaks of rows that are there already."""
    for above in module.ancestors(insert):
        handler = above.child_by_field_name("handler") if above.type == "try_statement" else None
        if handler is not None and any(module.mentions(_EXPECTED, handler)):
            return True
        if above.type in js.FUNCTIONS:
            return False
    return False
