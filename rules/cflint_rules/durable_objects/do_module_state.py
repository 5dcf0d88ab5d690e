"""Keep what belongs to one Durable Object in the object, not in a variable of the module.

Objects of one class share isolates: a variable of the module is one for all objects that happen to run in it.
The storage or the context that one object puts there is used by the others, which then write to its data, or
fail; what one keeps there, others see, and nobody frees it.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

let storage: DurableObjectStorage;

export class Room extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    storage = ctx.storage;
  }

  async rename(name: string): Promise<void> {
    await storage.put("name", name);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async rename(name: string): Promise<void> {
    await this.ctx.storage.put("name", name);
  }
}
```

## What to do

Make it a field of the class that sets it (`this.storage`, set in its constructor), and hand functions outside
of the class what they need as a parameter. Data that has to outlast the object goes to `ctx.storage`. As it
is, one object reads and writes what is another's.

## Not reported

Fields of the object. What is the same for all objects: `env`, constants, what is computed once.

## Fix safety

There is no fix: functions that use the variable have to be given what they need.

Source: https://developers.cloudflare.com/durable-objects/reference/in-memory-state/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, js, keyword, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_ONE = {
    ValueKind.STORAGE: "the storage",
    ValueKind.SQL_STORAGE: "the storage",
    ValueKind.SYNC_KV: "the storage",
    ValueKind.DURABLE_OBJECT_STATE: "the context",
}


@rule(keyword("let", "var"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    if node.type not in ("lexical_declaration", "variable_declaration"):
        return
    parent = module.parent(node)
    if parent is not None and parent.type == "export_statement":
        parent = module.parent(parent)
    if parent is None or parent.type != "program":
        return
    for declarator in node.named_children:
        name = declarator.child_by_field_name("name")
        declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declaration is None:
            continue
        for assigned in module.scope.assignments(declaration):
            given = module.assignment(assigned) if module.enclosing_function(assigned) is not None else None
            what = _of_one_object(module, given.value) if given is not None else None
            if what is None or given is None:
                continue
            yield Finding(
                f"`{declaration.name}` is shared by all objects of the isolate, and {what} of one is put"
                " in it",
                module.at(given.node),
                (module.at(declaration.node, "it is declared here, once for the whole isolate"),),
            )


def _of_one_object(module: Module, value: Node) -> str | None:
    """What of one Durable Object an expression is: its storage or its context; None of everything else."""
    label = _OF_ONE.get(module.value_of(value).kind)
    if label is not None:
        return label
    if js.unwrap(value).type != "identifier":
        return None
    declaration = module.scope.resolve(js.unwrap(value))
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return None
    for found in js.traced(module, value, _is_of_one):
        return _OF_ONE[found.module.value_of(found.node).kind]
    return None


def _is_of_one(found: js.Traced) -> bool:
    return not found.path and found.module.value_of(found.node).kind in _OF_ONE
