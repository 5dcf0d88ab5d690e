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

from cflint.api import Finding, Match, Module, Severity, call, js, pattern, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_EXPECTED = pattern(rb"unique|constraint|conflict|duplicate|already", re.IGNORECASE)
_ASKS = frozenset({"first", "all"})


@rule(call("run", "first", "all"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or match.receiver is None or not module.document.has_word("INSERT"):
        return
    table = _inserts_into(match)
    if table is None or _is_expected(module, match.node):
        return
    written = [module.text(value) for value in _bound(module, match.node)]
    for word in _ASKS:
        for asked in module.calls(word, function):
            if asked.node.end_byte > match.node.start_byte or not js.can_reach(
                module, asked.node, match.node
            ):
                continue
            if not _looks_for(module, asked, table) or not _is_asked(module, asked.node):
                continue
            by = [module.text(value) for value in _bound(module, asked.node)]
            if by and all(value in written for value in by):
                yield Finding(
                    "of two clients at once both find nothing, and both insert: let the statement decide,"
                    " with `ON CONFLICT`",
                    match.at(match.node),
                    (module.at(asked.node, "it is looked for here"),),
                )
                return


def _inserts_into(match: Match) -> str | None:
    """The table into which a statement of D1 inserts, whatever is there; None of every other."""
    text = _text(match.module, match.receiver)
    if text is None or text.statements[0].verb != "INSERT":
        return None
    words = {token.upper for token in text.statements[0].tokens}
    if not words.isdisjoint({"CONFLICT", "IGNORE", "REPLACE", "SELECT"}):
        return None
    return next((name for name in _tables(text.statements[0])), None)


def _text(module: Module, receiver: Node | None) -> sql.SqlText | None:
    use = sql.prepared_by(module, receiver) if receiver is not None else None
    if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.exact:
        return None
    return use.text if len(use.text.statements) == 1 else None


def _tables(statement: sql.Statement) -> Iterator[str]:
    for _, token in sql.tables(statement):
        if token.name:
            yield token.name.lower()


def _looks_for(module: Module, asked: js.Call, table: str) -> bool:
    """Whether a call looks for rows of a table by some values."""
    text = _text(module, asked.receiver)
    if text is None or text.statements[0].verb != "SELECT":
        return False
    statement = text.statements[0]
    return list(_tables(statement)) == [table] and any(token.upper == "WHERE" for token in statement.tokens)


def _bound(module: Module, executed: Node) -> tuple[Node, ...]:
    """What the `bind()` before a call of `first()`, `all()` or `run()` binds."""
    made = module.call(executed)
    before = module.call(made.receiver) if made is not None and made.receiver is not None else None
    return before.arguments if before is not None and before.name == "bind" else ()


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
