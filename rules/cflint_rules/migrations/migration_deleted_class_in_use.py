"""Remove every use of a Durable Object class before a migration deletes it.

A migration with `deleted_classes` destroys the class and all data of its objects. As long as a binding names
the class, in any environment or in another Worker, the API refuses it. Take the binding out in one deployment
and delete the class in the next.

## Incorrect

```toml

[[durable_objects.bindings]]
name = "ROOM"
class_name = "Room"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]

[[migrations]]
tag = "v2"
deleted_classes = ["Room"]
```

```ts
export default {
  async fetch(request, env): Promise<Response> {
    return env.ROOM.getByName(new URL(request.url).pathname).fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```toml

[[durable_objects.bindings]]
name = "ROOM"
class_name = "Room"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]
```

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {}

export default {
  async fetch(request, env): Promise<Response> {
    return env.ROOM.getByName(new URL(request.url).pathname).fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

The class is still used here: take its name out of `deleted_classes` before the next deployment, which deletes
its data, and leaves a binding to nothing. Only where the class is to go, and its data with it, delete its
bindings and its export instead.

## Not reported

Classes that are renamed or transferred, and classes that a later migration creates anew.

## Errors

```text title="Cloudflare"
Cannot apply --delete-class migration to class '…' without also removing the binding that references it.
  [code: 10061]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/8210.

## Fix safety

Unsafe: the class and its data stay; where they are to go, its bindings and its export go instead. There is no
fix where `exports` says that it is deleted.

Source: https://developers.cloudflare.com/durable-objects/observability/troubleshooting/
"""

from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    rule,
    worker,
)


@rule(worker(), severity=Severity.ERROR, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    for environment in subject.environments:
        if environment.is_open("exports") or not environment.lifecycle.complete:
            continue
        for name, gone in environment.lifecycle.gone.items():
            if gone.state is config.ClassState.DELETED:
                yield from _uses(subject, project, environment, name, gone)


def _uses(
    subject: Worker, project: Project, environment: Environment, name: str, gone: config.DeletedClass
) -> Iterator[Finding]:
    deleted = Location(environment.config.document, gone.span, "here it is deleted, with all its data")
    bound = environment.durable_object_classes.get(name)
    fix = _kept(environment, name, gone)
    if bound is not None:
        message = f"`{name}` is bound, but a migration deletes the class"
        yield Finding(message, bound.place("class_name"), (deleted,), fix)
        return
    for other in project.workers:
        for found in other.environments:
            for binding in found.bindings_of("durable_object"):
                if binding.class_name == name and binding.script_name == environment.worker_name:
                    yield Finding(
                        f"`{name}` of `{environment.worker_name}` is bound, but a migration there deletes it",
                        binding.place("class_name"),
                        (deleted,),
                        fix,
                    )
    if environment.name is None and not subject.is_document:
        owner = project.exports.find_class(subject, name)
        document = project.sources.document(owner.path) if owner is not None else None
        if owner is not None and document is not None:
            yield Finding(
                f"`{name}` is still exported, but a migration deletes the class",
                Location(document, owner.name_span),
                (deleted,),
                fix,
                severity=Severity.WARNING,
            )


def _kept(environment: Environment, name: str, gone: config.DeletedClass) -> Fix | None:
    """The fix after which no migration deletes a class."""
    home = environment.source_of("migrations")
    for migration in environment.lifecycle.migrations:
        listed = migration.node.get("deleted_classes")
        for index, item in enumerate(listed.items if listed is not None else ()):
            if item.text == name and item.span == gone.span:
                path = home.path("migrations", migration.index, "deleted_classes")
                alone = listed is not None and len(listed.items) == 1
                edits = fixes.remove_key(environment.config, path if alone else (*path, index))
                return Fix.of(f"Keep `{name}`", edits, Safety.UNSAFE)
    return None
