"""Check in `alarm()` what an earlier attempt has done.

An alarm runs at least once: when it throws, or the machine fails while it runs, it runs again, up to six
times. What it sends before it reads storage is sent again.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Invoice extends DurableObject<Env> {
  async alarm(): Promise<void> {
    await fetch("https://pay.example.com/charges", { method: "POST", body: "{}" });
    await this.ctx.storage.put("charged", true);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Invoice extends DurableObject<Env> {
  async alarm(): Promise<void> {
    if (await this.ctx.storage.get("charged")) return;
    await fetch("https://pay.example.com/charges", { method: "POST", body: "{}" });
    await this.ctx.storage.put("charged", true);
  }
}
```

## What to do

Write `if ((await ctx.storage.get("done")) === undefined) { await work; await ctx.storage.put("done", true);
}` for it, with what stands here for `await work`: an alarm that threw runs again, from its beginning. What
sets the alarm for the next time deletes the mark: `await ctx.storage.delete("done")`.

## Not reported

Alarms that read from storage first (or call a method that may), or check whether they are a retry; requests
that only read.

## Fix safety

No fix: what has to be stored is up to you.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/#alarm
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    REFERENCE,
    STRICT,
    Finding,
    Handler,
    Module,
    Severity,
    ValueKind,
    handler,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CARES = pattern(rb"isRetry|retryCount|idempot", re.IGNORECASE)
_STORES = frozenset({"storage", "sql", "kv"})
_LOOKUPS = frozenset({"get", "list", "exec"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@rule(handler("alarm"), severity=Severity.NOTE, presets=(REFERENCE, STRICT))
def check(found: Handler) -> Iterator[Finding]:
    owner, body, module = found.owner, found.body, found.module
    if owner is None or body is None or not owner.is_durable_object:
        return
    for node in module.descendants(body, "call_expression"):
        what = _sends(module, node)
        if what is None:
            continue
        cares = any(word.start_byte < node.end_byte for word in module.mentions(_CARES, body))
        if not cares and not _looks_before(module, body, node):
            yield Finding(
                f"an alarm can run more than once, and {what} before it looks at what was done already",
                module.at(node),
                words=js.awaited_word("await work", module, node),
            )
        return


def _looks_before(module: Module, body: Node, node: Node) -> bool:
    """Whether a body reads what is stored, or waits for a method of its own, before a call."""
    for before in module.descendants(body, "call_expression"):
        call = js.Call(module, before)
        if before.start_byte >= node.start_byte:
            return False
        if call.name == "sql" or (call.name in _LOOKUPS and _is_store(module, call.receiver)):
            return True
        if call.is_awaited and call.receiver is not None and js.unwrap(call.receiver).type == "this":
            return True
    return False


def _is_store(module: Module, node: Node | None) -> bool:
    while node is not None:
        member = module.member(node)
        name = member.name if member is not None else module.text(js.unwrap(node))
        if name in _STORES:
            return True
        node = member.object if member is not None else None
    return False


def _sends(module: Module, node: Node) -> str | None:
    """What a call sends out into the world."""
    call = js.Call(module, node)
    if module.is_global(call.callee, "fetch") and len(call.arguments) > 1:
        method = module.property_value(call.arguments[1], "method")
        verb = module.string_of(method) if method is not None else None
        return f"this sends a {verb.upper()} request" if verb and verb.upper() not in _READS else None
    if call.name not in ("send", "sendBatch"):
        return None
    value = module.value_of(call.receiver)
    if value.kind is not ValueKind.BINDING or value.binding is None:
        return None
    if value.binding.id == "queue":
        return "this sends a message"
    return "this sends an email" if value.binding.id == "send_email" else None
