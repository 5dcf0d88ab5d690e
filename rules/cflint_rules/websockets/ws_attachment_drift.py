"""Write an attachment again when what is kept of a WebSocket changes.

An object that keeps a session for each socket in a `Map` fills it again from `deserializeAttachment()` when
it wakes up. What only the session in memory was told since then is lost: after hibernation the socket has
what `serializeAttachment()` was given last.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  sessions = new Map<WebSocket, { name: string }>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    for (const ws of this.ctx.getWebSockets()) this.sessions.set(ws, ws.deserializeAttachment());
  }

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    const session = { name: "guest" };
    server.serializeAttachment(session);
    this.sessions.set(server, session);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const session = this.sessions.get(ws);
    if (session) session.name = message;
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
  sessions = new Map<WebSocket, { name: string }>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    for (const ws of this.ctx.getWebSockets()) this.sessions.set(ws, ws.deserializeAttachment());
  }

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    const session = { name: "guest" };
    server.serializeAttachment(session);
    this.sessions.set(server, session);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const session = this.sessions.get(ws);
    if (!session) return;
    session.name = message;
    ws.serializeAttachment(session);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Behind the change write the attachment again: `ws.serializeAttachment(changed)`, with the socket that the
method gets for `ws` and what was changed for `changed`, in the same form as where it is written first.

## Not reported

Properties that no attachment of the class holds: they are not meant to last. Methods that write an attachment
anywhere, or call a method that does. Objects that find nothing again from attachments.

## Fix safety

There is no fix: what the attachment should hold is up to the author.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, ClassDefinition, Finding, Match, Module, Severity, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH = 2
"""Through how many methods a change is followed to the attachment."""


@rule(call("acceptWebSocket"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None:
        return
    kept = _kept(module, owner)
    fields = _restored(module, owner) if kept else ()
    for name, method in owner.methods if fields else ():
        if name == "constructor" or _writes_attachment(module, method, _DEPTH):
            continue
        change = next(_changes(module, method, fields, kept), None)
        if change is not None:
            yield Finding(
                f"{quoted(module.text(change.place.whole))} is changed in memory only: after hibernation the"
                " socket has the attachment from before",
                module.at(change.node),
                (module.at(next(iter(kept.values())), "the attachment is written here"),),
            )


def _kept(module: Module, owner: ClassDefinition) -> dict[str, Node]:
    """The properties that attachments of a class hold, each with the call that writes it."""
    found: dict[str, Node] = {}
    for written in module.calls("serializeAttachment", owner.body):
        value = written.argument(0)
        properties = module.properties_of(module.initializer(value)) if value is not None else None
        for name in properties or ():
            found.setdefault(name, written.node)
    return found


def _restored(module: Module, owner: ClassDefinition) -> tuple[str, ...]:
    """The fields that are filled from attachments, by `this.sessions.set(ws, …)`."""
    found: list[str] = []
    for read in module.calls("deserializeAttachment", owner.body):
        around = module.method_around(read.node)
        for put in module.calls("set", around) if around is not None else ():
            field = module.member(put.receiver)
            if field is not None and field.object.type == "this" and put.argument(1) is not None:
                value = put.argument(1)
                if value is not None and _comes_from(module, value, read.node):
                    found.append(field.name)
    return tuple(dict.fromkeys(found))


def _comes_from(module: Module, value: Node, read: Node) -> bool:
    return any(
        content.node.id == read.id for content in module.contents(value, lambda node: node.id == read.id)
    )


def _writes_attachment(module: Module, function: Node, depth: int) -> bool:
    """Whether a function writes an attachment, or a method of the class that it calls does."""
    if next(module.calls("serializeAttachment", function), None) is not None:
        return True
    for node in module.descendants(function, "call_expression"):
        receiver = js.Call(module, node).receiver
        if receiver is not None and receiver.type == "this":
            called = module.called_function(node)
            if called is None or depth == 0 or _writes_attachment(module, called, depth - 1):
                return True
    return False


def _changes(
    module: Module, method: Node, fields: tuple[str, ...], kept: dict[str, Node]
) -> Iterator[js.Mutation]:
    """The changes of a property that attachments hold, of what a method takes out of one of the fields."""
    for got in module.calls("get", method):
        field = module.member(got.receiver)
        if field is None or field.object.type != "this" or field.name not in fields:
            continue
        held = module.result_of(got.node).declaration
        for change in module.mutations(held, method) if held is not None else ():
            if len(change.place.path) == 1 and change.place.path[0] in kept and not change.method:
                yield change
