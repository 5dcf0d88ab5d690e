"""Close WebSockets with a code that may be sent, and a reason that fits.

`close()` takes 1000 to 4999 without 1004, 1005, 1006 and 1015: those describe how a connection ended (without
a code, broken, TLS failed) and cannot be sent, so `close()` throws an InvalidAccessError. A reason needs a
code, and from the compatibility date 2026-03-03 may have 123 bytes.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Stream extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.close(1006, "no messages, please");
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Stream extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.close(1008, "no messages, please");
  }

  async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    ws.close(code === 1005 || code === 1006 ? 1000 : code, reason);
  }
}
```

## What to do

Write a code that may be sent: 1000 for a normal end, 1011 for an error, 3000 to 4999 for what your protocol
means, with a reason of at most 123 bytes.

- "is 1005 or 1006": Write `code === 1005 || code === 1006 ? 1000 : code` for it: the socket is closed in
  either case.

## Not reported

Codes and reasons that are not constants, and objects that are not known to be WebSockets. That the code is
sent back which `webSocketClose()` or a listener of `close` was given, or a function that is given the same,
also as `code || 1000`, is only a warning (in documents a note), and nothing inside `try` or where the code is
compared: most clients close with a code. A reason that looks like a placeholder (`"<reason>"`) is a note.

## Errors

```text title="workerd"
InvalidAccessError: Invalid WebSocket close code: ….
SyntaxError: WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.
TypeError: If you specify a WebSocket close reason, you must also specify a code.
```

## Fix safety

Safe where the client's code is sent back: what may not be sent becomes 1000, any other code stays. There is
no other fix: what a close means to the client is up to its author.

Source: workerd src/workerd/api/web-socket.c++
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_NEVER_SENT = {
    1004: "1004 is reserved",
    1005: "1005 says that no code came",
    1006: "1006 says that the connection broke",
    1015: "1015 says that TLS failed",
}
_MOST_BYTES = 123
_LIMIT_FLAG = "websocket_close_reason_byte_limit"
_PLACEHOLDER = pattern(r"<[^<>]*>|\[[a-z ]+\]|\{[a-z ]+\}|TODO\b.*|your (?:reason|message).*", re.IGNORECASE)
_CODE = pattern(r"_?(?:close_?)?(?:code|status)", re.IGNORECASE)
_REASON = pattern(r"_?(?:close_?)?reason", re.IGNORECASE)
_LOOKS = frozenset(
    {"binary_expression", "switch_statement", "assignment_expression", "parenthesized_expression"}
)
_SOCKETS = frozenset(
    {ValueKind.HIBERNATED_WEBSOCKET, ValueKind.OUTGOING_WEBSOCKET, ValueKind.WEBSOCKET_PAIR_END}
)


@rule(call("close"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if not arguments or any(argument.type == "spread_element" for argument in arguments):
        return
    if not _is_a_socket(match.module, match.receiver):
        return
    code = match.module.number(arguments[0])
    if code is not None:
        problem = _problem(match, code)
        if problem is not None:
            yield Finding(f"{problem}: `close()` throws an InvalidAccessError", match.at(arguments[0]))
    elif js.unwrap(arguments[0]).type == "undefined":
        if len(arguments) > 1 and js.unwrap(arguments[1]).type != "undefined":
            yield Finding(
                "a reason needs a code: `close()` throws an InvalidAccessError", match.at(arguments[0])
            )
    else:
        yield from _forwarded(match, arguments[0])
    if len(arguments) > 1:
        yield from _reason(match, arguments[1])


def _is_a_socket(module: Module, node: Node | None) -> bool:
    if node is None:
        return False
    if module.value_of(node).kind in _SOCKETS or module.pair_ends(node):
        return True
    node = js.unwrap(node)
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.path:
        return False
    annotation = js.first_named(declaration.owner.child_by_field_name("type"))
    return module.is_from(annotation, "", "WebSocket")


def _problem(match: Match, code: float) -> str | None:
    if code in _NEVER_SENT:
        return f"{_NEVER_SENT[int(code)]}, and may not be sent"
    if not 1000 <= code < 5000:
        return f"{code:g} is no close code (1000 to 4999)"
    pedantic = any(environment.enables("pedantic_wpt") for environment in match.module.environments)
    if pedantic and code != 1000 and code < 3000:
        return f"with `pedantic_wpt`, {code:g} may not be sent (1000, or 3000 to 4999)"
    return None


def _forwarded(match: Match, argument: Node) -> Iterator[Finding]:
    """The code that the client closed with, sent back without a look at it; `code || 1000` is none, as 1005
    and 1006 are not 0."""
    module, whole = match.module, argument
    given = module.operation(argument)
    if given is not None and given.left is not None and given.operator in ("||", "??"):
        argument = given.left
    argument = js.unwrap(argument)
    found = _of_handler(match, argument) or _of_event(match, argument)
    if found is None:
        return
    at, uses, function = found
    if any(_is_looked_at(module, use) for use in uses) or module.is_caught(argument, function):
        return  # so its values are known, or that it throws is expected
    name = match.text(argument)
    yield Finding(
        f"{quoted(name)} is 1005 or 1006 when the client gave no code or vanished, and then `close()` throws:"
        " send 1000 instead",
        match.at(argument),
        related=(match.at(at, f"{quoted(name)} is what the client closed with"),),
        fix=Fix(
            "Send 1000 for what may not be sent",
            (match.insert(whole.start_byte, f"{name} === 1005 || {name} === 1006 ? 1000 : "),),
            Safety.SAFE,
        ),
        severity=Severity.NOTE if module.document.is_block else Severity.WARNING,
        words=js.word("code", module, argument),
    )


_Code = tuple["Node", list["Node"], "Node"]
"""Where the code comes from, all uses of it, and the function that is given it."""


def _of_handler(match: Match, argument: Node) -> _Code | None:
    """The parameter of `webSocketClose()`, or of a function that is given the same, that an expression is."""
    module = match.module
    declaration = module.scope.resolve(argument) if argument.type == "identifier" else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or declaration.path:
        return None
    function = declaration.scope
    names = [parameter.name for parameter in module.parameters(function)]
    place = names.index(declaration.name) if declaration.name in names else 0
    if place == 0:
        return None
    if not (_is_code_of(match, function, place) or _has_its_form(module, function, place)):
        calls = [js.Call(module, node).argument(place) for node in js.calls_in_module(module, function)]
        if not any(given is not None and _is_given_code(match, given) for given in calls):
            return None
    return declaration.owner, list(module.scope.references(declaration)), function


def _is_code_of(match: Match, function: Node, place: int) -> bool:
    """Whether a parameter of a function is the code of `webSocketClose()`."""
    handler = match.module.handler_of(function)
    return handler is not None and handler.name == "webSocketClose" and place == 1


def _is_given_code(match: Match, given: Node) -> bool:
    """Whether what a call gives is the code that the `webSocketClose()` around is given."""
    given = js.unwrap(given)
    declaration = match.module.scope.resolve(given) if given.type == "identifier" else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    names = [parameter.name for parameter in match.module.parameters(declaration.scope)]
    return declaration.name in names and _is_code_of(match, declaration.scope, names.index(declaration.name))


def _has_its_form(module: Module, function: Node, place: int) -> bool:
    """Whether a function has the parameters of `webSocketClose()`: `(ws: WebSocket, code, reason)`."""
    parameters = module.parameters(function)
    if place != 1 or len(parameters) < 3 or not module.is_from(parameters[0].type, "", "WebSocket"):
        return False
    return (
        _CODE.fullmatch(parameters[1].name or "") is not None
        and _REASON.fullmatch(parameters[2].name or "") is not None
    )


def _of_event(match: Match, argument: Node) -> _Code | None:
    """`event.code` in a listener of a socket's `close`, which an expression is."""
    module, member = match.module, match.module.member(argument)
    if member is None or member.name != "code":
        return None
    owner = js.unwrap(member.object)
    event = module.scope.resolve(owner) if owner.type == "identifier" else None
    if event is None or event.kind is not js.DeclarationKind.PARAMETER or event.path:
        return None
    if not _listens_to_close(module, event.scope):
        return None
    reads = (module.parent(use) for use in module.scope.references(event))
    codes = [read for read in reads if read is not None and _is_code(module, read)]
    return event.owner, codes, event.scope


