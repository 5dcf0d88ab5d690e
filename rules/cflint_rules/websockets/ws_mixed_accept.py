"""Accept a WebSocket once: with `accept()` or with `acceptWebSocket()`, never with both.

A socket that hibernates refuses `accept()` ("Can't accept() WebSocket after enabling hibernation"), one that
was `accept()`ed cannot be made to hibernate, a `new WebSocket(…)` accepts itself, and an end of a pair that
was not accepted can send nothing. Each of these throws.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Board extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Board extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Not reported

Two calls of which only one can run (the branches of an `if`). Ends of a pair that are handed to other code,
which may accept them.

## Fix safety

Safe: one of the two calls throws, so removing `accept()` takes nothing away. No fix is offered where
`acceptWebSocket()` may not run, nor for a socket that was never accepted.

Source: workerd src/workerd/api/web-socket.c++
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOKS = frozenset({"addEventListener", "serializeAttachment", "deserializeAttachment", "send", "close"})


@rule(call("accept", "send"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.receiver is None:
        return
    if match.word == "send":
        yield from _never_accepted(match, match.receiver)
        return
    value = match.receiver_value
    if value.kind is ValueKind.OUTGOING_WEBSOCKET and value.origin is not None:
        made = value.origin
        if made.type == "new_expression" and match.module.can_reach(made, match.node):
            yield Finding(
                "a `new WebSocket(…)` accepts itself: `accept()` throws",
                match.at(match.node),
                related=(match.at(made, "it is made here"),),
                fix=_without(match),
            )
        return
    for end in match.module.pair_ends(match.receiver):
        other = _hibernating(match.module, end)
        if other is None:
            continue
        if match.module.can_reach(match.node, other) or match.module.can_reach(other, match.node):
            socket = match.text(match.receiver)
            yield Finding(
                f"`{socket}` is given to `acceptWebSocket()`, too: one of the two calls throws",
                match.at(match.node),
                related=(match.at(other, "`acceptWebSocket()` is called here"),),
                fix=_without(match) if _runs_whenever(match.module, other, match.node) else None,
            )
            return


def _without(match: Match) -> Fix | None:
    statement = match.module.parent(match.module.with_wrappers(match.node))
    if statement is None or statement.type != "expression_statement":
        return None
    parent = match.module.parent(statement)
    if parent is None or parent.type not in ("statement_block", "program", "switch_case", "switch_default"):
        return None
    return Fix("Remove `accept()`", (match.remove(statement),), Safety.SAFE)


def _runs_whenever(module: Module, one: "Node", other: "Node") -> bool:
    """Whether a call runs in every run of the block in which another one stands."""
    statement = module.parent(module.with_wrappers(one))
    block = module.parent(statement) if statement is not None else None
    is_plain = statement is not None and statement.type == "expression_statement"
    return is_plain and block is not None and any(above.id == block.id for above in module.ancestors(other))


def _accepting_call(module: Module, use: "Node") -> "Node | None":
    """The `acceptWebSocket(…)` whose first argument a use is."""
    node = module.with_wrappers(use)
    listed = module.parent(node)
    around = module.parent(listed) if listed is not None and listed.type == "arguments" else None
    if around is None or module.callee_name(around) != "acceptWebSocket":
        return None
    first = js.arguments_of(around)[0]
    return around if js.unwrap(first).id == js.unwrap(node).id else None


def _hibernating(module: Module, end: js.PairEnd) -> "Node | None":
    return module.memoized(("hibernating", *end.key), lambda: _find_hibernating(module, end))


def _find_hibernating(module: Module, end: js.PairEnd) -> "Node | None":
    for use in module.uses_of_end(end):
        found = _accepting_call(module, use)
        if found is not None:
            return found
    return None


def _never_accepted(match: Match, socket: "Node") -> Iterator[Finding]:
    module = match.module
    end = module.pair_end(socket)
    if end is None:
        return
    first: Node | None = None
    for use in module.uses_of_end(end):
        called = module.method_called_on(use)
        if called is not None and called[0] in _LOOKS:
            if called[0] == "send" and first is None:
                first = called[1]
            continue
        above = module.parent(module.with_wrappers(use))
        is_read = called is None and above is not None and above.type == "member_expression"
        if not is_read and not _is_sent_away(module, use):
            return  # somebody may accept it there
    if first is None or first.id != match.node.id:
        return  # said once
    yield Finding(
        f"`{match.text(socket)}` is never accepted: `send()` throws",
        match.at(match.node),
        related=(match.at(end.pair, "the pair is made here"),),
    )


def _is_sent_away(module: Module, use: "Node") -> bool:
    """Whether a use is the `webSocket` of a response."""
    above = module.parent(module.with_wrappers(use))
    key = above.child_by_field_name("key") if above is not None and above.type == "pair" else None
    return key is not None and module.text(key) == "webSocket"
