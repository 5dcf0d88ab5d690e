"""Set the next alarm only while there is something to do.

An `alarm()` that always sets the next one a few seconds ahead runs for ever, in every object that was ever
created, and each run is billed, even in objects that are no longer used.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Outbox extends DurableObject<Env> {
  async alarm(): Promise<void> {
    await this.env.MAILS.send(await this.ctx.storage.get("next"));
    await this.ctx.storage.delete("next");
    await this.ctx.storage.setAlarm(Date.now() + 10_000);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Outbox extends DurableObject<Env> {
  async alarm(): Promise<void> {
    await this.env.MAILS.send(await this.ctx.storage.get("next"));
    await this.ctx.storage.delete("next");
    const left = await this.ctx.storage.list({ limit: 1 });
    if (left.size > 0) await this.ctx.storage.setAlarm(Date.now() + 10_000);
  }
}
```

## Not reported

Intervals of more than a minute (the option `seconds`), alarms that are set under a condition, and classes
that also delete their alarm.

## Fix safety

No fix: when to stop is up to you.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Handler, Module, Option, Severity, ValueKind, handler, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SECONDS = Option(__name__, "seconds", 60, "An alarm that comes again after more seconds than these is fine.")


@rule(handler("alarm"), severity=Severity.NOTE, options=[_SECONDS])
def check(found: Handler) -> Iterator[Finding]:
    owner, body, module = found.owner, found.body, found.module
    if owner is None or not owner.is_durable_object or body is None:
        return
    text = module.document.data[owner.body.start_byte : owner.body.end_byte]
    if b"deleteAlarm" in text or b"deleteAll" in text:
        return  # somebody can stop it
    short = _SECONDS.value(module.project, module.document.path) * 1000
    for call in _always(module, body):
        interval = _interval(module, call)
        if interval is not None and 0 < interval <= short:
            seconds = f"{interval / 1000:g} s"
            yield Finding(
                f"`{owner.name}` wakes up every {seconds} for ever: set the alarm only while there is work",
                module.at(call),
            )
            return


def _always(module: Module, body: Node) -> Iterator[Node]:
    """The calls of `setAlarm()` that each run of a body passes."""
    todo = list(body.named_children)
    while todo:
        statement = todo.pop(0)
        if statement.type == "try_statement":
            final = statement.child_by_field_name("finalizer")
            inner = final.child_by_field_name("body") if final is not None else None
            block = inner or statement.child_by_field_name("body")
            todo = [*(block.named_children if block is not None else ()), *todo]
            continue
        if statement.type in ("expression_statement", "return_statement") and statement.named_children:
            node = js.unwrap(statement.named_children[0])
            if node.type == "await_expression" and node.named_children:
                node = js.unwrap(node.named_children[0])
            if node.type == "call_expression" and module.callee_name(node) == "setAlarm":
                yield node
        if any(
            inner.type in ("return_statement", "throw_statement")
            for inner in (statement, *js.walk(statement, into_functions=False))
        ):
            return  # some runs end here


def _interval(module: Module, call: Node) -> float | None:
    """The `n` of `storage.setAlarm(Date.now() + n)`."""
    callee = call.child_by_field_name("function")
    target = js.unwrap(callee).child_by_field_name("object") if callee is not None else None
    arguments = js.arguments_of(call)
    if target is None or module.value_of(target).kind is not ValueKind.STORAGE or not arguments:
        return None
    time = module.initializer(arguments[0])
    operator = time.child_by_field_name("operator")
    left, right = time.child_by_field_name("left"), time.child_by_field_name("right")
    if time.type != "binary_expression" or operator is None or operator.type != "+" or left is None:
        return None
    if right is None or module.text(module.initializer(left)) != "Date.now()":
        return None
    return module.number(right)
