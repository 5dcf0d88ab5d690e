"""Call of another Worker what it has: a method that its class does not define fails when it is called.

Nothing compares the two Workers: a binding takes any name, and the call fails with "The RPC receiver does not
implement the method". An argument that is left out is undefined over there.

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

## Not reported

Classes of which a base is not known, Workers of other repositories and names that several Workers have,
methods that a class has as a field, and calls of a method that the code has asked for (`"cost" in env.API`).
Missing arguments are told where the method is written in TypeScript, and are a note.

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

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    ClassKind,
    Documents,
    Finding,
    Location,
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
        owner = js.class_behind(project, subject, bound.name)
        if owner is None or project.classes.kind(owner) not in _REACHED:
            continue
        members, complete = project.classes.members(owner)
        document = project.sources.document(owner.path)
        if document is None or not complete:
            continue
        defined = Location(document, owner.name_span, f"what {quoted(bound.binding.name)} leads to")
        for site, method, given in js.all_remote_calls(project, bound):
            if method in _ALWAYS or site.module.document.has_word(f'"{method}"'):
                continue
            at = site.module.at(site.node)
            if method not in members:
                yield Finding(
                    f"{owner.label} of the Worker {whose} has no method {quoted(method)}",
                    at,
                    (defined,),
                )
                continue
            found = js.remote_method(project, owner, method)
            if found is not None and given is not None and given < found.least and found.module.is_typescript:
                place = found.module.at(found.node.child_by_field_name("name") or found.node, "defined here")
                yield Finding(
                    f"{quoted(method)} takes {found.label}, and is given {given}",
                    at,
                    (place,),
                    severity=Severity.NOTE,
                )
