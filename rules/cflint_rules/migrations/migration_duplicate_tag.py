"""Give every migration a tag of its own.

A Worker keeps the tag of the last migration that was applied, and wrangler sends the entries after it. With
two entries of one tag, or one without a tag, entries are skipped or applied twice.

## Incorrect

```toml

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Lobby"]
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export class Lobby extends DurableObject<Env> {}
```

## Correct

```toml

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]

[[migrations]]
tag = "v2"
new_sqlite_classes = ["Lobby"]
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export class Lobby extends DurableObject<Env> {}
```

## Not reported

The same tag in the `migrations` of two environments, which are different Workers.

## Fix safety

Unsafe: the later entry gets the next free tag, and is applied by the next deployment; as it is, entries are
skipped, or applied twice.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy/
"""

from collections.abc import Iterator

from cflint.api import Environment, Finding, Fix, Location, Safety, Severity, config, environment, fixes, rule


@rule(environment(), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(subject: Environment) -> Iterator[Finding]:
    if subject.source_of("migrations") is not subject:
        return
    for problem in subject.lifecycle.problems:
        if problem.kind not in (config.LifecycleProblem.DUPLICATE_TAG, config.LifecycleProblem.MISSING_TAG):
            continue
        related: tuple[Location, ...] = ()
        if problem.related is not None:
            related = (Location(subject.config.document, problem.related, "the first with this tag"),)
        yield Finding(problem.message, subject.location(problem.span), related, _fix(subject, problem))


def _fix(subject: Environment, problem: config.ReplayProblem) -> Fix | None:
    tag = subject.lifecycle.next_tag()
    for migration in subject.lifecycle.migrations:
        there = migration.node.get("tag")
        mine = there.span if there is not None else migration.node.span
        if mine == problem.span or migration.node.span == problem.span:
            edits = fixes.set_key(subject.config, subject.path("migrations", migration.index, "tag"), tag)
            return Fix.of(f"Give it the tag `{tag}`", edits, Safety.UNSAFE)
    return None
