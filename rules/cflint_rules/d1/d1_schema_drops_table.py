"""Write `CREATE TABLE IF NOT EXISTS`, and no `DROP TABLE`, in a schema that is applied again.

A file that drops a table and then creates it deletes all rows whenever it is applied: `wrangler d1 execute
--remote --file schema.sql`, run once more after a change, empties the database. `CREATE TABLE IF NOT EXISTS`
leaves rows alone, and migrations change a table that has some.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }],
}
```

```ts title="src/index.ts"
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.DB.prepare("SELECT count(*) FROM notes").first());
  },
} satisfies ExportedHandler<Env>;
```

```sql title="schema.sql"
DROP TABLE IF EXISTS notes;
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }],
}
```

```ts title="src/index.ts"
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.DB.prepare("SELECT count(*) FROM notes").first());
  },
} satisfies ExportedHandler<Env>;
```

```sql title="schema.sql"
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
```

## What to do

Delete each `DROP TABLE` of this file, write `CREATE TABLE IF NOT EXISTS` for each `CREATE TABLE` (the same
for indexes), and `INSERT OR IGNORE` for each `INSERT`: applied again, the file then keeps the data. Only a
file that is there to reset a local database keeps them, and says so in its name (`reset.sql`).

## Not reported

Migrations, each of which is applied once; files of tests and seeds; a table that is dropped and not created
again behind that. Looked at are `schema.sql`, `init.sql`, `database.sql`, `db.sql`, `setup.sql` and
`tables.sql` beside the configuration, and in the folders that projects have for them (`db`, `sql`, `src`, …).

## Fix safety

Unsafe: a table that is there keeps its old columns, so that a new one needs a migration. There is no fix
where the file inserts rows, too.

Source: https://developers.cloudflare.com/d1/reference/migrations/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    join_names,
    pattern,
    quoted,
    rule,
    sql,
    worker,
)

_NAMES = ("schema.sql", "init.sql", "database.sql", "db.sql", "setup.sql", "tables.sql")
_SHOWN = 3
_FOLDERS = ("", "db", "sql", "src", "src/db", "database", "schema", "d1")
_KINDS = frozenset({"TABLE", "INDEX", "VIEW", "TRIGGER"})
_DROPS = pattern(rb"(?i:drop)\s")


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.config is None or not any(found.bindings_of("d1") for found in subject.environments):
        return
    for folder in _FOLDERS:
        for name in _NAMES:
            path = posixpath.normpath(posixpath.join(subject.config.directory, folder, name))
            document = project.workspace.read(path) if project.workspace.exists(path) else None
            if document is None or _DROPS.search(document.data) is None:
                continue
            emptied = _emptied(document.data)
            if emptied:
                names = [quoted(table) for table, _ in emptied]
                yield Finding(
                    f"applied again, this file deletes all rows of {join_names(names, _SHOWN)}",
                    at := Location(document, emptied[0][1]),
                    fix=_fix(at),
                )


def _fix(at: Location) -> Fix | None:
    """A file that makes what is not there, and drops nothing; None where it inserts rows, too."""
    document, text = at.document, at.document.data.decode("latin-1")
    edits: list[Edit] = []
    for statement in sql.statements(text):
        if statement.verb in ("INSERT", "REPLACE"):
            return None
        if statement.verb == "DROP" and _dropped(statement) is not None:
            end = text.find(";", statement.end) + 1 if statement.closed else statement.end
            start = text.rfind("\n", 0, statement.start) + 1
            is_alone = not text[start : statement.start].strip() and text[end : end + 1] in ("\n", "")
            span = Span(start, min(end + 1, len(text))) if is_alone else Span(statement.start, end)
            edits.append(Edit(document, span, ""))
        kind = next((it for it in statement.tokens[1:3] if it.upper in _KINDS), None)
        if statement.verb == "CREATE" and kind is not None and "IF" not in _words_after(statement, kind):
            edits.append(Edit(document, Span(kind.end, kind.end), " IF NOT EXISTS"))
    return Fix("Make what is not there, and drop nothing", tuple(edits), Safety.UNSAFE)


def _words_after(statement: sql.Statement, kind: sql.Token) -> list[str]:
    return [token.upper for token in statement.tokens if token.start > kind.start][:1]


def _emptied(data: bytes) -> list[tuple[str, Span]]:
    """The tables that a file drops and then creates, and where it drops them."""
    dropped: dict[str, tuple[str, Span]] = {}
    found: list[tuple[str, Span]] = []
    # as Latin-1 a character is a byte, and what is no ASCII is a letter all the same
    for statement in sql.statements(data.decode("latin-1")):
        if statement.verb == "DROP" and (table := _dropped(statement)) is not None:
            name = table.name or ""
            shown = name.encode("latin-1").decode("utf-8", "replace")
            dropped.setdefault(name.lower(), (shown, Span(statement.start, table.end)))
        for use, created in sql.tables(statement) if statement.verb == "CREATE" else ():
            drop = dropped.pop((created.name or "").lower(), None) if use is sql.TableUse.CREATES else None
            if drop is not None:
                found.append(drop)
    return sorted(found, key=lambda one: one[1].start)


def _dropped(statement: sql.Statement) -> sql.Token | None:
    """The name in `DROP TABLE name` and `DROP TABLE IF EXISTS name`; None of every other statement."""
    tokens = statement.tokens
    words = [token.upper for token in tokens[1:4]]
    at = 4 if words == ["TABLE", "IF", "EXISTS"] else 2
    if words[:1] != ["TABLE"] or len(tokens) != at + 1 or not tokens[at].name:
        return None
    return tokens[at]
