"""Restore what a hibernating object needs for its messages: a field that only `fetch()` sets is lost.

An object that hibernates is created again when the next message comes. Its constructor runs, and `fetch()`
does not: what that kept in a field is `undefined` again, or the field's first value, while the sockets are
still open. It belongs in the attachment of each socket or in storage.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  private topic = "";

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    this.topic = new URL(request.url).pathname.slice(1);
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    ws.send(`${this.topic}: ${message}`);
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
    const topic = new URL(request.url).pathname.slice(1);
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ topic });
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const { topic } = ws.deserializeAttachment();
    ws.send(`${topic}: ${message}`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Store it with `ctx.storage.put()` or `ws.serializeAttachment()` in `fetch()`, and read it again in
`webSocketMessage()` or, in the constructor, in `blockConcurrencyWhile()`.

## Not reported

Fields that anything else sets: the constructor, a method that it or a handler of sockets calls. Fields that a
handler tests before it uses them. Collections of sockets: [`ws-session-map-lost`](ws_session_map_lost.py) is
about them. What is not made from the request.

## Fix safety

There is no fix: where to keep the value is up to the author.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, ClassDefinition, Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH = 3
"""Through how many methods a handler of sockets is followed."""


@rule(call("acceptWebSocket"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    fetch = owner.method("fetch") if owner is not None else None
    if owner is None or fetch is None:
        return
    methods = _methods_of_sockets(module, owner)
    if methods is None:
        return
    for name, put in _set_in(module, owner, fetch).items():
        changes = (change.node for change in module.field_mutations(owner, name))
        if any(not js.contains(fetch, node) for node in changes):
            continue  # something else sets it, too
        reads = [
            use
            for method in methods
            for use in _uses(module, owner, name, method)
            if not js.contains(fetch, use)
        ]
        if not reads or any(module.is_guard(use) for use in reads):
            continue
        yield Finding(
            f"only `fetch()` sets `this.{name}`, which does not run again after hibernation",
            module.at(reads[0]),
            (module.at(put, "it is set here"),),
        )


def _set_in(module: Module, owner: ClassDefinition, fetch: Node) -> dict[str, Node]:
    """The fields that `fetch()` sets to something of the request, each with the first place."""
    found: dict[str, Node] = {}
    for node in module.descendants(fetch, "assignment_expression"):
        made = module.assignment(node)
        target = module.member(made.target) if made is not None else None
        if made is None or target is None or target.object.type != "this":
            continue
        if module.this_class(target.object) is not owner or target.name in found:
            continue
        if any(module.reads_request(part) for part in module.origins(made.value)):
            found[target.name] = node
    return found


def _methods_of_sockets(module: Module, owner: ClassDefinition) -> list[Node] | None:
    """The handlers of sockets and the methods of the class that they call; None when they hand the object
    to code that cannot be seen."""
    todo = [
        (method, _DEPTH)
        for name in sorted(js.WEBSOCKET_HANDLERS)
        if (method := owner.method(name)) is not None
    ]
    found: dict[int, Node] = {}
    while todo:
        method, depth = todo.pop(0)
        if method.id in found:
            continue
        found[method.id] = method
        for node in module.descendants(method, "call_expression"):
            made = js.Call(module, node)
            if any(argument.type == "this" for argument in made.arguments):
                return None
            if depth and made.receiver is not None and made.receiver.type == "this":
                called = module.called_function(node)
                if called is not None:
                    todo.append((called, depth - 1))
    return list(found.values())


def _uses(module: Module, owner: ClassDefinition, name: str, method: Node) -> Iterator[Node]:
    """The places of `this.name` in a method."""
    for leaf in module.leaves(name, method):
        member = module.member(module.parent(leaf))
        if member is None or member.name_node.id != leaf.id or member.object.type != "this":
            continue
        if module.this_class(member.object) is owner:
            yield member.node
