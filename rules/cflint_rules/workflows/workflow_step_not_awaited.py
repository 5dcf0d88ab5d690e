"""Await every step of a Workflow.

A step that is not awaited runs while the Workflow goes on: its error does not fail the instance, its result
is lost, and the instance may be complete, or asleep, before the step is.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Onboarding extends WorkflowEntrypoint<Env, { user: string }> {
  async run(event: WorkflowEvent<{ user: string }>, step: WorkflowStep): Promise<void> {
    step.do("create the account", async () => {
      await this.env.ACCOUNTS.put(event.payload.user, "new");
    });
    await step.sleep("wait a day", "1 day");
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Onboarding extends WorkflowEntrypoint<Env, { user: string }> {
  async run(event: WorkflowEvent<{ user: string }>, step: WorkflowStep): Promise<void> {
    await step.do("create the account", async () => {
      await this.env.ACCOUNTS.put(event.payload.user, "new");
    });
    await step.sleep("wait a day", "1 day");
  }
}
```

## What to do

Put `await` before it, in an `async` function; of several at once, `await Promise.all([…])`.

## Not reported

Steps that are collected and awaited together with `Promise.all()`, returned, or kept in a variable that is
awaited later.

## Fix safety

Safe in an asynchronous function: `await` is put before the step.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Safety, Severity, call, fixes, js, quoted, rule


@rule(call(*js.STEP_METHODS), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.module.promise_source(match.node) is not js.PromiseSource.STEP:
        return
    use = match.module.promise_use(match.node)
    if use.outcome is js.PromiseOutcome.CONSUMED:
        return
    name = match.module.string_of(match.arguments[0]) if match.arguments else None
    step = f"the step {quoted(name)}" if name else "the step"
    dropped = use.outcome is js.PromiseOutcome.DROPPED
    direct = use.at.start_byte <= match.node.start_byte and not dropped
    yield Finding(
        f"nothing waits for {step}: the Workflow goes on without it and does not see it fail"
        if dropped
        else f"nothing waits for {step}, and its promise is used as if it were the result",
        match.at(match.callee),
        related=() if dropped or direct else (match.at(use.at, "used here"),),
        fix=None if direct else fixes.fix_by_await(match.module, use.promise, Safety.SAFE),
    )
