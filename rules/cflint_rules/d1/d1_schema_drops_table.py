"""Do not begin a schema that is applied again with `DROP TABLE`.

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

## Not reported

Migrations, each of which is applied once; files of tests and seeds; a table that is dropped and not created
again. Looked at are `schema.sql`, `init.sql` and `database.sql` beside the configuration, and in the folders
that projects have for them.

## Fix safety

There is no fix: a schema that has to be changed in place needs migrations.

Source: https://developers.cloudflare.com/d1/reference/migrations/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Span,
    Worker,
    join_names,
    pattern,
    rule,
    worker,
)

_NAMES = ("schema.sql", "init.sql", "database.sql", "db.sql", "setup.sql", "tables.sql")
_SHOWN = 3
_FOLDERS = ("", "db", "sql", "src", "src/db", "database", "schema", "d1")
_DROPS = pattern(
    rb"(?:^|;)[ \t]*(DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?[\"'`\[]?(\w+))", re.IGNORECASE | re.MULTILINE
)
_MAKES = pattern(rb"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"'`\[]?(\w+)", re.IGNORECASE)


@rule(worker(), severity=Severity.NOTE, deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.config is None or not any(found.bindings_of("d1") for found in subject.environments):
        return
    for folder in _FOLDERS:
        for name in _NAMES:
            path = posixpath.normpath(posixpath.join(subject.config.directory, folder, name))
            document = project.workspace.read(path) if project.workspace.exists(path) else None
            if document is None:
                continue
            made = {found[1].lower() for found in _MAKES.finditer(document.data)}
            lost = [found for found in _DROPS.finditer(document.data) if found[2].lower() in made]
            if lost:
                names = dict.fromkeys(f"`{found[2].decode('utf-8', 'replace')}`" for found in lost)
                yield Finding(
                    f"applied again, this file deletes all rows of {join_names(list(names), _SHOWN)}",
                    Location(document, Span(lost[0].start(1), lost[0].end(1))),
                )
