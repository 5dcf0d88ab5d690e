"""Return a step's outcome instead of writing it to a variable outside.

A Workflow that sleeps, waits or starts again runs from the top, and a step that is done is not run a second
time: its result is taken from storage. A variable that the step's function had set is then as empty as at
the start.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Report extends WorkflowEntrypoint<Env> {
  async run(event: WorkflowEvent<unknown>, step: WorkflowStep): Promise<void> {
    let total = 0;
    await step.do("count", async () => {
      total += (await this.env.SALES.list()).keys.length;
    });
    await step.sleep("until tomorrow", "1 day");
    await step.do("send", async () => {
      await this.env.MAILS.send({ total });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Report extends WorkflowEntrypoint<Env> {
  async run(event: WorkflowEvent<unknown>, step: WorkflowStep): Promise<void> {
    const total = await step.do("count", async () => {
      return (await this.env.SALES.list()).keys.length;
    });
    await step.sleep("until tomorrow", "1 day");
    await step.do("send", async () => {
      await this.env.MAILS.send({ total });
    });
  }
}
```

## Not reported

Variables of the step's own function, variables that are not read outside of it, and those that are set from
what a step returns.

## Fix safety

There is no fix: what the step should return depends on what is done with it.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGES = frozenset({"push", "unshift", "splice", "set", "add"})
_VARIABLES = frozenset({js.DeclarationKind.CONST, js.DeclarationKind.LET, js.DeclarationKind.VAR})


@rule(call("do"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    if match.receiver_value.kind is not ValueKind.WORKFLOW_STEP or len(match.arguments) < 2:
        return
    callback = next(
        (node for argument in match.arguments[1:] if (node := js.unwrap(argument)).type in js.FUNCTIONS), None
    )
    if callback is None:
        return
    seen: set[int] = set()
    for change, name in _changes(match, callback):
        declaration = match.module.scope.resolve(name)
        if declaration is None or declaration.node.id in seen:
            continue
        if _is_outside(declaration, callback) and _read_elsewhere(match, declaration, callback):
            seen.add(declaration.node.id)
            yield Finding(
                f"`{declaration.name}` is changed in a step and read outside of it: when the Workflow runs"
                " again the step does not, and the change is lost",
                match.at(change),
                related=(match.at(declaration.node, "declared here"),),
            )


def _changes(match: Match, callback: Node) -> Iterator[tuple[Node, Node]]:
    """What changes a variable within a function, with the variable's identifier."""
    for node in match.module.descendants(
        callback,
        "assignment_expression",
        "augmented_assignment_expression",
        "update_expression",
        "call_expression",
    ):
        if node.type == "call_expression":
            callee = node.child_by_field_name("function")
            target = callee.child_by_field_name("object") if callee is not None else None
            name = callee.child_by_field_name("property") if callee is not None else None
            if target is None or name is None or match.text(name) not in _CHANGES:
                continue
            if match.value_of(target):
                continue  # `Headers`, a storage: no variable's content
            target = js.unwrap(target)
        else:
            left = node.child_by_field_name("left") or node.child_by_field_name("argument")
            target = js.unwrap(left) if left is not None else node
        if target.type == "identifier":
            yield node, target


def _is_outside(declaration: js.Declaration, callback: Node) -> bool:
    inside = callback.start_byte <= declaration.node.start_byte < callback.end_byte
    return declaration.kind in _VARIABLES and not inside and declaration.scope.type != "program"


def _read_elsewhere(match: Match, declaration: js.Declaration, callback: Node) -> bool:
    """Whether code after the step's function reads the variable."""
    assigned = {change.id for change in match.module.scope.assignments(declaration)}
    for reference in match.module.scope.references(declaration):
        if reference.start_byte < callback.end_byte:
            continue
        parent = match.module.parent(reference)
        if parent is None or parent.id not in assigned or parent.type == "update_expression":
            return True
    return False
