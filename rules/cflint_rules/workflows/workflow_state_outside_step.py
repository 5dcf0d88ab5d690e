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

## What to do

Let the step return what it changes, and change the variable outside of it by what the step gives.

- "`<total>` is changed in a step": Let the step return what it changes, and change the variable outside:
  `<total> += await step.do(…)` with what this step adds (`<total> = await step.do(…)` with the new value),
  and nothing of it in the step. A step that returns something already returns both: `const { result, part }
  = await step.do(…); <total> += part;`.

## Not reported

Variables of the step's own function, variables that are not read outside of it, and those that are set from
what a step returns. Methods such as `delete()` of what is not made in sight as an array, a `Map` or the like.

## Fix safety

There is no fix: what the step should return depends on what is done with it.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGES = frozenset({"push", "unshift", "splice", "set", "add"})
_CONTAINERS = ("Array", "Map", "Set", "Headers", "FormData", "URLSearchParams", "URL")
_VARIABLES = frozenset({js.DeclarationKind.CONST, js.DeclarationKind.LET, js.DeclarationKind.VAR})


@rule(call("do"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module, callback = match.module, match.call.callback
    if callback is None or match.receiver_value.kind is not ValueKind.WORKFLOW_STEP:
        return
    seen: set[int] = set()
    for mutation in _changes(module, callback):
        declaration = mutation.place.declaration
        if declaration is None or declaration.node.id in seen:
            continue
        if _is_outside(declaration, callback) and _is_read_after(module, declaration, mutation, callback):
            seen.add(declaration.node.id)
            yield Finding(
                f"`{declaration.name}` is changed in a step and read outside of it: when the Workflow runs"
                " again the step does not, and the change is lost",
                match.at(mutation.node),
                related=(match.at(declaration.node, "declared here"),),
            )


def _changes(module: Module, callback: Node) -> Iterator[js.Mutation]:
    """The changes within a function of a variable, or of what it holds (not of `Headers` of a response, a
    storage, and whatever else is known to be no container)."""
    for node in module.descendants(
        callback,
        "assignment_expression",
        "augmented_assignment_expression",
        "update_expression",
        "call_expression",
    ):
        mutation = module.mutation_at(node)
        if mutation is None or mutation.place.declaration is None:
            continue
        if mutation.sets_name or _is_container(module, mutation):
            yield mutation


def _is_container(module: Module, mutation: js.Mutation) -> bool:
    """Whether what is changed is an object or array of the Workflow's own."""
    declaration, place = mutation.place.declaration, mutation.place
    made = js.unwrap(declaration.value) if declaration is not None and declaration.value is not None else None
    if declaration is not None and made is not None and not declaration.path:
        if made.type in ("array", "object"):
            return True
        if made.type == "new_expression" and module.is_global(js.Call(module, made).callee, *_CONTAINERS):
            return True
    return not place.path and mutation.method in _CHANGES and not module.value_of(place.whole)


def _is_outside(declaration: js.Declaration, callback: Node) -> bool:
    inside = callback.start_byte <= declaration.node.start_byte < callback.end_byte
    return declaration.kind in _VARIABLES and not inside and declaration.scope.type != "program"


def _is_read_after(module: Module, declaration: js.Declaration, change: js.Mutation, callback: Node) -> bool:
    """Whether code after the step's function does anything with what was changed but setting it."""
    for use in module.scope.references(declaration):
        if use.start_byte >= callback.end_byte and js.overlaps(change.place.path, module.place_of(use).path):
            other = module.mutation_of(use)
            if other is None or not other.sets_name or other.kind is js.MutationKind.UPDATED:
                return True
    return False
