"""Delete an object's alarm along with its storage.

Before the compatibility date 2026-02-24 `deleteAll()` leaves the alarm. It still runs, in an object without
data: it fails or writes to the storage again, and the deleted object exists, and is billed, again.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async open(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + 60_000);
  }

  async close(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.put("seen", Date.now());
  }
}
```

```jsonc
{
  "compatibility_date": "2026-02-01",
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async open(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + 60_000);
  }

  async close(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.put("seen", Date.now());
  }
}
```

```jsonc
{
  "compatibility_date": "2026-02-01",
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]
}
```

## What to do

Before it: `await ctx.storage.deleteAlarm()`. As it is, `alarm()` runs in the emptied object, and what it
writes makes the object, and its bill, anew.

## Not reported

Classes that set no alarm; `deleteAll()` in `alarm()` itself, when there is no alarm any more, or where
another is set afterwards; Workers whose compatibility date is not known.

## Fix safety

Safe: the alarm is deleted, too, as newer compatibility dates do.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FLAG = "delete_all_deletes_alarm"


@rule(call("deleteAll"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, method, owner = match.module, match.method, match.enclosing_class
    if match.arguments or method is None or owner is None:
        return
    sets = [made.node for made in module.calls("setAlarm", owner.body)]
    if not sets or match.receiver_value.kind is not ValueKind.STORAGE or not _keeps_alarm(owner):
        return
    alarm = owner.method("alarm")
    if alarm is not None and (method.id == alarm.id or _is_only_used_in(owner, method, alarm)):
        return
    if _deletes_alarm(module, method):
        return
    if any(match.node.end_byte <= node.start_byte < method.end_byte for node in sets):
        return  # the alarm is replaced
    yield Finding(
        f"`deleteAll()` leaves the alarm of {owner.label} before the compatibility date 2026-02-24",
        match.at(),
        fix=_fix(match),
    )


def _keeps_alarm(owner: ClassDefinition) -> bool:
    """Whether the alarm stays in some environment that runs the class, and it is known of all of them."""
    known = {environment.enables(_FLAG) for environment in owner.environments}
    return False in known and None not in known


def _deletes_alarm(module: Module, method: Node) -> bool:
    """Whether the method deletes the alarm, itself or by another method or function that it calls."""
    called = (module.called_function(node) for node in module.descendants(method, "call_expression"))
    return any(
        next(module.calls("deleteAlarm", function), None) is not None
        for function in (method, *called)
        if function is not None
    )


def _is_only_used_in(owner: ClassDefinition, method: Node, alarm: Node) -> bool:
    """Whether nothing of the class but `alarm()` uses a method, which is used by something."""
    module = owner.module
    name = method.child_by_field_name("name")
    uses = [
        leaf
        for leaf in (module.leaves(module.text(name), owner.node) if name is not None else ())
        if (read := module.member(module.parent(leaf))) is not None and read.name_node.id == leaf.id
    ]
    return bool(uses) and all(alarm.start_byte <= use.start_byte < alarm.end_byte for use in uses)


def _fix(match: Match) -> Fix | None:
    """`await storage.deleteAlarm();` before a statement `await storage.deleteAll();`."""
    module, call = match.module, match.call
    statement = call.statement
    if statement is None or not call.is_awaited or not call.is_statement or call.receiver is None:
        return None
    block = module.parent(statement)
    if block is None or block.type != "statement_block":
        return None
    text = f"await {match.text(call.receiver)}.deleteAlarm();\n{module.indent_of(statement)}"
    return Fix("Delete the alarm, too", (match.insert(statement.start_byte, text),), Safety.SAFE)
