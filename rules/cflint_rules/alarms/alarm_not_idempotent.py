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

_LOOKS = pattern(
    r"\b(?:storage|sql|kv)\b[\w.?!]*\.(?:get|list|exec)\b|\bsql`|isRetry|retryCount|idempot|"
    r"await this\.\w+\(",
    re.IGNORECASE,
)
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
        before = module.document.data[body.start_byte : node.start_byte].decode("utf-8", "replace")
        if _LOOKS.search(before) is None and "dempoten" not in module.text(node):
            yield Finding(
                f"an alarm can run more than once, and {what} before it looks at what was done already",
                module.at(node),
            )
        return


def _sends(module: Module, call: Node) -> str | None:
    """What a call sends out into the world."""
    callee = call.child_by_field_name("function")
    arguments = js.arguments_of(call)
    if module.is_global(callee, "fetch") and len(arguments) > 1:
        method = module.property_value(arguments[1], "method")
        verb = module.string_of(method) if method is not None else None
        return f"this sends a {verb.upper()} request" if verb and verb.upper() not in _READS else None
    if callee is None or module.callee_name(call) not in ("send", "sendBatch"):
        return None
    target = js.unwrap(callee).child_by_field_name("object")
    value = module.value_of(target)
    if value.kind is not ValueKind.BINDING or value.binding is None:
        return None
    if value.binding.id == "queue":
        return "this sends a message"
    return "this sends an email" if value.binding.id == "send_email" else None