def _is_code(module: Module, node: Node) -> bool:
    member = module.member(node)
    return member is not None and member.name == "code"


def _listens_to_close(module: Module, function: Node) -> bool:
    """Whether a function is what `addEventListener("close", …)` or `onclose` of a socket calls."""
    around = module.callback_of(function)
    if around is not None:
        given = around.argument(0)
        is_close = given is not None and module.string(given) == "close"
        return around.name == "addEventListener" and is_close and _is_a_socket(module, around.receiver)
    setting = module.parent(function)
    left = setting.child_by_field_name("left") if setting is not None else None
    member = module.member(left) if left is not None else None
    return member is not None and member.name == "onclose" and _is_a_socket(module, member.object)


def _is_looked_at(module: Module, use: Node) -> bool:
    above = module.parent(use)
    operation = module.operation(above) if above is not None else None
    if operation is not None and operation.operator in ("||", "??"):
        return False
    return above is not None and above.type in _LOOKS


def _reason(match: Match, node: Node) -> Iterator[Finding]:
    reason = match.module.string_of(node)
    if reason is None:
        return
    if _PLACEHOLDER.fullmatch(reason.strip()):
        yield Finding(
            f'the reason "{reason[:40]}" looks like a placeholder: clients get to see it',
            match.at(node),
            severity=Severity.NOTE,
        )
    size = len(reason.encode("utf-8", "replace"))
    if size <= _MOST_BYTES:
        return
    answers = [environment.enables(_LIMIT_FLAG) for environment in match.module.environments]
    if answers and all(answer is False for answer in answers):
        return
    yield Finding(
        f"the reason has {size} bytes, and 123 are the most"
        + (
            ": `close()` throws a SyntaxError" if any(answers) else ", from the compatibility date 2026-03-03"
        ),
        match.at(node),
        severity=None if any(answers) else Severity.NOTE,
    )
