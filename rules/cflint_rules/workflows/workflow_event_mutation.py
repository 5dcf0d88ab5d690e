"""Return what a Workflow's step found instead of writing it into the event.

The event is what the instance was started with, and every run of the Workflow gets it anew. What a step
writes into it is gone when the Workflow wakes up after a pause or an error: the step does not run again, and
the steps after it read what was there before.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  USERS: KVNamespace;
  MAILS: Queue<{ to: string }>;
}

export class Welcome extends WorkflowEntrypoint<Env, { id: string; mail?: string }> {
  async run(event: WorkflowEvent<{ id: string; mail?: string }>, step: WorkflowStep): Promise<void> {
    await step.do("look up the address", async () => {
      event.payload.mail = (await this.env.USERS.get(event.payload.id)) ?? undefined;
    });
    await step.do("send the mail", async () => {
      if (event.payload.mail) await this.env.MAILS.send({ to: event.payload.mail });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  USERS: KVNamespace;
  MAILS: Queue<{ to: string }>;
}

export class Welcome extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    const mail = await step.do("look up the address", () => this.env.USERS.get(event.payload.id));
    await step.do("send the mail", async () => {
      if (mail) await this.env.MAILS.send({ to: mail });
    });
  }
}
```

## What to do

Return the value from the step, and use what `step.do()` gives; leave `event` as it came.

## Not reported

Copies (`{ ...event.payload }`); what is not read after the step; what `run()` itself writes between steps: it
is written again, the same, at every run.

## Fix safety

There is no fix: what the step should return depends on what is done with it.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Module, Severity, js, module, quoted, rule


@rule(module("WorkflowEntrypoint", "WorkflowStep", "AgentWorkflow"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    for run in module.workflow_runs():
        for event in module.scope.declared_in(run.function).values():
            if run.parameters and event.owner.id == run.parameters[0].id and event.path[:1] in _EVENT:
                yield from _lost_changes(module, event)


_EVENT = ((), ("payload",))
"""What of the event is followed: itself, and the payload where it is taken out of it."""


def _lost_changes(module: Module, event: js.Declaration) -> Iterator[Finding]:
    """The changes in steps of what a name of the event holds, when the code after the step reads it."""
    names = list(module.aliases(event))
    reads = [
        (reference, (*path, *module.place_of(reference).path))
        for name, path in names
        for reference in module.scope.references(name)
    ]
    for name, path in names:
        for mutation in module.mutations(name):
            step = module.step_around(mutation.node) if not mutation.sets_name else None
            if step is None:
                continue
            changed = (*path, *mutation.place.path)
            if any(
                reference.start_byte >= step[1].end_byte and js.overlaps(changed, read)
                for reference, read in reads
            ):
                shown = quoted(module.text(mutation.place.whole), otherwise=name.name)
                yield Finding(
                    f"{shown} is changed in a step: when the Workflow runs again the step does not, and the"
                    " change is lost",
                    module.at(mutation.node),
                )
