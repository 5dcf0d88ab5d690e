"""Give a column of Drizzle with `mode: "timestamp"` a default in the unit that it is read in.

`integer("…", { mode: "timestamp" })` reads a column as seconds since 1970, `timestamp_ms` as milliseconds. A
default of SQL is written by the database, which knows nothing of that: `unixepoch()` is seconds, so that a
column in milliseconds says January 1970. `CURRENT_TIMESTAMP` is text: a column in seconds becomes an
`Invalid Date`, and in SQL text is greater than every number.

## Incorrect

```ts
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

interface Env {
  DB: D1Database;
}

const posts = sqliteTable("posts", {
  id: text("id").primaryKey(),
  createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull().default(sql`(unixepoch())`),
});

export default {
  async fetch(_request, env): Promise<Response> {
    return Response.json(await drizzle(env.DB).select().from(posts).limit(20));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

interface Env {
  DB: D1Database;
}

const posts = sqliteTable("posts", {
  id: text("id").primaryKey(),
  createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull().default(sql`(unixepoch() * 1000)`),
});

export default {
  async fetch(_request, env): Promise<Response> {
    return Response.json(await drizzle(env.DB).select().from(posts).limit(20));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write the default in the unit of the column: `` sql`(unixepoch())` `` for `mode: "timestamp"`, ``
sql`(unixepoch() * 1000)` `` for `timestamp_ms`. Then make a migration (`npx drizzle-kit generate`).

- "is in seconds": Write `` sql`(unixepoch() * 1000)` ``, make a migration (`npx drizzle-kit generate`), and
  add to it for the rows that are there: `UPDATE <table> SET <column> = <column> * 1000 WHERE <column> <
  100000000000`; do the same at each other place that is shown.
- "is in milliseconds": Write `` sql`(unixepoch())` ``, make a migration (`npx drizzle-kit generate`), and add
  to it for the rows that are there: `UPDATE <table> SET <column> = <column> / 1000 WHERE <column> >
  100000000000`; do the same at each other place that is shown.
- "is text among numbers of milliseconds": Write `` sql`(unixepoch() * 1000)` ``, make a migration (`npx
  drizzle-kit generate`), and add to it for the rows that are there: `UPDATE <table> SET <column> =
  unixepoch(<column>) * 1000 WHERE typeof(<column>) = 'text'`; do the same at each other place that is shown.
- "is text": Write `` sql`(unixepoch())` ``, make a migration (`npx drizzle-kit generate`), and add to it for
  the rows that are there: `UPDATE <table> SET <column> = unixepoch(<column>) WHERE typeof(<column>) =
  'text'`; do the same at each other place that is shown.

## Not reported

Expressions of SQL that the rule does not know, and `$defaultFn()`, which is called for each row.
`default(new Date())` is what `global-scope-io` speaks of.

There is one finding for each kind in a module, with the other columns.

## Fix safety

There is no fix: rows that are there already, and the migrations, hold the wrong values, too.

Source: https://orm.drizzle.team/docs/column-types/sqlite#integer, https://www.sqlite.org/lang_datefunc.html,
https://github.com/drizzle-team/drizzle-orm/blob/main/drizzle-orm/src/sqlite-core/columns/integer.ts
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 6
_SECONDS = pattern(r"unixepoch\s*\(|strftime\s*\(\s*'%s'", re.IGNORECASE)
_MILLISECONDS = pattern(r"\*\s*1000|\*\s*86400000|\*\s*1_?000")
_TEXT = pattern(r"CURRENT_TIMESTAMP|CURRENT_DATE|\bdatetime\s*\(|strftime\s*\(\s*'%Y", re.IGNORECASE)
_ARITHMETIC = pattern(r"unixepoch|julianday|'%s'|cast\s*\(", re.IGNORECASE)


@rule(module("sqliteTable"), severity=Severity.WARNING)
def check(subject: Module) -> Iterator[Finding]:
    found: dict[str, list[Node]] = {}
    for node in subject.calls_of("integer", subject.root):
        made = js.Call(subject, node)
        mode = _mode(subject, made)
        default = _default(subject, node) if mode is not None else None
        message = _fault(subject, default, mode or "") if default is not None else None
        if message is not None and default is not None:
            found.setdefault(message, []).append(default)
    for message, (first, *others) in found.items():
        related = tuple(subject.at(other, "so does this") for other in others[: _MOST - 1])
        yield Finding(message, subject.at(first), related, words=tuple(_named(subject, first)))


def _named(subject: Module, default: Node) -> Iterator[tuple[str, str]]:
    """The names of the column and of the table that a default is for."""
    names = {"integer": "<column>", "sqliteTable": "<table>"}
    node: Node | None = default
    while node is not None:
        made = subject.call(node) if node.type == "call_expression" else None
        begun = made
        while begun is not None and begun.name not in names and begun.receiver is not None:
            begun = subject.call(begun.receiver)
        given = begun.argument(0) if begun is not None and begun.name in names else None
        text = subject.string_of(given) if given is not None else None
        if begun is not None and begun.name in names and text:
            yield names.pop(begun.name), text
        node = subject.parent(node)
    yield from ((word, word.strip("<>")) for word in names.values())


def _mode(subject: Module, made: js.Call) -> str | None:
    """`timestamp` or `timestamp_ms` of a column that is read as a date; None of others."""
    for given in made.arguments:
        if js.unwrap(given).type == "object":
            mode = subject.property_value(given, "mode")
            text = subject.string_of(mode) if mode is not None else None
            return text if text in ("timestamp", "timestamp_ms") else None
    return None


def _default(subject: Module, node: Node) -> Node | None:
    """What `default()` of a column's chain is given."""
    while (found := subject.method_called_on(node)) is not None:
        name, node = found
        if name == "default":
            given = js.arguments_of(node)
            return given[0] if given else None
    return None


def _fault(subject: Module, default: Node, mode: str) -> str | None:
    """What is wrong with a default; None where it is right, or not known."""
    made = subject.call(js.unwrap(default))
    if made is None or made.name != "sql":
        return None
    text = subject.text(default)
    if _TEXT.search(text) is not None and _ARITHMETIC.search(text) is None:
        if mode == "timestamp":
            return "this default is text, and the column is read as seconds: the date will be invalid"
        return "this default is text among numbers of milliseconds: it is greater than all of them"
    in_seconds = _SECONDS.search(text) is not None
    multiplied = _MILLISECONDS.search(text) is not None
    if in_seconds and mode == "timestamp_ms" and not multiplied:
        return "this default is in seconds, and the column is read as milliseconds: the date is in 1970"
    if in_seconds and mode == "timestamp" and multiplied:
        return "this default is in milliseconds, and the column is read as seconds: it is far in the future"
    return None
