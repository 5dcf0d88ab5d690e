"""Name a Worker that exists, and an entrypoint or class that it exports.

A service binding, the `script_name` of a Durable Object or Workflow, and a tail consumer name another Worker.
wrangler refuses to deploy when there is none of that name, when it does not export the `entrypoint`, or when
the class is no Durable Object there, for which a migration has to create it; in development nothing is
connected. An instance of a Workflow whose class is not there fails when it begins.

## Incorrect

```ts
import { WorkerEntrypoint } from "cloudflare:workers";

export class Accounts extends WorkerEntrypoint {
  async find(name: string): Promise<string> {
    return name.toLowerCase();
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.ACCOUNTS.find(request.url));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "name": "accounts",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "ACCOUNTS", "service": "accounts", "entrypoint": "Account" }],
}
```

## Correct

```ts
import { WorkerEntrypoint } from "cloudflare:workers";

export class Accounts extends WorkerEntrypoint {
  async find(name: string): Promise<string> {
    return name.toLowerCase();
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.ACCOUNTS.find(request.url));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "name": "accounts",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "ACCOUNTS", "service": "accounts", "entrypoint": "Accounts" }],
}
```

## What to do

Write the name of a Worker that exists.

- "exports no `<name>`": Export `<name>` from the file that `main` of that Worker names, or write here what it
  exports: the deployment is refused as it is.
- "is no": Extend the base class that the message names, in the file that is shown: calls fail as it is.
- "a migration has to create it": Add `"migrations": [{ "tag": "v1", "new_sqlite_classes": ["CLASS"] }]` to
  the configuration of that Worker, with a `tag` that it does not have yet, and deploy it first.

## Not reported

Names that do not resemble any Worker in the workspace: that Worker may live in another repository.
Entrypoints and classes of Workers whose exports are not all known, or of which there are several with one
name; classes without a migration where the configuration over there could not be read whole, or binds the
class itself: `migration-missing-class` says it there.

## Errors

```text title="Cloudflare"
Service binding '…' references Worker '…' which was not found. Verify the Worker exists in your account and
  that the service name in your configuration is correct. [code: 10143]
Could not resolve service binding '…'. Target script '…' not found. Please verify the target script and try
  again. [code: 10143]
Could not resolve service binding '…'. Target environment '…' not found for target script '…'. … [code:
  10144]
Cannot create binding for class in script '…' that does not exist.
```

Seen in https://github.com/heroui-inc/heroui-mcp/pull/75, https://github.com/jonbeckman/solstatus/issues/24,
https://github.com/cloudflare/workers-sdk/issues/10168,
https://github.com/huilang-me/CF-Server-Monitor/pull/55.

## Fix safety

Unsafe: the name is replaced with the closest existing one, which may not be the intended Worker; a class gets
a migration, which is right where it was never deployed.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import (
    PREVIEW,
    ClassKind,
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    config,
    fixes,
    rule,
    worker,
)

_OBJECTS = frozenset((ClassKind.DURABLE_OBJECT, ClassKind.AGENT))
_OTHER = {
    "service": _OBJECTS | {ClassKind.WORKFLOW},
    "durable_object": frozenset((ClassKind.WORKER_ENTRYPOINT, ClassKind.WORKFLOW)),
    "workflow": _OBJECTS | {ClassKind.WORKER_ENTRYPOINT},
}
"""Kinds of classes to which a binding of a kind cannot lead."""
_MEANT = {
    "service": "`WorkerEntrypoint`, and no service",
    "durable_object": "Durable Object",
    "workflow": "Workflow",
}
_SHORTEST = 4
"""Of shorter names, two that differ in a letter are two names."""


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,), deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for environment in subject.environments:
        if environment.incomplete:
            continue
        for name, wanted, kind in _targets(environment):
            workers = project.memo.memoized("Workers by name", lambda: _by_name(project))
            place = (name.span.start, name.span.end)
            if place in seen or name.text is None:
                continue
            seen.add(place)
            named = workers.get(name.text, ())
            if not named:
                near = _meant(name.text, workers)
                if near is not None and not subject.is_document:
                    yield Finding(
                        f"there is no Worker `{name.text}` in this workspace: is `{near}` meant?",
                        environment.location(name),
                        fix=_fix(environment, name, near),
                    )
            elif wanted is not None and wanted.text not in (None, "default"):
                target = subject if subject in named else named[0]
                if target is subject and kind != "service":
                    continue  # its own class, which other rules look at
                if target is subject or len(named) == 1:
                    yield from _export(environment, wanted, kind, target, project)


def _targets(environment: Environment) -> Iterator[tuple[config.ConfigNode, config.ConfigNode | None, str]]:
    """The names of other Workers, each with the export that is wanted of it, and the kind of the binding."""
    for kind, key, export in (
        ("service", "service", "entrypoint"),
        ("durable_object", "script_name", "class_name"),
        ("workflow", "script_name", "class_name"),
    ):
        for binding in environment.bindings_of(kind):
            name = binding.field(key)
            if name is not None:
                yield name, binding.field(export), kind
    for consumer in environment.tail_consumers:
        name = consumer.node.get("service")
        if name is not None and name.text:
            yield name, None, "tail"


def _by_name(project: Project) -> Mapping[str, tuple[Worker, ...]]:
    """The Workers of the workspace by all names that they are deployed under."""
    found: dict[str, list[Worker]] = {}
    for each in project.workers:
        for name in each.names:
            found.setdefault(name, []).append(each)
    return {name: tuple(workers) for name, workers in found.items()}


def _meant(name: str, workers: Mapping[str, tuple[Worker, ...]]) -> str | None:
    """The one name that is the same but for a slip: a letter too many, too few, changed, or two swapped."""
    if len(name) < _SHORTEST:
        return None
    near = [other for other in workers if _is_slip(name.lower(), other.lower())]
    return near[0] if len(near) == 1 else None


def _is_slip(name: str, other: str) -> bool:
    if len(other) < _SHORTEST or abs(len(name) - len(other)) > 1:
        return False
    if len(name) > len(other):
        name, other = other, name
    at = next((i for i, (one, two) in enumerate(zip(name, other, strict=False)) if one != two), len(name))
    if len(name) == len(other):
        swapped = name[at : at + 2] == other[at : at + 2][::-1] and name[at + 2 :] == other[at + 2 :]
        differ = name[at : at + 1] + other[at : at + 1]
        return swapped or (name[at + 1 :] == other[at + 1 :] and differ.isalpha() and at > 0)
    return name[at:] == other[at + 1 :] and other[at].isalpha()


def _export(
    environment: Environment, wanted: config.ConfigNode, kind: str, target: Worker, project: Project
) -> Iterator[Finding]:
    name = wanted.text or ""
    at = environment.location(wanted)
    if not project.exports.has(target, name):
        exports = project.exports.of_worker(target)
        if target.unresolved or not exports.complete:
            return
        near = _meant(name, {other: (target,) for other in exports.names if other != "default"})
        hint = f": is `{near}` meant?" if near is not None else ""
        yield Finding(
            f"the Worker `{target.name}` exports no `{name}`{hint}",
            at,
            _entries(target, project),
            _fix(environment, wanted, near) if near is not None else None,
        )
        return
    owner = project.exports.find_class(target, name)
    found = project.classes.kind(owner) if owner is not None else None
    document = project.sources.document(owner.path) if owner is not None else None
    places: tuple[Location, ...] = ()
    if owner is not None and document is not None:
        places = (Location(document, owner.name_span, "defined here"),)
    if found is not None and found in _OTHER[kind]:
        yield Finding(f"`{name}` of the Worker `{target.name}` is no {_MEANT[kind]}", at, places)
    elif kind == "durable_object" and _lacks_migration(target, name):
        yield Finding(
            f"nothing in the configuration of the Worker `{target.name}` makes `{name}` a Durable Object:"
            " a migration has to create it",
            at,
            places,
            fix=_created(target, name),
            words=(("CLASS", name),),
        )


def _created(target: Worker, name: str) -> Fix | None:
    """The fix that makes a class a Durable Object of a Worker with one environment."""
    if len(target.environments) != 1:
        return None
    edits = fixes.add_durable_object_class(target.environments[0], name)
    return Fix.of(f"Create `{name}` there by a migration", edits, Safety.UNSAFE)


def _lacks_migration(target: Worker, name: str) -> bool:
    """Whether a class is no Durable Object wherever its Worker is deployed, and nothing there says so."""
    return bool(target.environments) and all(
        environment.lifecycle.complete
        and not environment.incomplete
        and not environment.is_open("exports")
        and not environment.is_open("migrations")
        and not environment.config.is_pages
        and name not in environment.lifecycle.classes
        and name not in environment.durable_object_classes
        for environment in target.environments
    )


def _entries(target: Worker, project: Project) -> tuple[Location, ...]:
    """Where a Worker says what it exports."""
    documents = (project.sources.document(path) for path in target.entries[:1])
    return tuple(Location(found, Span(0, 0), "its exports") for found in documents if found is not None)


def _fix(environment: Environment, node: config.ConfigNode, name: str) -> Fix | None:
    return Fix.of(f"Name `{name}`", fixes.replace_text(environment.config, node, text=name), Safety.UNSAFE)
