"""Answer a client's close with `ws.close()`, in `webSocketClose()` or in the listener of `close`.

Before the compatibility date 2026-04-07 the runtime does not answer a close frame. Where the class does not
either, the client waits for an answer that never comes, and sees the connection end with code 1006 instead of
a clean close. It is the same for a socket that was accepted with `accept()` and has a listener for `close`.

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

## What to do

Call `ws.close(code === 1005 || code === 1006 ? 1000 : code, reason)` in `webSocketClose()` on every way out
of it, also before an early `return` or `throw`. (From the compatibility date 2026-04-07 on the runtime
answers by itself; all else that changed until then changes with it.)

- "listener": Call `socket.close(event.code === 1005 || event.code === 1006 ? 1000 : event.code,
  event.reason)` in the listener, with the event that it gets. (From the compatibility date 2026-04-07 on the
  runtime answers by itself; all else that changed until then changes with it.)

## Not reported

Classes that run with `web_socket_auto_reply_to_close`, which is on from 2026-04-07: there the runtime
answers. Methods and listeners that hand the socket to other code, or call code that is not in sight, which
may close it; `accept({ allowHalfOpen: true })`, which means to answer later. Code of no configuration, which
gets a later date than that when it is deployed. Where a configuration has no date that is known the finding
is only a note.

## Fix safety

Safe: the socket is closing already, and answering it is all that is left to do. 1005 and 1006 mean that no
code was received, and cannot be sent. No fix is offered where the method throws, or returns
something early.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/,
https://developers.cloudflare.com/changelog/post/2026-04-07-websocket-auto-reply-to-close/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    call,
    config,
    fixes,
    js,
    record,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ANSWER = "{ws}.close({code} === 1005 || {code} === 1006 ? 1000 : {code}, {reason});"
_ENDS = frozenset({"close", "terminate", "webSocketClose"})
_KEEPS = frozenset({"delete", "get", "has", "set", "log"})
"""Methods that leave a socket open that they are given."""
_HARMLESS = _KEEPS | {
    "Date",
    "Number",
    "String",
    "add",
    "assign",
    "catch",
    "clearInterval",
    "clearTimeout",
    "concat",
    "entries",
    "filter",
    "find",
    "findIndex",
    "forEach",
    "from",
    "fromEntries",
    "getTime",
    "includes",
    "indexOf",
    "isArray",
    "join",
    "keys",
    "map",
    "now",
    "parse",
    "push",
    "put",
    "reject",
    "removeEventListener",
    "resolve",
    "send",
    "setTimeout",
    "slice",
    "some",
    "splice",
    "stringify",
    "then",
    "toISOString",
    "toString",
    "values",
    "waitUntil",
}
"""Methods that close nothing, whatever they are called on."""
_OF_LANGUAGE = frozenset(
    (
        *("abs", "all", "at", "bind", "ceil", "charAt", "charCodeAt", "clear", "deleteAlarm", "deleteAll"),
        *("encode", "endsWith", "every", "exec", "fetch", "fill", "findLast", "first", "flat", "flatMap"),
        *("floor", "getAlarm", "getByName", "getRandomValues", "getTags", "getWebSockets", "hasOwn"),
        *("idFromName", "idFromString", "json", "lastIndexOf", "list", "localeCompare", "match", "matchAll"),
        *("max", "min", "newUniqueId", "padEnd", "padStart", "pop", "prepare", "random", "randomUUID"),
        *(
            "reduce",
            "repeat",
            "replace",
            "replaceAll",
            "reverse",
            "round",
            "run",
            "setAlarm",
            "shift",
            "sort",
        ),
        *(
            "split",
            "startsWith",
            "structuredClone",
            "substring",
            "sync",
            "test",
            "text",
            "toArray",
            "toFixed",
        ),
        *("toLowerCase", "toUpperCase", "trim", "unshift", "writeDataPoint"),
    )
)
"""Methods of the language and of the platform that close nothing, where no function of that name is in
sight."""
_MOST_FUNCTIONS = 100
"""Through how many functions a listener is followed."""


@rule(call("acceptWebSocket"), severity=Severity.NOTE, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = module.hibernating_object(match.node)
    if owner is None:
        return
    silence = _silence(owner.environments)
    if silence is None:
        return
    consequence, severity = silence.consequence, silence.severity
    related = [match.at(match.node, "sockets are accepted here"), *silence.dates]
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


@check.on(call("accept"))
def check_listener(match: Match) -> Iterator[Finding]:
    module, socket = match.module, match.receiver
    if socket is None or match.arguments:
        return  # `allowHalfOpen`
    ends = module.pair_ends(socket)
    if len(ends) != 1 or module.accepts_of_end(ends[0])[:1] != module.accepts_of_end(ends[0]):
        return  # an outgoing socket, or one that is accepted twice
    owner = module.enclosing_class(ends[0].pair)
    has_object = owner is not None and owner.is_durable_object
    silence = _silence(owner.environments if owner is not None and has_object else module.environments)
    listeners = [found for found in module.listeners_of_end(ends[0]) if found.event == "close"]
    if silence is None or not listeners:
        return
    uses = frozenset(use.id for use in module.uses_of_end(ends[0]))
    functions = [_listener(module, found) for found in listeners]
    if any(found is None or _may_leave(module, found, uses) for found in functions):
        return
    around = match.enclosing_function
    first, function = min(
        zip(listeners, functions, strict=True),
        key=lambda found: module.enclosing_function(found[0].node) != around,
    )
    yield Finding(
        f"the `close` listener does not close the socket, so nobody answers: {silence.consequence}",
        module.at(first.node),
        (match.at(match.node, "the socket is accepted here"), *silence.dates),
        _closing(module, first, function) if function is not None else None,
        silence.severity,
    )


@record(frozen=True, eq=False)
class _Silence:
    """What it means where the runtime does not answer a close by itself, and the dates that say so."""

    consequence: str
    severity: Severity | None
    dates: tuple[Location, ...]


def _silence(environments: tuple[Environment, ...]) -> _Silence | None:
    """None where the runtime answers, as it does at the date that a new configuration gets."""
    deployed = [found for found in environments if found.is_deployed]
    answers = [(environment, _answers(environment)) for environment in deployed or environments]
    silent = [environment for environment, answer in answers if answer is False]
    if not silent and all(answer for _, answer in answers):
        return None
    where = ""
    if silent and len({answer for _, answer in answers}) > 1:
        several = len({environment.config.path for environment, _ in answers}) > 1
        labels = [
            f"{environment.label} of {environment.config.path}" if several else environment.label
            for environment in silent
        ]
        where = f" in {', '.join(dict.fromkeys(labels))}"
    dates = []
    for environment in silent[:1]:
        date = environment.text("compatibility_date")
        if date is not None:
            dates.append(environment.config.location(date).saying("the runtime answers from 2026-04-07 only"))
    consequence = f"clients see code 1006{where}"
    if not silent:
        consequence = "clients see code 1006 before the compatibility date 2026-04-07"
    return _Silence(consequence, None if silent else Severity.NOTE, tuple(dates))


def _listener(module: Module, listener: js.SocketListener) -> Node | None:
    """The function of the module that a listener is."""
    node = js.unwrap(listener.handler) if listener.handler is not None else None
    if node is not None and node.type == "identifier":
        declaration = module.scope.resolve(node)
        return module.function_of(declaration) if declaration is not None else None
    return node if node is not None and node.type in js.FUNCTIONS else None


def _may_leave(module: Module, function: Node, uses: frozenset[int]) -> bool:
    """Whether a listener closes a socket, itself or by what it calls, or calls what is not in sight."""
    seen = {(module.path, function.id)}
    queue = [(module, function)]
    while queue:
        calls = _calls(*queue.pop(), uses)
        if calls is None:
            return True
        for other, called in calls:
            if (other.path, called.id) not in seen:
                seen.add((other.path, called.id))
                queue.append((other, called))
        if len(seen) > _MOST_FUNCTIONS:
            return True
    return False


def _calls(module: Module, function: Node, uses: frozenset[int]) -> tuple[tuple[Module, Node], ...] | None:
    """What a function calls that may close a socket; None where it does so itself, or calls what is not in
    sight."""
    question = ("closes a socket", module.path, function.id, uses)
    return module.memoized(question, lambda: _calls_of(module, function, uses))


def _calls_of(module: Module, function: Node, uses: frozenset[int]) -> tuple[tuple[Module, Node], ...] | None:
    body = js.body_of(function)
    if body is None:
        return None
    found: list[tuple[Module, Node]] = []
    whole = (body,) if body.type == "call_expression" else ()
    for node in (*whole, *module.descendants(body, "call_expression", "new_expression")):
        made = js.Call(module, node)
        if made.name in _ENDS and made.receiver is not None:
            return None
        if made.name in _HARMLESS or module.log_at(node) is not None:
            continue
        if made.is_new or _gives_value(module, node):
            if any(argument.id in uses for argument in made.arguments):
                return None
            continue
        called = js.function_called(module, node)
        if called is not None:
            found.append(called)
        elif made.name not in _OF_LANGUAGE or any(argument.id in uses for argument in made.arguments):
            return None
    return tuple(found)


def _gives_value(module: Module, node: Node) -> bool:
    """Whether a call is made for what it gives, which is an argument or has a name."""
    above = module.parent(module.with_wrappers(node))
    return above is not None and above.type in ("arguments", "variable_declarator")


def _closing(module: Module, listener: js.SocketListener, function: Node) -> Fix | None:
    """A fix that closes the socket at the end of a listener that stands where it is added."""
    made = module.call(listener.node)
    socket = made.receiver if made is not None else None
    if socket is None or socket.type != "identifier" or not js.contains(listener.node, function):
        return None
    name = module.text(socket)
    if any(found.name == name for found in module.parameters(function)) or function.has_error:
        return None
    closing = fixes.statement_at_ends(module, function, f"{name}.close();")
    return Fix("Close the socket in the listener", closing, Safety.SAFE) if closing is not None else None


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
    """A fix that closes the socket as the last thing on each way, with parameters for what is missing."""
    body, listed = js.body_of(method), method.child_by_field_name("parameters")
    if body is None or listed is None or method.has_error:
        return None
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
    closing = fixes.statement_at_ends(module, method, _ANSWER.format(ws=ws, code=code, reason=reason))
    if closing is None:
        return None
    return Fix("Close the socket in `webSocketClose()`", (*edits, *closing), Safety.SAFE)
