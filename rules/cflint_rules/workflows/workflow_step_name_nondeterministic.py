"""Give a Workflow's steps names that are the same at every run.

The name is the key under which the result of a step is kept. A Workflow that starts again after an error or a
pause runs from the top and takes finished steps from there; a step whose name holds the time or a random
number is not found, and runs again: the card is charged twice.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Billing extends WorkflowEntrypoint<Env, { invoice: string }> {
  async run(event: WorkflowEvent<{ invoice: string }>, step: WorkflowStep): Promise<void> {
    await step.do(`charge at ${Date.now()}`, async () => {
      await fetch("https://pay.example.com/charges", { method: "POST", body: event.payload.invoice });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Billing extends WorkflowEntrypoint<Env, { invoice: string }> {
  async run(event: WorkflowEvent<{ invoice: string }>, step: WorkflowStep): Promise<void> {
    await step.do(`charge ${event.payload.invoice}`, async () => {
      await fetch("https://pay.example.com/charges", { method: "POST", body: event.payload.invoice });
    });
  }
}
```

## What to do

Make the name from the step's input or its place in the list (`` `send ${item.id}` ``), never from the time
or at random.

- "control character": Take it out of the name: the step is refused.
- "in a loop": Count the steps: `let turn = 0` before the loop, and `${turn++}` in the name in place of
  this. Each run then gives the step the same name.
- "contains `<call>`": Leave `<call>` out of the name: no loop runs the step twice, and each run then gives
  it the same name.

## Not reported

Names made of the event (`event.payload`, `event.timestamp`, `event.instanceId`), of loop counters, or of what
an earlier step returned.

## Fix safety

Unsafe: instances that are under way when this is deployed do the step once more, under its new name. No fix
is offered in a loop, where something has to tell the steps apart, and where a step of the new name is there.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST_NAME = 256


@rule(call(*js.STEP_METHODS), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.receiver_value.kind is not ValueKind.WORKFLOW_STEP or not match.arguments:
        return
    name = match.arguments[0]
    literal = match.module.string(name)
    if literal is not None:
        yield from _unfit(match, name, literal)
        return
    found = _changing(match.module, name)
    if found is not None:
        is_within = name.start_byte <= found.start_byte and found.end_byte <= name.end_byte
        yield Finding(
            f"the step's name contains {quoted(match.text(found))}, which changes on every run: the saved"
            " result is never found and the step runs again",
            match.at(name),
            related=(match.at(found, "made here"),) if not is_within else (),
            fix=_without(match, name, found),
            words=(("in a loop", ""),) if match.module.loop_around(match.node) is not None else (),
        )


def _without(match: Match, name: Node, changing: Node) -> Fix | None:
    """A name without the part that changes."""
    module = match.module
    if name.type != "template_string" or module.loop_around(match.node) is not None:
        return None
    parts = [part for part in name.named_children if part.type == "template_substitution"]
    meant = [part for part in parts if _is_made_of(module, part, changing)]
    if len(meant) != 1:
        return None
    text, start = match.text(name), name.start_byte
    data = module.document.data
    left = data[start + 1 : meant[0].start_byte] + data[meant[0].end_byte : name.end_byte - 1]
    named = left.decode("utf-8", "replace").strip(" -_:./")
    quote = "`" if len(parts) > 1 or '"' in named else '"'
    written = f"{quote}{named}{quote}"
    begun = sum(data.count(mark + named.encode()) for mark in (b'"', b"'", b"`"))
    if not named or "\n" in text or begun > 1:
        return None
    return Fix(f"Call it {written}", (match.replace(name, written),), Safety.UNSAFE)


def _is_made_of(module: Module, part: Node, changing: Node) -> bool:
    """Whether what stands in `${…}` is an expression, or the name of one."""
    if js.contains(part, changing):
        return True
    inner = js.first_named(part)
    is_name = inner is not None and inner.type == "identifier"
    return inner is not None and is_name and js.contains(module.initializer(inner), changing)


def _unfit(match: Match, name: Node, literal: str) -> Iterator[Finding]:
    if len(literal) > _LONGEST_NAME:
        yield Finding(f"the step's name is {len(literal)} characters long; 256 are allowed", match.at(name))
    elif any(ord(character) < 0x20 for character in literal):
        yield Finding("the step's name holds a control character, which is refused", match.at(name))


def _changing(module: Module, name: Node) -> Node | None:
    """The expression in a name, or in a constant that it is made of, that differs from run to run."""
    todo, seen = [name], 0
    while todo and seen < 200:
        node = todo.pop()
        for part in (node, *js.walk(node, into_functions=False)):
            seen += 1
            if part.type in ("call_expression", "new_expression"):
                if module.entropy_at(part) is not None:
                    return part
            elif part.type == "identifier":
                value = module.initializer(part)
                if value.id != part.id and value.type != "await_expression":
                    todo.append(value)
    return None
