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
from dataclasses import dataclass

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Match,
    Module,
    Severity,
    call,
    join_names,
    js,
    rule,
    sql,
)

_SHOWN = 6
_WRITES = frozenset({"INSERT", "REPLACE", "UPDATE"})


@rule(call("prepare"), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    use = sql.sql_use(module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1 or not module.is_run:
        return
    for table, lacking in _lacking(use):
        places = _places(module).get((table.name or "").lower(), []) if lacking else []
        if not places or places[0].call != (module.path, match.node.start_byte):
            continue
        names = list(dict.fromkeys(name for place in places for name in place.columns))
        known = sql.columns_lacking(module, table.name or "", frozenset(name.lower() for name in names))
        if known is None:
            continue
        listed = [f"`{name}`" for name in names[:_SHOWN]]
        if len(names) > _SHOWN:
            listed.append(f"{len(names) - _SHOWN} more")
        yield Finding(
            f"no SQL of the project gives `{table.name}` {'a column' if len(names) == 1 else 'columns'}"
            f" {join_names(listed)}: on a database made from it this fails",
            use.at_token(lacking[0]),
            (known[1].place, *(place.at for place in places[1:_SHOWN])),
        )


@dataclass(frozen=True)
class _Place:
    """A call, by its module and offset, that writes columns which a table lacks."""

    call: tuple[str, int]
    columns: tuple[str, ...]
    at: Location


def _places(module: Module) -> dict[str, list[_Place]]:
    """The calls of the Workers around that write columns which no SQL gives, in order, by table."""
    paths = js.paths_around(module)

    def find() -> dict[str, list[_Place]]:
        found: dict[str, list[_Place]] = {}
        for site in js.calls_named(module.project, paths, "prepare", at_hand=module):
            use = sql.sql_use(site.module, site.node)
            if use is None or use.engine is not sql.SqlDialect.D1 or not site.module.is_run:
                continue
            for table, lacking in _lacking(use):
                if lacking:
                    names = tuple(token.name or "" for token in lacking)
                    place = _Place((site.module.path, site.node.start_byte), names, use.at_token(lacking[0]))
                    found.setdefault((table.name or "").lower(), []).append(place)
        return {table: sorted(places, key=lambda place: place.call) for table, places in found.items()}

    question = ("columns that no SQL gives", *(id(worker) for worker in module.workers))
    return module.project.memo.memoized(question, find)


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
