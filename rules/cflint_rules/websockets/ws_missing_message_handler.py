"""Give a class that calls `acceptWebSocket()` a `webSocketMessage()`, and the other way round.

Messages of a hibernatable socket go to the `webSocketMessage()` method of the class. Where there is none they
are dropped without an error. And the methods `webSocketMessage()`, `webSocketClose()` and `webSocketError()`
are called for such sockets only: where nothing calls `acceptWebSocket()` they never run.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Feed extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Feed extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send("this feed only talks");
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Add to the class `async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> { }`,
with what a message of the client is to do; where the pages send none (no `socket.send(`), leave it empty,
with a comment that says so.

## Not reported

Classes that answer what clients send by `setWebSocketAutoResponse()`: the runtime does that without the
handler. Classes with a base that is not known, and the classes of an SDK (an Agent, a party server), which
have the methods. Methods that the class calls itself; classes that hand their state, or themselves, to other
code. Sockets with `accept()` or listeners: these are what `ws-legacy-accept` and `ws-event-listener-in-do`
are about.

## Fix safety

There is no fix: an empty `webSocketMessage()` would only silence the rule. Answer what clients send, or close
the socket of a client that sends what nobody expects.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from collections.abc import Iterator

from cflint.api import (
    ClassDefinition,
    Finding,
    Handler,
    Match,
    Module,
    Severity,
    ValueKind,
    call,
    handler,
    js,
    rule,
)

_METHODS = tuple(js.SOCKET_EVENTS.values())


@rule(call("acceptWebSocket"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None or owner.has("webSocketMessage") is not False or owner.declares("webSocketMessage"):
        return
    if any(True for _ in module.calls("setWebSocketAutoResponse", owner.body)):
        return  # the runtime answers what clients send
    ends = module.pair_ends(match.arguments[0]) if match.arguments else ()
    listeners = (listener for end in ends for listener in module.listeners_of_end(end))
    if any(listener.node.type == "call_expression" for listener in listeners):
        return  # it is served the other way, which another rule is about
    yield Finding(
        f"{owner.label} accepts WebSockets and has no `webSocketMessage()`: what clients send is dropped",
        match.at(match.node),
        related=(owner.at.saying(f"{owner.label} is declared here"),),
    )


@check.on(handler(*_METHODS))
def check_handler(found: Handler) -> Iterator[Finding]:
    owner, module = found.owner, found.module
    if owner is None or not owner.is_durable_object or owner.facts.is_abstract:
        return
    methods = [name for name in _METHODS if _is_only_for_the_runtime(module, owner, name)]
    if not methods or methods[0] != found.name:
        return
    if _accepts_for_itself(module, owner):
        return  # what is wrong there is the `accept()`
    if not _all_code_is_known(module) or _hands_out_its_state(module, owner):
        return  # acceptWebSocket() may be called where it cannot be seen
    name = found.function.child_by_field_name("name") or found.function
    several = len(methods) > 1
    yield Finding(
        f"{' and '.join(f'`{method}()`' for method in methods)} {'are' if several else 'is'} never called: "
        f"nothing gives a socket of {owner.label} to `acceptWebSocket()`",
        module.at(name),
        related=(owner.at.saying(f"{owner.label} is declared here"),),
    )


def _is_only_for_the_runtime(module: Module, owner: ClassDefinition, name: str) -> bool:
    """Whether the class has the method, and does not call it itself."""
    method = owner.method(name)
    if method is None or owner.inherited(name) is not False:
        return False
    return not js.calls_in_module(module, method)


def _accepts_for_itself(module: Module, owner: ClassDefinition) -> bool:
    """Whether the class calls `accept()` of an end of a pair."""
    return any(
        found.receiver is not None and module.pair_ends(found.receiver)
        for found in module.calls("accept", owner.body)
    )


def _all_code_is_known(module: Module) -> bool:
    """Whether every module that the class's Workers reach can be read, and none names `acceptWebSocket`."""
    return bool(module.workers) and all(
        js.all_code_is_known(module.project, worker)
        and not js.is_named(module.project, worker.modules, "acceptWebSocket", at_hand=module)
        for worker in module.workers
    )


def _hands_out_its_state(module: Module, owner: ClassDefinition) -> bool:
    """Whether other code gets the object or its state, and with it `acceptWebSocket`."""
    for node in module.descendants(owner.body, "call_expression", "new_expression"):
        made = js.Call(module, node)
        if made.callee is not None and made.callee.type == "super":
            continue
        for argument in made.arguments:
            if argument.type == "this":
                return True
            if module.value_of(argument).kind in (ValueKind.DURABLE_OBJECT_STATE, ValueKind.THIS):
                return True
    return False
