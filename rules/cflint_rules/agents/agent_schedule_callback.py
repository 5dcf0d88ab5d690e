"""Schedule a method of the Agent by its name, as a string.

`schedule()`, `scheduleEvery()` and `queue()` store the name of a method and call it later, maybe after the
Agent was evicted: they take a string, and throw when the Agent has no method of that name. A delay or a date
that is scheduled in `onStart()` is scheduled again whenever the Agent wakes up, unless `idempotent` is set.

## Incorrect

```ts
import { Agent } from "agents";

export class Reminder extends Agent<Env> {
  async remind(): Promise<void> {
    await this.schedule(60, this.ring);
  }

  ring(): void {
    this.broadcast("ring");
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Reminder extends Agent<Env> {
  async remind(): Promise<void> {
    await this.schedule(60, "ring");
  }

  ring(): void {
    this.broadcast("ring");
  }
}
```

## What to do

- "has no method": Write the name of a method that the class has, or write the method: as it is, the call
  throws.
- "not a function": Write the method's name as a text, `"tick"` for `this.tick`; make an inline function a
  method of the class first. As it is, the call throws.

## Not reported

Names that are computed, and Agents with a base class or members that the rule cannot see.

## Errors

```text title="Agents SDK"
Callback must be a string
this.… is not a function
Unknown scheduled callback "…": not registered on this Scheduler
```

## Fix safety

Safe: `this.name` becomes `"name"`, and `{ idempotent: true }` is added where no other option is set.

Source: https://developers.cloudflare.com/agents/api-reference/schedule-tasks/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, ClassKind, Finding, Fix, Match, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OWN = js.AGENT_HANDLERS | {"alarm", "destroy", "broadcast", "setState", "onTask", "onChatMessage"}
_KNOWS = (
    "getSchedule",
    "getSchedules",
    "getScheduleById",
    "listSchedules",
    "cancelSchedule",
)
"""Methods with which an Agent looks whether something is scheduled, or takes it back."""


@rule(call("schedule", "scheduleEvery", "queue"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    receiver = match.receiver
    if receiver is None or js.unwrap(receiver).type != "this":
        return
    owner = match.module.this_class(js.unwrap(receiver))
    if owner is None or owner.kind is not ClassKind.AGENT or owner.declares(match.word):
        return
    at = 0 if match.word == "queue" else 1
    if any(argument.type == "spread_element" for argument in match.arguments):
        return
    if len(match.arguments) > at:
        yield from _check_callback(match, owner, match.arguments[at])
    if match.word == "schedule":
        yield from _check_repeated(match)


def _check_callback(match: Match, owner: ClassDefinition, given: Node) -> Iterator[Finding]:
    node = js.unwrap(given)
    names, complete = match.project.classes.members(owner.facts)
    if node.type in js.FUNCTIONS:
        yield Finding(f"`{match.word}()` takes the name of a method, not a function", match.at(node))
    elif node.type == "member_expression":
        member = js.MemberAccess(match.module, node)
        if member.object.type != "this" or owner.method(member.name) is None:
            return
        edit = match.replace(node, f'"{member.name}"')
        fix = Fix(f'Give the name "{member.name}"', (edit,), Safety.SAFE)
        yield Finding(f"`{match.word}()` takes the name of a method, not the method", match.at(node), fix=fix)
    else:
        text = match.module.string_of(node) or ""
        known = not complete or text in names or text in _OWN or owner.declares(text)
        if text and not known and not owner.facts.is_abstract:
            yield Finding(f"{owner.label} has no method `{text}`", match.at(node))


def _check_repeated(match: Match) -> Iterator[Finding]:
    """A delay or date that is scheduled anew at each start."""
    method = match.method
    starter = _starter(match, method) if method is not None else None
    if method is None or starter is None:
        return
    when = match.module.initializer(match.arguments[0]) if match.arguments else None
    if when is None or len(match.arguments) < 2 or len(match.arguments) > 3:
        return
    if when.type not in ("number", "new_expression", "binary_expression") or match.module.string(when):
        return
    if match.module.is_conditional(match.node, method) or _is_prepared(match, method):
        return
    last = match.arguments[-1]
    added = ", { idempotent: true }" if len(match.arguments) == 3 else ", undefined, { idempotent: true }"
    yield Finding(
        f"this is scheduled again whenever the Agent wakes up: `{starter}()` runs each time",
        match.at(),
        fix=Fix("Schedule it once", (match.insert(last.end_byte, added),), Safety.SAFE),
        severity=Severity.NOTE,
    )


def _starter(match: Match, method: Node) -> str | None:
    """The method that runs at each start, and is, or always calls, the one that schedules."""
    module = match.module
    for found in (method, *_callers(match, method)):
        name = found.child_by_field_name("name")
        text = module.text(name) if name is not None else ""
        if text in ("onStart", "constructor"):
            return text
    return None


def _callers(match: Match, method: Node) -> Iterator[Node]:
    module = match.module
    for site in js.calls_in_module(module, method):
        caller = module.method_around(site)
        if caller is not None and not module.is_conditional(site, caller):
            yield caller


def _is_prepared(match: Match, method: Node) -> bool:
    """Whether the method may leave before it schedules, or looks at the schedule first."""
    module = match.module
    functions = {method.id, *(above.id for above in module.ancestors(match.node))}
    for node in module.descendants(method, "return_statement", "property_identifier"):
        if node.start_byte >= match.node.start_byte:
            return False
        if node.type == "property_identifier":
            if module.text(node) in _KNOWS:
                return True
            continue
        around = module.enclosing_function(node)
        if around is not None and around.id in functions:
            return True
    return False
