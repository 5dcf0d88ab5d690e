"""Write, send and fetch in a Workflow's steps, not between them.

A Workflow that wakes up after a pause, a retry or a restart runs `run()` from the top again: finished steps
return their stored results, and everything between them happens once more. The message is sent twice, the
other Workflow is created twice. A random number between steps is another one each time, and the steps that
use it no longer agree.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  INVOICES: Workflow<{ order: string }>;
  MAILS: Queue<{ order: string }>;
}

export class Orders extends WorkflowEntrypoint<Env, { order: string }> {
  async run(event: WorkflowEvent<{ order: string }>, step: WorkflowStep): Promise<void> {
    const invoice = await this.env.INVOICES.create({ params: { order: event.payload.order } });
    await step.sleep("wait for the invoice", "1 day");
    await step.do("send the mail", async () => {
      await this.env.MAILS.send({ order: invoice.id });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  INVOICES: Workflow<{ order: string }>;
  MAILS: Queue<{ order: string }>;
}

export class Orders extends WorkflowEntrypoint<Env, { order: string }> {
  async run(event: WorkflowEvent<{ order: string }>, step: WorkflowStep): Promise<void> {
    const invoice = await step.do("create the invoice", async () => {
      const created = await this.env.INVOICES.create({ params: { order: event.payload.order } });
      return created.id;
    });
    await step.sleep("wait for the invoice", "1 day");
    await step.do("send the mail", async () => {
      await this.env.MAILS.send({ order: invoice });
    });
  }
}
```

## Not reported

Clients that are only made (`new OpenAI(…)`), reads of a binding, logging, and what functions do that `run()`
calls: they may be called from a step. Random values that one step alone uses. A Workflow without any step.

## Fix safety

There is no fix: the step's name, and what it returns, are up to the Workflow.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, ValueKind, js, module, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CONDITIONS = frozenset({"if_statement", "ternary_expression", "switch_statement"})


@rule(module("WorkflowEntrypoint", "WorkflowStep", "AgentWorkflow"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    for run in module.workflow_runs():
        if run.body is not None and module.steps(run.body):
            yield from _effects(module, run.body)


def _effects(module: Module, body: Node) -> Iterator[Finding]:
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.type != "call_expression":
            continue
        entropy = module.entropy_at(node)
        if entropy is not None:
            if entropy.kind is js.EntropyKind.RANDOM:
                yield from _random(module, body, module.call(node))
            continue
        what = _effect(module, module.call(node))
        if what is None:
            continue
        if _goes_on(module, body, node):
            yield Finding(
                f"{what} runs again whenever the Workflow wakes up or is retried: put it in a step",
                module.at(node),
            )
        else:
            yield Finding(
                f"{what} is neither kept nor retried, and runs again if the Workflow does: put it in a step",
                module.at(node),
                severity=Severity.NOTE,
            )


def _goes_on(module: Module, body: Node, node: Node) -> bool:
    """Whether a step may follow, with which the Workflow can pause and begin again."""
    last = node.end_byte
    loop = module.loop_around(node, body)
    while loop is not None:
        last = loop.start_byte
        loop = module.loop_around(loop, body)
    return any(step.node.start_byte >= last for step in module.steps(body))


def _effect(module: Module, call: js.Call | None) -> str | None:
    """What a call does that must not be done twice; None when it is nothing, or not known."""
    if call is None or call.callee is None:
        return None
    if module.is_global(call.callee, "fetch"):
        return "`fetch()`"
    value = module.value_of(call.receiver)
    match value.kind:
        case ValueKind.BINDING if value.binding is not None:
            counts = call.name in js.BINDING_WRITES.get(value.binding.id, ())
        case ValueKind.WORKFLOW_INSTANCE:
            counts = call.name in js.INSTANCE_CHANGES
        case ValueKind.D1_STATEMENT:
            counts = call.name == "run"
        case ValueKind.STUB:
            counts = call.name != "dup"
        case _:
            return None
    return quoted(f"{module.text(call.callee)}()", otherwise=f"{call.name}()") if counts else None


def _random(module: Module, body: Node, call: js.Call | None) -> Iterator[Finding]:
    """A random value that decides which steps run, or that several steps use."""
    if call is None:
        return
    if _decides_on_steps(module, body, call.node):
        yield _unsteady(module, call, "which steps run")
        return
    holder = module.enclosing(call.node, _HOLDERS)
    name = holder.child_by_field_name("name") if holder is not None else None
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or not declaration.constant:
        return
    around = (module.step_around(reference) for reference in module.scope.references(declaration))
    if len({step[0].node.id for step in around if step is not None}) > 1:
        yield _unsteady(module, call, "what the steps that use it work on")


_HOLDERS = frozenset({"variable_declarator"})


def _decides_on_steps(module: Module, body: Node, node: Node) -> bool:
    """Whether a node is part of a condition under which a step runs."""
    child = node
    for above in module.ancestors(node):
        if above.id == body.id or above.type in _HOLDERS:
            return False
        if above.type in _CONDITIONS:
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            if condition is not None and condition.id == child.id and module.steps(above):
                return True
        child = above
    return False


def _unsteady(module: Module, call: js.Call, what: str) -> Finding:
    text = module.text(call.callee) if call.callee is not None else call.name
    shown = quoted(f"{text}()", otherwise=f"{call.name}()")
    return Finding(
        f"{shown} gives another value whenever the Workflow wakes up or is retried, and so changes {what}:"
        " make the value in a step",
        module.at(call.node),
    )
