"""Check the `Upgrade` header before a `WebSocketPair` is made, and answer 426 without it.

A response with a WebSocket to a request that did not ask for one throws ("Worker tried to return a WebSocket
in a response to a request which did not contain the header Upgrade: websocket"), so that a browser that opens
the address gets error 1101 instead of a clear status.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener("message", (event) => server.send(event.data));
    server.addEventListener("close", () => server.close());
    return new Response(null, { status: 101, webSocket: client });
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      return new Response("expected a WebSocket", { status: 426 });
    }
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener("message", (event) => server.send(event.data));
    server.addEventListener("close", () => server.close());
    return new Response(null, { status: 101, webSocket: client });
  },
};
```

## What to do

Before it: `if (request.headers.get("Upgrade") !== "websocket") return new Response("expected a WebSocket", {
status: 426 })`. Without it a browser that opens the address gets error 1101, as the response throws.

## Not reported

A Durable Object behind a Worker that checks the header: any module of the Worker may do it, and of other
Workers of the project that are bound to it. A pair that is made only when a response that was fetched has a
`webSocket`.

## Errors

```text title="workerd"
TypeError: Worker tried to return a WebSocket in a response to a request which did not contain the header
  "Upgrade: websocket".
```

## Fix safety

Unsafe: requests that came through before, and failed later, are answered with status 426.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, js, new, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHECK = pattern(rb"\b(?:upgrade|sec-websocket-[a-z]+|426|upgradeWebSocket)\b", re.IGNORECASE)
"""What a check has in it: the header's name, the status, or Hono's helper."""


@rule(new("WebSocketPair"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_global(match.callee, "WebSocketPair"):
        return  # not the runtime's
    if match.enclosing_function is None or not module.is_run:
        return  # who sends requests here is not known
    if _follows_a_socket(module, match.node):
        return
    if module.memoized("may be checked for upgrade", lambda: _may_be_checked(module)):
        return
    yield Finding(
        "a `WebSocketPair` is made for requests that may not ask for one: check the `Upgrade` header, and "
        "answer 426 without it",
        match.at(match.node),
        fix=_guard(match),
    )


def _may_be_checked(module: Module) -> bool:
    """Whether some module of the Workers looks at the header, or may do so unseen. The module itself comes
    first: where it does, an edit of another changes nothing."""
    if _checks(module, (module.path,)):
        return True
    project = module.project
    if not all(js.all_code_is_known(project, worker) for worker in module.workers):
        return True
    callers = [
        bound.worker
        for worker in module.workers
        for bound in js.bound_by_others(project, worker.names, worker)
    ]
    if not all(worker.app is not None or js.all_code_is_known(project, worker) for worker in callers):
        return True
    workers = (*module.workers, *callers)
    return _checks(module, {path: None for worker in workers for path in worker.modules})


def _checks(module: Module, paths: Iterable[str]) -> bool:
    """Whether one of some modules looks at the header."""
    found = js.leaves_matching(module.project, paths, _CHECK, at_hand=module)
    return any(_is_check(other, leaf) for other, leaf in found)


def _is_check(module: Module, leaf: Node) -> bool:
    """Whether a place in code is the number 426, Hono's helper, or a string that is a header's name."""
    word = module.text(leaf).lower()
    match leaf.type:
        case "number":
            return word == "426"
        case "identifier" | "property_identifier" | "type_identifier":
            return word == "upgradewebsocket"
        case "string_fragment":
            parent = module.parent(leaf)
            is_whole = parent is not None and parent.named_child_count == 1
            return is_whole and word != "426" and _CHECK.fullmatch(word.encode()) is not None
    return False


def _follows_a_socket(module: Module, node: Node) -> bool:
    """Whether a place is only reached when some response has a socket: so one was asked for."""
    return any(map(module.reads_web_socket, module.conditions_around(node)))


def _guard(match: Match) -> Fix | None:
    """A test before the statement that makes the pair, where the request is at hand."""
    module, handler, function = match.module, match.handler, match.enclosing_function
    if handler is None or function is None or handler.name != "fetch" or handler.function.id != function.id:
        return None
    parameters = module.parameters(function)
    request = parameters[0].name if parameters else None
    statement = next(
        (
            above
            for above in module.ancestors(match.node)
            if (parent := module.parent(above)) is not None and parent.type == "statement_block"
        ),
        None,
    )
    if request is None or statement is None:
        return None
    if module.scope.lookup(request, statement) is not module.scope.declared_in(function).get(request):
        return None
    indent, unit = module.indent_of(statement), module.indent_unit
    guard = (
        f'if ({request}.headers.get("Upgrade")?.toLowerCase() !== "websocket") {{\n'
        f'{indent}{unit}return new Response("expected a WebSocket", {{ status: 426 }});\n'
        f"{indent}}}\n{indent}"
    )
    edit = module.insert(statement.start_byte, guard)
    return Fix("Answer 426 to requests that ask for no WebSocket", (edit,), Safety.UNSAFE)
