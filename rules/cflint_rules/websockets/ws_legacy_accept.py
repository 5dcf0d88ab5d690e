"""Accept a Durable Object's WebSockets with `ctx.acceptWebSocket()`.

`accept()` keeps the object in memory, and on the bill, until the socket closes. A socket that was given to
`ctx.acceptWebSocket()` lets the object be evicted while nothing happens: the connection stays open, and the
next message wakes the object and reaches its `webSocketMessage()` method.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    ws.close(code, reason);
  }
}
```

## Not reported

Sockets that the object opened itself (`response.webSocket.accept()`, `new WebSocket(…)`): these cannot
hibernate. A socket that is accepted only to send an error and be closed. Workers and SDK classes (an Agent,
a party server) which accept for themselves.

## Fix safety

Unsafe: what the listeners did has to move to `webSocketMessage()` and its siblings.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from collections.abc import Iterator

from cflint.api import Finding, Fix, Kind, Match, Safety, Severity, call, rule


@rule(call("accept"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    owner = match.enclosing_class
    socket = match.receiver
    if owner is None or socket is None or not owner.is_durable_object:
        return  # only a Durable Object can hibernate
    if match.receiver_value.kind is not Kind.WEBSOCKET_PAIR_END:
        return  # an outgoing or foreign socket has to be accept()ed
    yield Finding(
        "accept() keeps",
        match.at(match.node),
        fix=Fix(
            "x",
            (match.replace(match.node, f"this.ctx.acceptWebSocket({match.text(socket)})"),),
            Safety.UNSAFE,
        ),
    )
