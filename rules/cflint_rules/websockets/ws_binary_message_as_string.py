"""Check that a WebSocket's message is text before it is used as text.

`webSocketMessage()` gets a string, or an ArrayBuffer where the client sends binary. In a template an
ArrayBuffer becomes `[object ArrayBuffer]`, `JSON.parse()` of it throws, and it has none of a string's
methods.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Parrot extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(`you said ${message}`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Parrot extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (typeof message !== "string") {
      ws.close(1003, "text only");
      return;
    }
    ws.send(`you said ${message}`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Begin with `if (typeof message !== "string") { ws.close(1003, "text only"); return; }`, or decode it: `new
TextDecoder().decode(message)`.

## Not reported

Handlers that check the message's type anywhere, or decode it. `JSON.parse()` inside `try`. A message that is
only passed on.

## Errors

```text title="workerd"
SyntaxError: "[object ArrayBuffer]" is not valid JSON
```

## Fix safety

There is no fix: what to do with binary is up to the protocol.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, STRICT, Finding, Handler, Severity, handler, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_STRING_METHODS = js.STRING_CUTS - {"slice"} | {
    "startsWith",
    "endsWith",
    "includes",
    "indexOf",
    "split",
    "trim",
    "match",
    "charAt",
    "charCodeAt",
    "localeCompare",
}
"""Methods of a string that an ArrayBuffer does not have."""
_OF_BINARY = frozenset({"byteLength", "slice", "length"})
_ASKING = frozenset({"decode", "isView", "Uint8Array", "String", "from"})
"""Functions that take a message of either kind."""


@rule(handler("webSocketMessage"), severity=Severity.NOTE, presets=(REFERENCE, STRICT))
def check(found: Handler) -> Iterator[Finding]:
    module = found.module
    parameters = module.parameters(found.function)
    if len(parameters) < 2 or found.owner is None:
        return
    parameter = parameters[1]
    if parameter.type is not None and not _names_buffer(found, parameter.type):
        return  # it is declared to be text
    declaration = module.scope.declared_in(found.function).get(parameter.name or "")
    if declaration is None or declaration.path:
        return
    used: tuple[Node, str] | None = None
    for reference in module.scope.references(declaration):
        if _is_looked_at(found, reference):
            return
        how = _as_text(found, reference)
        if how is not None and used is None:
            used = reference, how
    if used is None:
        return
    yield Finding(
        f"`{declaration.name}` may be an ArrayBuffer, and {used[1]}: check "
        f'`typeof {declaration.name} === "string"` first',
        module.at(used[0]),
        related=(module.at(parameter.node, "binary messages arrive here, too"),),
    )


def _names_buffer(found: Handler, type: Node) -> bool:
    return any(leaf.type == "type_identifier" for leaf in found.module.leaves("ArrayBuffer", type))


def _is_looked_at(found: Handler, reference: Node) -> bool:
    """Whether code asks what a message is: `typeof`, `instanceof`, `ArrayBuffer.isView()`, a decoder."""
    module = found.module
    above = module.parent(module.with_wrappers(reference))
    if above is None:
        return False
    if above.type in ("unary_expression", "assignment_expression"):
        return True
    if above.type == "binary_expression":
        operator = above.child_by_field_name("operator")
        return operator is not None and operator.type == "instanceof"
    member = module.member(above)
    if member is not None:
        return member.name in _OF_BINARY
    around = module.call_around(reference)
    return around is not None and around[0].name in _ASKING


def _as_text(found: Handler, reference: Node) -> str | None:
    """What goes wrong with an ArrayBuffer there; None when nothing does."""
    module = found.module
    node = module.with_wrappers(reference)
    above = module.parent(node)
    if above is None:
        return None
    match above.type:
        case "template_substitution":
            return "then reads `[object ArrayBuffer]`"
        case "binary_expression":
            operator = above.child_by_field_name("operator")
            sides = (above.child_by_field_name("left"), above.child_by_field_name("right"))
            is_text = any(side is not None and side.type in ("string", "template_string") for side in sides)
            if operator is not None and operator.type == "+" and is_text:
                return "then reads `[object ArrayBuffer]`"
        case "member_expression":
            member = module.member(above)
            if member is not None and member.object.id == node.id and member.name in _STRING_METHODS:
                return f"has no `{member.name}()`"
        case "arguments":
            around = module.call_around(reference)
            parses = around is not None and module.is_from(around[0].callee, "", "JSON.parse")
            if parses and not module.is_caught(reference, found.function):
                return "`JSON.parse()` of one throws"
    return None
