"""Serve a Durable Object's WebSockets with `webSocketMessage()` and its siblings, not with listeners.

A listener lives in memory. On a socket that was given to `ctx.acceptWebSocket()` it is never called. The
methods `webSocketMessage()`, `webSocketClose()` and `webSocketError()` of the class are called even if the
object was evicted in between. A socket that was accepted with `accept()` calls its listeners, and keeps the
object in memory: `ws-legacy-accept` reports both at once.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.addEventListener("message", async () => {
      const seen = (await this.ctx.storage.get<number>("seen")) ?? 0;
      await this.ctx.storage.put("seen", seen + 1);
      server.send(String(seen + 1));
    });
    return new Response(null, { status: 101, webSocket: client });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket): Promise<void> {
    const seen = (await this.ctx.storage.get<number>("seen")) ?? 0;
    await this.ctx.storage.put("seen", seen + 1);
    ws.send(String(seen + 1));
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Make it a method of the class: `async webSocketMessage(ws, message)` for `message` (text or `ArrayBuffer`,
the `data` of the event), `webSocketClose(ws, code, reason)` for `close`, `webSocketError(ws, error)` for
`error`, with `ws` for the socket. Names of the function around it have to come from a field, `ctx.storage`
or `ws.deserializeAttachment()`.

- "the methods are there": Delete these listeners: the class has `webSocketMessage()` and its like, which
  the runtime calls. What only a listener does is moved into its method, with `ws` for the socket. Sockets
  that a field keeps are `ctx.getWebSockets()`, wherever it is read.

## Not reported

Listeners on sockets that the object opened itself: only a server's socket can hibernate. A class that opens
sockets to others, too, and may have to stay awake for them. Listeners in a Worker without a Durable Object,
and in the classes of an SDK. Listeners of a socket that is `accept()`ed, which `ws-legacy-accept` speaks of.

## Fix safety

Unsafe: the code runs from now on; what a client sends as binary arrives as an `ArrayBuffer`. All listeners of
a socket move in one fix: each body becomes a method, and the socket's and the event's names are replaced by
its parameters. No fix is offered when a listener uses names of the function around it, when the
socket is kept in a field, or when the class has such a method already: the related places show it.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Safety, Severity, call, js, member_access, rule
from cflint_rules.websockets._migration import migration_of


@rule(
    call("addEventListener"),
    member_access("onmessage", "onclose", "onerror"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, socket = match.module, match.receiver
    ends = module.pair_ends(socket) if socket is not None else ()
    owners = [module.enclosing_class(end.pair) for end in ends]
    if not ends or not all(owner is not None and owner.is_durable_object for owner in owners):
        return  # sockets that do not hibernate need listeners
    owner, end = owners[0], ends[0]
    listener = module.listener_at(socket) if socket is not None else None
    if owner is None or listener is None:
        return  # `onmessage` is only read
    listeners = sorted(module.listeners_of_end(end), key=lambda one: one.node.start_byte)
    if listeners and listeners[0].node.id != listener.node.id:
        return  # one finding for a socket
    migration = migration_of(module, owner, end)
    method = js.SOCKET_EVENTS.get(listener.event)
    instead = f"make it `{method}()` of the class" if method else "it is no event of such sockets"
    if migration.accepts and module.opens_sockets(owner):
        return  # it passes messages on to a socket that cannot hibernate
    if migration.accepts and not any(accept.hibernates for accept in module.accepts_of_end(end)):
        return  # `ws-legacy-accept` says it, with the listeners: one defect, and one fix
    if migration.accepts or method is None:
        message = f"the `{listener.event}` listener keeps {owner.label} in memory, and billed: {instead}"
    else:
        message = f"this `{listener.event}` listener is never called on a hibernatable socket: {instead}"
    accepted = [match.at(node, "the socket is accepted here") for node in migration.accepts[:1]]
    yield Finding(
        message,
        match.at(match.node if match.word == "addEventListener" else match.name),
        related=(
            *accepted,
            *(match.at(one.node, f"so is the `{one.event}` listener") for one in listeners[1:]),
            *migration.obstacles,
        ),
        fix=migration.fix if len(ends) == 1 else None,
        words=(("the methods are there", ""),) if method and owner.method(method) is not None else (),
    )
