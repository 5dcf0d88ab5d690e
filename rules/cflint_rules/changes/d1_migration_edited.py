"""Add an SQL migration instead of changing one that the base has.

D1 keeps the names of the migrations that were applied, and applies each file once. What is changed in a file
later reaches only databases that do not have it yet: production and a new database differ from then on.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "d1_databases": [{ "binding": "DB", "database_name": "shop" }],
}
```

```sql title="base/migrations/0001_items.sql"
CREATE TABLE items (id INTEGER PRIMARY KEY);
```

```sql title="migrations/0001_items.sql"
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);
```

```jsonc title="base/wrangler.jsonc"
{
  "name": "shop",
  "d1_databases": [{ "binding": "DB", "database_name": "shop" }],
}
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "d1_databases": [{ "binding": "DB", "database_name": "shop" }],
}
```

```sql title="base/migrations/0001_items.sql"
CREATE TABLE items (id INTEGER PRIMARY KEY);
```

```sql title="migrations/0001_items.sql"
CREATE TABLE items (id INTEGER PRIMARY KEY);
```

```sql title="migrations/0002_names.sql"
ALTER TABLE items ADD COLUMN name TEXT;
```

```jsonc title="base/wrangler.jsonc"
{
  "name": "shop",
  "d1_databases": [{ "binding": "DB", "database_name": "shop" }],
}
```

## What to do

Put the file back as it was, and write what is new as a further migration (`npx wrangler d1 migrations
create`): one that was applied is not applied again.

## Not reported

White space, and comments on lines of their own. A folder that was moved. Needs a base:
`cflint check --base REV`, or `cflint diff`.

## Fix safety

No fix: where the file was applied is not known.

Source: https://developers.cloudflare.com/d1/reference/migrations/
"""

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Binding,
    Change,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Span,
    change,
    config,
    quoted,
    rule,
)


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change, project: Project) -> Iterator[Finding]:
    bindings: dict[str, Binding] = {}
    for _, after in subject.environments:
        for binding in after.bindings_of("d1"):
            folder = config.migration_folder(binding)
            if folder is not None:
                bindings.setdefault(folder, binding)
    before, now = subject.base.workspace, project.workspace
    for folder, binding in bindings.items():
        for name in before.list(folder):
            old = before.read(f"{folder}/{name}") if name.endswith(".sql") else None
            if old is None or not now.is_dir(folder):
                continue
            new = now.read(f"{folder}/{name}")
            if new is None and not now.exists(f"{folder}/{name}"):
                message = f"the migration {quoted(name)} of the base is gone: databases that have it keep it"
                yield Finding(message, binding.location)
            elif new is not None and _statements(new.data) != _statements(old.data):
                yield Finding(
                    "the migration is not what it is in the base: databases that have it get no change",
                    Location(new, Span(0, 0)),
                )


def _statements(data: bytes) -> list[bytes]:
    """The words of a file without comments on lines of their own."""
    lines = (line.strip() for line in data.splitlines())
    return [word for line in lines if not line.startswith(b"--") for word in line.split()]
