"""Let a step's error fail the step, so that it is tried again, and the Workflow, so that it is seen.

A step is tried again when its function throws. One that catches its errors and returns succeeds at the first
attempt, whatever happened. And an instance whose `run()` catches the error of a step and returns is
`complete`: nobody who looks at its status learns that it failed.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Orders extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    try {
      await step.do("pay", async () => {
        const response = await fetch(`https://pay.example.com/${event.payload.id}`, { method: "POST" });
        if (!response.ok) throw new Error(`status ${response.status}`);
      });
    } catch (error) {
      console.error("payment failed", error);
    }
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Orders extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.do("pay", async () => {
      const response = await fetch(`https://pay.example.com/${event.payload.id}`, { method: "POST" });
      if (!response.ok) throw new Error(`status ${response.status}`);
    });
  }
}
```

## What to do

End the `catch` with `throw error`: the step is tried again then, and a run that fails for good is shown
as failed. Only if later steps are to run without its result, keep the `catch`, and return what says so;
only if another attempt cannot help (bad input), `throw new NonRetryableError(message)`. What the step did
before the error is done again.

## Not reported

A `catch` that throws, runs a step or writes down somewhere that it failed; one in a loop, or one after which
the Workflow goes on. In a step, a `catch` that does more than log and return.

## Fix safety

There is no fix: whether the error is one that may be ignored is up to the author.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Module, Severity, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(module("WorkflowEntrypoint", "AgentWorkflow"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(module: Module) -> Iterator[Finding]:
    for run in module.workflow_runs():
        for attempt in module.descendants(run.function, "try_statement"):
            handler = attempt.child_by_field_name("handler")
            if handler is None or not _only_tells(module, handler):
                continue
            around = module.enclosing_function(attempt)
            if around == run.function:
                yield from _in_run(module, run.function, attempt, handler)
            elif around is not None:
                yield from _in_step(module, around, attempt, handler)


def _in_run(module: Module, run: Node, attempt: Node, handler: Node) -> Iterator[Finding]:
    body = attempt.child_by_field_name("body")
    step = next(iter(module.steps(body)), None) if body is not None else None
    if step is None or step.name != "do" or module.loop_around(attempt, run) is not None:
        return
    if not _ends(module, run, attempt, handler):
        return  # the Workflow goes on without what the step would have done
    yield Finding(
        "a step that fails ends here, and the instance is `complete` all the same: throw the error on",
        module.at(handler),
        (module.at(step.node, "a step that may fail"),),
    )


def _in_step(module: Module, function: Node, attempt: Node, handler: Node) -> Iterator[Finding]:
    step = module.callback_of(function)
    if step is None or module.step_of(step.node) is None or not module.catches_everything(function):
        return
    body = attempt.child_by_field_name("body")
    if body is None or not any(True for _ in module.descendants(body, "await_expression")):
        return
    yield Finding(
        "this step succeeds whatever happens, and is not tried again: throw the error on",
        module.at(handler),
        (module.at(step.node, "the step"),),
        severity=Severity.NOTE,
    )


def _only_tells(module: Module, handler: Node) -> bool:
    """Whether a `catch` does nothing but log and return what needs no call."""
    body = handler.child_by_field_name("body")
    for node in module.descendants(body, "call_expression", "throw_statement") if body is not None else ():
        if node.type == "throw_statement":
            return False
        made = js.Call(module, node)
        if module.log_at(node) is None and not module.is_global(made.callee, "String"):
            return False
    return body is not None and next(module.descendants(body, "assignment_expression"), None) is None


def _ends(module: Module, run: Node, attempt: Node, handler: Node) -> bool:
    """Whether `run()` returns after a `catch`: by itself, or as nothing with a step follows."""
    body = handler.child_by_field_name("body")
    if body is not None and any(
        module.enclosing_function(found) == run for found in module.descendants(body, "return_statement")
    ):
        return True
    if any(step.node.start_byte > attempt.end_byte for step in module.steps(run)):
        return False
    return not _throws_after(module, run, attempt)


def _throws_after(module: Module, run: Node, attempt: Node) -> bool:
    """Whether `run()` throws once it is past a `try`: beside it, or beside what that stands in."""
    for above in (attempt, *module.ancestors(attempt)):
        if above.id == run.id:
            return False
        later = above.next_named_sibling
        while later is not None:
            if later.type == "throw_statement":
                return True
            later = later.next_named_sibling
    return False
