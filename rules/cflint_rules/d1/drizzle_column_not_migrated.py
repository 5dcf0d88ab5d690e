"""Generate a migration when Drizzle's schema changes: the database lacks the column until it has one.

Drizzle names each column of its schema in each query, `select()` without arguments included. Where the SQL
files of the migrations give the table no such column, a database that was made from them has none, and so has
that of the deployed Worker, which has seen no other files. What writes to the column, or compares it, fails
(`no such column`). Reading is worse: to SQLite a name in double quotes that is no column is a text, so that
each row of a `select()` says `role: "role"`.

## Incorrect

```sql title="migrations/0000_users.sql"
CREATE TABLE `users` (`id` integer PRIMARY KEY NOT NULL, `name` text NOT NULL);
```

```ts title="src/index.ts"
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

interface Env {
  DB: D1Database;
}

const users = sqliteTable("users", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  role: text("role"),
});

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await drizzle(env.DB).select().from(users).limit(20));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
}
```

## Correct

```sql title="migrations/0000_users.sql"
CREATE TABLE `users` (`id` integer PRIMARY KEY NOT NULL, `name` text NOT NULL);
```

```sql title="migrations/0001_role.sql"
ALTER TABLE `users` ADD `role` text;
```

```ts title="src/index.ts"
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

interface Env {
  DB: D1Database;
}

const users = sqliteTable("users", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  role: text("role"),
});

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await drizzle(env.DB).select().from(users).limit(20));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
}
```

## What to do

Have the migration made (`npx drizzle-kit generate`), look through it, and apply it (`npx wrangler d1
migrations apply NAME --remote`). Where the name is a slip, write it as the migrations have it.

- "not of D1": Have the migration made (`<generate>`), look through it for what it drops, and apply it as the
  project does (its scripts, or `npx drizzle-kit migrate`). Where the name is a slip, write it as the
  migrations have it.
- "by another command": Have the migration made (`<generate>`), look through it, and apply it (`npx wrangler
  d1 migrations apply NAME --remote`). Where the name is a slip, write it as the migrations have it.

## Not reported

Tables that no SQL file makes, or for D1 only one of Postgres or MySQL; columns that are given under the
name of the key or in `snake_case` (`casing`); projects whose scripts push the schema (`drizzle-kit push`),
or of which code changes tables in a way that cannot be seen. There is one finding for a module, with its
other tables.

## Fix safety

There is no fix: Drizzle Kit writes the migration.

Source: https://orm.drizzle.team/docs/migrations, https://orm.drizzle.team/docs/upgrade-21,
https://orm.drizzle.team/docs/select
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import Documents, Finding, Module, Severity, config, join_names, module, rule, sql

_MOST = 6
_ONE_COMMAND_SINCE = (0, 21, 0)
"""The version of Drizzle Kit from which on `generate` is one command for all databases."""


@rule(
    module("sqliteTable", "pgTable"),
    severity=Severity.WARNING,
    documents=Documents.NOTHING,
)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [
        (table, *lacking)
        for table in sql.drizzle_tables(subject)
        if (lacking := sql.columns_not_migrated(subject, table)) is not None
    ]
    if not found:
        return
    (table, columns, made), *others = found
    names = join_names([f"`{column.name}`" for column in columns], _MOST)
    yield Finding(
        f"no migration gives `{table.name}` the column{'s' * (len(columns) > 1)} {names}: until one"
        " does, what writes it fails, and what reads it gets its name for a value",
        subject.at(columns[0].node),
        (
            made.place,
            *(
                subject.at(more[0].node, f"nor this of `{other.name}`")
                for other, more, _ in others[: _MOST - 1]
            ),
        ),
        words=_commands(subject, table),
    )


def _commands(module: Module, table: sql.DrizzleTable) -> tuple[tuple[str, str], ...]:
    """How this version of Drizzle Kit makes a migration for this database, where that is said otherwise."""
    kind = "sqlite" if table.is_sqlite else "pg" if b"pgTable" in module.document.data else "mysql"
    folder = posixpath.dirname(module.path)
    is_old = config.is_older(module.project.workspace, folder, "drizzle-kit", _ONE_COMMAND_SINCE)
    command = f"npx drizzle-kit generate{f':{kind}' if is_old else ''}"
    if table.is_sqlite and not is_old:
        return ()
    return (("by another command" if table.is_sqlite else "not of D1", ""), ("<generate>", command))
