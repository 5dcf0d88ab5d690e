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

Move this route, with all of its code, in front of the one that answers, which then still gets all other
paths; what its arguments use and is declared between the two goes along, and a middleware between them is
added before both.

- "a route of the same path": Delete this route, which is never asked: nothing changes. If it is the one
  that is meant, delete the other.

## Not reported

Routes whose function takes `next`, or may end without an answer, and those of which the function is not in
sight; parameters with a pattern (`/:id{[0-9]+}`); routes of different apps, and of an app that is a
parameter; routes of which the first is added only under a condition; paths of which only one ends in `/`.

## Fix safety

Unsafe: of two routes of the same path the second one goes, which nobody could ask; of others the one that no
request reaches is moved up, and answers from then on. There is no fix where a middleware, or something that
the arguments of the route use, stands between them.

Source: https://hono.dev/docs/api/routing#routing-priority, https://itty.dev/itty-router/routers/ittyrouter
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Documents, Edit, Finding, Fix, Module, Safety, Severity, Span, js, module, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS = ("get", "post", "put", "patch", "delete", "all")


@rule(module(*_METHODS), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    for found in js.shadowed_routes(subject):
        yield Finding(
            _message(subject, found.taker, found.route),
            subject.at(found.route.path),
            (subject.at(found.taker.path, "this one answers"),),
            fix=_fix(subject, found.taker, found.route),
        )


def _message(subject: Module, taker: js.RouteAdded, route: js.RouteAdded) -> str:
    path, other = quoted(subject.text(route.path)), quoted(subject.text(taker.path))
    if taker.parts != route.parts:
        return f"{path} is never asked: {other} was added before, and takes this path, too"
    methods = "all methods" if taker.method == "all" else f"`{taker.method.upper()}`"
    return f"{path} is never asked: a route of the same path was added before for {methods}"


def _fix(subject: Module, taker: js.RouteAdded, route: js.RouteAdded) -> Fix | None:
    """A fix that moves a route in front of the one that answers, or deletes it where both are the same; None
    where what stands between them may be needed before it."""
    if _builds_on_what_is_between(subject, taker, route):
        return None
    cut = _place_of(subject, route)
    place = _place_of(subject, taker)
    if cut is None or place is None or place.end > cut.start:
        return None
    gone = Edit(subject.document, cut, "")
    if taker.parts == route.parts:
        return Fix("Delete the route that is never asked", (gone,), Safety.UNSAFE)
    data = subject.document.data
    text = data[cut.start : cut.end].decode("utf-8", "replace")
    if route.call.statement is not None and not _is_chained(subject, route):
        text = text.strip("\r\n") + "\n" + ("\n" if data[place.end : place.end + 1] in (b"\n", b"\r") else "")
    title = f"Move the route in front of {quoted(subject.text(taker.path))}"
    return Fix(title, (subject.insert(place.start, text), gone), Safety.UNSAFE)


def _is_chained(subject: Module, route: js.RouteAdded) -> bool:
    return subject.own_statement(route.call.node) is None or subject.call(route.call.receiver) is not None


def _place_of(subject: Module, route: js.RouteAdded) -> Span | None:
    """The lines of the statement that adds a route, with its comments, or its link of a chain."""
    receiver = route.call.receiver
    if receiver is None:
        return None
    if _is_chained(subject, route):
        return Span(receiver.end_byte, route.call.node.end_byte)
    statement = subject.own_statement(route.call.node)
    if statement is None:
        return None
    span = subject.lines_with_comments(statement)
    return span if subject.document.data[span.end - 1 : span.end] == b"\n" else None


def _builds_on_what_is_between(subject: Module, taker: js.RouteAdded, route: js.RouteAdded) -> bool:
    """Whether something between two routes may have to come before the second one: a middleware, or what its
    arguments use; and whether they stand in different blocks, or one in a chain of the other's."""
    first, second = taker.call.statement, route.call.statement
    if first is None or second is None or _is_chained(subject, taker) is not _is_chained(subject, route):
        return True
    if _is_chained(subject, route):
        if first.id != second.id:
            return True
    elif _holder(subject, first) != _holder(subject, second):
        return True
    start, end = taker.call.node.end_byte, route.call.node.start_byte
    if any(start <= node.end_byte <= route.path.start_byte for node in subject.calls_of("use", subject.root)):
        return True
    return any(
        start <= declaration.node.start_byte < end
        for given in route.call.arguments[1:]
        if given.type not in js.FUNCTIONS
        for name in (given, *subject.descendants(given, "identifier", "shorthand_property_identifier"))
        if name.type in ("identifier", "shorthand_property_identifier")
        and (declaration := subject.scope.resolve(name)) is not None
    )


def _holder(subject: Module, statement: Node) -> int | None:
    above = subject.parent(statement)
    return above.id if above is not None else None
