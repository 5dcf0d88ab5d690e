"""Send to each WebSocket of a broadcast in `try`: one that is closing ends the loop.

`getWebSockets()` also gives the sockets that are being closed, until the other side has answered, and the one
whose `webSocketClose()` runs. `send()` to a socket on which `close()` was called throws: the sockets after it
in the loop get nothing.

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
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
    for (const other of this.ctx.getWebSockets()) other.send("somebody left");
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

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
    for (const other of this.ctx.getWebSockets()) {
      try {
        other.send("somebody left");
      } catch {
        // it is closing
      }
    }
  }
}
```

## What to do

Write `try { socket.send(text) } catch { }` for it, as it stands here: a socket that is closing is passed
over.

## Not reported

Loops that look at `readyState` or leave a socket out; sends that something around catches. Classes that close
no socket, or only in answer to its client: that one is gone when `webSocketClose()` has returned, so that
only what this sends after the answer can fail.

## Errors

```text title="workerd"
TypeError: Can't call WebSocket send() after close().
```

## Fix safety

Unsafe: `send()` throws nothing any more, also not for another reason. No fix is offered where its result is
used.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/api/web-socket.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("getWebSockets"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, owner = match.module, match.enclosing_class
    if owner is None or match.receiver_value.kind is not ValueKind.DURABLE_OBJECT_STATE:
        return
    turn = _turn(module, match.node)
    if turn is None or _chooses(module, turn):
        return
    send = next(iter(_sends(module, turn)), None)
    closes = _closes(module, owner, send) if send is not None else None
    if send is not None and closes is not None:
        yield Finding(
            "`send()` throws for a socket that is closing, and the sockets after it get nothing",
            module.at(send),
            (module.at(closes, "a socket is closed here"),),
            _fix(module, send),
            words=js.word("socket.send(text)", module, send),
        )


def _fix(module: Module, send: Node) -> Fix | None:
    """A `try` around what sends, which is a statement or all that a callback does."""
    above = module.parent(module.with_wrappers(send))
    if above is None or above.type not in ("expression_statement", "arrow_function"):
        return None
    is_statement = above.type == "expression_statement"
    whole = above if is_statement else send
    indent = module.indent_of(whole)
    inner, newline = indent + module.indent_unit, module.document.newline
    line = module.document.line_span(module.document.line_of(whole.start_byte))
    text = f"{module.text(send)};"
    if is_statement and not module.document.data[line.start : whole.start_byte].strip():
        lines = ("try {", f"{inner}{text}", f"{indent}}} catch {{", f"{inner}{_WHY}", f"{indent}}}")
        caught = newline.join(lines)
    else:
        caught = f"try {{ {text} }} catch {{ /* {_WHY[3:]} */ }}"
    return Fix(
        "Pass over a socket that is closing",
        (module.replace(whole, caught if is_statement else f"{{ {caught} }}"),),
        Safety.UNSAFE,
    )


_WHY = "// it is closing"


def _turn(module: Module, sockets: Node) -> Node | None:
    """What runs for each of the sockets: the body of a loop, or a callback."""
    for holder in module.result_of(sockets).holders:
        whole = module.with_wrappers(holder)
        above = module.parent(whole)
        if above is None:
            continue
        if above.type == "for_in_statement":
            right = above.child_by_field_name("right")
            if right is not None and right.id == whole.id:
                return above
        each = module.method_called_on(holder)
        if each is not None and each[0] == "forEach":
            return js.Call(module, each[1]).callback
    return None


def _chooses(module: Module, turn: Node) -> bool:
    """Whether code asks for each socket what state it is in, or whether it is another one."""
    if next(module.leaves("readyState", turn), None) is not None:
        return True
    return any(
        operation.operator in ("===", "!==", "==", "!=")
        and operation.left is not None
        and all(_is_socket(module, side) for side in operation.operands)
        for node in module.descendants(turn, "binary_expression")
        if (operation := module.operation(node)) is not None
    )


def _is_socket(module: Module, node: Node) -> bool:
    return module.value_of(node).kind is ValueKind.HIBERNATED_WEBSOCKET


def _sends(module: Module, turn: Node) -> Iterator[Node]:
    for found in module.calls("send", turn):
        if found.receiver is None or not _is_socket(module, found.receiver):
            continue
        function = module.enclosing_function(found.node)
        method = module.method_around(found.node)
        if method is not None and module.is_caught(found.node, method):
            continue
        if function is not None and module.try_around(found.node) is None:
            yield found.node


def _closes(module: Module, owner: ClassDefinition, send: Node) -> Node | None:
    """A call that closes a socket which `getWebSockets()` still gives when a message is sent.

    A socket that its client has closed is gone when `webSocketClose()` has returned, so that what it closes
    only matters for what it sends itself, after that."""
    for found in module.calls("close", owner.body):
        if found.receiver is None or not _is_socket(module, found.receiver):
            continue
        method = module.method_around(found.node)
        ending = owner.method("webSocketClose"), owner.method("webSocketError")
        if method is None or all(end is None or end.id != method.id for end in ending):
            return found.node
        around = module.method_around(send)
        places = [send] if around is not None and around.id == method.id else ()
        if around is not None and not places:
            places = [made for made in js.calls_in_module(module, around) if js.contains(method, made)]
        if any(found.node.end_byte <= place.start_byte for place in places):
            return found.node
    return None
