"""Write migrations that D1 can apply to a database that has rows.

`wrangler d1 migrations apply` stops at the first statement that fails, and no migration behind it is applied.
D1 refuses statements that start or end a transaction and most `PRAGMA`s; SQLite has no `TRUNCATE`, no `ADD
COLUMN IF NOT EXISTS`, and adds no column that is `UNIQUE`. A column that is `NOT NULL` and has no default can
be added to an empty table alone: on the developer's new database it works, in production it fails.

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

```sql title="migrations/0001_notes.sql"
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
```

```sql title="migrations/0002_author.sql"
ALTER TABLE notes ADD COLUMN author TEXT NOT NULL;
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

```sql title="migrations/0001_notes.sql"
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
```

```sql title="migrations/0002_author.sql"
ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT '';
```

## What to do

- "as soon as": Give the column a constant default (`NOT NULL DEFAULT ''`), or leave `NOT NULL` out, and fill
  it with an `UPDATE`. Where it has to stay as it is, make a new table with the column, copy the rows with
  `INSERT INTO … SELECT`, drop the old table and rename the new one.
- "transaction of its own": Delete the statement: each migration is one transaction anyway.
- "the journal lists": Restore the file from the history, or take the entry out of the journal and generate
  the migration again (`npx drizzle-kit generate`).
- "finds no migration": Name the folder that holds the `.sql` files, or set `migrations_pattern` to where they
  are: `"migrations_pattern": "migrations/*/migration.sql"`.

Write the statement as SQLite has it, or delete it. A migration that was applied already keeps its name.

## Not reported

Tables that the same file makes or empties; files that are not applied by wrangler, and folders that hold
migrations of another database, as far as their SQL says so.

## Errors

```text title="workerd"
Cannot add a NOT NULL column with default value NULL
Cannot add a column with non-constant default
Cannot add a UNIQUE column
not authorized: SQLITE_AUTH
```

```text title="wrangler"
D1 runs your SQL in a transaction for you.
```

## Fix safety

There is no fix: what the rows that are there get is up to you.

Source: https://www.sqlite.org/lang_altertable.html, https://developers.cloudflare.com/d1/reference/migrations/,
packages/wrangler/src/d1/trimmer.ts of workers-sdk, and src/workerd/util/sqlite.c++ of workerd
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Environment,
    Finding,
    Location,
    Match,
    Project,
    Severity,
    Span,
    Worker,
    call,
    config,
    pattern,
    quoted,
    rule,
    sql,
    worker,
)

_OTHER_DATABASE = pattern(
    rb"\b(?:timestamptz|jsonb|plpgsql|bigserial|serial\s{1,9}primary|create\s{1,9}(?:type|extension|schema)"
    rb"|auto_increment|engine\s{0,9}=)|\bgen_random_uuid\(",
    re.IGNORECASE,
)
_MAY_FAIL = pattern(
    rb"\b(?:alter|pragma|begin|commit|rollback|savepoint|attach|detach|vacuum|truncate|extension|type|schema"
    rb"|function|sequence|domain|policy|comment|grant|revoke|set|use|do|lock|call)\b",
    re.IGNORECASE,
)
_TAG = pattern(rb"\"tag\"\s*:\s*\"([\w.-]+)\"")
_NAMED = pattern(rb"\"name\"\s*:\s*\"(\w+)\"\s*,\s*\"(?:columns|type)\"")
"""The tables and columns of a snapshot."""
_WORD = pattern(rb"\w+")
_TRANSACTIONS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_MOST = 400
_LONGEST = 2_000_000


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    seen: set[str] = set()
    is_deployed = subject.config is not None and subject.config.role.is_deployed
    for environment in subject.environments if is_deployed else ():
        for binding in environment.bindings_of("d1"):
            folder = config.migration_folder(binding)
            if folder is None or folder in seen or binding.field("migrations_pattern") is not None:
                continue
            seen.add(folder)
            names = project.workspace.list(folder) if project.workspace.is_dir(folder) else ()
            files = [posixpath.join(folder, name) for name in names if name.endswith(".sql")][:_MOST]
            yield from _fails(project, sorted(files), is_named=binding.field("migrations_dir") is not None)
            yield from _lost(project, folder, files)
            if not files:
                yield from _elsewhere(project, environment, folder)


@check.on(call("prepare", "exec"))
def check_code(match: Match) -> Iterator[Finding]:
    """The statements of code: a schema that is brought up to date there."""
    use = sql.sql_use(match.module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1 or not match.module.is_run:
        return
    for statement in use.text.statements:
        found = sql.refusal(statement)
        # of transactions `do-sql-transaction-statement` tells
        if found is not None and not found.with_rows and statement.verb not in _TRANSACTIONS:
            yield Finding(f"D1 refuses this statement: {found.why}", use.at_token(found.token))
            return


def _fails(project: Project, files: list[str], *, is_named: bool) -> Iterator[Finding]:
    """The statements of migrations that fail, the first of each file."""
    documents = [found for path in files if (found := project.workspace.read(path)) is not None]
    if not is_named and any(_OTHER_DATABASE.search(found.data) is not None for found in documents):
        return
    for document in documents:
        if len(document.data) > _LONGEST or _MAY_FAIL.search(document.data) is None:
            continue
        refused = list(_refusals(document.data))
        if not refused:
            continue
        first = next((one for one in refused if not one.with_rows), refused[0])
        alike = [one for one in refused if one is not first and one.with_rows is first.with_rows]
        fails = f"this fails as soon as {quoted(first.table)} has rows: it adds {first.why}"
        yield Finding(
            fails if first.with_rows else f"this migration cannot be applied: {first.why}",
            Location(document, Span(first.token.start, first.token.end)),
            tuple(Location(document, Span(one.token.start, one.token.end), "and this") for one in alike[:3]),
        )


def _refusals(data: bytes) -> Iterator[sql.Refusal]:
    """The statements of a file that fail."""
    # wrangler takes out the transaction that a dump of SQLite is, if it is spelled like this
    if b"BEGIN TRANSACTION;" in data:
        for word in (b"BEGIN TRANSACTION;", b"COMMIT;"):
            data = data.replace(word, b" " * len(word), 1)
    empty: set[str] = set()
    # as Latin-1 a character is a byte, and what is no ASCII is a letter all the same
    for statement in sql.statements(data.decode("latin-1")):
        for use, created in sql.tables(statement):
            if use is sql.TableUse.CREATES or (statement.verb == "DELETE" and len(statement.tokens) == 3):
                empty.add((created.name or "").lower())
        found = sql.refusal(statement)
        if found is not None and not (found.with_rows and found.table.lower() in empty):
            yield found


def _lost(project: Project, folder: str, files: list[str]) -> Iterator[Finding]:
    """A migration that Drizzle's journal lists and that is not there. Where others come after it, these may
    make all of the database anew: then Drizzle's picture of it has nothing that they do not speak of."""
    document = project.workspace.read(posixpath.join(folder, "meta", "_journal.json"))
    if document is None or len(document.data) > _LONGEST:
        return
    listed = [(one[1].decode("ascii", "replace"), one.span(1)) for one in _TAG.finditer(document.data)]
    lost = [one for one in listed if not project.workspace.exists(posixpath.join(folder, one[0] + ".sql"))]
    if not lost or len(lost) == len(listed):
        return
    name, at = lost[-1]
    if name == listed[-1][0]:
        made = "a new database lacks what it does"
    else:
        lacking = _lacking(project, folder, listed[-1][0], files)
        if lacking is None:
            return  # what is there makes all of it, too
        made = f"and no other migration makes {quoted(lacking)}"
    yield Finding(
        f"the journal lists {quoted(name + '.sql')}, which is not there: {made}",
        Location(document, Span(*at)),
    )


