"""Answer pings of clients with `setWebSocketAutoResponse()`: each one that code answers wakes the object.

A message that `webSocketMessage()` gets ends the hibernation of the object: it is made anew, with its
constructor, and is billed until it sleeps again. With a ping every 30 seconds from each client it hardly
sleeps. `ctx.setWebSocketAutoResponse()` has the runtime give the same answer without that.

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

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (message === "ping") {
      ws.send("pong");
      return;
    }
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

export class Room extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

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

The request has to be equal to the byte, JSON included: `'{"type":"ping"}'`.

## What to do

In the constructor, behind `super()`, write `ctx.setWebSocketAutoResponse(new
WebSocketRequestResponsePair("ping", "pong"))`, with what clients send, equal to the byte, for `"ping"`, and
what is sent here for `"pong"`; then delete this branch. The object sleeps on while pings are answered.

## Not reported

Classes that set an automatic response anywhere; an answer that holds what only the code knows: a time, a
number of the message; one that comes with other work.

## Fix safety

There is no fix: the text that clients send is not in sight.

Source: https://developers.cloudflare.com/durable-objects/api/state/#setwebsocketautoresponse
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, ClassDefinition, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PING = pattern(r"^[^\w]*ping[^\w]*$", re.IGNORECASE)
_KEPT = frozenset({"stringify", "send"})
_EQUAL = frozenset({"===", "=="})


@rule(call("acceptWebSocket"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None or next(module.leaves("setWebSocketAutoResponse", module.root), None) is not None:
        return
    if not module.is_run:
        return
    for send in _sends(module, owner):
        asked = _ping_asked(module, send)
        if asked is None or _does_more(module, asked, send):
            continue
        yield Finding(
            "each ping wakes the object to send this: have the runtime answer, by"
            " `setWebSocketAutoResponse()`",
            module.at(send),
            (module.at(asked, "a ping is told here"),),
        )
        return


def _sends(module: Module, owner: ClassDefinition) -> Iterator[Node]:
    """The calls in a class that send what is always the same: of `send()`, or of a method that sends what it
    is given."""
    for send in module.calls("send", owner.body):
        if len(send.arguments) != 1:
            continue
        if _is_constant(module, send.arguments[0]):
            yield send.node
        method = module.method_around(send.node)
        if method is None or module.enclosing_function(send.node) != method:
            continue
        for node in js.calls_in_module(module, method):
            given = [one for one in js.arguments_of(node) if js.unwrap(one).type in ("object", "string")]
            if len(given) == 1 and _is_constant(module, given[0]):
                yield node


def _is_constant(module: Module, node: Node) -> bool:
    """Whether an answer is always the same: a text, or JSON of texts."""
    node = module.initializer(node)
    if module.string(node) is not None:
        return True
    made = module.call(node)
    if made is not None and (made.name != "stringify" or len(made.arguments) != 1):
        return False
    given = module.properties_of(made.arguments[0] if made is not None else node)
    return bool(given) and all(module.string_of(value) is not None for value in (given or {}).values())


def _ping_asked(module: Module, send: Node) -> Node | None:
    """The comparison with `ping`, or the case of it, under which an answer is sent."""
    for above in module.ancestors(send):
        if above.type == "switch_case":
            value = above.child_by_field_name("value")
            is_ping = value is not None and _PING.match(module.string_of(value) or "") is not None
            return value if is_ping else None
        if above.type == "if_statement":
            condition = above.child_by_field_name("condition")
            taken = above.child_by_field_name("consequence")
            if condition is None or taken is None or not js.contains(taken, send):
                continue
            for node in (condition, *module.descendants(condition, "binary_expression")):
                operation = module.operation(node)
                if operation is None or operation.operator not in _EQUAL:
                    continue
                if any(_PING.match(module.string(side) or "") is not None for side in operation.operands):
                    return node
        if above.type in js.FUNCTIONS:
            return None
    return None


def _does_more(module: Module, asked: Node, send: Node) -> bool:
    """Whether the branch of a ping does anything besides the answer."""
    branch = module.enclosing(asked, frozenset({"switch_case", "if_statement"}))
    if branch is None:
        return True
    taken = branch.child_by_field_name("consequence") if branch.type == "if_statement" else branch
    if taken is None:
        return True
    if next(module.descendants(taken, "assignment_expression", "await_expression"), None) is not None:
        return True
    return any(
        node.id != send.id and js.Call(module, node).name not in _KEPT and module.log_at(node) is None
        for node in module.descendants(taken, "call_expression")
    )
