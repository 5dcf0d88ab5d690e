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

## Not reported

A response that passes another one on (`new Response(null, upstream)`), and options or a status that are not
written out. A body: that is what `response-null-body-status` is about.

## Fix safety

Safe for the status: no other one is possible. Unsafe for the ends of a pair: perhaps the other one should
have been accepted.

Source: workerd src/workerd/api/http.c++ and web-socket.c++
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(new("Response"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, callee = match.module, match.callee
    if callee is None or callee.type != "identifier" or module.scope.resolve(callee) is not None:
        return  # not the runtime's Response
    arguments = match.arguments
    options = js.unwrap(arguments[1]) if len(arguments) == 2 else None
    if options is None or options.type != "object":
        return
    members = _members(module, options)
    if members is None:
        return  # a spread may hold anything
    status, socket = members.get("status"), members.get("webSocket")
    code = _number(module, status)
    if socket is None:
        if code == 101 and status is not None:
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
    elif code is not None and code != 101:
        fix = None
        if status.type == "number":
            fix = Fix("Make the status 101", (module.replace(status, "101"),), Safety.SAFE)
        yield Finding(
            f"a response with a WebSocket needs status 101, not {code}, or the constructor throws",
            match.at(status),
            fix=fix,
        )
    accepted = _accepted(module, end)
    if accepted is not None:
        other = _other_end(module, end, socket)
        yield Finding(
            f"`{module.text(socket)}` was accepted, so it cannot be the client's end: return the other one",
            match.at(socket),
            related=(match.at(accepted, "it is accepted here"),),
            fix=Fix(
                f"Return `{other}`", (module.replace(socket, _in_place_of(socket, other)),), Safety.UNSAFE
            )
            if other is not None
            else None,
        )


def _members(module: Module, options: "Node") -> dict[str, "Node"] | None:
    found: dict[str, Node] = {}
    for part in options.named_children:
        if part.type == "pair":
            key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
            name = module.property_name(key) if key is not None else None
            if name is None or value is None:
                return None
            found[name] = value
        elif part.type == "shorthand_property_identifier":
            found[module.text(part)] = part
        elif part.type != "comment":
            return None
    return found


def _number(module: Module, node: "Node | None") -> int | None:
    if node is None or node.type == "shorthand_property_identifier":
        return None
    text = module.text(module.initializer(node))
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 6 else None


def _accepted(module: Module, end: js.PairEnd) -> "Node | None":
    """The call that accepts an end."""
    for use in module.uses_of_end(end):
        called = module.method_called_on(use)
        if called is not None and called[0] == "accept":
            return called[1]
        listed = module.parent(module.with_wrappers(use))
        call = module.parent(listed) if listed is not None and listed.type == "arguments" else None
        callee = call.child_by_field_name("function") if call is not None else None
        name = callee.child_by_field_name("property") if callee is not None else None
        first = js.arguments_of(call)[:1] if call is not None else ()
        is_first = any(js.unwrap(argument).id == js.unwrap(use).id for argument in first)
        if name is not None and module.text(name) == "acceptWebSocket" and is_first:
            return call
    return None


def _other_end(module: Module, end: js.PairEnd, at: "Node") -> str | None:
    """How to write the other end of the pair at a node; None when it was accepted, too."""
    other = js.PairEnd(end.pair, "1" if end.index == "0" else "0")
    if _accepted(module, other) is not None:
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


def _in_place_of(node: "Node", text: str) -> str:
    return f"webSocket: {text}" if node.type == "shorthand_property_identifier" else text