def _lacking(project: Project, folder: str, last: str, files: list[str]) -> str | None:
    """A table or column of Drizzle's last picture of the database that no file speaks of."""
    path = posixpath.join(folder, "meta", f"{last.partition('_')[0]}_snapshot.json")
    pictured = project.workspace.read(path) if project.workspace.exists(path) else None
    if pictured is None or len(pictured.data) > _LONGEST:
        return None
    words = {
        word.lower()
        for one in files
        if (found := project.workspace.read(one)) is not None
        for word in _WORD.findall(found.data)
    }
    names = (one for one in _NAMED.findall(pictured.data) if one.lower() not in words)
    return next((one.decode("ascii", "replace") for one in names), None)


def _elsewhere(project: Project, environment: Environment, folder: str) -> Iterator[Finding]:
    """`migrations_dir` with folders that hold a migration each, which wrangler does not look into."""
    for entry in environment.own_items("d1_databases"):
        node = entry.get("migrations_dir")
        if (
            node is None
            or not node.text
            or posixpath.basename(folder) != posixpath.basename(node.text.rstrip("/"))
        ):
            continue
        for name in project.workspace.list(folder) if project.workspace.is_dir(folder) else ():
            if project.workspace.exists(posixpath.join(folder, name, "migration.sql")):
                yield Finding(
                    "wrangler finds no migration here: it looks for `.sql` files in this folder alone, not in"
                    " the folders of it",
                    environment.location(node),
                )
                return
