"""Name classes and bindings after what they do, not after hibernation.

That an object hibernates is how it is implemented, which users of `env.CHAT_ROOM` need not know. The name of
a class is hard to change later: it takes a migration.

## Incorrect

```jsonc
// wrangler.jsonc
{
  "compatibility_date": "2026-08-01",
  "durable_objects": { "bindings": [{ "name": "HIBERNATING_AUCTION", "class_name": "HibernatingAuction" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["HibernatingAuction"] }]
}
```

```ts
// src/index.ts
import { DurableObject } from "cloudflare:workers";

export class HibernatingAuction extends DurableObject<Env> {}
```

## Correct

```jsonc
// wrangler.jsonc
{
  "compatibility_date": "2026-08-01",
  "durable_objects": { "bindings": [{ "name": "AUCTION", "class_name": "Auction" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Auction"] }]
}
```

```ts
// src/index.ts
import { DurableObject } from "cloudflare:workers";

export class Auction extends DurableObject<Env> {}
```

## What to do

Give the class the name of what it is (`Room`), in the code and in the configuration (`class_name`,
`migrations`). If it was deployed under the old name, a new migration says so, or its objects are lost:
`"renamed_classes": [{ "from": "HibernatableRoom", "to": "Room" }]`.

- "name the binding": Give the binding the name of what it is (`ROOMS`), in each environment of the
  configuration, in the type of `env`, and where the code reads it.

## Not reported

Names of other things: functions, files, Workers, classes that are no Durable Objects. Bindings in
configurations of tests.

## Fix safety

There is no fix: a class is renamed by a migration, and a binding wherever it is used.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from collections.abc import Iterator

from cflint.api import (
    REFERENCE,
    STRICT,
    ClassDefinition,
    Finding,
    Severity,
    WranglerConfig,
    class_definition,
    configuration,
    rule,
)


@rule(class_definition(), severity=Severity.NOTE, presets=(REFERENCE, STRICT))
def check(subject: ClassDefinition) -> Iterator[Finding]:
    if "hibernat" in subject.name.lower() and subject.kind.runs_as_durable_object:
        yield Finding(
            f"`{subject.name}` names how it works: name the class after what it is",
            subject.at,
        )


@check.on(configuration())
def check_bindings(found: WranglerConfig) -> Iterator[Finding]:
    if not found.role.is_deployed:
        return
    reported: set[str] = set()
    for environment in found.environments:
        for binding in environment.bindings:
            name = binding.name
            if binding.kind.id != "durable_object" or "hibernat" not in name.lower() or name in reported:
                continue
            place = binding.place(binding.kind.name_key)
            if place is not None:
                reported.add(name)
                yield Finding(f"`{name}` names how it works: name the binding after what it is", place)
