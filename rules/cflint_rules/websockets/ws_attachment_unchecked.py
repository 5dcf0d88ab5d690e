"""Check that a WebSocket has an attachment before it is used.

`deserializeAttachment()` gives `null` until `serializeAttachment()` was called for the socket. Where that
only happens later than `acceptWebSocket()`, with a message that says who the client is, a client that leaves
or writes before has none, and reading a member of it throws.

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
    ws.serializeAttachment({ name: message });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    const { name } = ws.deserializeAttachment();
    console.log("left", name);
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
    ws.serializeAttachment({ name: message });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    const name = ws.deserializeAttachment()?.name ?? "somebody";
    console.log("left", name);
    ws.close();
  }
}
```

## What to do

After `deserializeAttachment()`: `if (attachment === null) { ws.close(1011); return; }`.

## Not reported

Classes that give each socket an attachment where they accept it; attachments that are tested, read with `?.`
or claimed to be there (`!`), in the same function; sockets that are accepted where it cannot be seen.

## Errors

```text title="workerd"
TypeError: Cannot read properties of null (reading '…')
TypeError: Cannot destructure property '…' of '…' as it is null.
```

## Fix safety

There is no fix: what to do for a socket without attachment is up to the protocol.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/api/web-socket.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, ClassDefinition, Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MAKES = "serializeAttachment"


@rule(call("acceptWebSocket"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    bare = _accepted_bare(module, owner) if owner is not None else None
    if owner is None or bare is None:
        return
    for found in module.calls("deserializeAttachment", owner.body):
        result = module.result_of(found.node)
        if _is_claimed(module, found.node) or any(_is_tested(module, use) for use in result.references):
            continue
        if _is_set_before(module, found.node):
            continue
        read = (
            result.pattern if result.pattern is not None and result.pattern.type == "object_pattern" else None
        )
        if read is None:
            members = (module.member_read(holder) for holder in result.holders)
            read = next((one.name_node for one in members if one is not None and not one.is_optional), None)
        if read is not None:
            yield Finding(
                "a socket without attachment gives `null`, and then this throws",
                module.at(read),
                (module.at(bare, "sockets are accepted here, and get no attachment"),),
            )


def _accepted_bare(module: Module, owner: ClassDefinition) -> Node | None:
    """The call that accepts a socket which gets no attachment there; None when there is none, and when it is
    not known what becomes of a socket."""
    for accept in module.hibernatable_accepts(owner):
        socket = js.Call(module, accept).argument(0)
        around = module.enclosing_function(accept)
        if socket is None or around is None:
            return None
        ends = module.pair_ends(socket)
        if not ends:
            return None
        uses = [use for end in ends for use in module.uses_of_end(end)]
        if any(module.member_read(use) is not None and _MAKES in _read(module, use) for use in uses):
            continue
        if any(_is_handed_on(module, use, accept) for use in uses):
            return None
        return accept
    return None


def _read(module: Module, use: Node) -> str:
    read = module.member_read(use)
    return read.name if read is not None else ""


def _is_handed_on(module: Module, use: Node, accept: Node) -> bool:
    """Whether a socket is given to code that cannot be seen, other than by being accepted or kept."""
    around = module.call_around(use)
    if around is None or around[0].node.id == accept.id:
        return False
    return around[0].name not in js.ADDING and module.parameter_for(use) is None


def _is_claimed(module: Module, node: Node) -> bool:
    """Whether a `!` says that the attachment is there."""
    parent = module.parent(node)
    while parent is not None and parent.type in (
        "non_null_expression",
        "as_expression",
        "parenthesized_expression",
    ):
        if parent.type == "non_null_expression":
            return True
        parent = module.parent(parent)
    return False


def _is_tested(module: Module, reference: Node) -> bool:
    if module.is_guard(reference):
        return True
    parent = module.parent(module.with_wrappers(reference))
    if parent is None or parent.type in ("arguments", "non_null_expression"):
        return True  # another function may test it
    operation = module.operation(parent)
    return operation is not None and operation.operator == "in"


def _is_set_before(module: Module, read: Node) -> bool:
    """Whether the function around gives the socket an attachment first."""
    around = module.enclosing_function(read)
    return around is not None and any(
        made.node.start_byte < read.start_byte for made in module.calls(_MAKES, around)
    )
