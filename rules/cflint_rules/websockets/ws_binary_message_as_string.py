"""Check that a WebSocket's message is text before it is used as text.

`webSocketMessage()` gets a string, or an ArrayBuffer where the client sends binary. In a template, and by
`toString()`, an ArrayBuffer becomes `[object ArrayBuffer]`, `JSON.parse()` of it throws, and it has none of a
string's methods.

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

from cflint.api import REFERENCE, STRICT, Finding, Handler, Match, Module, Severity, call, handler, js, rule

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
_METHODS = {
    **{name: f"has no `{name}()`" for name in sorted(_STRING_METHODS)},
    "toString": "`toString()` of one gives `[object ArrayBuffer]`",
}
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
    if parameter.type is not None and not _names_buffer(module, parameter.type):
        return  # it is declared to be text
    declaration = module.scope.declared_in(found.function).get(parameter.name or "")
    if declaration is not None and not declaration.path:
        yield from _used_as_text(module, declaration, parameter.node)


@check.on(call("toString"))
def check_handed_on(match: Match) -> Iterator[Finding]:
    """A message that another function is given, by its type `string | ArrayBuffer`."""
    module, receiver = match.module, match.receiver
    if receiver is None or receiver.type != "identifier" or b"ArrayBuffer" not in module.document.data:
        return
    declaration = module.scope.resolve(receiver)
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or declaration.path:
        return
    found = module.handler_of(declaration.scope)
    if found is not None and found.name == "webSocketMessage":
        return  # the other check's
    parameters = module.parameters(declaration.scope)
    own = next((one for one in parameters if one.name == declaration.name), None)
    if own is None or own.type is None or not _names_buffer(module, own.type):
        return
    if next(module.leaves("string", own.type), None) is None:
        return
    if any(module.is_from(one.type, "", "WebSocket") for one in parameters if one.type is not None):
        yield from _used_as_text(module, declaration, own.node)


def _used_as_text(module: Module, declaration: js.Declaration, given: Node) -> Iterator[Finding]:
    used: tuple[Node, str] | None = None
    for reference in module.scope.references(declaration):
        if _is_looked_at(module, reference):
            return
        how = _as_text(module, reference, declaration.scope)
        if how is not None and used is None:
            used = reference, how
    if used is None:
        return
    yield Finding(
        f"`{declaration.name}` may be an ArrayBuffer, and {used[1]}: check "
        f'`typeof {declaration.name} === "string"` first',
        module.at(used[0]),
        related=(module.at(given, "binary messages arrive here, too"),),
    )


def _names_buffer(module: Module, type: Node) -> bool:
    return any(leaf.type == "type_identifier" for leaf in module.leaves("ArrayBuffer", type))


def _is_looked_at(module: Module, reference: Node) -> bool:
    """Whether code asks what a message is: `typeof`, `instanceof`, `ArrayBuffer.isView()`, a decoder."""
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


def _as_text(module: Module, reference: Node, function: Node) -> str | None:
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
            member = module.member(above)
            if member is not None and member.object.id == node.id:
                return _METHODS.get(member.name)
        case "arguments":
            around = module.call_around(reference)
            parses = around is not None and module.is_from(around[0].callee, "", "JSON.parse")
            if parses and not module.is_caught(reference, function):
                return "`JSON.parse()` of one throws"
    return None
