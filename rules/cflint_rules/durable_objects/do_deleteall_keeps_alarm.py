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

from cflint.api import ClassDefinition, Finding, Fix, Match, Safety, Severity, ValueKind, call, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FLAG = "delete_all_deletes_alarm"


@rule(call("deleteAll"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    data = match.document.data
    if match.arguments or data.find(b"setAlarm(") == -1:
        return
    method, owner = match.method, match.enclosing_class
    if method is None or owner is None or match.receiver_value.kind is not ValueKind.STORAGE:
        return
    body = data[owner.node.start_byte : owner.node.end_byte]
    if b"setAlarm(" not in body or not _keeps_alarm(match, owner):
        return
    name_node = method.child_by_field_name("name")
    name = match.text(name_node) if name_node is not None else ""
    if name == "alarm" or _only_of_alarm(match, owner, name) or _deletes_alarm(match, owner, method):
        return
    if b"setAlarm(" in data[match.node.end_byte : method.end_byte]:
        return  # the alarm is replaced
    yield Finding(
        f"`deleteAll()` leaves the alarm of `{owner.name}` before the compatibility date 2026-02-24",
        match.at(match.node),
        fix=_fix(match),
    )


def _keeps_alarm(match: Match, owner: ClassDefinition) -> bool:
    """Whether the alarm stays in some environment that runs the class, and it is known of all of them."""
    known = {environment.enables(_FLAG) for _, environment in owner.sites}
    return False in known and None not in known


def _deletes_alarm(match: Match, owner: ClassDefinition, method: Node) -> bool:
    """Whether the method deletes the alarm, itself or by another method that it calls."""
    data = match.document.data
    text = data[method.start_byte : method.end_byte]
    if b"deleteAlarm" in text:
        return True
    return any(
        b"deleteAlarm" in data[other.start_byte : other.end_byte] and f".{name}(".encode() in text
        for name, other in owner.methods
    )


def _only_of_alarm(match: Match, owner: ClassDefinition, name: str) -> bool:
    """Whether nothing of the class but `alarm()` calls a method, which is called by something."""
    alarm = owner.method("alarm")
    if alarm is None:
        return False
    uses = [
        leaf
        for leaf in match.module.leaves(name, owner.node)
        if leaf.type in ("property_identifier", "private_property_identifier")
        and (parent := match.module.parent(leaf)) is not None
        and parent.type == "member_expression"
    ]
    return bool(uses) and all(alarm.start_byte <= use.start_byte < alarm.end_byte for use in uses)


def _fix(match: Match) -> Fix | None:
    """`await storage.deleteAlarm();` before a statement `await storage.deleteAll();`."""
    module, receiver = match.module, match.receiver
    above = module.parent(module.with_wrappers(match.node))
    statement = module.parent(above) if above is not None else None
    if above is None or above.type != "await_expression" or receiver is None or statement is None:
        return None
    block = module.parent(statement) if statement.type == "expression_statement" else None
    if block is None or block.type != "statement_block":
        return None
    text = f"await {match.text(receiver)}.deleteAlarm();\n{module.indent_of(statement)}"
    return Fix("Delete the alarm, too", (match.insert(statement.start_byte, text),), Safety.SAFE)
