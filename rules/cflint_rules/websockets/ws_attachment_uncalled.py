"""Call `deserializeAttachment()`: without the parentheses it is the method, not the attachment.

A method that is spread gives nothing, its members are `undefined`, and it equals no value. Nothing throws:
the code goes on as if the socket had no attachment.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    ws.serializeAttachment({ ...ws.deserializeAttachment, lastMessage: message });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    ws.serializeAttachment({ ...ws.deserializeAttachment(), lastMessage: message });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Not reported

Code that asks whether there is the method (`if (ws.deserializeAttachment)`, `typeof`), hands it on, binds it
or replaces it.

## Fix safety

Safe: the method takes no arguments, and nothing else is done with it there.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Edit,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    Span,
    js,
    member_access,
    rule,
)

_OF_FUNCTIONS = frozenset({"bind", "call", "apply", "name", "length", "toString", "prototype"})
_EQUAL = frozenset({"===", "==", "!==", "!="})


@rule(
    member_access("deserializeAttachment"),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    presets=(PREVIEW,),
)
def check(match: Match) -> Iterator[Finding]:
    happens = _what_happens(match)
    if happens is not None:
        end = match.node.end_byte
        called = Edit(match.document, Span(end, end), "()")
        yield Finding(
            f"`deserializeAttachment` is not called: {happens}",
            match.at(match.name),
            fix=Fix("Call `deserializeAttachment()`", (called,), Safety.SAFE),
        )


def _what_happens(match: Match) -> str | None:
    """What becomes of the method as a value; None where it may be meant."""
    module = match.module
    whole = module.with_wrappers(match.node)
    above = module.parent(whole)
    if above is None:
        return None
    match above.type:
        case "spread_element":
            return "to spread a method gives nothing"
        case "variable_declarator":
            name = above.child_by_field_name("name")
            if name is not None and name.type == "object_pattern":
                return "a method has no such members"
        case "binary_expression":
            operation = module.operation(above)
            if operation is None or operation.operator not in _EQUAL or operation.left is None:
                return None
            is_left = operation.left.id == js.unwrap(whole).id
            other = operation.right if is_left else operation.left
            if other.type in ("string", "number", "true", "false", "template_string"):
                return "a method equals no such value"
        case "arguments":
            around = module.call_around(match.node)
            if around is not None and module.is_from(around[0].callee, "", "JSON.parse", "JSON.stringify"):
                return f"`JSON.{around[0].name}()` gets a method"
    read = module.member_read(match.node)
    # what tests put in its place has members of its own: `mock`, `mockReturnValue`
    if read is None or read.name in _OF_FUNCTIONS or read.name.startswith("mock"):
        return None
    change = module.mutation_of(read.node)
    return None if change is not None else f"a method has no `{read.name}`"
