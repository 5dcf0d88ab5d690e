"""Find the sockets of a hibernating object with `getWebSockets()`, not in a field.

An object that hibernates is created again when the next message comes: its constructor runs, and a `Map` of
sessions in a field is empty, while the sockets are still open. `ctx.getWebSockets()` returns the sockets, and
`serializeAttachment()` keeps what belongs to each.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Table extends DurableObject<Env> {
  private seats = new Map<WebSocket, string>();

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    this.seats.set(server, new URL(request.url).searchParams.get("name") ?? "guest");
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket): Promise<void> {
    for (const seat of this.seats.keys()) seat.send(`${this.seats.get(ws)} knocked`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Table extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(new URL(request.url).searchParams.get("name") ?? "guest");
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket): Promise<void> {
    const name = ws.deserializeAttachment();
    for (const seat of this.ctx.getWebSockets()) seat.send(`${name} knocked`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Not reported

Fields that are filled again from `getWebSockets()`: in the constructor, in a method that it calls, or where
they are read.

## Fix safety

There is no fix: what belongs to each socket has to be chosen.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FILLS = frozenset({"set", "add", "push", "unshift"})
_FORGETS = frozenset({"delete", "clear"})
_COLLECTIONS = frozenset({"Map", "Set", "WeakMap", "WeakSet", "Array"})
_SOCKETS = frozenset({ValueKind.HIBERNATED_WEBSOCKET, ValueKind.WEBSOCKET_PAIR_END})


@rule(call("acceptWebSocket"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    owner, module = match.enclosing_class, match.module
    if owner is None or not owner.is_durable_object:
        return
    if module.hibernatable_accepts(owner)[0].id != match.node.id:
        return  # said once
    constructor = owner.constructor
    for name, made in _collections(owner):
        filled: Node | None = None
        read: Node | None = None
        rebuilt = False
        for use in _uses(module, owner, name):
            method = module.method_around(use)
            if method is None or (constructor is not None and method.id == constructor.id):
                continue
            if _knows_of_all(module, method):
                rebuilt = True
                continue
            word, call_node = _called(module, use)
            if word in _FILLS and call_node is not None:
                if filled is None and _holds_socket(module, call_node):
                    filled = call_node
            elif word not in _FORGETS and not _is_replaced(module, use):
                read = read or use
        if filled is None or read is None or rebuilt or _is_rebuilt(module, owner, name):
            continue
        yield Finding(
            f"`this.{name}` keeps sockets in memory, and is empty after hibernation while they are open: "
            f"use `{owner.state or 'ctx'}.getWebSockets()`",
            module.at(filled),
            related=(
                module.at(made, f"`this.{name}` is made anew here whenever the object wakes up"),
                module.at(read, "and read here"),
            ),
        )


def _collections(owner: ClassDefinition) -> Iterator[tuple[str, "Node"]]:
    """The fields that are made as an empty collection: their names, and where."""
    for member in owner.facts.members:
        value = owner.field_value(member.name)
        if not member.is_static and value is not None and _is_empty_collection(owner.module, value):
            yield member.name, value
    if owner.constructor is None:
        return
    declared = {member.name for member in owner.facts.members}
    for assignment in owner.module.descendants(owner.constructor, "assignment_expression"):
        left = assignment.child_by_field_name("left")
        target = left.child_by_field_name("object") if left is not None else None
        name = left.child_by_field_name("property") if left is not None else None
        if target is None or name is None or target.type != "this" or owner.module.text(name) in declared:
            continue
        value = owner.field_value(owner.module.text(name))
        if value is not None and _is_empty_collection(owner.module, value):
            yield owner.module.text(name), value


def _is_empty_collection(module: Module, value: "Node") -> bool:
    value = js.unwrap(value)
    if value.type in ("array", "object"):
        return not any(child.type != "comment" for child in value.named_children)
    if value.type != "new_expression" or js.arguments_of(value):
        return False
    made = value.child_by_field_name("constructor")
    return made is not None and module.text(made) in _COLLECTIONS and module.scope.resolve(made) is None


def _uses(module: Module, owner: ClassDefinition, name: str) -> Iterator["Node"]:
    """The reads of `this.name`."""
    for member in module.descendants(owner.body, "member_expression"):
        target, property = member.child_by_field_name("object"), member.child_by_field_name("property")
        if target is None or property is None or target.type != "this" or module.text(property) != name:
            continue
        if module.this_class(target) is owner:
            yield member


def _called(module: Module, use: "Node") -> tuple[str, "Node | None"]:
    """The method that is called on a field there, and the call."""
    member = module.parent(use)
    name = member.child_by_field_name("property") if member is not None else None
    call_node = module.parent(member) if member is not None else None
    if name is None or call_node is None or call_node.type != "call_expression":
        return "", None
    return module.text(name), call_node


def _is_replaced(module: Module, use: "Node") -> bool:
    above = module.parent(use)
    left = above.child_by_field_name("left") if above is not None else None
    return above is not None and above.type == "assignment_expression" and left == use


def _holds_socket(module: Module, call_node: "Node") -> bool:
    for argument in js.arguments_of(call_node):
        for node in (argument, *js.walk(argument, into_functions=False)):
            if node.type not in ("identifier", "shorthand_property_identifier", "subscript_expression"):
                continue
            if module.value_of(node).kind in _SOCKETS or module.pair_ends(node):
                return True
    return False


def _knows_of_all(module: Module, function: "Node") -> bool:
    """Whether a function asks for all sockets, or for what belongs to one."""
    data = module.document.data
    return any(
        data.find(word, function.start_byte, function.end_byte) != -1
        for word in (b"getWebSockets", b"deserializeAttachment")
    )


def _is_rebuilt(module: Module, owner: ClassDefinition, name: str) -> bool:
    """Whether the constructor, or what it calls in the class, asks for all sockets."""
    constructor = owner.constructor
    if constructor is None:
        return False
    if _knows_of_all(module, constructor):
        return True
    for call_node in module.descendants(constructor, "call_expression"):
        callee = call_node.child_by_field_name("function")
        target = callee.child_by_field_name("object") if callee is not None else None
        called = callee.child_by_field_name("property") if callee is not None else None
        if target is None or called is None or target.type != "this":
            continue
        method = owner.method(module.text(called))
        if method is None or _knows_of_all(module, method):
            return True  # a method of a base may do anything
    return False
