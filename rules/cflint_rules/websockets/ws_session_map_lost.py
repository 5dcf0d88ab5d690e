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

## What to do

Delete the field, and keep what it holds with each socket: `ws.serializeAttachment(value)` for `.set(ws,
value)`, `ws.deserializeAttachment()` for `.get(ws)`, `for (const ws of ctx.getWebSockets())` for a loop
over it, `ctx.getWebSockets().length` for its size; a `.delete(ws)` goes.

## Not reported

Fields that are filled again from `getWebSockets()`: in the constructor, in a method that it calls, or where
they are read.

## Fix safety

There is no fix: what belongs to each socket has to be chosen.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FORGETS = frozenset({"delete", "clear"})
_SOCKETS = frozenset({ValueKind.HIBERNATED_WEBSOCKET, ValueKind.WEBSOCKET_PAIR_END})
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "subscript_expression"})


@rule(call("acceptWebSocket"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None:
        return
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
            called = module.method_called_on(use)
            if called is not None and called[0] in js.ADDING:
                if filled is None and _holds_socket(module, called[1]):
                    filled = called[1]
            elif (called is None or called[0] not in _FORGETS) and not _is_replaced(module, use):
                read = read or use
        if filled is None or read is None or rebuilt or _is_rebuilt(module, owner):
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


def _collections(owner: ClassDefinition) -> Iterator[tuple[str, Node]]:
    """The fields that are made as an empty collection: their names, and where."""
    module = owner.module
    names = [member.name for member in owner.facts.members if not member.is_static]
    if owner.constructor is not None:
        declared = {member.name for member in owner.facts.members}
        for node in module.descendants(owner.constructor, "assignment_expression"):
            setting = module.assignment(node)
            target = module.member(setting.target) if setting is not None else None
            if target is not None and target.object.type == "this" and target.name not in declared:
                names.append(target.name)
    for name in names:
        value = owner.field_value(name)
        if value is not None and _is_empty_collection(module, value):
            yield name, value


def _is_empty_collection(module: Module, value: Node) -> bool:
    value = js.unwrap(value)
    if value.type in ("array", "object"):
        return not any(child.type != "comment" for child in value.named_children)
    made = module.call(value)
    return (
        made is not None
        and made.is_new
        and not made.arguments
        and module.is_global(made.callee, *js.COLLECTIONS)
    )


def _uses(module: Module, owner: ClassDefinition, name: str) -> Iterator[Node]:
    """The places of `this.name`."""
    for leaf in module.leaves(name, owner.body):
        member = module.member(module.parent(leaf))
        if member is None or member.name_node.id != leaf.id or member.object.type != "this":
            continue
        if module.this_class(member.object) is owner:
            yield member.node


def _is_replaced(module: Module, use: Node) -> bool:
    change = module.mutation_of(use)
    return change is not None and change.sets_name


def _holds_socket(module: Module, call_node: Node) -> bool:
    return any(
        module.value_of(node).kind in _SOCKETS or module.pair_ends(node)
        for argument in js.arguments_of(call_node)
        for node in (argument, *js.walk(argument, into_functions=False))
        if node.type in _NAMES
    )


def _knows_of_all(module: Module, function: Node) -> bool:
    """Whether a function asks for all sockets, or for what belongs to one."""
    return any(
        leaf.type == "property_identifier"
        for word in ("getWebSockets", "deserializeAttachment")
        for leaf in module.leaves(word, function)
    )


def _is_rebuilt(module: Module, owner: ClassDefinition) -> bool:
    """Whether the constructor, or what it calls in the class, asks for all sockets."""
    constructor = owner.constructor
    if constructor is None:
        return False
    if _knows_of_all(module, constructor):
        return True
    for node in module.descendants(constructor, "call_expression"):
        receiver = js.Call(module, node).receiver
        if receiver is not None and receiver.type == "this":
            method = module.called_function(node)
            if method is None or _knows_of_all(module, method):
                return True  # a method of a base may do anything
    return False
