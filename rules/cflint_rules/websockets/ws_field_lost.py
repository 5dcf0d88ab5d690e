"""Restore what a hibernating object needs for its messages: a field that only `fetch()` sets is lost.

An object that hibernates is created again when the next message comes. Its constructor runs, and `fetch()`
does not: what that kept in a field is `undefined` again, or the field's first value, while the sockets are
still open. The same holds of what a method for RPC keeps, of lists that earlier messages were added to, and
of Agents, which hibernate unless their options say otherwise. It belongs in the attachment of each socket or
in storage (`setState()` of an Agent).

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  private topic = "";

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    this.topic = new URL(request.url).pathname.slice(1);
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    ws.send(`${this.topic}: ${message}`);
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
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const topic = new URL(request.url).pathname.slice(1);
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ topic });
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const { topic } = ws.deserializeAttachment();
    ws.send(`${topic}: ${message}`);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Store it with `ctx.storage.put()` or `ws.serializeAttachment()` where it is set, and read it again in
`webSocketMessage()` or, in the constructor, in `blockConcurrencyWhile()`.

- "`this.<field>` is only loaded by `<loader>()`": Begin the handler that reads it with `await
  this.<loader>()`, and that with `if (this.<field>) return;` where it would load twice.
- "messages fill `this.<field>`": Behind the change write `await ctx.storage.put("<field>", this.<field>)` (of
  a `Map` or `Set` `[...this.<field>]`, and that again where it is read), and in the constructor,
  `ctx.blockConcurrencyWhile(async () => { this.<field> = (await ctx.storage.get("<field>")) ?? this.<field>;
  })`.
- "sets `this.<field>`, which no message calls": Where it is set, behind it, write `await
  ctx.storage.put("<field>", this.<field>)`, and in the constructor, `ctx.blockConcurrencyWhile(async () => {
  this.<field> = (await ctx.storage.get("<field>")) ?? this.<field>; })`.
- "sets `this.<field>`, which does not": It belongs to a socket: behind `acceptWebSocket(server)`, where it is
  set, write `server.serializeAttachment({ ...server.deserializeAttachment(), <field>: this.<field> })`, and
  here read `ws.deserializeAttachment().<field>`, with the socket that the handler gets for `ws`.

## Not reported

Lists that are emptied or filled elsewhere or are logs by their name, and fields that a method sets for as
long as it runs; objects with an `alarm()` or a `setInterval()`, as far as RPC and lists go. Fields that
anything else sets: the constructor, a method that it or a handler of sockets calls; fields that something
else is taken for where they are empty (`this.topic ?? (await this.load())`). Handlers that begin with a look
into a map which is empty after hibernation, and leave where it has nothing. Collections of sockets:
[`ws-session-map-lost`](ws_session_map_lost.py) is about them. What is not made from the request, or from what
a message holds.

## Fix safety

There is no fix: where to keep the value is up to the author.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/,
https://developers.cloudflare.com/agents/api-reference/websockets/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Finding,
    Match,
    Module,
    Severity,
    ValueKind,
    call,
    class_definition,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_KEPT = pattern(
    r"storage|ttachment|getWebSockets|\bsql\b|Date\.now|new Date|performance|random|setTimeout|setInterval"
    r"|\benv\.(?!\w*(?:SECRET|KEY|TOKEN))"
)
"""What is kept elsewhere, or is no more than a time."""
_SOCKETS = frozenset({"ws", "socket", "webSocket", "connection", "conn", "code", "reason", "error"})
_OF_AGENTS = frozenset({"onMessage", "onClose", "onError"})
"""What the SDK calls for a socket of an Agent, which hibernates unless its options say otherwise."""
_AWAKE = pattern(rb"\bsetInterval\b|\bkeepAlive|\bhibernate\b|\balarm\s*\(")
"""What keeps an object in memory, or says how it sleeps."""
_SAVES = pattern(
    r"storage|ttachment|\bsql\b|setState|prepare\(|\.put\(|(?<!pay)[Ll]oad|[Rr]estore|[Hh]ydrate|[Pp]ersist|[Ss]ave"
)
"""What may keep a value elsewhere, or read it again."""
_STARTS = frozenset({"constructor", "onStart"})
_EMPTY = frozenset({"null", "undefined", "false"})
_EMPTY_TEXTS = frozenset({"''", '""', "``", "0", "void 0"})
_GROWS = frozenset({"push", "unshift"})
_RECORDS = pattern(
    r"#?_?(?:event|error|debug|audit|request|recent)?_?(?:logs?|errors?|events?|metrics?|traces?)",
    re.IGNORECASE,
)
"""Lists for those who look after the object, who lose little."""
_COUNTED = frozenset({"length"})
_MAPS = frozenset({"Map", "Set", "WeakMap", "WeakSet"})
_EMPTIES = frozenset({"delete", "clear"})
_DEPTH = 3
"""Through how many methods a handler of sockets is followed."""


@rule(call("acceptWebSocket"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    fetch = owner.method("fetch") if owner is not None else None
    if owner is None or fetch is None:
        return
    methods = _methods_of_sockets(module, owner)
    if methods is None:
        return
    for name, (put, by_message) in _sets(module, owner, fetch, methods).items():
        if owner.method(name) is not None:  # a setter, which may keep it elsewhere
            continue
        if _is_restored(module, owner, name, [fetch, *(methods if by_message else ())]):
            continue
        reads = [
            use
            for method in methods
            for use in _uses(module, owner, name, method)
            if not js.contains(fetch, use)
            and not (by_message and module.method_around(use) == module.method_around(put))
        ]
        if not reads or any(_falls_back(module, use) for use in reads):
            continue
        setter = "a message" if by_message else "`fetch()`"
        yield Finding(
            f"only {setter} sets `this.{name}`, which does not {'come' if by_message else 'run'} again after"
            " hibernation",
            module.at(reads[0]),
            (module.at(put, "it is set here"),),
        )


@check.on(call("acceptWebSocket"))
def check_loaded(match: Match) -> Iterator[Finding]:
    """Fields that a method loads from storage which no handler of sockets calls."""
    module = match.module
    owner = module.hibernating_object(match.node)
    handlers = _handlers_of_sockets(owner) if owner is not None else []
    constructor = owner.constructor if owner is not None else None
    methods = _methods_of_sockets(module, owner) if owner is not None else None
    if owner is None or methods is None or not handlers:
        return
    reached = {method.id for method in methods}
    for name, loader in _loaded(module, owner).items():
        if loader.id in reached or (constructor is not None and _calls(module, constructor, loader)):
            continue
        reads = [use for method in methods for use in _uses(module, owner, name, method)]
        if not reads or _is_set_by_others(module, owner, name, loader, methods):
            continue
        yield Finding(
            f"`this.{name}` is only loaded by {js.name_of_function(module, loader)}, which no message calls:"
            " after hibernation it is empty here",
            module.at(reads[0]),
            (module.at(loader.child_by_field_name("name") or loader, "it is loaded here"),),
        )
        return


@check.on(class_definition())
def check_told(owner: ClassDefinition) -> Iterator[Finding]:
    """Fields that a method which no message calls sets to what it was given, as for RPC."""
    module = owner.module
    methods = _methods_of_messages(owner)
    if not methods:
        return
    reached = {method.id for method in methods}
    for name, node, value in module.field_values(owner):
        setter = module.method_around(node) if node.type == "assignment_expression" else None
        if setter is None or setter.id in reached or not _is_of_message(module, setter, value):
            continue
        title = js.name_of_function(module, setter)
        if (
            title.strip("`()") in {*_STARTS, "fetch", "alarm"}
            or _SAVES.search(module.text(setter)) is not None
        ):
            continue
        if not _only_sets(owner, name, setter) or _is_started_with(owner, setter):
            continue
        reads = [
            use
            for method in methods
            for use in _uses(module, owner, name, method)
            if module.mutation_of(use) is None
        ]
        if not reads or any(_falls_back(module, use) for use in reads):
            continue
        yield Finding(
            f"only {title} sets `this.{name}`, which no message calls: after hibernation it is empty here",
            module.at(reads[0]),
            (module.at(node, "it is set here"),),
        )
        return


@check.on(class_definition())
def check_grown(owner: ClassDefinition) -> Iterator[Finding]:
    """Lists that messages are added to, and that nothing keeps."""
    module = owner.module
    methods = _methods_of_messages(owner)
    if not methods:
        return
    for member in owner.facts.members:
        value = owner.field_value(member.name) if not member.is_static else None
        if value is None or not _is_empty_list(value) or _RECORDS.fullmatch(member.name) is not None:
            continue
        added = _added(owner, member.name, methods)
        read = _read_as_whole(owner, member.name) if added is not None else None
        if added is None or read is None:
            continue
        yield Finding(
            f"messages fill `this.{member.name}`, which nothing stores: after hibernation it is empty",
            module.at(added),
            (
                module.at(value, "it is made anew here whenever the object wakes up"),
                module.at(read, "and read here"),
            ),
        )
        return


def _methods_of_messages(owner: ClassDefinition) -> list[Node]:
    """What runs for a message of an object that hibernates: nothing when it is not sure that it does."""
    module = owner.module
    if not any(
        member.name in _OF_AGENTS or member.name in js.WEBSOCKET_HANDLERS for member in owner.facts.members
    ):
        return []
    if owner.kind is ClassKind.AGENT:
        names = _OF_AGENTS
    elif owner.is_durable_object and module.hibernatable_accepts(owner):
        names = js.WEBSOCKET_HANDLERS
    else:
        return []
    body = owner.facts.body
    if _AWAKE.search(module.document.data, body.start, body.end) is not None:
        return []
    return _methods_of_sockets(module, owner, names) or []


def _only_sets(owner: ClassDefinition, name: str, setter: Node) -> bool:
    """Whether a field begins empty, and nothing but one method gives it another value, and leaves it."""
    first = owner.field_value(name)
    if owner.method(name) is not None or (first is not None and not _is_empty(owner.module, first)):
        return False  # or it is no field, but what a setter keeps elsewhere
    for change in owner.module.field_mutations(owner, name):
        if change.kind is not js.MutationKind.ASSIGNED or not change.sets_name:
            return False
        is_emptied = all(_is_empty(owner.module, value) for value in change.values)
        if js.contains(setter, change.node) is is_emptied:
            return False
    return True


def _is_empty(module: Module, value: Node) -> bool:
    value = js.unwrap(value)
    return value.type in _EMPTY or module.text(value) in _EMPTY_TEXTS


def _is_started_with(owner: ClassDefinition, setter: Node) -> bool:
    """Whether the object calls a method when it starts, or with what it has kept."""
    module = owner.module
    return any(
        _calls(module, method, setter) and (name in _STARTS or _SAVES.search(module.text(method)) is not None)
        for name, method in owner.methods
    )


def _is_empty_list(value: Node) -> bool:
    value = js.unwrap(value)
    return value.type == "array" and not value.named_children


def _added(owner: ClassDefinition, name: str, methods: list[Node]) -> Node | None:
    """Where a message adds to a list; None when anything else fills it, or it is emptied for more."""
    module = owner.module
    found: Node | None = None
    for change in module.field_mutations(owner, name):
        within = next((method for method in methods if js.contains(method, change.node)), None)
        if change.sets_name:
            if within is not None or not all(_is_empty_list(value) for value in change.values):
                return None
            continue
        made = module.call(change.node)
        if made is None or made.name not in _GROWS:
            continue
        around = module.method_around(change.node)
        if around is None or _SAVES.search(module.text(around)) is not None:
            return None
        if within is not None and any(_is_kept_value(module, argument) for argument in made.arguments):
            found = found or change.node
    return found


def _is_kept_value(module: Module, value: Node) -> bool:
    """Whether it is something to be kept: a record or a text, neither a socket nor a time."""
    value = js.unwrap(value)
    if value.type in ("object", "template_string"):
        return True
    return value.type == "identifier" and module.text(value) not in _SOCKETS and not module.pair_ends(value)


def _read_as_whole(owner: ClassDefinition, name: str) -> Node | None:
    """Where a list is read, other than for its length or where it is changed."""
    module = owner.module
    for use in _uses(module, owner, name, owner.body):
        above = module.member(module.parent(module.with_wrappers(use)))
        is_counted = above is not None and above.object.id == use.id and above.name in _COUNTED
        if not is_counted and module.mutation_of(use) is None and module.method_around(use) is not None:
            return use
    return None


def _handlers_of_sockets(owner: ClassDefinition) -> list[Node]:
    return [method for name in sorted(js.WEBSOCKET_HANDLERS) if (method := owner.method(name)) is not None]


def _loaded(module: Module, owner: ClassDefinition) -> dict[str, Node]:
    """The fields that one method of the class sets to what it has read from storage, each with that."""
    found: dict[str, Node] = {}
    several: set[str] = set()
    for name, node, value in module.field_values(owner):
        method = module.method_around(node) if node.type == "assignment_expression" else None
        if method is None or owner.constructor == method or not _is_stored(module, value):
            continue
        if found.setdefault(name, method).id != method.id:
            several.add(name)
    return {name: method for name, method in found.items() if name not in several}


def _is_stored(module: Module, value: Node) -> bool:
    """Whether a value is made of what storage has, by functions that are given it, too."""
    todo = [value]
    for _ in range(_DEPTH + 1):
        parts = [part for node in todo for part in module.origins(node)]
        made = [call for part in parts if (call := module.call(part)) is not None]
        if any(
            call.name == "get"
            and call.receiver is not None
            and module.value_of(call.receiver).kind is ValueKind.STORAGE
            for call in made
        ):
            return True
        todo = [argument for call in made for argument in call.arguments]
    return False


def _calls(module: Module, function: Node, wanted: Node) -> bool:
    return any(
        (called := module.called_function(node)) is not None and called.id == wanted.id
        for node in module.descendants(function, "call_expression")
    )


def _is_set_by_others(
    module: Module, owner: ClassDefinition, name: str, loader: Node, methods: list[Node]
) -> bool:
    """Whether a handler of sockets, or the constructor, gives a field a value of its own."""
    within = [*methods, *([owner.constructor] if owner.constructor is not None else [])]
    return any(
        other == name and any(js.contains(method, node) for method in within)
        for other, node, _ in module.field_values(owner)
        if node.type == "assignment_expression" and not js.contains(loader, node)
    )


def _sets(
    module: Module, owner: ClassDefinition, fetch: Node, methods: list[Node]
) -> dict[str, tuple[Node, bool]]:
    """The fields that `fetch()` sets to something of the request, or a handler of sockets to something of
    what a client sent, each with the first place, and whether it is the second."""
    found: dict[str, tuple[Node, bool]] = {}
    given = [
        (name, node, value)
        for name, node, value in module.field_values(owner)
        if node.type == "assignment_expression"
    ]
    for method, by_message in ((fetch, False), *((each, True) for each in methods)):
        for name, node, value in given:
            if name in found or not js.contains(method, node):
                continue
            if (
                _is_of_message(module, method, value)
                if by_message
                else any(module.reads_request(part) for part in module.origins(value))
            ):
                found[name] = (node, by_message)
    return found


def _is_of_message(module: Module, method: Node, value: Node) -> bool:
    """Whether a value is made of what a method was given, and of nothing that is stored or counted."""
    parts = list(module.origins(value))
    for made in [made for part in parts if (made := module.call(part)) is not None]:
        parts += (part for argument in made.arguments for part in module.origins(argument))
    if any(_KEPT.search(module.text(part)) is not None for part in parts):
        return False
    for part in parts:
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is not None and declaration.kind is js.DeclarationKind.PARAMETER:
            return declaration.scope.id == method.id and declaration.name not in _SOCKETS
    return False


def _is_restored(module: Module, owner: ClassDefinition, name: str, within: list[Node]) -> bool:
    """Whether anything else sets a field, or what sets it may read it from where it is kept."""
    for change in module.field_mutations(owner, name):
        if not any(js.contains(method, change.node) for method in within):
            return True
        if any(_KEPT.search(module.text(part)) for value in change.values for part in module.origins(value)):
            return True
    return False


def _falls_back(module: Module, use: Node) -> bool:
    """Whether something else is taken where a field is empty: `this.topic ?? (await load())`."""
    operation = module.operation(module.parent(module.with_wrappers(use)))
    if operation is None or operation.operator not in ("??", "||") or operation.right is None:
        return False
    return js.unwrap(operation.right).type not in ("string", "number", "null", "undefined", "false", "array")


def _methods_of_sockets(
    module: Module, owner: ClassDefinition, names: frozenset[str] = js.WEBSOCKET_HANDLERS
) -> list[Node] | None:
    """The handlers of sockets and the methods of the class that they call; None when they hand the object
    to code that cannot be seen."""
    todo = [(method, _DEPTH) for name in sorted(names) if (method := owner.method(name)) is not None]
    found: dict[int, Node] = {}
    while todo:
        method, depth = todo.pop(0)
        if method.id in found or _leaves_after_waking(module, owner, method):
            continue
        found[method.id] = method
        for node in module.descendants(method, "call_expression"):
            made = js.Call(module, node)
            if any(argument.type == "this" for argument in made.arguments):
                return None
            if depth and made.receiver is not None and made.receiver.type == "this":
                called = module.called_function(node)
                if called is not None:
                    todo.append((called, depth - 1))
    return list(found.values())


def _uses(module: Module, owner: ClassDefinition, name: str, method: Node) -> Iterator[Node]:
    """The places of `this.name` in a method."""
    for leaf in module.leaves(name, method):
        member = module.member(module.parent(leaf))
        if member is None or member.name_node.id != leaf.id or member.object.type != "this":
            continue
        if module.this_class(member.object) is owner:
            yield member.node


def _leaves_after_waking(module: Module, owner: ClassDefinition, method: Node) -> bool:
    """Whether a method begins with a look into a map of the object that is empty after hibernation, and
    leaves where it finds nothing: `const one = this.find(ws); if (!one) return`."""
    body = method.child_by_field_name("body")
    first = [node for node in (body.named_children if body is not None else ()) if node.type != "comment"][:2]
    if len(first) < 2 or first[0].type != "lexical_declaration" or first[1].type != "if_statement":
        return False
    holder = js.first_named(first[0])
    name = holder.child_by_field_name("name") if holder is not None else None
    value = holder.child_by_field_name("value") if holder is not None else None
    condition = first[1].child_by_field_name("condition")
    asked = module.operation(condition) if condition is not None else None
    branch = first[1].child_by_field_name("consequence")
    if name is None or value is None or branch is None or asked is None or asked.operator != "!":
        return False
    if asked.right is None or module.text(js.unwrap(asked.right)) != module.text(name):
        return False
    if js.completes(module, branch):
        return False
    made = module.call(js.unwrap(value))
    if made is None or made.receiver is None:
        return False
    receiver = js.unwrap(made.receiver)
    if receiver.type != "this":
        field = module.member(receiver)
        return (
            made.name == "get"
            and field is not None
            and field.object.type == "this"
            and _is_empty_after_waking(owner, field.name)
        )
    called = module.called_function(made.node)
    if called is None or _SAVES.search(module.text(called)) is not None:
        return False
    read = {
        field.name
        for node in module.descendants(called, "member_expression")
        if (field := module.member(node)) is not None and field.object.type == "this"
    }
    return bool(read) and all(_is_empty_after_waking(owner, each) for each in read)


def _is_empty_after_waking(owner: ClassDefinition, name: str) -> bool:
    """Whether a field is a new map whenever the object wakes up, and is filled neither by the constructor nor
    by a handler of sockets."""
    module, value = owner.module, owner.field_value(name)
    made = js.unwrap(value) if value is not None else None
    if made is None or made.type != "new_expression" or module.call(made) is None:
        return False
    if js.Call(module, made).name not in _MAPS or js.Call(module, made).arguments:
        return False
    starts = [method for each, method in owner.methods if each in _STARTS or each in js.WEBSOCKET_HANDLERS]
    return not any(
        js.contains(method, change.node)
        for change in module.field_mutations(owner, name)
        if (call := module.call(change.node)) is None or call.name not in _EMPTIES
        for method in starts
    )
