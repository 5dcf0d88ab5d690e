"""Give a method of another Worker the arguments that it takes: what is left out is undefined over there.

Nothing compares the two Workers: a binding takes any call, and types only tell where both are compiled
together. A missing argument is `undefined` in the method, and one too many is thrown away.

## Incorrect

```jsonc title="api/wrangler.jsonc"
{ "name": "api", "main": "index.ts" }
```

```ts title="api/index.ts"
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint<Env> {
  async price(item: string, currency: string): Promise<number> {
    return currency === item ? 0 : 1;
  }
}
```

```jsonc title="web/wrangler.jsonc"
{ "name": "web", "main": "index.ts", "services": [{ "binding": "API", "service": "api" }] }
```

```ts title="web/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await env.API.price("tea"));
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
  async price(item: string, currency: string): Promise<number> {
    return currency === item ? 0 : 1;
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
    return Response.json(await env.API.price("tea", "EUR"));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Give the missing argument at the call, or give the parameter a default over there; both places are shown.

## Not reported

Spreads, methods with a rest parameter or that use `arguments`, parameters that have a default, can be left
out, or may be undefined by their type; methods of JavaScript that are given too little, and those of bases.
Workers of other repositories and names that several Workers have. An argument too many is a note.

## Fix safety

No fix: which of the two is to change is not known.

Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    ClassKind,
    Documents,
    Finding,
    Project,
    Severity,
    Worker,
    js,
    pattern,
    quoted,
    rule,
    worker,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_REACHED = frozenset((ClassKind.WORKER_ENTRYPOINT, ClassKind.DURABLE_OBJECT, ClassKind.AGENT))
_MAY_LACK = pattern(r"(?<![\w.])(?:undefined|any|unknown|void)(?![\w.])", re.ASCII)
"""Types that allow an argument to be undefined."""


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    for bound in js.bound_by_others(project, js.names_that_only_one_has(project, subject), subject):
        owner = js.class_behind(project, subject, bound.name)
        if owner is None or project.classes.kind(owner) not in _REACHED:
            continue
        for site, method, given in js.all_remote_calls(project, bound):
            found = js.remote_method(project, owner, method) if given is not None else None
            if found is None or given is None or found.takes(given):
                continue
            is_short = given < found.least
            if is_short and not _needs(found, given):
                continue
            if not is_short and _looks_further(found):
                continue
            place = found.module.at(found.node.child_by_field_name("name") or found.node, "defined here")
            yield Finding(
                f"{quoted(method)} of the Worker {quoted(subject.name or '')} takes {found.label}, and is"
                f" given {given}",
                site.module.at(site.node),
                (place,),
                severity=None if is_short else Severity.NOTE,
            )


def _needs(found: js.RemoteMethod, given: int) -> bool:
    """Whether one of the parameters that get nothing has a type to which undefined does not belong."""
    module = found.module
    left = [one for one in module.parameters(found.node) if one.name != "this"][given:]
    types = [module.text(one.type) for one in left if one.type is not None and not one.is_optional]
    return any(_MAY_LACK.search(text) is None for text in types)


def _looks_further(found: js.RemoteMethod) -> bool:
    """Whether a method may take arguments for which it has no parameter."""
    body: Node | None = found.node.child_by_field_name("body")
    return body is not None and next(found.module.leaves("arguments", body), None) is not None
