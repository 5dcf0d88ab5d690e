"""Copy a response before Hono's middleware sets headers on it.

`secureHeaders()`, `timing()` and `etag()` write into `c.res.headers` after the handler. The response of a
`fetch()`, of a Durable Object or of a service cannot be changed: handed on as it is, each of these requests
ends with `TypeError: Can't modify immutable headers.` and status 500. `new Response(response.body,
response)` can be changed.

## Incorrect

```ts
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

interface Env {
  ROOM: DurableObjectNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.use(secureHeaders());
app.get("/room/:name", (c) => c.env.ROOM.getByName(c.req.param("name")).fetch(c.req.raw));

export default app;
```

## Correct

```ts
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

interface Env {
  ROOM: DurableObjectNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.use(secureHeaders());
app.get("/room/:name", async (c) => {
  const response = await c.env.ROOM.getByName(c.req.param("name")).fetch(c.req.raw);
  return new Response(response.body, response);
});

export default app;
```

## What to do

Return a copy, which can be changed: `const answer = await given;` before it, and
`return new Response(answer.body, answer)`. A WebSocket's answer (status 101) cannot be copied: add the route
of one before the middleware.

## Not reported

Apps with other middleware: what sets a header before the handler, as `cors()` does, has Hono copy the
response. Routes before the middleware, or that its path does not cover.

## Errors

```text title="workerd"
TypeError: Can't modify immutable headers.
```

## Fix safety

No fix: a WebSocket's response is best kept away from the middleware, any other copied.

Source: Hono 4.9.8 and 4.13.19 in workerd of 2026-11-17, tried; https://hono.dev/docs/helpers/websocket
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, import_of, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SETS = frozenset({"secureHeaders", "timing", "etag"})
_QUIET = _SETS | {"logger", "prettyJSON", "bearerAuth", "basicAuth", "jwt", "bodyLimit"}
"""Middleware that sets no header before the handler."""
_ROUTES = ("get", "post", "put", "patch", "delete", "all", "options")


@rule(
    import_of("hono/secure-headers", "hono/timing", "hono/etag"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    for imported in module.imported_by(match.node):
        if imported.imported is None or imported.imported.name not in _SETS:
            continue
        for reference in module.scope.references(imported):
            made = module.call_of(reference)
            around = module.call_around(made.node) if made is not None else None
            if around is not None and around[0].name == "use":
                yield from _routes(module, around[0], imported.imported.name)


def _routes(module: Module, use: js.Call, name: str) -> Iterator[Finding]:
    """The routes behind a `use()` of an app whose responses cannot be changed."""
    app = use.receiver
    if app is None or app.type != "identifier" or module.value_of(app).kind is not ValueKind.HONO_APP:
        return
    if any(not _is_quiet(module, other) for other in _on(module, "use", app)):
        return
    first = use.argument(0)
    path = module.string_of(first) if first is not None and len(use.arguments) > 1 else "*"
    if path is None:
        return
    for method in _ROUTES:
        for route in _on(module, method, app):
            if route.node.start_byte < use.node.end_byte or not _covers(path, module, route):
                continue
            given = _unchanged(module, route)
            if given is not None:
                yield Finding(
                    f"`{name}()` throws here: it sets headers, and those of this response cannot be changed",
                    module.at(given),
                    (module.at(use.node, "the middleware is used here"),),
                    words=js.word("given", module, _awaited(given)),
                )


def _awaited(given: Node) -> Node:
    """What is waited for, where an expression waits."""
    inner = js.first_named(given) if given.type == "await_expression" else None
    return inner if inner is not None else given


def _on(module: Module, method: str, app: Node) -> Iterator[js.Call]:
    """The calls of a method on the app that a name means."""
    declaration = module.scope.resolve(app)
    for call in module.calls(method):
        receiver = call.receiver
        if declaration is None or receiver is None or receiver.type != "identifier":
            continue
        if module.scope.resolve(receiver) == declaration:
            yield call


def _is_quiet(module: Module, use: js.Call) -> bool:
    """Whether all that a `use()` adds sets no header before the handler."""
    for argument in use.arguments:
        if module.string_of(argument) is not None:
            continue
        made = module.call(argument)
        if made is None or made.name not in _QUIET:
            return False
    return True


def _covers(path: str, module: Module, route: js.Call) -> bool:
    first = route.argument(0)
    own = module.string_of(first) if first is not None else None
    if path in ("*", "/*"):
        return own is not None
    return own is not None and path.endswith("/*") and own.startswith(path[:-1])


def _unchanged(module: Module, route: js.Call) -> Node | None:
    """What the handler of a route gives back, when that is a response which cannot be changed."""
    handler = route.callbacks[-1] if len(route.callbacks) == 1 and len(route.arguments) == 2 else None
    body = js.body_of(handler) if handler is not None else None
    if handler is None or body is None:
        return None
    if body.type != "statement_block":
        return body if _is_immutable(module, body) else None
    for statement in module.returns_of(handler):
        value = js.first_named(statement)
        if value is not None and _is_immutable(module, value):
            return value
    return None


def _is_immutable(module: Module, node: Node) -> bool:
    value = module.value_of(node)
    value = value.awaited if value.kind is ValueKind.PROMISE else value
    return value.kind is ValueKind.RESPONSE and value.detail in ("fetch", "cache", "redirect")
