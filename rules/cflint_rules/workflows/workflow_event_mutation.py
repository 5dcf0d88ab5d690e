"""Return what a Workflow's step found instead of writing it into the event.

The event is what the instance was started with, and every run of the Workflow gets it anew. What a step
writes into it is gone when the Workflow wakes up after a pause or an error: the step does not run again, and
the steps after it read what was there before.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  USERS: KVNamespace;
  MAILS: Queue<{ to: string }>;
}

export class Welcome extends WorkflowEntrypoint<Env, { id: string; mail?: string }> {
  async run(event: WorkflowEvent<{ id: string; mail?: string }>, step: WorkflowStep): Promise<void> {
    await step.do("look up the address", async () => {
      event.payload.mail = (await this.env.USERS.get(event.payload.id)) ?? undefined;
    });
    await step.do("send the mail", async () => {
      if (event.payload.mail) await this.env.MAILS.send({ to: event.payload.mail });
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Env {
  USERS: KVNamespace;
  MAILS: Queue<{ to: string }>;
}

export class Welcome extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    const mail = await step.do("look up the address", () => this.env.USERS.get(event.payload.id));
    await step.do("send the mail", async () => {
      if (mail) await this.env.MAILS.send({ to: mail });
    });
  }
}
```

## Not reported

Copies (`{ ...event.payload }`); what is not read after the step; what `run()` itself writes between steps: it
is written again, the same, at every run.

## Fix safety

There is no fix: what the step should return depends on what is done with it.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassKind, Finding, Handler, Module, Severity, ValueKind, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGES = frozenset({"push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill"})


@rule(module("WorkflowEntrypoint", "WorkflowStep", "AgentWorkflow"), severity=Severity.ERROR)
def check(module: Module) -> Iterator[Finding]:
    for handler in module.handlers:
        if handler.name != "run" or handler.owner is None or handler.owner.kind is not ClassKind.WORKFLOW:
            continue
        for declaration in _names(module, handler):
            yield from _mutations(module, declaration)


def _names(module: Module, handler: Handler) -> Iterator[js.Declaration]:
    """The event, the payload that is taken out of it, and constants that name one of the two."""
    parameter = handler.parameters[0] if handler.parameters else None
    if parameter is None:
        return
    event = next(
        (
            found
            for found in module.scope.declared_in(handler.function).values()
            if found.owner.id == parameter.id
        ),
        None,
    )
    if event is None or event.path not in ((), ("payload",)):
        return
    yield event
    for reference in module.scope.references(event):
        _, whole = _chain(module, reference)
        holder = module.parent(whole)
        if holder is None or holder.type != "variable_declarator":
            continue
        name = holder.child_by_field_name("name")
        if name is None:
            continue
        targets = [name] if name.type == "identifier" else [*module.descendants(name, *_IN_PATTERNS)]
        for target in targets:
            alias = module.scope.resolve(target)
            taken = alias is not None and (name.type == "identifier" or alias.name == "payload")
            if alias is not None and taken and alias.constant and not alias.path[1:]:
                yield alias


_IN_PATTERNS = ("identifier", "shorthand_property_identifier_pattern")


def _mutations(module: Module, declaration: js.Declaration) -> Iterator[Finding]:
    references = module.scope.references(declaration)
    for reference in references:
        path, whole = _chain(module, reference)
        at = _change(module, whole)
        if at is None or path == module.text(reference):
            continue  # the variable itself gets another value
        function = _step_function(module, at)
        if function is None:
            continue
        later = (other for other in references if other.start_byte >= function.end_byte)
        if any(_overlap(path, _chain(module, other)[0]) for other in later):
            shown = path if "\n" not in path else module.text(reference)
            yield Finding(
                f"`{shown}` is changed in a step: when the Workflow runs again the step does not, and the"
                " change is lost",
                module.at(at),
            )


def _overlap(one: str, other: str) -> bool:
    return (
        one == other or one.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{one}.", f"{one}["))
    )


def _chain(module: Module, reference: Node) -> tuple[str, Node]:
    """The longest chain of members from a name on, as text without casts, and its outermost expression."""
    syntax = module.syntax
    node, path = js.with_wrappers(syntax, reference), module.text(reference)
    while True:
        parent = syntax.parent(node)
        if parent is None or parent.type not in ("member_expression", "subscript_expression"):
            return path, node
        target = parent.child_by_field_name("object")
        if target is None or target.id != node.id:
            return path, node
        above = syntax.parent(js.with_wrappers(syntax, parent))
        function = above.child_by_field_name("function") if above is not None else None
        if function is not None and js.unwrap(function).id == parent.id:
            return path, node  # a method of it
        name = parent.child_by_field_name("property")
        index = parent.child_by_field_name("index")
        part = name if name is not None else index
        if part is None:
            return path, node
        path += f".{module.text(part)}" if name is not None else f"[{module.text(part)}]"
        node = js.with_wrappers(syntax, parent)


def _change(module: Module, whole: Node) -> Node | None:
    """The expression that changes what a chain of members names."""
    parent = module.parent(whole)
    if parent is None:
        return None
    match parent.type:
        case "assignment_expression" | "augmented_assignment_expression":
            left = parent.child_by_field_name("left")
            return parent if left is not None and left.id == whole.id else None
        case "update_expression":
            return parent
        case "unary_expression":
            operator = parent.child_by_field_name("operator")
            return parent if operator is not None and operator.type == "delete" else None
        case "member_expression":
            above = module.parent(parent)
            is_call = above is not None and above.type == "call_expression"
            return above if above is not None and is_call and module.callee_name(above) in _CHANGES else None
        case "arguments":
            above = module.parent(parent)
            function = above.child_by_field_name("function") if above is not None else None
            first = parent.named_children[0]
            assigns = function is not None and module.text(function) == "Object.assign"
            return above if assigns and first.id == whole.id else None
    return None


def _step_function(module: Module, node: Node) -> Node | None:
    """The function of a step that a node stands in."""
    for above in module.ancestors(node):
        if above.type == "method_definition":
            return None
        if above.type not in js.FUNCTIONS:
            continue
        listed = module.parent(module.with_wrappers(above))
        call = module.parent(listed) if listed is not None and listed.type == "arguments" else None
        callee = call.child_by_field_name("function") if call is not None else None
        if call is None or callee is None or module.callee_name(call) != "do":
            continue
        if module.value_of(js.unwrap(callee).child_by_field_name("object")).kind is ValueKind.WORKFLOW_STEP:
            return above
    return None
