"""Let the class of a Workflow extend `WorkflowEntrypoint`.

The runtime only takes a class for an entrypoint that extends one of its own classes. A class that extends
nothing, or `DurableObject`, deploys, and each instance of the Workflow fails when its `run()` is to be
called.

## Incorrect

```ts
// src/index.ts
import type { WorkflowEvent, WorkflowStep } from "cloudflare:workers";

export class Orders {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.do("pay", async () => console.log(event.payload.id));
  }
}

export default {
  async fetch(): Promise<Response> {
    return new Response("orders");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "orders",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "workflows": [{ "name": "orders", "binding": "ORDERS", "class_name": "Orders" }]
}
```

## Correct

```ts
// src/index.ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Orders extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.do("pay", async () => console.log(event.payload.id));
  }
}

export default {
  async fetch(): Promise<Response> {
    return new Response("orders");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "orders",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "workflows": [{ "name": "orders", "binding": "ORDERS", "class_name": "Orders" }]
}
```

## What to do

Write `class NAME extends WorkflowEntrypoint<Env, Params>` with `import { WorkflowEntrypoint } from
"cloudflare:workers"`; a constructor takes `(ctx, env)` and begins with `super(ctx, env)`. What an instance
does is its `async run(event, step)`, with what it was made with as `event.payload`: as it is, none can be
made.

## Not reported

Classes whose base cannot be seen, what a function makes, and classes that are not exported, of which
[`entrypoint-class-not-exported`](../durable_objects/entrypoint_class_not_exported.py) speaks.

## Fix safety

There is no fix: a constructor may have to change as well.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/io/worker.c++
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import ClassKind, Finding, Location, Project, Severity, Worker, rule, worker

_OTHERS = {
    ClassKind.PLAIN: "extends no class of the runtime",
    ClassKind.DURABLE_OBJECT: "is a Durable Object",
    ClassKind.AGENT: "is an Agent",
    ClassKind.RPC_TARGET: "is an `RpcTarget`",
}


@rule(worker(), severity=Severity.ERROR, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    told: set[str] = set()
    for environment in subject.environments:
        for name, binding in environment.workflow_classes.items():
            owner = project.exports.find_class(subject, name) if name not in told else None
            document = project.sources.document(owner.path) if owner is not None else None
            if owner is None or document is None or owner.decorated:
                continue
            kind = project.classes.kind(owner)
            if kind not in _OTHERS or (kind is ClassKind.PLAIN and owner.base is not None):
                continue  # a base of the project may be anything that a function made
            told.add(name)
            yield Finding(
                f"`{name}` is bound as a Workflow and {_OTHERS[kind]}: let it extend `WorkflowEntrypoint`",
                Location(document, owner.name_span),
                (binding.place("class_name").saying("it is bound here"),),
                words=(("NAME", name),),
            )
