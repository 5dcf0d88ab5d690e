"""Parse what a WebSocket's client sends in `try`: it may be no JSON.

Whoever can connect decides what is in a message. `JSON.parse()` of anything else throws out of the handler:
the client gets no answer, what the handler had still to do is not done, and each such message is an uncaught
exception in the logs, among which the real ones are not seen. So does `null`, which is JSON: reading a
property of it throws, behind the `try` that was written for what is no JSON.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Quiz extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    const { answer } = JSON.parse(message);
    ws.send(answer === 42 ? "right" : "wrong");
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Quiz extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    let answer: unknown;
    try {
      ({ answer } = JSON.parse(message));
    } catch {
      ws.close(1007, "not JSON");
      return;
    }
    ws.send(answer === 42 ? "right" : "wrong");
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Write `let value; try { value = expression; } catch { return; }` before this statement, and `value` here: a
message that is no JSON is passed over; as it is, it ends in an error.

- "is `null`": Write `if (data === null) throw new SyntaxError("null is no message");` right behind
  the statement that parses, in its `try`, with the variable that holds the message for `data`: it is then
  answered as what is no JSON is already.

## Not reported

`JSON.parse()` in `try`, at the place itself or where the method is called that parses; what is not the
message; listeners of sockets that the Worker itself opened. Of `null`, messages of which something is asked
before they are read, or that are handed to a function first (a schema).

## Errors

```text title="workerd"
SyntaxError: Unexpected token '…', "…" is not valid JSON
SyntaxError: Unexpected end of JSON input
```

## Fix safety

Unsafe: `null` now gets the answer that what is no JSON gets, where an error ended it before. For what is no
JSON there is no fix: what to answer is up to the protocol.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/api/hibernatable-web-socket.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
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
    record,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH = 2
"""Through how many methods a message is followed."""


@rule(handler("webSocketMessage", "onMessage"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(found: Handler) -> Iterator[Finding]:
    module = found.module
    parameters = module.parameters(found.function)
    if found.owner is None or len(parameters) < 2:
        return
    message = module.scope.declared_in(found.function).get(parameters[1].name or "")
    if message is None or message.path:
        return
    parse = _unguarded(module, message, _DEPTH)
    if parse is None:
        return
    node = parse.at
    what = "is `null`" if parse.is_null else "is no JSON"
    yield Finding(
        f"where `{message.name}`, which a client sent, {what}, this throws out of `{found.name}()`",
        module.at(node),
        (module.at(message.node, "the message arrives here"),),
        _as_no_json(module, parse),
        words=js.word("expression", module, node),
    )


@check.on(call("addEventListener"))
def check_listener(match: Match) -> Iterator[Finding]:
    """A listener of a socket that a Worker accepted itself."""
    module = match.module
    event = module.string(match.arguments[0]) if len(match.arguments) > 1 else None
    function = module.function_value(match.arguments[1]) if event == "message" else None
    given = module.parameters(function) if function is not None else ()
    is_end = match.receiver_value.kind is ValueKind.WEBSOCKET_PAIR_END
    if function is None or not given or not (is_end or _is_accepted(module, match.receiver)):
        return
    for parse in module.calls("parse", function):
        text = parse.argument(0)
        if text is None or not module.is_from(parse.callee, "", "JSON.parse"):
            continue
        thrown = _thrown(module, parse, function)
        if thrown is None or not _is_data(module, text, given[0]):
            continue
        what = "is `null`" if thrown.is_null else "is no JSON"
        yield Finding(
            f"where what a client sent {what}, this throws out of the listener",
            module.at(thrown.at),
            (module.at(given[0].pattern, "the message arrives here"),),
            _as_no_json(module, thrown),
            words=js.word("expression", module, thrown.at),
        )
        return


@record(frozen=True, eq=False)
class _Thrown:
    """What throws out of a function for what a client may send: `at` is what parses it, or where that may
    give `null` (`is_null`), what reads a property of the result."""

    at: Node
    parse: Node
    is_null: bool


def _thrown(module: Module, parse: js.Call, function: Node) -> _Thrown | None:
    if not module.is_caught(parse.node, function):
        return _Thrown(parse.node, parse.node, is_null=False)
    read = js.thrown_by_null(module, module.with_wrappers(parse.node))
    is_thrown = read is not None and not module.is_caught(read, function)
    return _Thrown(read, parse.node, is_null=True) if read is not None and is_thrown else None


def _as_no_json(module: Module, thrown: _Thrown) -> Fix | None:
    """A fix by which `null` goes the way of what is no JSON: it throws where that does."""
    holder = module.parent(module.with_wrappers(thrown.parse)) if thrown.is_null else None
    if holder is None or holder.type not in _HOLDERS:
        return None
    name = holder.child_by_field_name("name") or holder.child_by_field_name("left")
    statement = module.parent(holder)
    block = module.parent(statement) if statement is not None else None
    if name is None or name.type != "identifier" or statement is None or block is None:
        return None
    if block.type != "statement_block" or len(statement.named_children) != 1 or statement.has_error:
        return None
    asked = f'if ({module.text(name)} === null) throw new SyntaxError("null is no message");'
    line = module.document.line_span(module.document.line_of(statement.start_byte))
    before = module.document.data[line.start : statement.start_byte].decode("utf-8", "replace")
    if before.strip() and not module.text(statement).endswith(";"):
        return None
    between = " " if before.strip() else f"{module.document.newline}{before}"
    edit = module.insert(statement.end_byte, f"{between}{asked}")
    return Fix("Treat `null` as what is no JSON", (edit,), Safety.UNSAFE)


_HOLDERS = frozenset({"variable_declarator", "assignment_expression"})
"""What gives the parsed message a name."""


def _is_accepted(module: Module, socket: Node | None) -> bool:
    """Whether a function accepts a socket that it was given: `ws.accept()` beside the listener."""
    if socket is None or socket.type != "identifier":
        return False
    declaration = module.scope.resolve(socket)
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    return any(name == "accept" for _, name in module.calls_on_name(declaration))


def _is_data(module: Module, text: Node, given: js.Parameter) -> bool:
    """Whether a text is the data of a listener's event."""
    for part in module.origins(text):
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is not None and declaration.node.id == given.pattern.id:
            return True
        if declaration is not None and declaration.path == ("data",):
            return declaration.kind is js.DeclarationKind.PARAMETER
    return False


def _unguarded(module: Module, message: js.Declaration, depth: int) -> _Thrown | None:
    """The first place at which what a parameter holds throws, and no `catch` of its function takes the error,
    and whether it does where that is `null`; see `_thrown`."""
    for parse in module.calls("parse", message.scope):
        text = parse.argument(0)
        if text is None or not module.is_from(parse.callee, "", "JSON.parse"):
            continue
        thrown = _thrown(module, parse, message.scope)
        if thrown is not None and any(
            part.type == "identifier" and module.scope.resolve(part) is message
            for part in module.origins(text)
        ):
            return thrown
    for use in module.scope.references(message) if depth else ():
        given = module.parameter_for(use)
        if given is not None and not given.path and not module.is_caught(use, message.scope):
            found = _unguarded(module, given, depth - 1)
            if found is not None:
                return found
    return None
