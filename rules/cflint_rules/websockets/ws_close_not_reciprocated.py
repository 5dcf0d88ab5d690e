"""Answer a client's close with `ws.close()` in `webSocketClose()`.

Before the compatibility date 2026-04-07 the runtime does not answer a close frame. Where the class does not
either, the client waits for an answer that never comes, and sees the connection end with code 1006 instead of
a clean close.

## Incorrect

```jsonc
// wrangler.jsonc
{
  "compatibility_date": "2026-04-01",
  "durable_objects": { "bindings": [{ "name": "LOBBY", "class_name": "Lobby" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Lobby"] }]
}
```

```ts
// src/index.ts
import { DurableObject } from "cloudflare:workers";

export class Lobby extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket, code: number): Promise<void> {
    console.log("left with", code);
  }
}
```

## Correct

```jsonc
// wrangler.jsonc
{
  "compatibility_date": "2026-04-01",
  "durable_objects": { "bindings": [{ "name": "LOBBY", "class_name": "Lobby" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Lobby"] }]
}
```

```ts
// src/index.ts
import { DurableObject } from "cloudflare:workers";

export class Lobby extends DurableObject<Env> {
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
    console.log("left with", code);
    ws.close(code === 1005 || code === 1006 ? 1000 : code, reason);
  }
}
```

## Not reported

Classes that run with `web_socket_auto_reply_to_close`, which is on from 2026-04-07: there the runtime
answers. Methods that hand the socket to other code, which may close it. Code of no configuration, which gets
a later date than that when it is deployed. Where a configuration has no date that is known the finding is
only a note.

## Fix safety

Safe: the socket is closing already, and answering it is all that is left to do. 1005 and 1006 mean that no
code was received, and cannot be sent. No fix is offered where the method returns early.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    call,
    config,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ANSWER = "{ws}.close({code} === 1005 || {code} === 1006 ? 1000 : {code}, {reason});"
_ENDS = frozenset({"close", "terminate", "webSocketClose"})
_KEEPS = frozenset({"delete", "get", "has", "set", "log"})
"""Methods that leave a socket open that they are given."""


@rule(call("acceptWebSocket"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None:
        return
    environments = owner.environments
    deployed = [found for found in environments if found.is_deployed]
    answers = [(environment, _answers(environment)) for environment in deployed or environments]
    silent = [environment for environment, answer in answers if answer is False]
    if not silent and all(answer for _, answer in answers):
        return  # the runtime answers by itself, as it does at the date that a new configuration gets
    where = ""
    if silent and len({answer for _, answer in answers}) > 1:
        several = len({environment.config.path for environment, _ in answers}) > 1
        labels = [
            f"{environment.label} of {environment.config.path}" if several else environment.label
            for environment in silent
        ]
        where = f" in {', '.join(dict.fromkeys(labels))}"
    severity = None if silent else Severity.NOTE
    if silent:
        consequence = f"clients see code 1006{where}"
    else:
        consequence = "clients see code 1006 before the compatibility date 2026-04-07"
    related = [match.at(match.node, "sockets are accepted here")]
    for environment in silent[:1]:
        date = environment.text("compatibility_date")
        if date is not None:
            related.append(
                environment.config.location(date).saying("the runtime answers from 2026-04-07 only")
            )
    if owner.has("webSocketClose") is False and not owner.declares("webSocketClose"):
        answer = _ANSWER.format(ws="ws", code="code", reason="reason")
        added = module.append_handler(owner, "webSocketClose", answer, count=3)
        yield Finding(
            f"{owner.label} has no `webSocketClose()`, so nobody answers a close: {consequence}",
            match.at(match.node),
            related=(owner.at.saying(f"{owner.label} is declared here"), *related[1:]),
            fix=Fix("Add a `webSocketClose()` that closes the socket", (added,), Safety.SAFE),
            severity=severity,
        )
        return
    method = owner.method("webSocketClose")
    if method is None or method.type != "method_definition" or _may_close(module, method, 2):
        return
    yield Finding(
        f"`webSocketClose()` of {owner.label} does not close the socket, so nobody answers: {consequence}",
        match.at(method.child_by_field_name("name") or method),
        related=tuple(related),
        fix=_answering(module, method),
        severity=severity,
    )


def _answers(environment: Environment) -> bool | None:
    """Whether the runtime answers; where flags may come from elsewhere, by the date alone, if it is late."""
    known = environment.enables(js.AUTO_REPLY_FLAG)
    date = environment.compatibility_date
    flag = config.find_flag(js.AUTO_REPLY_FLAG)
    if known is None and date is not None and flag is not None and flag.default_from is not None:
        return date >= flag.default_from or None
    return known


def _may_close(module: Module, function: Node, depth: int, socket: js.Declaration | None = None) -> bool:
    """Whether a function closes a socket, or hands one to code that might; `socket` is the parameter that
    holds it, the first by default."""
    body = js.body_of(function)
    if body is None:
        return True
    names = _names(module, function)
    if socket is None and names:
        socket = module.scope.declared_in(function).get(names[0])
    given: dict[int, list[Node]] = {}
    for use in module.scope.references(socket) if socket is not None else ():
        taker = None if _is_asked(module, use) else _taker(module, use)
        if taker is not None:
            given.setdefault(taker.id, []).append(use)
    for node in module.descendants(body, "call_expression", "new_expression"):
        made = js.Call(module, node)
        name = made.name if made.receiver is not None else ""
        if name in _ENDS:
            return True
        if name in _KEEPS:
            continue
        for use in given.get(node.id, ()):
            called, parameter = module.called_function(node), module.parameter_for(use)
            if called is None or parameter is None or depth == 0:
                return True
            if _may_close(module, called, depth - 1, parameter):
                return True
    return False


def _taker(module: Module, use: Node) -> Node | None:
    """The innermost call among whose arguments a socket stands."""
    child = use
    for above in module.ancestors(use):
        if above.type in ("call_expression", "new_expression") and child.type == "arguments":
            return above
        if above.type in js.FUNCTIONS:
            return None
        child = above
    return None


def _is_asked(module: Module, use: Node) -> bool:
    """Whether only something of a socket is handed on: `ws.url`, `ws.deserializeAttachment()`."""
    parent = module.parent(use)
    member = module.member(parent) if parent is not None else None
    return member is not None and member.object.id == use.id


def _names(module: Module, function: Node) -> list[str]:
    """The names of a method's parameters, up to the first that is a pattern."""
    names: list[str] = []
    for parameter in module.parameters(function):
        if parameter.pattern.type != "identifier" or parameter.name is None:
            break
        names.append(parameter.name)
    return names


