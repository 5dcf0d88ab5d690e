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

## Not reported

A Durable Object behind a Worker that checks the header: any module of the Worker may do it. A pair that is
made only when a response that was fetched has a `webSocket`.

## Fix safety

Unsafe: requests that came through before, and failed later, are answered with status 426.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, new, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SOCKET = pattern(r"\.webSocket\b")
_CHECK = pattern(rb"""["'`](?:upgrade|sec-websocket-[a-z]+)["'`]|\b426\b|upgradeWebSocket""", re.IGNORECASE)


@rule(new("WebSocketPair"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    callee, module = match.callee, match.module
    if callee is None or module.scope.resolve(callee) is not None:
        return  # not the runtime's
    if match.enclosing_function is None or not module.workers:
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
    """Whether some module of the Workers looks at the header, or may do so unseen."""
    for worker in module.workers:
        if worker.unresolved or not worker.entries:
            return True
    paths = {module.path: None} | {path: None for worker in module.workers for path in worker.modules}
    documents = (module.project.document(path) for path in paths)
    return any(document is None or _CHECK.search(document.data) is not None for document in documents)


def _follows_a_socket(module: Module, node: "Node") -> bool:
    """Whether a place is only reached when some response has a socket: so one was asked for."""
    for above in module.ancestors(node):
        condition = above.child_by_field_name("condition") if above.type == "if_statement" else None
        if condition is not None and _SOCKET.search(module.text(condition)) is not None:
            return True
    return False


def _guard(match: Match) -> Fix | None:
    """A test before the statement that makes the pair, where the request is at hand."""
    module = match.module
    handler = match.handler
    function = match.enclosing_function
    if handler is None or function is None or handler.name != "fetch" or handler.function.id != function.id:
        return None
    parameters = handler.parameters
    pattern = (parameters[0].child_by_field_name("pattern") or parameters[0]) if parameters else None
    if pattern is None or pattern.type != "identifier":
        return None
    body = handler.body
    statement = next(
        (
            above
            for above in module.ancestors(match.node)
            if (parent := module.parent(above)) is not None and parent.type == "statement_block"
        ),
        None,
    )
    if body is None or statement is None:
        return None
    indent, unit = module.indent_of(statement), module.indent_unit
    request = module.text(pattern)
    if module.scope.lookup(request, statement) is not module.scope.declared_in(function).get(request):
        return None
    guard = (
        f'if ({request}.headers.get("Upgrade")?.toLowerCase() !== "websocket") {{\n'
        f'{indent}{unit}return new Response("expected a WebSocket", {{ status: 426 }});\n'
        f"{indent}}}\n{indent}"
    )
    edit = module.insert(statement.start_byte, guard)
    return Fix("Answer 426 to requests that ask for no WebSocket", (edit,), Safety.UNSAFE)
