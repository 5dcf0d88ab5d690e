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

A `catch` that throws, or that runs a step or writes down somewhere that it failed, unless `run()` then
returns that all went well (`status: "completed"`); one in a loop, or one after which the Workflow goes on. In
a step, a `catch` that does more than log and return.

## Fix safety

There is no fix: whether the error is one that may be ignored is up to the author.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(module("WorkflowEntrypoint", "AgentWorkflow"), severity=Severity.NOTE)
def check(module: Module) -> Iterator[Finding]:
    for run in module.workflow_runs():
        for attempt in module.descendants(run.function, "try_statement"):
            handler = attempt.child_by_field_name("handler")
            if handler is None:
                continue
            around = module.enclosing_function(attempt)
            if not _only_tells(module, handler):
                if around == run.function:
                    yield from _said_done(module, run.function, attempt, handler)
                continue
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
        severity=Severity.NOTE,
    )


def _said_done(module: Module, run: Node, attempt: Node, handler: Node) -> Iterator[Finding]:
    """A `run()` that writes down what failed, and then returns the same as of a run that did not fail."""
    body, caught = attempt.child_by_field_name("body"), handler.child_by_field_name("body")
    if body is None or caught is None or not any(step.name == "do" for step in module.steps(body)):
        return
    if any(
        module.enclosing_function(node) == run
        for node in module.descendants(caught, *_LEAVES, "assignment_expression")
    ):
        return
    following = attempt.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    value = js.first_named(following) if following is not None else None
    if following is None or following.type != "return_statement" or value is None:
        return
    if module.enclosing_function(following) == run and (said := _success(module, value)) is not None:
        yield Finding(
            f"a run in which a step failed returns {quoted(module.text(said))}, and the instance is"
            " `complete`: throw the error on",
            module.at(handler),
            (module.at(said, "the same as of a run that did not fail"),),
        )


_LEAVES = ("throw_statement", "return_statement", "break_statement", "continue_statement")
_DONE = pattern(r"(?:completed?|success(?:ful)?|succeeded|ok|done|finished)", re.IGNORECASE)


def _success(module: Module, value: Node) -> Node | None:
    """The property by which a result says that all went well: `status: "completed"`, `success: true`."""
    for name in ("status", "state", "result"):
        said = module.property_value(value, name)
        text = module.string(said) if said is not None else None
        if text is not None and _DONE.fullmatch(text) is not None:
            return said
    for name in ("success", "ok", "completed", "done"):
        said = module.property_value(value, name)
        if said is not None and said.type == "true":
            return said.parent if said.parent is not None else said
    return None


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
