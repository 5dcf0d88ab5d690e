"""Ask who sends a request on every route that costs money or changes data, not only on some.

Where a few routes of a Worker look at a session or a key and one does not, the one was forgotten more often
than it was meant for all: anyone who finds its address deletes what others have stored, or runs a model at
the owner's cost. A check in front of all routes, with a list of those that are open, cannot be forgotten.

## Incorrect

```ts
// src/index.ts
import { Hono } from "hono";
import { requireUser } from "./users";

interface Env {
  DB: D1Database;
}

const app = new Hono<{ Bindings: Env }>();

app.post("/notes", requireUser, (c) => c.text("added", 201));

app.delete("/notes/:id", async (c) => {
  await c.env.DB.prepare("DELETE FROM notes WHERE id = ?").bind(c.req.param("id")).run();
  return c.text("gone");
});

export default app;
```

```ts
// src/users.ts
import { createMiddleware } from "hono/factory";

export const requireUser = createMiddleware(async (c, next) => {
  if (c.req.header("Authorization") === undefined) return c.text("who are you?", 401);
  await next();
});
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }]
}
```

## Correct

```ts
// src/index.ts
import { Hono } from "hono";
import { requireUser } from "./users";

interface Env {
  DB: D1Database;
}

const app = new Hono<{ Bindings: Env }>();

app.use("/notes/*", requireUser);
app.post("/notes", (c) => c.text("added", 201));

app.delete("/notes/:id", async (c) => {
  await c.env.DB.prepare("DELETE FROM notes WHERE id = ?").bind(c.req.param("id")).run();
  return c.text("gone");
});

export default app;
```

```ts
// src/users.ts
import { createMiddleware } from "hono/factory";

export const requireUser = createMiddleware(async (c, next) => {
  if (c.req.header("Authorization") === undefined) return c.text("who are you?", 401);
  await next();
});
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }]
}
```

## Not reported

Routes behind a middleware that speaks of users, credentials or limits, in any module of the Worker, and those
that call a function which does; routes that only add something, and those whose path says that they are open
(`/login`, `/webhook`, `/contact`, …); Workers in which no route asks (`api-without-auth`).

## Fix safety

No fix: who may call is up to you.

Source: https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Location, Module, Severity, js, module, pattern, rule
from cflint.record import record
from cflint_rules.security._effects import CALLS, costs, erases
from cflint_rules.security._signs import asks

if TYPE_CHECKING:
    from tree_sitter import Node

_VERBS = ("get", "post", "put", "patch", "delete", "all")
_OPEN = pattern(
    r"contact|subscri|newsletter|wait_?list|feedback|track|view|click|hit|beacon|pixel|event|metric|health|sign|log_?in"
    r"|log_?out|auth|callback|register|verif|reset|forgot|hook|public|share|demo|cron|internal|seed|setup|init|test"
    r"|captcha|token|session|invite|rsvp|vote|like|report",
    re.IGNORECASE,
)
_EVERYTHING = frozenset({"*", "/*", "/"})
_PATH = pattern(rb"pathname|\bpath\b|\burl\b|\broute\b")
_HOPS = 2
_MOST_CALLS = 40
_MOST = 6
"""How many other routes a finding shows."""
_SHORT = 400
"""Bytes of a statement that does nothing but to turn somebody away."""
_FEWEST = 3
"""How many branches on a path make a router of a function."""


@record(frozen=True, eq=False)
class _Route:
    """A route: where it is named, its path, and the code that runs for it."""

    at: Node
    path: str
    code: tuple[Node, ...]


@rule(module(*_VERBS, "pathname"), severity=Severity.NOTE, documents=Documents.NOTHING, presets=(PREVIEW,))
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run or module.realm.name == "BROWSER":
        return
    for routes in (_registered(module), *_branches(module)):
        guarded = [route for route in routes if _asks(module, route)]
        if not guarded or len(guarded) == len(routes):
            continue
        found: dict[str, list[tuple[_Route, Location]]] = {}
        for route in routes:
            if route in guarded or _OPEN.search(route.path) is not None:
                continue
            done = _done(module, route)
            if done is not None:
                home, place, what = done
                found.setdefault(what, []).append((route, home.at(place, "it is done here")))
        if not found or _is_behind_middleware(module):
            continue
        for what, places in found.items():
            (first, done_at), *others = places
            yield Finding(
                f"nothing here asks who sends the request, as other routes do: anyone can {what}",
                module.at(first.at),
                (
                    done_at,
                    *(module.at(other.at, "and here") for other, _ in others[:_MOST]),
                    module.at(guarded[0].at, "this route asks"),
                ),
            )


def _asks(module: Module, route: _Route) -> bool:
    return any(asks(module, part) for part in route.code)


def _registered(module: Module) -> list[_Route]:
    """The routes that a module adds to routers: `app.post("/notes", …, handler)`. None where a middleware of
    the module asks."""
    found = []
    for verb in _VERBS:
        for made in module.calls(verb):
            path = module.string_of(made.arguments[0]) if len(made.arguments) > 1 else None
            if path is None or path[:1] not in ("/", "*") or made.receiver is None:
                continue
            handler = js.function_given(module, made.arguments[-1])
            if handler is None or handler[0].path != module.path:
                continue
            found.append(_Route(made.arguments[0], f"{verb} {path}", (*made.arguments[1:-1], handler[1])))
    return sorted(found, key=lambda route: route.at.start_byte)


def _branches(module: Module) -> Iterator[list[_Route]]:
    """The routes of functions that tell them apart by `if (url.pathname === …)`; none behind a statement that
    asks already."""
    for handler in module.handlers:
        body = js.body_of(handler.function)
        if handler.name != "fetch" or body is None:
            continue
        for block in (body, *(part for part in module.descendants(body, "statement_block"))):
            routes = list(_of_block(module, block))
            if len(routes) >= _FEWEST:
                yield routes


def _of_block(module: Module, block: Node) -> Iterator[_Route]:
    for statement in block.named_children:
        condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
        branch = statement.child_by_field_name("consequence") if condition is not None else None
        is_route = condition is not None and _is_on_path(module, condition)
        if condition is not None and branch is not None and is_route:
            yield _Route(condition, module.text(condition), (condition, branch))
        elif _turns_away(module, statement, condition):
            return


def _turns_away(module: Module, statement: Node, condition: Node | None) -> bool:
    """Whether a statement before routes asks who sends the request: all that follow are behind it."""
    if condition is None:
        return statement.type == "expression_statement" and asks(module, statement)
    is_short = statement.end_byte - statement.start_byte < _SHORT
    return asks(module, condition) or (is_short and asks(module, statement))


def _is_on_path(module: Module, condition: Node) -> bool:
    """Whether a condition asks for the address: by its words, or by what a pattern found in it."""
    if next(module.mentions(_PATH, condition), None) is not None:
        return True
    for name in (condition, *module.descendants(condition, "identifier")):
        made = module.initializer(name) if name.type == "identifier" else name
        if made.id != name.id and next(module.mentions(_PATH, made), None) is not None:
            return True
    return False


def _done(module: Module, route: _Route) -> tuple[Module, Node, str] | None:
    """What a route does that not everybody should, and where: itself, or in a function that it calls."""
    for part in route.code:
        found = _effect(module, part, _HOPS)
        if found is not None:
            return found
    return None


def _effect(module: Module, node: Node, hops: int) -> tuple[Module, Node, str] | None:
    calls = list(islice(module.descendants(node, "call_expression"), _MOST_CALLS))
    for found in calls:
        if js.Call(module, found).name not in CALLS:
            continue
        what = costs(module, found) or erases(module, found)
        if what is not None:
            return module, found, what
    for found in calls if hops > 0 else ():
        called = js.function_called(module, found)
        inside = _effect(called[0], called[1], hops - 1) if called is not None else None
        if inside is not None:
            return inside
    return None


def _is_behind_middleware(module: Module) -> bool:
    """Whether any module of the Workers has a middleware that asks, or a handler that does before it hands on
    to a router."""
    for path in js.paths_around(module):
        for other in js.modules_naming(module.project, (path,), "use", at_hand=module):
            if any(asks(other, part) for made in other.calls("use") for part in _given(other, made)):
                return True
    entries = {entry for worker in module.workers for entry in worker.entries} - {module.path}
    return any(
        handler.name == "fetch" and asks(home, handler.function)
        for entry in sorted(entries)
        if (home := module.other(entry)) is not None
        for handler in home.handlers
    )


def _given(module: Module, made: js.Call) -> Iterator[Node]:
    """The middleware that a call of `use()` is given, with the functions that these are."""
    for argument in made.arguments:
        yield argument
        function = js.function_given(module, argument)
        if function is not None and function[0].path == module.path:
            yield function[1]
