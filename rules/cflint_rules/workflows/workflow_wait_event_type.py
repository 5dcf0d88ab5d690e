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

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 100
_TYPE = pattern(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_WAIT = pattern(rb"\bwaitForEvent\b")
_WAIT_FOR = pattern(
    rb"\bwaitForEvent\s*(?:<[^()]*>)?\s*\(\s*(?:\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`)\s*,"
    rb"\s*\{[^{}]*?\btype\s*:\s*[\"']([\w.-]+)[\"']"
)
_KINDS = frozenset({ValueKind.WORKFLOW_STEP, ValueKind.WORKFLOW_INSTANCE})


@rule(call("waitForEvent", "sendEvent"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if len(arguments) != (2 if match.word == "waitForEvent" else 1):
        return
    options = js.unwrap(arguments[-1])
    given = match.module.property_value(options, "type") if options.type == "object" else None
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
    shown = f"`{name}`" if name.isprintable() and "`" not in name else "this"
    new = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    literal = js.unwrap(given)
    quote = match.text(literal)[:1]
    yield Finding(
        f"{shown} is no type of event that Workflows take: letters, digits, `_` and `-` only",
        match.at(given),
        fix=Fix(f"Call it `{new}`", (match.replace(literal, f"{quote}{new}{quote}"),), Safety.UNSAFE)
        if new
        else None,
    )


def _unheard(match: Match, given: Node, name: str) -> Iterator[Finding]:
    """An event for which no Workflow of the Worker waits, where it is known of all what they wait for."""
    instance = match.receiver_value
    binding = instance.inner.name if instance.inner is not None else None
    if instance.kind is not ValueKind.WORKFLOW_INSTANCE or binding is None or not match.module.environments:
        return
    entries = [environment.binding(binding) for environment in match.module.environments]
    classes = {entry.class_name for entry in entries if entry is not None and entry.script_name is None}
    if len(classes) != 1 or None in entries or any(entry and entry.script_name for entry in entries):
        return
    defined = re.compile(rb"\bclass\s+%s\b" % re.escape(str(next(iter(classes))).encode()))
    types: set[str] = set()
    is_defined = False
    for worker in match.module.workers:
        for path in worker.modules:
            document = match.project.document(path)
            data = document.data if document is not None else b""
            found = _WAIT_FOR.findall(data) if b"waitForEvent" in data else []
            if len(found) != len(_WAIT.findall(data)) or b"AgentWorkflow" in data:
                return  # it waits for what is not written down
            types |= {kind.decode() for kind in found}
            is_defined = is_defined or defined.search(data) is not None
    if types and is_defined and name not in types:
        yield Finding(
            f"no Workflow of this Worker waits for an event of the type `{name}`: they wait for "
            + " and ".join(f"`{kind}`" for kind in sorted(types)[:5]),
            match.at(given),
            severity=Severity.NOTE,
        )
