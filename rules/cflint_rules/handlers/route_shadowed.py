"""Register a route with a fixed path before the one whose parameter takes it, too.

Hono and itty-router ask their routes in the order in which they were added. `/:slug` matches `/stats` as
well: where it was added first, and answers, the route of `/stats` behind it is never asked, and its path is
looked up as a slug. The same holds for a method and path that are added a second time: the first route
answers.

## Incorrect

```ts
// src/index.ts
import { Hono } from "hono";

interface Env {
  LINKS: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get("/:slug", async (c) => {
  const target = await c.env.LINKS.get(c.req.param("slug"));
  return target === null ? c.notFound() : c.redirect(target);
});
app.get("/about", (c) => c.text("short links"));

export default app;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "LINKS" }]
}
```

## Correct

```ts
// src/index.ts
import { Hono } from "hono";

interface Env {
  LINKS: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get("/about", (c) => c.text("short links"));
app.get("/:slug", async (c) => {
  const target = await c.env.LINKS.get(c.req.param("slug"));
  return target === null ? c.notFound() : c.redirect(target);
});

export default app;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "LINKS" }]
}
```

## What to do

Move this route in front of the one that answers, which then still gets all other paths.

- "a route of the same path": Delete this route, which is never asked: nothing changes. If it is the one
  that is meant, delete the other.

## Not reported

Routes whose function takes `next`, or may end without an answer, and those of which the function is not in
sight; parameters with a pattern (`/:id{[0-9]+}`); routes of different apps, and of an app that is a
parameter; routes of which the first is added only under a condition; paths of which only one ends in `/`.

## Fix safety

No fix: the routes may build on what stands between them.

Source: https://hono.dev/docs/api/routing#routing-priority, https://itty.dev/itty-router/routers/ittyrouter
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Documents, Finding, Module, Severity, js, module, quoted, record, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS = ("get", "post", "put", "patch", "delete", "all")
_PACKAGES = frozenset({"hono", "hono/quick", "hono/tiny", "@hono/zod-openapi", "itty-router"})
_MAKES_APP = frozenset({"Hono", "OpenAPIHono", "Router", "IttyRouter", "AutoRouter"})
_MOST_LINKS = 80
_MOST_ROUTES = 400


@record(frozen=True)
class _Route:
    """A route: the call that adds it, the app, the method, the path's segments, the place of the path."""

    call: js.Call
    app: int
    method: str
    parts: tuple[str, ...]
    path: Node


@rule(module(*_METHODS), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    routes = [route for name in _METHODS for route in _routes(subject, name)]
    if not 1 < len(routes) <= _MOST_ROUTES:
        return
    routes.sort(key=lambda route: route.path.start_byte)
    same: dict[tuple[str, ...], list[_Route]] = {}
    for route in routes:
        same.setdefault(route.parts, []).append(route)
    takers = [
        route for route in routes if len(same[route.parts]) > 1 or any(_is_open(part) for part in route.parts)
    ]
    answers: dict[int, bool] = {}
    for route in routes:
        # the first one in the order of the source is asked first, and so is the one that answers
        taker = next((it for it in takers if _takes(subject, it, route, answers)), None)
        if taker is not None:
            yield Finding(
                _message(subject, taker, route),
                subject.at(route.path),
                (subject.at(taker.path, "this one answers"),),
            )


def _message(subject: Module, taker: _Route, route: _Route) -> str:
    path, other = quoted(subject.text(route.path)), quoted(subject.text(taker.path))
    if taker.parts != route.parts:
        return f"{path} is never asked: {other} was added before, and takes this path, too"
    methods = "all methods" if taker.method == "all" else f"`{taker.method.upper()}`"
    return f"{path} is never asked: a route of the same path was added before for {methods}"


def _routes(subject: Module, name: str) -> Iterator[_Route]:
    for node in subject.calls_of(name, subject.root):
        call = js.Call(subject, node)
        if call.receiver is None or len(call.arguments) < 2:
            continue
        text = subject.string(call.arguments[0])
        if text is None or not text.startswith("/") or not _is_plain(text):
            continue
        app = _app(subject, call.receiver)
        if app is not None:
            parts = tuple(text[1:].split("/"))  # to Hono `/a/` is another path than `/a`
            yield _Route(call, app, name, parts, call.arguments[0])


def _is_plain(path: str) -> bool:
    """Whether a path has no patterns and nothing that may be left out."""
    return not any(sign in path for sign in "{}?()+|") and "*" not in path[:-1]


def _is_open(part: str) -> bool:
    return part.startswith(":") or part == "*"


def _app(subject: Module, node: Node) -> int | None:
    """The app that a route is added to, by the place where it is made: routes added to it before included."""
    for _ in range(_MOST_LINKS):
        node = js.unwrap(node)
        if node.type == "identifier":
            declaration = subject.scope.resolve(node)
            if (
                declaration is None
                or not declaration.constant
                or declaration.path
                or declaration.value is None
            ):
                return None
            node = declaration.value
            continue
        made = subject.call(node)
        if made is None:
            return None
        called = subject.called_name(made.node)
        if called is not None and called.module in _PACKAGES and called.name in _MAKES_APP:
            return made.node.id
        if made.is_new or made.receiver is None or made.name not in (*_METHODS, "use", "options"):
            return None
        node = made.receiver
    return None


def _takes(subject: Module, taker: _Route, route: _Route, answers: dict[int, bool]) -> bool:
    """Whether a route answers all that another one, added behind it, is there for; `answers` has what is
    known of takers."""
    if taker.path.start_byte >= route.path.start_byte or taker.app != route.app:
        return False
    if taker.method not in (route.method, "all"):
        return False
    if taker.parts != route.parts and (
        any(_is_open(part) for part in route.parts) or not _covers(taker.parts, route.parts)
    ):
        return False
    around = subject.enclosing_function(taker.call.node)
    if around != subject.enclosing_function(route.call.node) or _may_be_absent(subject, taker, route):
        return False
    if taker.call.node.id not in answers:
        answers[taker.call.node.id] = _answers(subject, taker.call)
    return answers[taker.call.node.id]


def _may_be_absent(subject: Module, taker: _Route, route: _Route) -> bool:
    """Whether a branch decides that a route is added, in which the one behind it does not stand."""
    node, end = taker.call.node, route.path.end_byte
    common = next((above for above in subject.ancestors(node) if above.end_byte >= end), None)
    return common is None or subject.is_conditional(node, common)


def _covers(taker: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if taker[-1] == "*":
        taker, parts = taker[:-1], parts[: len(taker) - 1]
    if len(taker) != len(parts):
        return False
    return all(
        one == other or (one.startswith(":") and other != "") for one, other in zip(taker, parts, strict=True)
    )


def _answers(subject: Module, call: js.Call) -> bool:
    """Whether the function of a route is in sight, and always answers: it cannot hand the request on."""
    function = subject.function_value(call.arguments[-1])
    if function is None or _takes_next(subject, function):
        return False
    body = function.child_by_field_name("body")
    if body is None:
        return False
    return body.type != "statement_block" or not js.falls_through(subject, function)


def _takes_next(subject: Module, function: Node) -> bool:
    """Whether a function can hand a request on to the routes behind it."""
    names = (parameter.name for parameter in subject.parameters(function))
    return any(name is not None and name.lstrip("_") == "next" for name in names)
