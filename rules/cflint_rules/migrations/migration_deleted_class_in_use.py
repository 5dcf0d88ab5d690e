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

If the class is to go, and its data with it, delete its bindings and its export. If it is still used, take the
name out of `deleted_classes` before the next deployment: that deletes its data, and leaves a binding to
nothing.

## Not reported

Classes that are renamed or transferred, and classes that a later migration creates anew.

## Errors

```text title="Cloudflare"
Cannot apply --delete-class migration to class '…' without also removing the binding that references it.
  [code: 10061]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/8210.

## Fix safety

There is no fix: deleting a class deletes data.

Source: https://developers.cloudflare.com/durable-objects/observability/troubleshooting/
"""

from collections.abc import Iterator

from cflint.api import Environment, Finding, Location, Project, Severity, Worker, config, rule, worker


@rule(worker(), severity=Severity.ERROR, deployed=True)
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
    if bound is not None:
        yield Finding(
            f"`{name}` is bound, but a migration deletes the class", bound.place("class_name"), (deleted,)
        )
        return
    for other in project.workers:
        for found in other.environments:
            for binding in found.bindings_of("durable_object"):
                if binding.class_name == name and binding.script_name == environment.worker_name:
                    yield Finding(
                        f"`{name}` of `{environment.worker_name}` is bound, but a migration there deletes it",
                        binding.place("class_name"),
                        (deleted,),
                    )
    if environment.name is None and not subject.is_document:
        owner = project.exports.find_class(subject, name)
        document = project.sources.document(owner.path) if owner is not None else None
        if owner is not None and document is not None:
            yield Finding(
                f"`{name}` is still exported, but a migration deletes the class",
                Location(document, owner.name_span),
                (deleted,),
                severity=Severity.WARNING,
            )
