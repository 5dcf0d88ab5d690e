"""Call of another Worker what it has: a method that its class does not define fails when it is called.

Nothing compares the two Workers: a binding takes any name, and the call fails with "The RPC receiver does not
implement the method".

## Incorrect

```jsonc title="api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(item: string): Promise<number> {
    return item.length;
  }
}
```

```jsonc title="web/wrangler.jsonc"
{ "name": "web", "main": "index.ts", "services": [{ "binding": "API", "service": "api" }] }
```

```ts title="web/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.API.cost("tea"));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="api/wrangler.jsonc"
{
  "name": "api",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(item: string): Promise<number> {
    return item.length;
  }
}
```

```jsonc title="web/wrangler.jsonc"
{
  "name": "web",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "API", "service": "api" }],
}
```

```ts title="web/index.ts"
interface Env {
  API: Service;
}

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.API.price("tea"));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write the method into the class over there, or call the one that it has; both places are shown.

## Not reported

Classes of which a base is not known, default exports that a framework or a function makes, Workers of other
repositories and names that several Workers have, methods that a class has as a field, and calls of a method
that the code has asked for (`"cost" in env.API`).
What a method is given, `rpc-argument-mismatch` looks at.

## Errors

```text title="workerd"
TypeError: The RPC receiver does not implement the method "…".
```

## Fix safety

No fix: which of the two is to change is not known.

Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/, and
src/workerd/api/worker-rpc.c++ of workerd
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cflint.api import (
    PREVIEW,
    ClassKind,
    Documents,
    Finding,
    Location,
    Module,
    Project,
    Severity,
    Worker,
    js,
    quoted,
    rule,
    worker,
)

_REACHED = frozenset((ClassKind.WORKER_ENTRYPOINT, ClassKind.DURABLE_OBJECT))
_ALWAYS = js.NO_RPC_METHODS | {"then", "catch", "finally", "toString", "valueOf", "constructor"}


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    names = js.names_that_only_one_has(project, subject)
    whose = quoted(subject.name or "")
    for bound in js.bound_by_others(project, names, subject):
        found = _behind(project, subject, bound)
        if found is None:
            continue
        label, members, at = found
        defined = at.saying(f"what {quoted(bound.binding.name)} leads to")
        for site, method, _ in js.all_remote_calls(project, bound):
            if method in _ALWAYS or _is_asked_for(site.module, method):
                continue
            if method not in members:
                yield Finding(
                    f"{label} of the Worker {whose} has no method {quoted(method)}",
                    site.module.at(site.node),
                    (defined,),
                )


def _behind(
    project: Project, subject: Worker, bound: js.Bound
) -> tuple[str, Collection[str], Location] | None:
    """What a binding leads to: its label, the names of all that it has, and where it is; None where that is
    not known. A default export that is an object gives its own properties to others."""
    owner = js.class_behind(project, subject, bound.name)
    if owner is not None:
        members, complete = project.classes.members(owner)
        document = project.sources.document(owner.path)
        if project.classes.kind(owner) not in _REACHED or document is None or not complete:
            return None
        return owner.label, members, Location(document, owner.name_span)
    found = project.entrypoints.of(subject) if bound.name == "default" else None
    if found is None or not found.complete or not found.places:
        return None  # nothing is known of it, or it is the instance of a class of a framework
    return "the default export", found.handlers, found.at


def _is_asked_for(module: Module, method: str) -> bool:
    """Whether a module has the name of a method as a text, in whatever quotes: `"cost" in env.API`."""
    texts = (leaf for leaf in module.leaves(method, module.root) if leaf.type == "string_fragment")
    return any(module.text(leaf) == method for leaf in texts)
