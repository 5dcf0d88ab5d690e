"""Set an alarm for what a Durable Object has to do later: a timer ends with the object's memory.

An object is put away when nothing has happened for a while, when it is deployed anew, or when its machine is
restarted. What a `setTimeout()` would have done then is not done, and nothing says so. An alarm is stored:
the runtime wakes the object for it, and tries again when it fails.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Order extends DurableObject<Env> {
  async place(): Promise<void> {
    await this.ctx.storage.put("state", "open");
    setTimeout(() => this.expire(), 15 * 60 * 1000);
  }

  private async expire(): Promise<void> {
    await this.ctx.storage.put("state", "expired");
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Order extends DurableObject<Env> {
  async place(): Promise<void> {
    await this.ctx.storage.put("state", "open");
    await this.ctx.storage.setAlarm(Date.now() + 15 * 60 * 1000);
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.put("state", "expired");
  }
}
```

## Not reported

Timers of less than ten seconds; those that only settle a promise, close a socket or abort something; those
that are started in a constructor ([`do-constructor-timer`](do_constructor_timer.py)) or keep a hibernating
object awake ([`ws-timer-blocks-hibernation`](../websockets/ws_timer_blocks_hibernation.py)).

## Fix safety

There is no fix: an object has one alarm, and what it is about has to be stored.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/,
https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SHORT = 10_000
"""Milliseconds after the last event for which an object surely stays, with nothing to wait for."""
_STORES = frozenset({ValueKind.STORAGE, ValueKind.SQL_STORAGE, ValueKind.BINDING, ValueKind.STUB})
_DEEP = 3


@rule(call("setTimeout", "setInterval"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, owner = match.module, match.enclosing_class
    if match.receiver is not None or owner is None or not owner.kind.runs_as_durable_object:
        return
    if not module.is_run or len(match.arguments) < 2 or module.in_constructor(match.node):
        return
    delay = module.number(match.arguments[1])
    if delay is None or delay < _SHORT:
        return
    if next(module.hibernatable_accepts(owner).__iter__(), None) is not None:
        return  # another rule is about these
    function = module.function_value(match.arguments[0])
    work = _work(module, function, _DEEP) if function is not None else None
    if work is None:
        return
    yield Finding(
        "nothing is done when the object is put away before this timer: set an alarm",
        match.at(match.node),
        (module.at(work, "this is left undone"),),
    )


def _work(module: Module, function: Node, hops: int) -> Node | None:
    """Something lasting that a function does: it writes to storage, or calls a service."""
    for node in module.descendants(function, "call_expression"):
        made = js.Call(module, node)
        if made.receiver is not None and module.value_of(made.receiver).kind in _STORES:
            return node
        if module.is_global(made.callee, "fetch"):
            return node
        called = module.called_function(node) if hops else None
        if called is not None and called.id != function.id:
            found = _work(module, called, hops - 1)
            if found is not None:
                return node
    return None
