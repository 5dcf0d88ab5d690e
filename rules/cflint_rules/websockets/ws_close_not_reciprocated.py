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
answers. Methods that hand the socket to other code, which may close it. Where no compatibility date is known
the finding is only a note.

## Fix safety

Safe: the socket is closing already, and answering it is all that is left to do. 1005 and 1006 mean that no
code was received, and cannot be sent. No fix is offered where the method returns early.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Span,
    call,
    config,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

FLAG = "web_socket_auto_reply_to_close"
_ANSWER = "{ws}.close({code} === 1005 || {code} === 1006 ? 1000 : {code}, {reason});"


@rule(call("acceptWebSocket"), severity=Severity.WARNING, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    owner = match.enclosing_class
    if owner is None or not owner.is_durable_object:
        return
    if match.module.hibernatable_accepts(owner)[0].id != match.node.id:
        return  # said once
    environments = [environment for _, environment in owner.sites]
    deployed = [found for found in environments if not config.is_test_config(found.config.path)]
    answers = [(environment, environment.enables(FLAG)) for environment in deployed or environments]
    silent = [environment for environment, answer in answers if answer is False]
    if answers and not silent and all(answer for _, answer in answers):
        return  # the runtime answers by itself
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
        yield Finding(
            f"`{owner.name}` has no `webSocketClose()`, so nobody answers a close: {consequence}",
            match.at(match.node),
            related=(owner.at.saying(f"`{owner.name}` is declared here"), *related[1:]),
            fix=Fix("Add a `webSocketClose()` that closes the socket", (_new_method(owner),), Safety.SAFE),
            severity=severity,
        )
        return
    method = owner.method("webSocketClose")
    if method is None or method.type != "method_definition" or _may_close(match.module, method, 2):
        return
    yield Finding(
        f"`webSocketClose()` of `{owner.name}` does not close the socket, so nobody answers: {consequence}",
        match.at(method.child_by_field_name("name") or method),
        related=tuple(related),
        fix=_answering(match.module, method),
        severity=severity,
    )


def _new_method(owner: ClassDefinition) -> Edit:
    typed = owner.module.is_typescript
    parameters = "ws: WebSocket, code: number, reason: string" if typed else "ws, code, reason"
    returns = ": Promise<void>" if typed else ""
    indent, unit = owner.member_indent, owner.module.indent_unit
    answer = _ANSWER.format(ws="ws", code="code", reason="reason")
    return owner.append_members(
        f"async webSocketClose({parameters}){returns} {{\n{indent}{unit}{answer}\n{indent}}}"
    )


def _may_close(module: Module, function: "Node", depth: int) -> bool:
    """Whether a function closes a socket, or hands one to code that might."""
    body = function.child_by_field_name("body")
    if body is None:
        return True
    parameters = _parameters(module, function)
    socket = parameters[0] if parameters else None
    for node in module.descendants(body, "call_expression", "new_expression"):
        callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        name = callee.child_by_field_name("property") if callee is not None else None
        if name is not None and module.text(name) in ("close", "terminate", "webSocketClose"):
            return True
        handed = any(
            socket is not None and socket in _words(module, argument) for argument in js.arguments_of(node)
        )
        if not handed or (name is not None and module.text(name) in ("delete", "get", "has", "set", "log")):
            continue
        called = module.called_function(node)
        if called is None or depth == 0 or _may_close(module, called, depth - 1):
            return True
    return False


def _words(module: Module, node: "Node") -> frozenset[str]:
    below = [node, *js.walk(node)]
    return frozenset(
        module.text(found) for found in below if found.type in ("identifier", "shorthand_property_identifier")
    )


def _parameters(module: Module, function: "Node") -> list[str]:
    """The names of a method's parameters, as far as they are plain names."""
    listed = function.child_by_field_name("parameters")
    names: list[str] = []
    for parameter in listed.named_children if listed is not None else ():
        if parameter.type == "comment":
            continue
        pattern = parameter.child_by_field_name("pattern") or parameter
        if pattern.type != "identifier":
            break
        names.append(module.text(pattern))
    return names


def _answering(module: Module, method: "Node") -> Fix | None:
    """A fix that closes the socket as the last thing, with parameters for what is missing."""
    body, listed = method.child_by_field_name("body"), method.child_by_field_name("parameters")
    if body is None or listed is None or method.has_error:
        return None
    if any(
        node.type in ("return_statement", "throw_statement") for node in js.walk(body, into_functions=False)
    ):
        return None  # the end may not be reached
    present = _parameters(module, method)
    count = sum(child.type != "comment" for child in listed.named_children)
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
        last = [child for child in listed.named_children if child.type != "comment"]
        if last:
            edits.append(module.insert(last[-1].end_byte, f", {added}"))
        else:
            edits.append(module.replace(listed, f"({added})"))
    ws, code, reason = (*present[:3], *missing)
    answer = _ANSWER.format(ws=ws, code=code, reason=reason)
    line_of = module.document.line_of
    indent = module.indent_of(method)
    inner = indent + module.indent_unit
    at = js.block_end(body) - 1
    if line_of(body.start_byte) == line_of(at):
        text = module.document.data[body.start_byte + 1 : at].decode("utf-8", "replace").strip()
        before = f"{inner}{text}\n" if text else ""
        whole = Span(body.start_byte, at + 1)
        edits.append(Edit(module.document, whole, f"{{\n{before}{inner}{answer}\n{indent}}}"))
    else:
        line = module.document.line_span(line_of(at)).start
        edits.append(module.insert(line, f"{inner}{answer}\n"))
    return Fix("Close the socket in `webSocketClose()`", tuple(edits), Safety.SAFE)
