"""Clean up in `webSocketError()` as well as in `webSocketClose()`.

A connection that is merely cut is told to `webSocketClose()`, with code 1006. One that fails otherwise (a
frame that is too large, a fault of the protocol) is told to `webSocketError()` only, and then the socket is
gone: what `webSocketClose()` tidies up, and whom it tells, is left as it was.

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
    await this.ctx.storage.put(message, true);
    ws.serializeAttachment({ name: message });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    await this.ctx.storage.delete(ws.deserializeAttachment()?.name);
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
    await this.ctx.storage.put(message, true);
    ws.serializeAttachment({ name: message });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    await this.leave(ws);
    ws.close();
  }

  async webSocketError(ws: WebSocket, error: unknown): Promise<void> {
    console.error("a connection failed", error);
    await this.leave(ws);
  }

  private async leave(ws: WebSocket): Promise<void> {
    await this.ctx.storage.delete(ws.deserializeAttachment()?.name);
  }
}
```

## What to do

Add `webSocketError(ws, error)` that does what is shown of `webSocketClose()`; best by a method that both
call. A broken connection then leaves nothing behind.

## Not reported

Classes without `webSocketClose()`, and those in which it only closes the socket and logs; classes whose base
is not known.

## Fix safety

There is no fix: what to do after an error is up to the author.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/io/hibernation-manager.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CLEANS = frozenset({"delete", "put", "setAlarm", "deleteAlarm", "exec", "splice", "remove"})


@rule(call("acceptWebSocket"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None or owner.has("webSocketError") is not False or owner.declares("webSocketError"):
        return
    close = owner.method("webSocketClose")
    cleans = _cleans_up(module, close) if close is not None else None
    if close is not None and cleans is not None:
        yield Finding(
            f"{owner.label} has no `webSocketError()`: for a connection that fails, nothing does what"
            " `webSocketClose()` does",
            module.at(close.child_by_field_name("name") or close),
            (module.at(cleans, "this is not done then"),),
        )


def _cleans_up(module: Module, close: Node) -> Node | None:
    """What `webSocketClose()` does beside closing the socket, in itself or by a method of the class."""
    for node in module.descendants(close, "call_expression"):
        made = js.Call(module, node)
        if made.receiver is None or module.log_at(node) is not None:
            continue
        if made.name in _CLEANS or (made.receiver.type == "this" and _does_something(module, node)):
            return node
    return None


def _does_something(module: Module, call_node: Node) -> bool:
    called = module.called_function(call_node)
    return called is not None and any(
        js.Call(module, node).name in _CLEANS for node in module.descendants(called, "call_expression")
    )
