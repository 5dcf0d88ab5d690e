"""Create Durable Object classes with `new_sqlite_classes`, not with `new_classes`.

`new_classes` gives a class the old key-value storage: no SQL, no synchronous `storage.kv`, no point-in-time
recovery, and no use on the free plan. Which storage a class has is settled when it is created and cannot be
changed after the first deployment, so the time to choose is now.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async value(): Promise<number> {
    return (await this.ctx.storage.get<number>("value")) ?? 0;
  }
}
```

```toml

[[durable_objects.bindings]]
name = "COUNTER"
class_name = "Counter"

[[migrations]]
tag = "v1"
new_classes = ["Counter"]
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async value(): Promise<number> {
    return (await this.ctx.storage.get<number>("value")) ?? 0;
  }
}
```

```toml

[[durable_objects.bindings]]
name = "COUNTER"
class_name = "Counter"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Counter"]
```

## What to do

Write `new_sqlite_classes` in its place. No file says whether the class was deployed already, and it does no
harm if so: wrangler passes over entries by their tag that were applied once, and the class keeps the storage
that it has. Who knows that it was (`npx wrangler deployments list`) leaves the entry as it is.

## Not reported

Classes that a later migration deletes. An entry that others follow: it has surely been deployed, and a class
keeps for good what it was created with. Agents: `agent-sqlite-migration` reports these, which do not work at
all. Projects whose wrangler is older than 3, which has no `new_sqlite_classes`.

## Errors

```text title="Cloudflare"
Creating new key-value backed Durable Object namespaces is no longer supported on this account. Please
  create a namespace using a `new_sqlite_classes` migration instead. [code: 10099]
In order to use Durable Objects with a free plan, you must create a namespace using a `new_sqlite_classes`
  migration. [code: 10097]
```

Seen in https://github.com/raphaeltm/simple-agent-manager/issues/1614,
https://github.com/cloudflare/workers-sdk/issues/9909.

## Fix safety

Unsafe: no file says whether the class was deployed already; if so, wrangler skips the entry by its tag, the
class keeps the storage that it has, and the entry no longer says which.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from collections.abc import Iterator

from cflint.api import (
    ClassKind,
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    join_names,
    rule,
    worker,
)

_KNOWS_SQLITE = 3
"""The major version of wrangler in which `new_sqlite_classes` came."""


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    folder = subject.config.directory if subject.config is not None else ""
    wrangler = config.installed_version(project.workspace, folder, "wrangler")
    if wrangler is not None and wrangler.lowest[0] < _KNOWS_SQLITE:
        return
    for environment in subject.environments:
        if environment.source_of("migrations") is environment and not environment.incomplete:
            yield from _of_list(environment, subject, project)


def _of_list(environment: Environment, subject: Worker, project: Project) -> Iterator[Finding]:
    lifecycle = environment.lifecycle
    created: dict[config.Migration, list[str]] = {}
    for live in lifecycle.classes.values():
        born = config.created_with(lifecycle, live)
        owner = project.exports.find_class(subject, live.name)
        if born is None or (owner is not None and project.classes.kind(owner) is ClassKind.AGENT):
            continue
        created.setdefault(born[0], []).append(born[1])
    for migration, names in created.items():
        member = migration.node.member("new_classes")
        there = {item.text for item in member.value.items} if member is not None else set()
        names = [name for name in names if name in there]
        if member is None or not names:
            continue
        if migration is not lifecycle.migrations[-1]:
            continue  # deployed: there is nothing to be done
        at = environment.location(member.key_span)
        shown = join_names([f"`{name}`" for name in names])
        yield Finding(
            f"`new_classes` gives {shown} the old key-value storage, without SQL and point-in-time recovery,"
            " for good once it is deployed",
            at,
            fix=Fix.of(
                f"Create {shown} by `new_sqlite_classes`",
                fixes.use_sqlite(environment, migration, names),
                Safety.UNSAFE,
            ),
        )
