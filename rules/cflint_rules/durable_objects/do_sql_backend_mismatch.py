"""Use the SQLite API only in classes that are created with SQLite storage.

`ctx.storage.sql`, `ctx.storage.kv`, `transactionSync()` and the bookmark methods throw in a class that
`new_classes` (or `"storage": "legacy-kv"`) gave the old key-value storage: "SQL is not enabled for this
Durable Object class".

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  async bytes(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }
}
```

```jsonc
{
  "durable_objects": { "bindings": [{ "name": "LEDGER", "class_name": "Ledger" }] },
  "migrations": [{ "tag": "v1", "new_classes": ["Ledger"] }],
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  async bytes(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }
}
```

```jsonc
{
  "durable_objects": { "bindings": [{ "name": "LEDGER", "class_name": "Ledger" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Ledger"] }],
}
```

## What to do

If the class was never deployed (`npx wrangler deployments list` shows it), move its name from `new_classes`
to `new_sqlite_classes`. If it was, its storage stays as it is: use `storage.get()` and `put()` instead, or
write a class of another name with `new_sqlite_classes` in a new migration, bind that, and copy the data.

- "only a new class": The calls throw as long as they are made on this class. Use `storage.get()` and `put()`
  in their place; or write a class of another name, create it with `new_sqlite_classes` in a new migration,
  bind that, and copy the data of the old one by its methods.

## Not reported

Classes that were transferred from another Worker, whose storage is not known. Uses inside `try`. Agents,
which `agent-sqlite-migration` covers. A renamed class has the storage that it was created with.

## Errors

```text title="workerd"
Error: SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to
  `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. …
Error: This Durable Object is not backed by SQLite storage, so the SQL API is not available. …
Error: The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this
  object's namespace is not declared to use SQLite. …
Error: Durable Object is not backed by SQL.
```

## Fix safety

Unsafe: right unless the class was deployed as it is: one that was keeps its storage, and needs a new class
beside it. As it is, the call throws. For a class that was deployed the entry stays, a class of another name
is created with `new_sqlite_classes`, and the data copied into it.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/api/actor-state.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    DurableObject,
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Project,
    Safety,
    Severity,
    Span,
    ValueKind,
    Worker,
    call,
    config,
    fixes,
    member_access,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_PROPERTIES = ("sql", "kv")
_METHODS = (
    "transactionSync",
    "getCurrentBookmark",
    "getBookmarkForTime",
    "onNextSessionRestoreBookmark",
)


@rule(member_access(*_PROPERTIES), call(*_METHODS), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match, project: Project) -> Iterator[Finding]:
    if match.receiver_value.kind is not ValueKind.STORAGE or _is_tried(match.module, match.node):
        return
    owner = match.enclosing_class
    if owner is None or owner.kind is ClassKind.AGENT:
        return
    objects = [found for found in _objects(owner, project) if _is_key_value(found)]
    if not objects or _is_repeated(match, owner):
        return
    first = objects[0]
    assert first.live is not None
    born = config.created_with(first.environment.lifecycle, first.live)
    is_renamed = born is not None and born[1] != first.name
    name = f"`{first.name}` (created as `{born[1]}`)" if born and is_renamed else f"`{first.name}`"
    word = match.text(match.name)
    giver = f"`{first.environment.spelled('exports')}`" if first.live.tag is None else "`new_classes`"
    places = (
        Location(found.environment.config.document, _chosen_at(found), "its storage is chosen here")
        for found in objects
    )
    yield Finding(
        f"`storage.{word}` needs SQLite storage, but {giver} gives {name} the old key-value storage"
        f"{config.in_environments([found.environment for found in objects])}{_way_out(first)}",
        match.at(match.name),
        tuple(dict.fromkeys(places)),
        _fix(objects),
    )


def _has_old_storage(subject: Worker) -> bool:
    """Whether any Durable Object of a Worker has the key-value storage."""
    return any(
        live.backend is config.Backend.KEY_VALUE
        for environment in subject.environments
        for live in environment.lifecycle.classes.values()
    )


def _objects(owner: ClassDefinition, project: Project) -> Iterator[DurableObject]:
    """The Durable Objects that the class is, or that extend it, where any has the old storage."""
    key = (owner.facts.path, owner.facts.span)
    for subject in owner.module.workers:
        question = ("a Durable Object with key-value storage", subject)
        if not project.memo.memoized(question, partial(_has_old_storage, subject)):
            continue  # without a look at its classes
        for found in project.durable_objects.of(subject):
            if found.facts is None or found.environment.incomplete:
                continue
            line = (found.facts, *project.classes.bases(found.facts))
            if any((facts.path, facts.span) == key for facts in line):
                yield found


def _is_key_value(found: DurableObject) -> bool:
    return found.live is not None and found.live.backend is config.Backend.KEY_VALUE


def _is_repeated(match: Match, owner: ClassDefinition) -> bool:
    """Whether an earlier place of the class says the same; one finding per class is enough."""
    module = match.module
    for node in module.descendants(owner.body, "member_expression"):
        read = module.member(node)
        if read is None or read.name not in (*_PROPERTIES, *_METHODS) or _is_tried(module, node):
            continue
        if module.value_of(read.object).kind is ValueKind.STORAGE:
            return read.name_node.id != match.name.id
    return False


def _is_tried(module: Module, node: Node) -> bool:
    owner = module.enclosing_class(node)
    return owner is not None and module.is_caught(node, owner.node)


def _chosen_at(found: DurableObject) -> Span:
    """Where the configuration gives a class its storage: for one that was renamed, under its first name."""
    assert found.live is not None
    born = config.created_with(found.environment.lifecycle, found.live)
    rows = born[0].created if born is not None else ()
    spans = (
        row.span for row in rows if born and not isinstance(row, config.ReplayProblem) and row.name == born[1]
    )
    return next(spans, found.live.span)


def _is_deployed(found: DurableObject) -> bool:
    """Whether a class has surely been deployed: other migrations follow the one that created it."""
    lifecycle, live = found.environment.lifecycle, found.live
    born = config.created_with(lifecycle, live) if live is not None else None
    return born is not None and born[0] is not lifecycle.migrations[-1]


def _way_out(found: DurableObject) -> str:
    """What can be done, for the message: a class that was deployed keeps its storage."""
    if _is_deployed(found):
        return " for good: only a new class can have SQLite"
    name = "`new_sqlite_classes`" if found.live is not None and found.live.tag is not None else "`sqlite`"
    return f": make that {name}, unless it was deployed"


def _fix(objects: list[DurableObject]) -> Fix | None:
    found = objects[0]
    environment, live = found.environment, found.live
    if live is None:
        return None
    title = f"Create `{found.name}` with SQLite storage"
    lifecycle = environment.lifecycle
    if live.tag is None and lifecycle.uses_exports and not lifecycle.migrations:
        home = environment.source_of("exports")
        edits = fixes.set_key(environment.config, home.path("exports", found.name, "storage"), "sqlite")
    else:
        born = config.created_with(lifecycle, live)
        if born is None or _is_deployed(found):
            return None
        edits = fixes.use_sqlite(environment, born[0], [born[1]])
    return Fix(title, edits, Safety.UNSAFE) if edits else None
