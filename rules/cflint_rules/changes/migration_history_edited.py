"""Add a migration instead of changing one that the base has.

A Worker keeps the tag of the last migration that was applied, and a deployment sends only the entries after
it. What is changed in an entry that was applied never happens, an entry that is put before it is never sent,
and when the tag itself is gone wrangler sends all entries again, which the platform refuses for classes that
exist.

## Incorrect

```jsonc title="base/wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room", "Lobby"] }],
}
```

## Correct

```jsonc title="base/wrangler.jsonc"
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "chat",
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["Room"] },
    { "tag": "v2", "new_sqlite_classes": ["Lobby"] },
  ],
}
```

## What to do

Put the entry back as it was, and write what is new as a further migration with a tag of its own.

## Not reported

Entries after the last of the base, another storage of a class (`storage-backend-changed`), Workers that got
another name, under which nothing was applied yet, and a configuration that declares its Durable Objects in
`exports` by now. Needs a base: `cflint check --base REV`,
or `cflint diff`.

## Errors

```text title="wrangler"
The published script … has a migration tag "…, which was not found in your … file.
```

## Fix safety

No fix: what was applied already is not known.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy/
"""

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Change,
    Documents,
    Environment,
    Finding,
    Location,
    Severity,
    change,
    config,
    quoted,
    rule,
)


@rule(change(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change) -> Iterator[Finding]:
    for before, after in subject.environments:
        if after.source_of("migrations") is after:  # else the top level is reported
            yield from _edited(before, after)


def _edited(before: Environment, after: Environment) -> Iterator[Finding]:
    was, now = before.lifecycle, after.lifecycle
    if not was.migrations or not (was.complete and now.complete) or now.uses_exports:
        return
    if any(entry.tag is None for entry in (*was.migrations, *now.migrations)):
        return  # `migration-duplicate-tag`
    if before.worker_name != after.worker_name:
        return  # under another name nothing was ever applied
    if any(_is_made_elsewhere(part) for part in (before, after)):
        return  # what the entries are is not known
    yield from _moved(was, now, after)
    known = {entry.tag: entry for entry in was.migrations}
    for entry in now.migrations:
        if entry.tag in known and _said(entry) != _said(known[entry.tag]):
            yield Finding(
                f"the migration {quoted(entry.tag or '')} is not what it is in the base: where it was"
                " applied, the change is never sent",
                _at(after, entry),
            )


def _is_made_elsewhere(environment: Environment) -> bool:
    """Whether something else than the file decides on entries. A script that writes to a configuration before
    it is deployed leaves the entries that are there as they are."""
    if not environment.is_open("migrations"):
        return False
    deployment = environment.config.deployment
    is_written = bool(deployment.open) and not deployment.is_template and "migrations" not in deployment.keys
    return environment.tree is not None or not is_written


def _at(environment: Environment, entry: config.Migration) -> Location:
    return environment.location(entry.tag_span if entry.tag_span is not None else entry.node)


def _moved(was: config.Lifecycle, now: config.Lifecycle, after: Environment) -> Iterator[Finding]:
    """The entries of the base that are gone, and those that stand at another place."""
    there = {entry.tag: entry for entry in now.migrations}
    place = after.value("migrations")
    for entry in was.migrations:
        if entry.tag not in there:
            at = after.location(place) if place is not None else after.place
            yield Finding(
                f"the migration {quoted(entry.tag or '')} of the base is gone: where it was the last that was"
                " applied, all entries are sent again",
                at,
            )
    tags = [entry.tag for entry in was.migrations if entry.tag in there]
    known = {entry.tag for entry in was.migrations}
    last = max((there[tag].index for tag in tags), default=-1)
    order = iter(tags)
    expected = next(order, None)
    for entry in now.migrations:
        at = _at(after, entry)
        tag = quoted(entry.tag or "")
        if entry.tag not in known:
            if entry.index < last:
                yield Finding(
                    f"the migration {tag} is new, and stands before one of the base: it is never sent", at
                )
            continue
        if entry.tag != expected:
            yield Finding(f"the migration {tag} stands at another place than in the base", at)
            return  # what follows has moved with it
        expected = next(order, None)


def _said(entry: config.Migration) -> object:
    """What an entry says, but for the storage of the classes that it creates."""
    plain = entry.node.plain
    if not isinstance(plain, dict):
        return plain
    created = [*_items(plain.get("new_classes")), *_items(plain.get("new_sqlite_classes"))]
    rest = {key: value for key, value in plain.items() if key not in ("new_classes", "new_sqlite_classes")}
    return rest, sorted(map(str, created))


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
