"""Find the sockets of a hibernating object with `getWebSockets()`, not in a field.

An object that hibernates is created again when the next message comes: its constructor runs, and a `Map` of
sessions in a field is empty, while the sockets are still open, and so is one in an object that it makes for
its sessions. `ctx.getWebSockets()` returns the sockets, and `serializeAttachment()` keeps what belongs to
each.

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


@check.on(call("acceptWebSocket"))
def check_helpers(match: Match) -> Iterator[Finding]:
    """Collections in an object that the Durable Object makes and gives its sockets to."""
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None or _knows_of_all(module, owner.body):
        return
    function = match.enclosing_function
    for node in module.descendants(function, "call_expression") if function is not None else ():
        made = js.Call(module, node)
        receiver = module.member(made.receiver) if made.receiver is not None else None
        if receiver is None or receiver.object.type != "this" or not _holds_socket(module, node):
            continue
        called = js.function_called(module, node)
        helper = called[0].enclosing_class(called[1]) if called is not None else None
        if called is None or helper is None or helper is owner or helper.kind.runs_as_durable_object:
            continue
        lost = _kept_by(helper, called[1], node, module)
        if lost is None:
            continue
        name, filled, read = lost
        yield Finding(
            f"`this.{receiver.name}` keeps sockets: `{name}` in it is empty after hibernation, while they"
            f" are open: use `{owner.state or 'ctx'}.getWebSockets()`",
            module.at(node),
            (helper.module.at(filled, "they are kept here"), helper.module.at(read, "and read here")),
        )
        return


def _kept_by(
    helper: ClassDefinition, method: Node, given: Node, module: Module
) -> tuple[str, Node, Node] | None:
    """The collection in which a method of a helper keeps the socket that a call gives it: its name, where it
    is filled, where it is read; None when the helper asks for all sockets, or fills it elsewhere, too."""
    home = helper.module
    parameters = home.parameters(method)
    sockets = {
        parameter.name
        for parameter, argument in zip(parameters, js.arguments_of(given), strict=False)
        if module.value_of(argument).kind in _SOCKETS or module.pair_ends(argument)
    }
    if not sockets or _knows_of_all(home, helper.body):
        return None
    for name, _ in _collections(helper):
        filled: Node | None = None
        read: Node | None = None
        others = False
        for use in _uses(home, helper, name):
            called = home.method_called_on(use)
            if called is not None and called[0] in js.ADDING:
                within = js.contains(method, use)
                names = {home.text(argument) for argument in js.arguments_of(called[1])}
                filled = called[1] if within and names & sockets else filled
                others = others or not within
            elif (called is None or called[0] not in _FORGETS) and not js.contains(method, use):
                read = read or (use if not _is_replaced(home, use) else None)
        if filled is not None and read is not None and not others:
            return name, filled, read
    return None


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
