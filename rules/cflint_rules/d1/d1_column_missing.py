"""Add a column to the schema or the migrations before code asks for it: a database made from them lacks it.

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

- "another column is meant": Write `<meant>`, which the table has, in the place of `<column>`, here and at
  each other place that is shown. Only where a value of its own is meant, write a migration with `ALTER TABLE
  <table> ADD COLUMN <column> TEXT` instead, and apply it (`npx wrangler d1 migrations apply`).
- "SQL `<table>` lacks the column `<column>`": Write a migration with `ALTER TABLE <table> ADD COLUMN <column>
  TEXT` (the type is yours to say; unless you know better, that of what the code writes), and apply it
  (`npx wrangler d1 migrations apply`). Where the column is in the database already, have the migration
  recorded as applied there. If the name is wrong in the code, write it as the table has it, here and at each
  other place that is shown.

## Not reported

Tables that neither a SQL file nor Drizzle's schema defines, or only one for Postgres or MySQL; projects of
which code or a script changes tables in a way that cannot be seen (`ALTER TABLE ${name}`); statements of
which a part is put together, but for the values; statements in a `catch`, or whose `catch` asks the same
table in another way or does nothing. With `drizzle-kit push` in the scripts, only tables of Drizzle's schema
are looked at.

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
_VALUES = frozenset({sql.HolePosition.VALUE, sql.HolePosition.LIST, sql.HolePosition.QUOTED})
"""Where a hole brings no further table into a statement."""


@rule(call("prepare"), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    use = sql.sql_use(module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1 or not module.is_run:
        return
    for table, lacking in _lacking(use):
        places = _places(module, table.name or "") if lacking else []
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
            f"by the project's SQL `{table.name}` lacks {'the column' if len(names) == 1 else 'the columns'}"
            f" {join_names(listed)}: on a database made from it this fails",
            use.at_token(lacking[0]),
            (known[1].place, *(place.at for place in places[1:_SHOWN])),
            words=_meant(names, known[1].columns),
        )


def _meant(names: list[str], columns: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The one column of a table whose name has that of one which it lacks as a part, or is a part of it."""
    if len(names) != 1:
        return ()
    (name,) = names
    parts = set(name.lower().split("_"))
    alike = [it for it in columns if parts < set(it.split("_")) or set(it.split("_")) < parts]
    if len(alike) != 1 or alike[0] == "id":
        return ()
    return (("another column is meant", ""), ("<meant>", alike[0]))


@dataclass(frozen=True)
class _Place:
    """A call, by its module and offset, that names columns which a table lacks."""

    call: tuple[str, int]
    columns: tuple[str, ...]
    at: Location


def _places(module: Module, table: str) -> list[_Place]:
    """The calls of the Workers around that name columns which no SQL gives a table, in order. Statements in
    which its name is not spelled like this are left out."""
    paths = js.paths_around(module)

    def find() -> list[_Place]:
        found: list[_Place] = []
        for other in js.modules_naming(module.project, paths, table, at_hand=module):
            for made in other.calls("prepare", other.root):
                use = sql.sql_use(other, made.node)
                if use is None or use.engine is not sql.SqlDialect.D1 or not other.is_run:
                    continue
                if table not in use.text.text:
                    continue
                for named, lacking in _lacking(use):
                    if lacking and named.name == table:
                        names = tuple(token.name or "" for token in lacking)
                        at = use.at_token(lacking[0])
                        found.append(_Place((other.path, made.node.start_byte), names, at))
        return sorted(found, key=lambda place: place.call)

    question = ("columns that no SQL gives", table, *(id(worker) for worker in module.workers))
    return module.project.memo.memoized(question, find)


def _lacking(use: sql.SqlUse) -> Iterator[tuple[sql.Token, list[sql.Token]]]:
    """The tables that a text names, each with the columns that no SQL of the project gives it."""
    named: dict[str, tuple[sql.Token, dict[str, sql.Token]]] = {}
    reads = use.text.exact and all(use.text.position(hole) in _VALUES for hole in use.text.holes)
    for statement in use.text.statements:
        for table, column in (
            *sql.columns_written(statement),
            *(sql.columns_read(statement) if reads else ()),
        ):
            _, columns = named.setdefault((table.name or "").lower(), (table, {}))
            columns.setdefault((column.name or "").lower(), column)
    for table, columns in named.values():
        if _may_fail(use, table):
            continue
        found = sql.columns_lacking(use.module, table.name or "", frozenset(columns))
        if found is not None:
            yield table, [token for name, token in columns.items() if name in found[0]]


def _may_fail(use: sql.SqlUse, table: sql.Token) -> bool:
    """Whether the code reckons with a database that lacks a column: what stands in a `catch`, or what has one
    that does nothing or asks the table in another way."""
    module = use.module
    for above in module.ancestors(use.call):
        if above.type == "catch_clause":
            return True
        if above.type in js.FUNCTIONS:
            break
    around = module.try_around(use.call)
    handler = around.child_by_field_name("handler") if around is not None else None
    body = handler.child_by_field_name("body") if handler is not None else None
    if body is not None and (not body.named_child_count or (table.name or "") in module.text(body)):
        return True
    node = use.call
    while (found := module.method_called_on(node)) is not None:
        if found[0] == "catch":
            return True
        node = found[1]
    return False
