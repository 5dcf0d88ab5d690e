"""Name the events of Workflows with letters, digits, `-` and `_`.

The `type` that `waitForEvent()` waits for and `sendEvent()` sends begins with a letter, a digit or `_`, goes
on with those and `-`, and has at most 100 characters. Any other is refused, dots included: the instance
fails, or nothing can ever be sent to it. And an event that nothing waits for is kept, while the instance that
waits for another name sleeps until its time is over.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.waitForEvent("the payment", { type: "invoice.paid", timeout: "3 days" });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.waitForEvent("the payment", { type: "invoice-paid", timeout: "3 days" });
  }
}
```

## What to do

Give it a name of letters, digits, `_` and `-`, here and where the event is sent: the instance fails as it is.

- "no Workflow": Send the type for which the Workflow waits, or change `waitForEvent()`: as it is, the
  instance waits until its timeout.

## Not reported

Types that are computed when the Workflow runs. Events for Workflows of other Workers.

## Fix safety

Unsafe: other characters become `-`, and what sends the event has to send the new name.

Source: https://developers.cloudflare.com/workflows/build/workers-api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    Worker,
    call,
    js,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 100
_TYPE = pattern(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_KINDS = frozenset({ValueKind.WORKFLOW_STEP, ValueKind.WORKFLOW_INSTANCE})
_ARGUMENTS = {"waitForEvent": 2, "sendEvent": 1}


@rule(call(*_ARGUMENTS), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    given = _type_in(match.module, match.call)
    name = match.module.string(given) if given is not None else None
    if given is None or name is None:
        return
    if _TYPE.fullmatch(name) and len(name) <= _LONGEST:
        if match.word == "sendEvent":
            yield from _unheard(match, given, name)
        return
    if match.receiver_value.kind not in _KINDS:
        return
    if len(name) > _LONGEST:
        yield Finding(
            f"the event's type is {len(name)} characters long; {_LONGEST} are allowed", match.at(given)
        )
        return
    new = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    literal = js.unwrap(given)
    quote = match.text(literal)[:1]
    yield Finding(
        f"{quoted(name)} is no type of event that Workflows take: letters, digits, `_` and `-` only",
        match.at(given),
        fix=Fix(f"Call it `{new}`", (match.replace(literal, f"{quote}{new}{quote}"),), Safety.UNSAFE)
        if new
        else None,
    )


def _type_in(module: Module, call: js.Call) -> Node | None:
    """The `type` among the options that a call is given where it stands."""
    if len(call.arguments) != _ARGUMENTS[call.name]:
        return None
    options = js.unwrap(call.arguments[-1])
    return module.property_value(options, "type") if options.type == "object" else None


def _unheard(match: Match, given: Node, name: str) -> Iterator[Finding]:
    """An event for which no Workflow of the Worker waits, where it is known of all what they wait for."""
    instance, module = match.receiver_value, match.module
    binding = instance.inner.name if instance.inner is not None else None
    if instance.kind is not ValueKind.WORKFLOW_INSTANCE or binding is None or not module.environments:
        return
    entries = [environment.binding(binding) for environment in module.environments]
    classes = {entry.class_name for entry in entries if entry is not None and entry.is_local}
    if len(classes) != 1 or None in entries or any(entry and not entry.is_local for entry in entries):
        return
    owner = next(iter(classes))
    if owner is None or not any(match.project.classes.named(worker, owner) for worker in module.workers):
        return
    types: set[str] = set()
    for worker in module.workers:
        awaited = _awaited_types(match, worker)
        if awaited is None:
            return
        types |= awaited
    if types and name not in types:
        yield Finding(
            f"no Workflow of this Worker waits for an event of the type `{name}`: they wait for "
            + " and ".join(f"`{kind}`" for kind in sorted(types)[:5]),
            match.at(given),
            severity=Severity.NOTE,
        )


def _awaited_types(match: Match, worker: Worker) -> set[str] | None:
    """The types of events for which code of a Worker waits; None when it may wait for others, too."""
    paths = js.running_paths(worker)
    if js.is_named(match.project, paths, "AgentWorkflow", at_hand=match.module):
        return None
    types: set[str] = set()
    for module in js.modules_naming(match.project, paths, "waitForEvent", at_hand=match.module):
        calls = list(module.calls("waitForEvent"))
        given = [_type_in(module, call) for call in calls]
        names = {module.string_of(node) for node in given if node is not None}
        if None in given or None in names or len(calls) != _mentions(module):
            return None
        types.update(name for name in names if name is not None)
    return types


def _mentions(module: Module) -> int:
    """How often code names the method: to call it, or to hand it on."""
    return sum(not leaf.type.endswith("_fragment") for leaf in module.leaves("waitForEvent", module.root))
