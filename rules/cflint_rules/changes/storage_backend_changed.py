"""Keep the storage that a Durable Object class has: make a new class for another.

What a class keeps its data in is decided when it is created. A deployment that says otherwise for a class
that exists is refused, or changes nothing.

## Incorrect

```jsonc title="base/wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_classes": ["Room"] }],
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

## Correct

```jsonc title="base/wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_classes": ["Room"] }],
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "migrations": [
    { "tag": "v1", "new_classes": ["Room"] },
    { "tag": "v2", "new_sqlite_classes": ["SqlRoom"] },
  ],
}
```

## What to do

Put the class back into `new_classes` (or `new_sqlite_classes`) where it was. For the other storage, make
a new class under another name, and copy the data.

## Not reported

A class that was deleted in between, whose storage is new. Needs a base: `cflint check --base REV`, or
`cflint diff`.

## Errors

```text title="workerd"
This Durable Object is not backed by SQLite storage, so the SQL API is not available. … but an
  already-deployed class cannot be converted to SQLite (except by deleting the existing data). …
```

## Fix safety

No fix: data would have to be moved.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Change, Documents, Finding, Severity, change, config, quoted, rule

_NAMES = {config.Backend.SQLITE: "SQLite", config.Backend.KEY_VALUE: "the older key-value storage"}


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change) -> Iterator[Finding]:
    for before, after in subject.environments:
        if after.source_of("migrations") is not after and after.source_of("exports") is not after:
            continue  # the top level is reported
        was, now = before.lifecycle, after.lifecycle
        if not (was.complete and now.complete):
            continue
        old_tags = {entry.tag for entry in was.migrations}
        for name, live in now.classes.items():
            there = was.classes.get(name)
            if there is None or there.backend is live.backend:
                continue
            if there.backend not in _NAMES or live.backend not in _NAMES:
                continue
            if live.tag is not None and live.tag not in old_tags:
                continue  # created again by a migration that the base has not
            yield Finding(
                f"the class {quoted(name)} has {_NAMES[there.backend]} in the base, and cannot get"
                f" {_NAMES[live.backend]}",
                after.location(live.span),
            )
