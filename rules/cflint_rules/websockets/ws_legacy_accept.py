"""Accept a Durable Object's WebSockets with `ctx.acceptWebSocket()`.

`accept()` keeps the object in memory, and on the bill, until the socket closes. A socket that was given to
`ctx.acceptWebSocket()` lets the object be evicted while nothing happens: the connection stays open, and the
next message wakes the object and reaches its `webSocketMessage()` method.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener("message", (event) => {
      server.send(event.data);
    });
    return new Response(null, { status: 101, webSocket: client });
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

  async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    ws.close(code === 1005 || code === 1006 ? 1000 : code, reason);
  }
}
```

## What to do

Write `ctx.acceptWebSocket(socket)` for `socket.accept()`, and make the listeners methods
of the class: `webSocketMessage(ws, message)`, `webSocketClose(ws, code, reason)`, `webSocketError(ws,
error)`. Fields and timers are lost when the object sleeps: what they hold goes to storage, what belongs to a
socket into `ws.serializeAttachment(…)`, and all sockets are `ctx.getWebSockets()`. An object whose
state is in memory and changes many times a second may stay awake: suppress this there.

## Not reported

- Sockets that the object opened itself (`response.webSocket.accept()`, `new WebSocket(…)`): these cannot
  hibernate. A class that has such sockets may pass messages on to them, and is not reported either.
- A socket that is accepted only to send an error and be closed.
- Workers and SDK classes (an Agent, a party server), which accept in their own way.

It is a note where the object would stay, or lose what it is, anyhow: it sets an interval, or an alarm for
less than ten seconds from now (after so long without anything to do an object hibernates), or never uses its
storage and changes fields of its own.

## Fix safety

Unsafe: the object may now be evicted while sockets are open, and what it keeps in fields is gone then. The
fix moves the socket's listeners to `webSocketMessage()` and its siblings. None is offered where a listener
uses what a method cannot see, or where the socket is kept in a field; the related places show what prevents
it.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/,
https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/
"""

from collections.abc import Iterator

from cflint.api import (
    ClassDefinition,
    Finding,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    call,
    js,
    pattern,
    rule,
)
from cflint_rules.websockets._migration import migration_of

_SLEEPS_AFTER = 10_000
"""Milliseconds without anything to do after which an object hibernates."""
_TICK = pattern(r"(?i:tick|frame)")


@rule(call("accept"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, socket = match.module, match.receiver
    ends = module.pair_ends(socket) if socket is not None else ()
    owners = [module.enclosing_class(end.pair) for end in ends]
    if not ends or not all(owner is not None and owner.is_durable_object for owner in owners):
        return  # an outgoing or foreign socket has to be accept()ed, and only a Durable Object can hibernate
    if all(_may_stay(module, end) for end in ends):
        return
    owner, end = owners[0], ends[0]
    if owner is None or module.opens_sockets(owner):
        return  # what it passes on to a socket that cannot hibernate, it has to pass on itself
    migration = migration_of(module, owner, end)
    related: list[Location] = [owner.at.saying(f"{owner.label} is a Durable Object")]
    related += [
        match.at(listener.node, "this listener keeps it awake, too") for listener in migration.listeners[:3]
    ]
    for name in js.SOCKET_EVENTS.values():
        method = owner.method(name)
        if method is not None:
            at = method.child_by_field_name("name") or method
            related.append(match.at(at, f"`{name}()` is never called for a socket that was `accept()`ed"))
    yield Finding(
        f"`accept()` keeps {owner.label} in memory, and billed, until the socket closes: use "
        f"`{owner.state or 'ctx'}.acceptWebSocket()`",
        match.at(match.node),
        related=(*related, *migration.obstacles),
        fix=migration.fix if len(ends) == 1 else None,
        severity=Severity.NOTE if _has_to_stay(module, owner) else None,
        words=js.word("socket", module, socket),
    )


def _has_to_stay(module: Module, owner: ClassDefinition) -> bool:
    """Whether an object would not hibernate, or lose what it is, however it takes its sockets: a timer keeps
    it awake, or fields that change are all that it keeps."""
    return module.memoized(("has to stay", owner.node.id), lambda: _find_has_to_stay(module, owner))


def _find_has_to_stay(module: Module, owner: ClassDefinition) -> bool:
    names = {module.callee_name(made) for made in module.descendants(owner.node, "call_expression")}
    if "setInterval" in names or any(_is_soon(module, made) for made in module.calls("setAlarm", owner.body)):
        return True
    if module.document.has_word("storage") or module.document.has_word("sql"):
        return False
    constructor = owner.method("constructor")
    return any(
        node.id != value.id and (constructor is None or not js.contains(constructor, node))
        for _, node, value in module.field_values(owner)
    )


def _is_soon(module: Module, made: js.Call) -> bool:
    """Whether an alarm is set for so soon that the object cannot hibernate before: `Date.now() + TICK_MS`."""
    time = module.operation(made.argument(0))
    now = module.call(time.left) if time is not None and time.left is not None else None
    if time is None or time.operator != "+" or time.right is None or now is None or now.name != "now":
        return False
    length = module.number(time.right)
    return length < _SLEEPS_AFTER if length is not None else _TICK.search(module.text(time.right)) is not None


def _may_stay(module: Module, end: js.PairEnd) -> bool:
    """Whether `accept()` is no harm to an end, or not the harm that this rule is about."""
    return module.memoized(
        ("accept() may stay", *end.key), lambda: _is_only_refused(module, end) or _hibernates(module, end)
    )


def _is_only_refused(module: Module, end: js.PairEnd) -> bool:
    """Whether a socket is accepted, maybe sent an error, and closed at once: that can keep nothing awake."""
    accepted_in = closed_in = None
    for use in module.uses_of_end(end):
        called = module.method_called_on(use)
        if called is None or called[0] not in ("accept", "send", "close"):
            return False
        if called[0] == "accept":
            accepted_in = module.enclosing_function(use)
        elif called[0] == "close":
            closed_in = module.enclosing_function(use)
    return accepted_in is not None and closed_in is not None and accepted_in.id == closed_in.id


def _hibernates(module: Module, end: js.PairEnd) -> bool:
    """Whether a socket is given to `acceptWebSocket()`, too: then it is wrong that it is accepted twice."""
    return any(accept.hibernates for accept in module.accepts_of_end(end))
