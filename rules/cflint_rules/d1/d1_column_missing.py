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

<add>. Take another type where the code writes one. Where a column is in the database already, have that
recorded there. Where a name is wrong in the code, write it as the table has
it: <has>. Tests that make this table themselves need the same.

- "another column is meant": Write <renamed>, which the table has, here and at each other place that is shown
  (`… AS name` keeps the name of a result). Only where a value of its own is meant, instead: `<alter>`.
- "it is only read": No code writes it, so that a new column would be empty: write the one that is meant of
  those that the table has (<has>), here and at each other place that is shown, or take it out of the
  statement and of what reads the result. Only where something else fills it, instead: `<alter>`.

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

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

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
    record,
    rule,
    sql,
)

_SHOWN = 6
_MOST_COLUMNS = 20
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
            words=_words(table.name or "", names, places, known[1].columns, known[1].place),
        )


def _words(
    table: str, names: list[str], places: Sequence[_Place], columns: frozenset[str], made: Location
) -> tuple[tuple[str, str], ...]:
    """What is to be done: another name, a name that is only read, or columns that are added, and where."""
    meant = {name: other for name in names if (other := _meant(name, columns)) is not None}
    alike = sorted(columns, key=lambda column: (-max(_likeness(column, name) for name in names), column))
    has = ", ".join(f"`{column}`" for column in alike[:_MOST_COLUMNS])
    if len(meant) == len(names):
        pairs = join_names([f"`{other}` for `{name}`" for name, other in meant.items()])
        return (("another column is meant", ""), ("<renamed>", pairs), *_adds(table, names, places, made))
    written = {name.lower() for place in places for name in place.written}
    if written.isdisjoint(name.lower() for name in names):
        return (("it is only read", ""), ("<has>", has), *_adds(table, names, places, made))
    return (("<has>", has), *_adds(table, names, places, made))


def _adds(
    table: str, names: list[str], places: Sequence[_Place], made: Location
) -> Iterator[tuple[str, str]]:
    """The statements that add columns, and how they get to the databases."""
    numbers = {name.lower() for place in places for name in place.numbers}
    adds = [
        f"ALTER TABLE {table} ADD COLUMN {name} {'INTEGER' if name.lower() in numbers else 'TEXT'};"
        for name in names
    ]
    yield "<alter>", " ".join(adds)
    path = made.document.path
    if "migration" in path or "drizzle" in path:
        yield (
            "<add>",
            f"Write a migration with `{' '.join(adds)}`, and apply it (`npx wrangler d1 migrations apply`)",
        )
    else:
        what = "the column" if len(names) == 1 else "the columns"
        yield (
            "<add>",
            f"Add {what} to the `CREATE TABLE` in `{path}`, and to each database that is there:"
            f' `npx wrangler d1 execute NAME --remote --command "{" ".join(adds)}"`',
        )


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other.lower()).ratio()


def _meant(name: str, columns: frozenset[str]) -> str | None:
    """The one column of a table that has a name but for its spelling (`playerId`, `player_id`); or whose name
    has this one as a part, or is a part of it."""
    plain = name.lower().replace("_", "")
    spelled = [it for it in columns if it.replace("_", "") == plain]
    if spelled:
        return spelled[0]
    parts = set(name.lower().split("_"))
    alike = [it for it in columns if parts < set(it.split("_")) or set(it.split("_")) < parts]
    return alike[0] if len(alike) == 1 and alike[0] != "id" else None


@record(frozen=True)
class _Place:
    """A call, by its module and offset, that names columns which a table lacks; those of them that it writes,
    and those that it compares with, or sets to, a number."""

    call: tuple[str, int]
    columns: tuple[str, ...]
    at: Location
    written: frozenset[str]
    numbers: frozenset[str]


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
                        written = frozenset(
                            column.name or ""
                            for statement in use.text.statements
                            for _, column in sql.columns_written(statement)
                        )
                        at, call = use.at_token(lacking[0]), (other.path, made.node.start_byte)
                        found.append(_Place(call, names, at, written, _numbers(use)))
        return sorted(found, key=lambda place: place.call)

    question = ("columns that no SQL gives", table, *(id(worker) for worker in module.workers))
    return module.project.memo.memoized(question, find)


def _numbers(use: sql.SqlUse) -> frozenset[str]:
    """The names that a text compares with a number, or sets to one."""
    tokens = use.text.tokens
    return frozenset(
        one.name
        for one, sign, value in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if one.name and sign.text in ("=", "<", ">", "<=", ">=") and value.kind is sql.TokenKind.NUMBER
    )


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
