"""Declare Durable Object classes either in `migrations` or in `exports`, and completely.

The two cannot be used together: wrangler refuses a configuration with both. In `exports` a class needs its
`storage`, and what a class is renamed to has to be declared in the same map.

## Incorrect

```jsonc
{
  "name": "chat",
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
  "exports": {
    "Lobby": { "type": "durable-object", "storage": "sqlite" },
  },
}
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export class Lobby extends DurableObject<Env> {}
```

## Correct

```jsonc
{
  "name": "chat",
  "exports": {
    "Room": { "type": "durable-object", "storage": "sqlite" },
    "Lobby": { "type": "durable-object", "storage": "sqlite" },
  },
}
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export class Lobby extends DurableObject<Env> {}
```

## What to do

Take the classes out of `exports`, and leave `migrations`, by which they were deployed: with both, wrangler
refuses the configuration. Only who wants wrangler's `exports` carries every class over to it with its
`storage`, and deletes `migrations`.

- "needs a `storage`": Add `"storage": "sqlite"` to the entry; for a class that `new_classes` created,
  `"legacy-kv"`: what was deployed keeps its storage. Without it wrangler refuses the configuration.
- "is renamed to": Add an entry of the new name to `exports`, or mend the name: wrangler refuses the
  configuration without.
- "is empty": Write the name of the Worker that gets the class, or delete the key: wrangler refuses it as it
  is.

## Not reported

`exports` that only declares entry points (`"type": "worker"`) beside `migrations`.

## Errors

```text title="wrangler"
`migrations` and `exports` are mutually exclusive. Choose one or the other to declare your Durable Object
  lifecycle, but not both.
```

## Fix safety

There is no fix. When a Worker moves from `migrations` to `exports`, every active class has to be carried
over.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/
"""

from collections.abc import Iterator

from cflint.api import Environment, Finding, Location, Severity, config, environment, pattern, rule

_IDENTIFIER = pattern(r"[A-Za-z_$][\w$]*")
_LIVE = (None, "created", "expecting-transfer")
_NEEDED = {"renamed": "renamed_to", "transferred": "transferred_to", "expecting-transfer": "transfer_from"}


@rule(environment(), severity=Severity.ERROR)
def check(subject: Environment) -> Iterator[Finding]:
    if subject.source_of("exports") is not subject and subject.source_of("migrations") is not subject:
        return
    for problem in subject.lifecycle.problems:
        if problem.kind is config.LifecycleProblem.BOTH:
            related: tuple[Location, ...] = ()
            if problem.related is not None:
                related = (Location(subject.config.document, problem.related, "the migrations"),)
            yield Finding(problem.message, subject.location(problem.span), related)
        elif problem.kind is config.LifecycleProblem.RENAME_TARGET_MISSING and subject.lifecycle.complete:
            yield Finding(problem.message, subject.location(problem.span))
    if subject.source_of("exports") is subject:
        for export in subject.exports:
            if export.type == "durable-object" and not export.node.broken:
                yield from _entry(export)


def _entry(export: config.Export) -> Iterator[Finding]:
    if not _IDENTIFIER.fullmatch(export.name):
        yield Finding(f"`{export.name}` is no name that a module can export a class by", export.location)
    node = export.node.get("state")
    state = node.text if node is not None else None
    other = export.node.get(_NEEDED.get(state or "", ""))
    if other is not None and other.text == "":
        yield Finding(
            f"`{_NEEDED[state or '']}` of `{export.name}` is empty", export.environment.location(other)
        )
    if state not in _LIVE or export.environment.config.is_typescript:
        return  # in TypeScript, `cloudflare-config-invalid` says it
    storage = export.node.get("storage")
    if storage is None:
        yield Finding(f'`{export.name}` needs a `storage`, usually `"sqlite"`', export.location)
    elif storage.text == "legacy-kv" and export.node.get("container") is not None:
        yield Finding(
            f"`{export.name}` has a container, which needs SQLite storage",
            export.environment.location(storage),
        )
