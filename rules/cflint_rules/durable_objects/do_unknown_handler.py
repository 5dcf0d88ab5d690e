"""Name the handlers of a Durable Object as the runtime calls them.

The runtime calls `fetch()`, `alarm()`, `webSocketMessage()`, `webSocketClose()` and `webSocketError()`. There
is no handler for a socket that has been opened or for an object that wakes up, and one whose name is spelled
otherwise is a method that nobody calls: what it does never happens, and nothing says so.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  private names = new Map<WebSocket, string>();

  async fetch(): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketOpen(ws: WebSocket): void {
    this.names.set(ws, "guest");
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    ws.send(message);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response("no upgrade", { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ name: "guest" });
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }

  webSocketError(_ws: WebSocket, error: unknown): void {
    console.error(error);
  }
}
```

## What to do

- "no such handler; ": Give it that name; the parameters stay.
- "it restores": Call it where the object wakes without its fields: as the first line of
  `webSocketMessage()`, with the socket that this gets; the runtime says nothing of its own when a socket
  opens. It reads what `serializeAttachment()` kept, which has to be called before.
- "`webSocketOpen()`": Call it behind `acceptWebSocket(server)`: `this.webSocketOpen(server)`, with the
  socket that is accepted there; the runtime says nothing of its own when one opens. If nothing needs what
  it does, delete it.

If nothing needs what it does, delete it: it never ran. If it should run, move what it does into the handler
that the runtime calls then: `fetch()` for a request, `alarm()` for a time, `webSocketMessage()`,
`webSocketClose()` or `webSocketError()` for a socket.

## Not reported

Methods that anything in the project names; classes with a base class other than the platform's (Agents and
PartyServer have `onConnect()` and others).

## Fix safety

Unsafe: the runtime calls it from then on. There is no fix for what opens: what has to happen then stands
beside `acceptWebSocket()`, and what has to when an object wakes up, in the constructor.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import ClassDefinition, ClassKind, Finding, Fix, Safety, Severity, class_definition, js, rule

_PLAIN = frozenset({ClassKind.DURABLE_OBJECT, ClassKind.CONTAINER})
_CALLED = frozenset({"fetch", "alarm", *js.WEBSOCKET_HANDLERS})
_BY_LOWER = {name.lower(): name for name in _CALLED}
_INSTEAD = {
    "websocketopen": None,
    "websocketopened": None,
    "websocketconnect": None,
    "websocketconnected": None,
    "onwebsocketopen": None,
    "onwebsocketconnect": None,
    "onwebsocketmessage": "webSocketMessage",
    "onwebsocketclose": "webSocketClose",
    "onwebsocketerror": "webSocketError",
    "onalarm": "alarm",
    "handlealarm": "alarm",
    "onfetch": "fetch",
    "websocketclosed": "webSocketClose",
    "websocketdisconnect": "webSocketClose",
}


@rule(class_definition(), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    if (
        not any(_is_near(found.name) for found in owner.facts.methods)
        or not owner.kind.runs_as_durable_object
    ):
        return
    if owner.kind not in _PLAIN:
        return  # an SDK may call it
    module = owner.module
    for name, method in owner.methods:
        if not _is_near(name):
            continue
        meant = _BY_LOWER.get(name.lower()) or _INSTEAD.get(name.lower())
        if meant is not None and owner.method(meant) is not None:
            continue  # a helper of the handler that is there
        if len(list(module.leaves(name, module.root))) > 1 or _is_named_elsewhere(owner, name):
            continue
        hint = f"; `{meant}()` is" if meant is not None else ""
        at = method.child_by_field_name("name") or method
        yield Finding(
            f"`{name}()` is never called: the runtime knows no such handler{hint}",
            module.at(at),
            fix=Fix(f"Call it `{meant}()`", (module.replace(at, meant),), Safety.UNSAFE)
            if meant is not None and at.type == "property_identifier"
            else None,
            words=(("it restores", ""),)
            if module.document.has_word("deserializeAttachment")
            and any(True for _ in module.calls("deserializeAttachment", method))
            else (),
        )


def _is_near(name: str) -> bool:
    low = name.lower()
    return low in _INSTEAD or (low in _BY_LOWER and name not in _CALLED)


def _is_named_elsewhere(owner: ClassDefinition, name: str) -> bool:
    module = owner.module
    others = [path for path in js.paths_around(module) if path != module.path]
    return js.is_named(module.project, others, name)
