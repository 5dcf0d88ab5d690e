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

## Not reported

Handlers that check the message's type anywhere, or decode it. `JSON.parse()` inside `try`. A message that is
only passed on.

## Fix safety

There is no fix: what to do with binary is up to the protocol.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, STRICT, Finding, Handler, Module, Severity, handler, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_STRING_METHODS = frozenset(
    {"startsWith", "endsWith", "includes", "indexOf", "split", "trim", "replace", "replaceAll", "match"}
    | {
        "toLowerCase",
        "toUpperCase",
        "substring",
        "substr",
        "charAt",
        "charCodeAt",
        "padStart",
        "localeCompare",
    }
)


@rule(handler("webSocketMessage"), severity=Severity.NOTE, presets=(REFERENCE, STRICT))
def check(found: Handler) -> Iterator[Finding]:
    parameters, body = found.parameters, found.body
    if len(parameters) < 2 or body is None or found.owner is None:
        return
    module, parameter = found.module, parameters[1]
    annotation = parameter.child_by_field_name("type")
    if annotation is not None and "ArrayBuffer" not in module.text(annotation):
        return  # it is declared to be text
    pattern = parameter.child_by_field_name("pattern") or parameter
    declaration = module.scope.declared_in(found.function).get(module.text(pattern))
    if declaration is None or declaration.path:
        return
    used: tuple[Node, str] | None = None
    for reference in module.scope.references(declaration):
        if _is_looked_at(module, reference):
            return
        how = _as_text(module, reference)
        if how is not None and used is None:
            used = reference, how
    if used is None:
        return
    yield Finding(
        f"`{declaration.name}` may be an ArrayBuffer, and {used[1]}: check "
        f'`typeof {declaration.name} === "string"` first',
        module.at(used[0]),
        related=(module.at(parameter, "binary messages arrive here, too"),),
    )


def _is_looked_at(module: Module, reference: "Node") -> bool:
    """Whether code asks what a message is: `typeof`, `instanceof`, `ArrayBuffer.isView()`, a decoder."""
    node = module.with_wrappers(reference)
    above = module.parent(node)
    if above is None:
        return False
    if above.type in ("unary_expression", "assignment_expression"):
        return True
    if above.type == "binary_expression":
        operator = above.child_by_field_name("operator")
        return operator is not None and operator.type == "instanceof"
    if above.type == "member_expression":
        name = above.child_by_field_name("property")
        return name is not None and module.text(name) in ("byteLength", "slice", "length")
    call = module.parent(above) if above.type == "arguments" else None
    return call is not None and module.callee_name(call) in (
        "decode",
        "isView",
        "Uint8Array",
        "String",
        "from",
    )


def _as_text(module: Module, reference: "Node") -> str | None:
    """What goes wrong with an ArrayBuffer there; None when nothing does."""
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
            name = above.child_by_field_name("property")
            target = above.child_by_field_name("object")
            is_owner = target is not None and target.id == node.id
            if is_owner and name is not None and module.text(name) in _STRING_METHODS:
                return f"has no `{module.text(name)}()`"
        case "arguments":
            call = module.parent(above)
            callee = call.child_by_field_name("function") if call is not None else None
            in_try = module.enclosing(reference, frozenset({"try_statement"})) is not None
            if callee is not None and module.text(callee) == "JSON.parse" and not in_try:
                return "`JSON.parse()` of one throws"
    return None
