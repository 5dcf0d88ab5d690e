"""Call one service in a step of a Workflow.

A step is what is tried again. When the second service fails, the step begins from the top, and the first is
called once more: with a write, a message or a payment that is one too many.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  MAILS: Queue<{ to: string }>;
}

export class Order extends WorkflowEntrypoint<Env, { mail: string }> {
  async run(event: WorkflowEvent<{ mail: string }>, step: WorkflowStep): Promise<void> {
    await step.do("confirm", async () => {
      await this.env.MAILS.send({ to: event.payload.mail });
      const answer = await fetch("https://stock.example.com/orders", { method: "POST" });
      if (!answer.ok) throw new Error("not in stock");
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  MAILS: Queue<{ to: string }>;
}

export class Order extends WorkflowEntrypoint<Env, { mail: string }> {
  async run(event: WorkflowEvent<{ mail: string }>, step: WorkflowStep): Promise<void> {
    await step.do("confirm", () => this.env.MAILS.send({ to: event.payload.mail }));
    await step.do("take from stock", async () => {
      const answer = await fetch("https://stock.example.com/orders", { method: "POST" });
      if (!answer.ok) throw new Error("not in stock");
    });
  }
}
```

## What to do

Make a step of each call: when the second fails, only that is tried again.

## Not reported

Several calls of one service: one may ask whether the other is still needed. Services of which it is not known
which they are, and what functions do that the step calls.

## Fix safety

There is no fix: a step's name, and what it returns, are up to the Workflow.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Severity, ValueKind, call, js, rule


@rule(call("do"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, callback = match.module, match.call.callback
    body = js.body_of(callback) if callback is not None else None
    if body is None or match.receiver_value.kind is not ValueKind.WORKFLOW_STEP:
        return
    first: js.ServiceCall | None = None
    for found in module.service_calls(body):
        if found.service is None or found.service[1] in ("", "AI"):
            continue
        if first is None:
            first = found
        elif found.service != first.service and found.call.node.start_byte > first.call.node.end_byte:
            yield Finding(
                f"the step calls `{first.label}` and `{found.label}`: when the second fails, the first is"
                " called again, too",
                match.at(found.call.node),
                (match.at(first.call.node, "the first"),),
            )
            return
