"""Add a column to the schema or the migrations before code writes it: a database made from them lacks it.

The SQL of a project is what a new database is made from: for a colleague, a preview, a second environment. A
column that somebody once added by hand is in none of these, and each statement that names it fails there.

## Incorrect

```sql title="migrations/0001_init.sql"
CREATE TABLE findings (id INTEGER PRIMARY KEY, domain TEXT NOT NULL);
```

```ts title="src/index.ts"
interface Env {
  DB: D1Database;
}

export default {
  async email(message, env): Promise<void> {
    const insert = env.DB.prepare("INSERT INTO findings (domain, evidence) VALUES (?, ?)");
    await insert.bind(message.to, message.from).run();
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

```sql title="migrations/0001_init.sql"
CREATE TABLE findings (id INTEGER PRIMARY KEY, domain TEXT NOT NULL);
```

```sql title="migrations/0002_evidence.sql"
ALTER TABLE findings ADD COLUMN evidence TEXT;
```

```ts title="src/index.ts"
interface Env {
  DB: D1Database;
}

export default {
  async email(message, env): Promise<void> {
    const insert = env.DB.prepare("INSERT INTO findings (domain, evidence) VALUES (?, ?)");
    await insert.bind(message.to, message.from).run();
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

Write a migration with `ALTER TABLE … ADD COLUMN …`, and apply it (`npx wrangler d1 migrations apply`). Where
the column is in the database already, have the migration recorded as applied there. If the name is wrong in
the code, write it as the table has it.

## Not reported

Tables that no SQL file of the project defines; columns whose name stands anywhere in the SQL files; projects
of which code or a script changes tables in a way that cannot be seen (`ALTER TABLE ${name}`, `drizzle-kit
push`); columns that are only read.

## Errors

```text title="workerd"
D1_ERROR: table … has no column named …: SQLITE_ERROR
D1_ERROR: no such column: …: SQLITE_ERROR
```

## Fix safety

There is no fix: the type and the default of a column are up to the author.

Source: https://developers.cloudflare.com/d1/reference/migrations/
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, call, join_names, rule, sql

_WRITES = frozenset({"INSERT", "REPLACE", "UPDATE"})


@rule(call("prepare"), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    use = sql.sql_use(module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1 or not module.is_run:
        return
    for table, lacking in _lacking(use):
        first = module.memoized(
            ("first places of columns", table.name), partial(_first_places, module, table)
        )
        tokens = [token for token in lacking if first.get((token.name or "").lower()) == match.node.id]
        columns = frozenset((token.name or "").lower() for token in tokens)
        known = sql.columns_lacking(module, table.name or "", columns) if columns else None
        if known is None:
            continue
        listed = join_names([f"`{token.name}`" for token in tokens])
        yield Finding(
            f"no SQL of the project gives `{table.name}` {'a column' if len(tokens) == 1 else 'columns'}"
            f" {listed}: on a database made from it this fails",
            use.at_token(tokens[0]),
            (known[1].place,),
        )


def _lacking(use: sql.SqlUse) -> Iterator[tuple[sql.Token, list[sql.Token]]]:
    """The tables that a text writes to, each with the columns that no SQL of the project gives it."""
    for statement in use.text.statements:
        names = [token for _, token in sql.tables(statement) if token.name]
        if statement.verb not in _WRITES or not names:
            continue
        written = _written(statement, names[0], use)
        found = sql.columns_lacking(use.module, names[0].name or "", frozenset(written)) if written else None
        if found is not None:
            yield names[0], [token for name, token in written.items() if name in found[0]]


def _first_places(module: Module, table: sql.Token) -> dict[str, int]:
    """The first calls of a module, by their nodes' ids, that write the columns which a table lacks."""
    found: dict[str, int] = {}
    for made in module.calls("prepare"):
        use = sql.sql_use(module, made.node)
        if use is None or use.engine is not sql.SqlDialect.D1:
            continue
        for other, lacking in _lacking(use):
            if (other.name or "").lower() == (table.name or "").lower():
                for token in lacking:
                    found.setdefault((token.name or "").lower(), made.node.id)
    return found


def _written(statement: sql.Statement, table: sql.Token, use: sql.SqlUse) -> dict[str, sql.Token]:
    """The columns that an `INSERT` lists or an `UPDATE` sets, by their names in lower case; none where some
    are not known."""
    tokens = [token for token in statement.tokens if token.start >= table.end]
    found: dict[str, sql.Token] = {}
    if statement.verb == "UPDATE":
        if not tokens or tokens[0].upper != "SET":
            return {}
        depth = 0
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0 and token.upper in ("WHERE", "FROM", "RETURNING"):
                break
            if depth == 0 and before.text in ("SET", "set", "Set", ",") and after.text == "=" and token.name:
                found[token.name.lower()] = token
        return found
    if not tokens or tokens[0].text != "(":
        return {}
    for token in tokens[1:]:
        if token.text == ")":
            end = token.start
            break
        if token.name:
            found[token.name.lower()] = token
    else:
        return {}
    return {} if any(tokens[0].start <= hole.at <= end for hole in use.text.holes) else found
