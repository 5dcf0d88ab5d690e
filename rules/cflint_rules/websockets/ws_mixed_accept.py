"""Accept a WebSocket once: with `accept()` or with `acceptWebSocket()`, never with both.

A socket that hibernates refuses `accept()` ("Can't accept() WebSocket after enabling hibernation"), one that
was `accept()`ed cannot be made to hibernate, a `new WebSocket(…)` accepts itself, and an end of a pair that
was not accepted can send nothing. Each of these throws.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Board extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Board extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

- "is never accepted": Before the first `send()`, in a Durable Object `this.ctx.acceptWebSocket(server)`,
  elsewhere `server.accept()`.
- "one of the two": Delete `accept()`: `acceptWebSocket()` lets the object sleep while the socket is open, and
  calls `webSocketMessage()` of the class. Keep `accept()` instead only where its listeners
  (`addEventListener`) do the work.

## Not reported

Two calls of which only one can run (the branches of an `if`). Ends of a pair that are handed to other code,
which may accept them.

## Errors

```text title="workerd"
TypeError: Can't accept() WebSocket after enabling hibernation.
Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`
Error: Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used
  in a Response.
TypeError: You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending
  messages.
```

## Fix safety

Safe: one of the two calls throws, so removing `accept()` takes nothing away. No fix is offered where
`acceptWebSocket()` may not run, nor for a socket that was never accepted.

Source: workerd src/workerd/api/web-socket.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOKS = js.SOCKET_METHODS - {"accept"}


@rule(call("accept"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, socket = match.module, match.receiver
    if socket is None:
        return
    value = match.receiver_value
    if value.kind is ValueKind.OUTGOING_WEBSOCKET and value.origin is not None:
        made = value.origin
        if made.type == "new_expression" and module.can_reach(made, match.node):
            yield Finding(
                "a `new WebSocket(…)` accepts itself: `accept()` throws",
                match.at(match.node),
                related=(match.at(made, "it is made here"),),
                fix=_without(match),
            )
        return
    for end in module.pair_ends(socket):
        other = next((found.node for found in module.accepts_of_end(end) if found.hibernates), None)
        if other is None:
            continue
        if module.can_reach(match.node, other) or module.can_reach(other, match.node):
            yield Finding(
                f"{quoted(match.text(socket))} is given to `acceptWebSocket()`, too: one of the two calls"
                " throws",
                match.at(match.node),
                related=(match.at(other, "`acceptWebSocket()` is called here"),),
                fix=_without(match) if _runs_whenever(module, other, match.node) else None,
            )
            return


def _without(match: Match) -> Fix | None:
    edit = match.module.statement_removal(match.node)
    return Fix("Remove `accept()`", (edit,), Safety.SAFE) if edit is not None else None


def _runs_whenever(module: Module, one: Node, other: Node) -> bool:
    """Whether a call runs in every run of what stands around it and another one."""
    around = next(
        (
            above
            for above in module.ancestors(other)
            if above.start_byte <= one.start_byte and one.end_byte <= above.end_byte
        ),
        None,
    )
    return around is not None and module.always_runs(one, around)


@check.on(call("send"))
def check_send(match: Match) -> Iterator[Finding]:
    """A socket that is never accepted, at the first `send()`."""
    module, socket = match.module, match.receiver
    end = module.pair_end(socket) if socket is not None else None
    if socket is None or end is None:
        return
    first: Node | None = None
    for use in module.uses_of_end(end):
        called = module.method_called_on(use)
        if called is not None and called[0] in _LOOKS:
            if called[0] == "send" and first is None:
                first = called[1]
            continue
        above = module.parent(module.with_wrappers(use))
        is_read = called is None and above is not None and above.type == "member_expression"
        if not is_read and not _is_sent_away(module, use):
            return  # somebody may accept it there
    if first is None or first.id != match.node.id:
        return  # it was reported there
    yield Finding(
        f"{quoted(match.text(socket))} is never accepted: `send()` throws",
        match.at(match.node),
        related=(match.at(end.pair, "the pair is made here"),),
    )


def _is_sent_away(module: Module, use: Node) -> bool:
    """Whether a use is the `webSocket` of a response."""
    above = module.parent(module.with_wrappers(use))
    return above is not None and above.type == "pair" and module.key(above) == "webSocket"
