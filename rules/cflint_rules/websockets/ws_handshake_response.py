"""Answer a WebSocket handshake with status 101 and the end of the pair that was not accepted.

A response with a WebSocket has to have status 101, and one with status 101 has to have a WebSocket: all else
throws when the response is made. The socket in it is the client's end; one that was accepted can no longer be
sent away: the client gets its 101 and then a broken connection ("Can't return WebSocket in a Response after
calling accept()").

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response("no socket", { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { webSocket: client });
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response("no socket", { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  },
};
```

## What to do

- "needs a `webSocket`": Add `webSocket: client`, the end of the pair that was not accepted; without a socket,
  answer another status.
- "with a WebSocket": Write `status: 101` (or leave `webSocket` out).

## Not reported

A response that passes another one on (`new Response(null, upstream)`), and options or a status that are not
written out. A body: that is what `response-null-body-status` is about.

## Errors

```text title="workerd"
RangeError: Responses with a WebSocket must have status code 101.
TypeError: Can't return WebSocket in a Response after calling accept().
TypeError: Can't return WebSocket that was already used in a response.
TypeError: Can't return WebSocket in a Response after calling acceptWebSocket().
TypeError: Can't return WebSocket in a Response if it was created with `new WebSocket()`
```

## Fix safety

Safe for the status: no other one is possible. Unsafe for the ends of a pair: perhaps the other one should
have been accepted.

Source: workerd src/workerd/api/http.c++ and web-socket.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, js, new, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(new("Response"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    made = module.response_made(match.node)
    options = js.unwrap(made.init) if made is not None and made.init is not None else None
    if made is None or options is None or options.type != "object" or made.is_open:
        return
    socket, status = module.property_value(options, "webSocket"), made.status_node
    if socket is None:
        if made.status == 101 and status is not None:
            yield Finding(
                "a response with status 101 needs a `webSocket`, or the constructor throws", match.at(status)
            )
        return
    end = module.pair_end(socket)
    if end is None:
        return  # it may be null, and then any status will do
    if status is None:
        start = options.start_byte + 1
        yield Finding(
            "a response with a WebSocket needs `status: 101`, or the constructor throws",
            match.at(options),
            fix=Fix("Add `status: 101`", (module.insert(start, " status: 101,"),), Safety.SAFE),
        )
    elif made.status is not None and made.status != 101:
        fix = None
        if status.type == "number":
            fix = Fix("Make the status 101", (module.replace(status, "101"),), Safety.SAFE)
        yield Finding(
            f"a response with a WebSocket needs status 101, not {made.status:g}, or the constructor throws",
            match.at(status),
            fix=fix,
        )
    accepted = module.accepts_of_end(end)
    if accepted:
        other = _other_end(module, end, socket)
        yield Finding(
            f"{quoted(module.text(socket))} was accepted, so it cannot be the client's end: return the other"
            " one",
            match.at(socket),
            related=(match.at(accepted[0].node, "it is accepted here"),),
            fix=Fix(
                f"Return `{other}`", (module.replace(socket, _in_place_of(socket, other)),), Safety.UNSAFE
            )
            if other is not None
            else None,
        )


def _other_end(module: Module, end: js.PairEnd, at: Node) -> str | None:
    """How to write the other end of the pair at a node; None when it was accepted, too."""
    other = js.PairEnd(end.pair, "1" if end.index == "0" else "0")
    if module.accepts_of_end(other):
        return None
    for above in module.ancestors(at):
        if above.type not in ("statement_block", "program"):
            continue
        for name, declaration in module.scope.declared_in(above).items():
            value = module.value_declared(declaration)
            named = declaration.kind in (
                js.DeclarationKind.CONST,
                js.DeclarationKind.LET,
                js.DeclarationKind.VAR,
            )
            if not named or value.origin is None or value.origin.id != end.pair.id:
                continue
            if value.name == other.index and module.scope.lookup(name, at) is declaration:
                return name
    expression = js.unwrap(at)
    if expression.type == "subscript_expression":
        pair = expression.child_by_field_name("object")
        return f"{module.text(pair)}[{other.index}]" if pair is not None else None
    return None


def _in_place_of(node: Node, text: str) -> str:
    return f"webSocket: {text}" if node.type == "shorthand_property_identifier" else text
