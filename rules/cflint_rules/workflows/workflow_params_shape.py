"""Give a Workflow the parameters that it reads: a property that no `create()` gives is undefined.

`create()` takes any object as `params`, and nothing compares it with what `run()` reads of `event.payload`.
After a property was renamed on one side the instance works with `undefined`, in steps whose results are kept.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "orders",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "workflows": [{ "name": "order", "binding": "ORDER", "class_name": "OrderWorkflow" }],
}
```

```ts title="index.ts"
import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from "cloudflare:workers";

interface Env {
  ORDER: Workflow;
}

interface Params {
  orderId: string;
}

export class OrderWorkflow extends WorkflowEntrypoint<Env, Params> {
  async run(event: WorkflowEvent<Params>, step: WorkflowStep): Promise<void> {
    await step.do("note", async () => console.log(event.payload.orderId));
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const instance = await env.ORDER.create({ params: { id: new URL(request.url).pathname } });
    return Response.json({ id: instance.id });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "orders",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "workflows": [{ "name": "order", "binding": "ORDER", "class_name": "OrderWorkflow" }],
}
```

```ts title="index.ts"
import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from "cloudflare:workers";

interface Params {
  orderId: string;
}

interface Env {
  ORDER: Workflow<Params>;
}

export class OrderWorkflow extends WorkflowEntrypoint<Env, Params> {
  async run(event: WorkflowEvent<Params>, step: WorkflowStep): Promise<void> {
    await step.do("note", async () => console.log(event.payload.orderId));
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const instance = await env.ORDER.create({ params: { orderId: new URL(request.url).pathname } });
    return Response.json({ id: instance.id });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Give the property in `create({ params })`, at each place that is shown: what the Workflow does needs it. Only
if it is given under another name already, read that name here.

## Not reported

Workflows of which an instance is made in a way that is not written out (a spread, a parameter, a binding that
is handed on), those of which no instance is made in the workspace, and Workers of which not all code is seen.
Properties that the code asks for (`payload.note ?? ""`, `if (payload.note)`), or that the type says may be
absent. Instances that the dashboard, wrangler, a schedule or another repository makes are not known: they may
have what is missing here.

## Fix safety

No fix: which of the two is to change is not known.

Source: https://developers.cloudflare.com/workflows/build/events-and-parameters/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Project, Severity, Worker, js, quoted, rule, worker


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    names = js.names_that_only_one_has(project, subject)
    for class_name in _classes(subject, project, names):
        senders = js.sent_to_workflow(project, subject, names, class_name)
        owner = project.exports.find_class(subject, class_name)
        if owner is None or not senders.complete or not senders.sent or _is_scheduled(subject, class_name):
            continue  # somebody else makes instances, or with something else
        module = js.module_of(project, owner.path)
        if module is None:
            continue
        for run in module.workflow_runs():
            if run.owner is None or run.owner.facts != owner or not run.parameters:
                continue
            first = run.parameters[0]
            reads = [
                read
                for event in module.scope.declared_in(run.function).values()
                if event.owner.id == first.id
                for read in js.payload_reads(module, event)
            ]
            for read, sent in js.unsent(project, subject, reads, senders.sent):
                yield Finding(
                    f"no instance of {quoted(class_name)} is given {quoted(read.name)}: it is undefined here",
                    read.module.at(read.node),
                    tuple(one.module.at(one.node or one.call, "created here") for one in sent[:3]),
                )


def _classes(subject: Worker, project: Project, names: frozenset[str]) -> tuple[str, ...]:
    """The Workflows of a Worker that it, or another, can make instances of, by the names of their classes."""
    own = (name for environment in subject.environments for name in environment.workflow_classes)
    others = (bound.name for bound in js.bound_by_others(project, names, subject) if _is_workflow(bound))
    return tuple(dict.fromkeys((*own, *others)))


def _is_workflow(bound: js.Bound) -> bool:
    return bound.binding.kind.id == "workflow"


def _is_scheduled(subject: Worker, class_name: str) -> bool:
    """Whether the configuration makes instances of a Workflow by itself."""
    return any(
        binding.class_name == class_name and binding.node.get("schedules") is not None
        for environment in subject.environments
        for binding in environment.workflows
    )
