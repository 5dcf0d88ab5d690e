"""Put `Promise.race()` of steps into a step.

Steps that take part in a race go on when it is decided, and each keeps its own result. When the Workflow runs
again after a pause or a retry, all of them have a result at once, and the first in the list wins, whichever
was first before: the steps that follow do something else.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Quotes extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    const quote = await Promise.race([
      step.do("ask one", () => this.ask("https://one.example.com", event.payload.id)),
      step.do("ask two", () => this.ask("https://two.example.com", event.payload.id)),
    ]);
    await step.sleep("let the customer think", "1 day");
    await step.do("order", () => this.order(quote));
  }

  private async ask(url: string, id: string): Promise<string> {
    return `${url}/quotes/${id}`;
  }

  private async order(quote: string): Promise<void> {
    console.log("ordered", quote);
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Quotes extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    const quote = await step.do("ask both", () =>
      Promise.race([
        step.do("ask one", () => this.ask("https://one.example.com", event.payload.id)),
        step.do("ask two", () => this.ask("https://two.example.com", event.payload.id)),
      ]),
    );
    await step.sleep("let the customer think", "1 day");
    await step.do("order", () => this.order(quote));
  }

  private async ask(url: string, id: string): Promise<string> {
    return `${url}/quotes/${id}`;
  }

  private async order(quote: string): Promise<void> {
    console.log("ordered", quote);
  }
}
```

## What to do

Put the whole race into one step: `await step.do("race", async () => Promise.race([…]))`.

## Not reported

Races in a step, races of which at most one is a step, and those after which no step comes.

## Fix safety

There is no fix: the step around the race needs a name, and its result has to be plain data.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("race", "any"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_global(match.receiver, "Promise") or not match.arguments:
        return
    racers = module.initializer(match.arguments[0])
    if racers.type != "array":
        return
    parts = (module.initializer(js.unwrap(part)) for part in racers.named_children)
    steps = [step for part in parts if (step := module.step_of(part)) is not None]
    if len(steps) < 2 or module.step_around(match.node) is not None:
        return
    function = module.enclosing_function(match.node)
    if function is None or not _is_followed(match, function):
        return
    yield Finding(
        f"another step may win `Promise.{match.word}()` when the Workflow runs again, as all of them have a"
        " result then: put the race into a step",
        match.at(match.callee),
        tuple(module.at(step.node, "takes part") for step in steps[:3]),
    )


def _is_followed(match: Match, function: Node) -> bool:
    """Whether a step comes after the race, or the race comes again."""
    if match.module.loop_around(match.node, function) is not None:
        return True
    return any(step.node.start_byte >= match.node.end_byte for step in match.module.steps(function))