def _answering(module: Module, method: Node) -> Fix | None:
    """A fix that closes the socket as the last thing, with parameters for what is missing."""
    body, listed = js.body_of(method), method.child_by_field_name("parameters")
    if body is None or listed is None or method.has_error:
        return None
    if any(
        node.type in ("return_statement", "throw_statement") for node in js.walk(body, into_functions=False)
    ):
        return None  # the end may not be reached
    present, parameters = _names(module, method), module.parameters(method)
    count = len(parameters)
    if count != len(present) or count > 4:
        return None
    wanted = (("ws", "WebSocket"), ("code", "number"), ("reason", "string"))
    missing = [name for name, _ in wanted[count:]]
    if any(True for name in missing for _ in module.scope.named(name, body)):
        return None  # the name means something else there
    edits: list[Edit] = []
    if missing:
        added = ", ".join(
            f"{name}: {type}" if module.is_typescript else name for name, type in wanted[count:]
        )
        if parameters:
            edits.append(module.insert(parameters[-1].node.end_byte, f", {added}"))
        else:
            edits.append(module.replace(listed, f"({added})"))
    ws, code, reason = (*present[:3], *missing)
    closing = module.append_statement(method, _ANSWER.format(ws=ws, code=code, reason=reason))
    if closing is None:
        return None
    return Fix("Close the socket in `webSocketClose()`", (*edits, closing), Safety.SAFE)
