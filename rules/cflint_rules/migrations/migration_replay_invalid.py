"""Write migrations that can be applied one after the other.

A migration that creates a class which exists, deletes or renames one that does not, or turns a class from
key-value to SQLite storage is refused, and with it the whole deployment. That an entry both removes a class
and creates one of its name is a warning: give each step an entry of its own.

## Incorrect

```toml

[[migrations]]
tag = "v1"
new_classes = ["Room"]

[[migrations]]
tag = "v2"
new_sqlite_classes = ["Room"]
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
```

## Correct

```toml

[[migrations]]
tag = "v1"
new_classes = ["Room"]

[[migrations]]
tag = "v2"
new_sqlite_classes = ["Hall"]
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}
export class Hall extends DurableObject<Env> {}
```

## What to do

The deployment is refused as it is.

- "cannot be changed": Delete this entry: the class keeps the storage that it has. If it needs SQLite, create
  a class of another name with it.
- "created twice": Delete the later of the two entries.
- "does not exist": Write the name that an earlier entry created, or delete this one.
- "in one migration": Cut it in two, each with a `tag` of its own, in the order in which it is to happen.

## Not reported

What the first entry deletes, renames or hands on: it may have been created by entries that are no longer
listed. A key that no entry can have is `config-unknown-key`'s.

## Errors

```text title="wrangler"
Cannot apply deleted_classes migration to non-existent class …
Cannot apply renamed_classes migration to non-existent class …
Cannot apply new_classes migration to existing class …
Cannot apply new_sqlite_classes migration to existing class …
```

## Fix safety

Safe. Only the shape of an entry is corrected: `renamed_classes = ["A", "B"]` becomes `[{ from = "A", to = "B"
}]`.

Source: https://developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy/
"""

import re
from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Location,
    Safety,
    Severity,
    config,
    environment,
    fixes,
    pattern,
    rule,
)

_KINDS = frozenset(
    {
        config.LifecycleProblem.BAD_ENTRY,
        config.LifecycleProblem.CREATED_TWICE,
        config.LifecycleProblem.CONVERTED,
        config.LifecycleProblem.RECREATED_AT_ONCE,
        config.LifecycleProblem.NOT_LIVE,
        config.LifecycleProblem.RENAME_TARGET_LIVE,
    }
)


@rule(environment(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(subject: Environment) -> Iterator[Finding]:
    home = subject.source_of("migrations")
    migrations = home.own("migrations")
    if home is not subject or migrations is None:
        return
    fixed: set[int] = set()
    for problem in subject.lifecycle.problems:
        if problem.kind not in _KINDS or not _within(problem, migrations.span.start, migrations.span.end):
            continue
        if problem.kind is config.LifecycleProblem.NOT_LIVE and (
            _is_in_first(subject, problem) or _is_cut(subject)
        ):
            continue
        related: tuple[Location, ...] = ()
        if problem.related is not None:
            related = (Location(subject.config.document, problem.related, "here it comes into being"),)
        fix = None
        if problem.kind is config.LifecycleProblem.BAD_ENTRY:
            index, fix = _reshape(subject, problem)
            if index in fixed:
                continue  # one finding for a list of names that was meant as a pair
            if fix is not None:
                fixed.add(index)
        unsure = problem.kind is config.LifecycleProblem.RECREATED_AT_ONCE  # wrangler itself replays that
        severity = Severity.WARNING if unsure else None
        yield Finding(problem.message, subject.location(problem.span), related, fix, severity=severity)


def _within(problem: config.ReplayProblem, start: int, end: int) -> bool:
    return start <= problem.span.start and problem.span.end <= end


def _is_cut(subject: Environment) -> bool:
    """Whether a page shows the last migrations alone: the first of them is not the first."""
    if subject.config.document.origin is None or not subject.lifecycle.migrations:
        return False
    tag = subject.lifecycle.migrations[0].tag
    return tag is None or _FIRST_TAG.fullmatch(tag) is None


_FIRST_TAG = pattern(r"v?0*1(?:\.0)*|initial.*|first.*", re.IGNORECASE)


def _is_in_first(subject: Environment, problem: config.ReplayProblem) -> bool:
    first = subject.lifecycle.migrations[0].node.span if subject.lifecycle.migrations else None
    return first is not None and _within(problem, first.start, first.end)


def _reshape(subject: Environment, problem: config.ReplayProblem) -> tuple[int, Fix | None]:
    """`renamed_classes` as two names, or as one pair outside of an array."""
    for migration in subject.lifecycle.migrations:
        node = migration.node.get("renamed_classes")
        if node is None or not _within(problem, node.span.start, node.span.end):
            continue
        pair = None
        names = [item.text for item in node.items]
        old, new = node.get("from"), node.get("to")
        if len(names) == 2 and names[0] and names[1]:
            pair = (names[0], names[1])
        elif old is not None and new is not None and old.text and new.text:
            pair = (old.text, new.text)
        if pair is None:
            return migration.index, None
        path = subject.path("migrations", migration.index, "renamed_classes")
        edits = fixes.set_key(subject.config, path, [{"from": pair[0], "to": pair[1]}])
        title = f"Rename `{pair[0]}` to `{pair[1]}`"
        return migration.index, Fix.of(title, edits, Safety.SAFE)
    return -1, None
