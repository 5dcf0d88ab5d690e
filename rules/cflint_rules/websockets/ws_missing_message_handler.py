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

## Not reported

Classes with a base that is not known, and the classes of an SDK (an Agent, a party server), which have the
methods. Methods that the class calls itself; classes that hand their state, or themselves, to other code.
Sockets with `accept()` or listeners: these are what `ws-legacy-accept` and `ws-event-listener-in-do` are
about.

## Fix safety

Safe: an empty `webSocketMessage()` does what the runtime does without one, and shows where to go on.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from collections.abc import Iterator

from cflint.api import (
    ClassDefinition,
    Finding,
    Fix,
    Handler,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    handler,
    js,
    rule,
)

_METHODS = ("webSocketMessage", "webSocketClose", "webSocketError")


@rule(call("acceptWebSocket"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    owner = match.enclosing_class
    if owner is None or not owner.is_durable_object:
        return
    if match.module.hibernatable_accepts(owner)[0].id != match.node.id:
        return  # said once
    if owner.has("webSocketMessage") is not False or owner.declares("webSocketMessage"):
        return
    if _listens(match):
        return  # it is served the other way, which another rule is about
    parameters = (
        "ws: WebSocket, message: string | ArrayBuffer" if match.module.is_typescript else "ws, message"
    )
    returns = ": Promise<void>" if match.module.is_typescript else ""
    yield Finding(
        f"`{owner.name}` accepts WebSockets and has no `webSocketMessage()`: what clients send is dropped",
        match.at(match.node),
        related=(owner.at.saying(f"`{owner.name}` is declared here"),),
        fix=Fix(
            "Add an empty `webSocketMessage()`",
            (owner.append_members(f"async webSocketMessage({parameters}){returns} {{}}"),),
            Safety.SAFE,
        ),
    )


def _listens(match: Match) -> bool:
    """Whether the accepted socket has listeners of its own."""
    given = match.arguments
    ends = match.module.pair_ends(given[0]) if given else ()
    return any(
        (called := match.module.method_called_on(use)) is not None and called[0] == "addEventListener"
        for end in ends
        for use in match.module.uses_of_end(end)
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
        f"nothing gives a socket of `{owner.name}` to `acceptWebSocket()`",
        module.at(name),
        related=(owner.at.saying(f"`{owner.name}` is declared here"),),
    )


def _is_only_for_the_runtime(module: Module, owner: ClassDefinition, name: str) -> bool:
    """Whether the class has the method, and does not call it itself."""
    method = owner.method(name)
    if method is None or owner.inherited(name) is not False:
        return False
    return not any(
        (called := module.called_function(node)) is not None and called.id == method.id
        for node in module.descendants(owner.body, "call_expression")
    )


def _accepts_for_itself(module: Module, owner: ClassDefinition) -> bool:
    """Whether the class calls `accept()` of an end of a pair."""
    for node in module.descendants(owner.body, "call_expression"):
        callee = node.child_by_field_name("function")
        name = callee.child_by_field_name("property") if callee is not None else None
        target = callee.child_by_field_name("object") if callee is not None else None
        is_accept = name is not None and module.text(name) == "accept"
        if is_accept and target is not None and module.pair_ends(target):
            return True
    return False


def _all_code_is_known(module: Module) -> bool:
    """Whether every module that the class's Workers reach can be read, and none says `acceptWebSocket`."""
    if not module.workers:
        return False
    for worker in module.workers:
        if worker.unresolved or not worker.entries:
            return False
        for path in worker.modules:
            document = module.project.document(path)
            if document is None or document.data.find(b"acceptWebSocket") != -1:
                return False
    return True


def _hands_out_its_state(module: Module, owner: ClassDefinition) -> bool:
    """Whether other code gets the object or its state, and with it `acceptWebSocket`."""
    for node in module.descendants(owner.body, "call_expression", "new_expression"):
        function = node.child_by_field_name("function")
        if function is not None and function.type == "super":
            continue
        for argument in js.arguments_of(node):
            if argument.type == "this":
                return True
            if module.value_of(argument).kind in (ValueKind.DURABLE_OBJECT_STATE, ValueKind.THIS):
                return True
    return False
