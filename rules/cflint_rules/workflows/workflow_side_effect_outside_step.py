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

from cflint.api import ClassKind, Finding, Module, Severity, ValueKind, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_WRITES = {
    "kv": frozenset({"put", "delete"}),
    "r2": frozenset({"put", "delete", "createMultipartUpload"}),
    "d1": frozenset({"batch", "exec"}),
    "queue": frozenset({"send", "sendBatch"}),
    "workflow": frozenset({"create", "createBatch"}),
    "vectorize": frozenset({"insert", "upsert", "deleteByIds"}),
    "send_email": frozenset({"send"}),
    "ai": frozenset({"run"}),
    "service": frozenset({"fetch"}),
}
_OF_AN_INSTANCE = frozenset({"sendEvent", "pause", "resume", "terminate", "restart"})
_RANDOM = frozenset({"Math.random", "crypto.randomUUID", "randomUUID", "nanoid", "uuidv4", "ulid"})
_STEPS = frozenset({"do", "sleep", "sleepUntil", "waitForEvent"})
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_CONDITIONS = frozenset({"if_statement", "ternary_expression", "switch_statement"})


@rule(module("WorkflowEntrypoint", "WorkflowStep", "AgentWorkflow"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    for handler in module.handlers:
        if handler.name != "run" or handler.owner is None or handler.owner.kind is not ClassKind.WORKFLOW:
            continue
        if handler.body is not None and _has_steps(module, handler.body):
            yield from _effects(module, handler.body)


def _has_steps(module: Module, within: Node) -> bool:
    return any(True for _ in _steps(module, within))


def _steps(module: Module, within: Node) -> Iterator[Node]:
    for name in sorted(_STEPS):
        for call in module.calls_of(name, within):
            if _is_step(module, call):
                yield call


def _is_step(module: Module, call: Node) -> bool:
    callee = call.child_by_field_name("function")
    target = js.unwrap(callee).child_by_field_name("object") if callee is not None else None
    return module.value_of(target).kind is ValueKind.WORKFLOW_STEP


def _effects(module: Module, body: Node) -> Iterator[Finding]:
    for call in js.walk(body, into_functions=False, into_classes=False):
        callee = call.child_by_field_name("function") if call.type == "call_expression" else None
        if callee is None:
            continue
        callee = js.unwrap(callee)
        if module.text(callee) in _RANDOM:
            yield from _random(module, body, call, module.text(callee))
            continue
        what = _effect(module, callee)
        if what is None:
            continue
        if _goes_on(module, body, call):
            yield Finding(
                f"{what} runs again whenever the Workflow wakes up or is retried: put it in a step",
                module.at(call),
            )
        else:
            yield Finding(
                f"{what} is neither kept nor retried, and runs again if the Workflow does: put it in a step",
                module.at(call),
                severity=Severity.NOTE,
            )


def _goes_on(module: Module, body: Node, call: Node) -> bool:
    """Whether a step may follow, with which the Workflow can pause and begin again."""
    last = call.end_byte
    for above in module.ancestors(call):
        if above.id == body.id:
            break
        if above.type in _LOOPS:
            last = above.start_byte
    return any(step.start_byte >= last for step in _steps(module, body))


def _effect(module: Module, callee: Node) -> str | None:
    """What a call does that must not be done twice; None when it is nothing, or not known."""
    if module.is_global(callee, "fetch"):
        return "`fetch()`"
    if callee.type != "member_expression":
        return None
    name = callee.child_by_field_name("property")
    word = module.text(name) if name is not None else ""
    value = module.value_of(callee.child_by_field_name("object"))
    shown = f"`{module.text(callee)}()`" if "\n" not in module.text(callee) else f"`{word}()`"
    match value.kind:
        case ValueKind.BINDING if value.binding is not None:
            return shown if word in _WRITES.get(value.binding.id, ()) else None
        case ValueKind.WORKFLOW_INSTANCE:
            return shown if word in _OF_AN_INSTANCE else None
        case ValueKind.D1_STATEMENT:
            return shown if word == "run" else None
        case ValueKind.STUB:
            return shown if word != "dup" else None
    return None


def _random(module: Module, body: Node, call: Node, text: str) -> Iterator[Finding]:
    """A random value that decides which steps run, or that several steps use."""
    holder: Node | None = None
    for above in module.ancestors(call):
        if above.id == body.id:
            break
        if above.type in _CONDITIONS:
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            inside = condition is not None and condition.start_byte <= call.start_byte < condition.end_byte
            if inside and _has_steps(module, above):
                yield _unsteady(module, call, text, "which steps run")
                return
        if above.type == "variable_declarator":
            holder = above
            break
    name = holder.child_by_field_name("name") if holder is not None else None
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or not declaration.constant:
        return
    steps: set[int] = set()
    for reference in module.scope.references(declaration):
        around = _step_around(module, body, reference)
        if around is not None:
            steps.add(around.id)
    if len(steps) > 1:
        yield _unsteady(module, call, text, "what the steps that use it work on")


def _unsteady(module: Module, call: Node, text: str, what: str) -> Finding:
    return Finding(
        f"`{text}()` gives another value whenever the Workflow wakes up or is retried, and so changes {what}:"
        " make the value in a step",
        module.at(call),
    )


def _step_around(module: Module, body: Node, node: Node) -> Node | None:
    """The step in whose function a node stands."""
    for above in module.ancestors(node):
        if above.id == body.id:
            return None
        if above.type in js.FUNCTIONS:
            listed = module.parent(above)
            call = module.parent(listed) if listed is not None and listed.type == "arguments" else None
            if call is not None and call.type == "call_expression" and _is_step(module, call):
                return call
    return None
