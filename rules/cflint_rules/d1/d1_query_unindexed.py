"""Give a table an index for the columns by which rows are looked up: without one a query reads them all.

Where no index begins with a column that a `WHERE` compares, SQLite looks at each row of the table, whatever
comes out. D1 bills the rows that are read, and the query becomes slower with each row that is written.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
}
```

```sql title="migrations/0001_readings.sql"
CREATE TABLE readings (id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, value REAL NOT NULL);
```

```ts title="src/index.ts"
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const device = new URL(request.url).pathname.slice(1);
    const query = env.DB.prepare("SELECT value FROM readings WHERE device_id = ? LIMIT 50");
    return Response.json((await query.bind(device).all()).results);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "db" }],
}
```

```sql title="migrations/0001_readings.sql"
CREATE TABLE readings (id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, value REAL NOT NULL);
CREATE INDEX readings_device_id ON readings (device_id);
```

```ts title="src/index.ts"
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const device = new URL(request.url).pathname.slice(1);
    const query = env.DB.prepare("SELECT value FROM readings WHERE device_id = ? LIMIT 50");
    return Response.json((await query.bind(device).all()).results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

- "no index of `<table>` begins with `<column>`": Write a migration with `CREATE INDEX <table>_<column> ON
  <table> (<column>);`, and apply it (`npx wrangler d1 migrations apply`). A table that stays small needs
  none: suppress this there.

Write a migration with `CREATE INDEX table_column ON table (column);`, with the column first of which the
fewest rows have one value, and apply it (`npx wrangler d1 migrations apply`). A table that stays small needs
none: suppress this there.

## Not reported

Tables that no SQL file makes, and those of which code changes the columns in a way that cannot be seen;
statements with a join, an `OR`, a query inside, or a part that is put together; those that compare, or
with a limit sort by, any column with which an index begins, also one for some rows (`WHERE`) or of an
expression; tables whose
names say that they stay small (`settings`, `roles`). Of several statements in a module that look up rows of
a table by the same columns the first.

## Fix safety

There is no fix: which indexes are worth their writes is up to the author.

Source: https://developers.cloudflare.com/d1/best-practices/use-indexes/,
https://developers.cloudflare.com/d1/platform/pricing/, https://www.sqlite.org/queryplanner.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Match,
    Module,
    Severity,
    call,
    pattern,
    rule,
    sql,
)
from cflint_rules.d1._limits import STAYS_SMALL

_VERBS = frozenset({"SELECT", "UPDATE", "DELETE"})
_OTHER = frozenset({"OR", "JOIN", "UNION", "WITH", "MATCH", "EXISTS", "INDEXED"})
"""Words of statements that may find rows in another way."""
_AFTER = frozenset({"ORDER", "GROUP", "LIMIT", "HAVING", "RETURNING", "WINDOW"})
_VALUES = frozenset({sql.HolePosition.VALUE, sql.HolePosition.LIST, sql.HolePosition.QUOTED})
_GIVEN = frozenset({sql.TokenKind.PLACEHOLDER, sql.TokenKind.HOLE})
_FEW = pattern(
    r"is_|has_|(?:.*_)?(?:status|state|active|enabled|deleted|type|kind|role|level|lang)", re.IGNORECASE
)
"""Names of columns that have few values, so that an index leaves most of the work."""


@rule(call("prepare"), severity=Severity.NOTE, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_run:
        return
    found = module.memoized("first queries without an index", lambda: _first_queries(module))
    if match.node.start_byte not in found:
        return
    use, table, columns = found[match.node.start_byte]
    listed = " or ".join(f"`{column}`" for column in columns)
    yield Finding(
        f"no index of `{table}` begins with {listed}: this reads all rows of the table",
        use.at_token(next(iter(columns.values()))),
    )


def _first_queries(module: Module) -> dict[int, tuple[sql.SqlUse, str, dict[str, sql.Token]]]:
    """The queries that are the first of a module to look up rows of a table by some columns which have no
    index, by where they start."""
    seen: set[tuple[str, frozenset[str]]] = set()
    first: dict[int, tuple[sql.SqlUse, str, dict[str, sql.Token]]] = {}
    for made in sorted(module.calls("prepare"), key=lambda made: made.node.start_byte):
        use = sql.sql_use(module, made.node)
        found = _looked_up(module, use)
        if use is None or found is None or (key := (found[0], frozenset(found[1]))) in seen:
            continue
        seen.add(key)
        first[made.node.start_byte] = (use, *found)
    return first


def _looked_up(module: Module, use: sql.SqlUse | None) -> tuple[str, dict[str, sql.Token]] | None:
    """The table of which a statement looks up rows without an index, and the columns that it compares."""
    if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.exact:
        return None
    if len(use.text.statements) != 1 or "WHERE" not in use.text.text.upper():
        return None
    statement = use.text.statements[0]
    words = [token.upper for token in statement.tokens]
    tables = [(token.name or "").lower() for _, token in sql.tables(statement)]
    if statement.verb not in _VERBS or len(tables) != 1 or STAYS_SMALL.search(tables[0]) is not None:
        return None
    if words.count("SELECT") > 1 or words.count("WHERE") != 1 or not _OTHER.isdisjoint(words):
        return None
    if any(use.text.position(hole) not in _VALUES for hole in use.text.holes):
        return None
    behind = statement.tokens[words.index("WHERE") + 1 :]
    end = next((at for at, token in enumerate(behind) if token.upper in _AFTER), len(behind))
    compared: dict[str, sql.Token] = {}
    for (one, equals), (_, value) in pairwise(pairwise(behind[:end])):
        if one.name and equals.text in ("=", "==") and value.kind in _GIVEN:
            compared.setdefault(one.name.lower(), one)
    chosen = {name: token for name, token in compared.items() if _FEW.match(name) is None}
    if not chosen or sql.columns_in_no_index(module, tables[0], frozenset(compared)) != compared.keys():
        return None
    # By an index for its order a query with a limit may be done early.
    asked = behind if "LIMIT" in words else behind[:end]
    others = {token.name.lower() for token in asked if token.name} - compared.keys()
    if any(sql.columns_in_no_index(module, tables[0], frozenset({name})) == frozenset() for name in others):
        return None
    return tables[0], chosen
