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

## What to do

Unless the route is for everybody (then suppress this): ask as the route does that is shown, by the same
middleware or function, as the first thing here, and at each other place that is shown. Who is not signed in
gets 401 then.

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
from cflint_rules.security._effects import CALLS, costs, erases
from cflint_rules.security._routes import (
    VERBS,
    Route,
    branches,
    is_behind_middleware,
    is_open,
    is_private,
    may_have_routes,
    registered,
    route_asks,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OPEN = pattern(
    r"contact|subscri|newsletter|wait_?list|feedback|track|view|click|hit|beacon|pixel|event|metric|health|sign|log_?in"
    r"|log_?out|auth|callback|register|verif|reset|forgot|hook|public|share|demo|cron|internal|seed|setup|init|test"
    r"|captcha|token|session|invite|rsvp|vote|like|report",
    re.IGNORECASE,
)
_READS = pattern(r"^get |[\"']GET[\"']")
_HOPS = 2
_MOST_CALLS = 40
_MOST = 6
"""How many other routes a finding shows."""


@rule(module(*VERBS, "pathname"), severity=Severity.NOTE, documents=Documents.NOTHING, presets=(PREVIEW,))
def check(module: Module) -> Iterator[Finding]:
    if not may_have_routes(module):
        return
    if not module.is_run or module.realm.name == "BROWSER" or all(map(is_private, module.workers)):
        return
    for routes in (registered(module), *branches(module)):
        guarded = [route for route in routes if route_asks(module, route)]
        if not guarded or len(guarded) == len(routes):
            continue
        sure = next((route for route in guarded if route_asks(module, route, surely=True)), None)
        if sure is None:
            continue
        found: dict[str, list[tuple[Route, Location]]] = {}
        for route in routes:
            if route in guarded or _OPEN.search(route.path) is not None:
                continue
            done = _done(module, route)
            if done is not None:
                home, place, what = done
                found.setdefault(what, []).append((route, home.at(place, "it is done here")))
        if not found or is_behind_middleware(module):
            continue
        for what, places in found.items():
            (first, done_at), *others = places
            yield Finding(
                f"nothing here asks who sends the request, as other routes do: anyone can {what}",
                module.at(first.at),
                (
                    done_at,
                    *(module.at(other.at, "and here") for other, _ in others[:_MOST]),
                    module.at(sure.at, "this route asks"),
                ),
            )


def _done(module: Module, route: Route) -> tuple[Module, Node, str] | None:
    """What a route does that not everybody should, and where: itself, or in a function that it calls. What is
    kept while something is read is no change."""
    only_costs = _READS.search(route.path) is not None
    for part in route.code:
        found = _effect(module, part, _HOPS, only_costs)
        if found is not None:
            return found
    return None


def _effect(module: Module, node: Node, hops: int, only_costs: bool) -> tuple[Module, Node, str] | None:
    calls = list(islice(module.descendants(node, "call_expression"), _MOST_CALLS))
    for found in calls:
        if js.Call(module, found).name not in CALLS:
            continue
        costing = costs(module, found)
        if costing is not None and is_open(module, found):
            continue  # `api-without-auth` says it, in whatever module it is done
        what = costing or (erases(module, found) if not only_costs else None)
        if what is not None:
            return module, found, what
    for found in calls if hops > 0 else ():
        called = js.function_called(module, found)
        inside = _effect(called[0], called[1], hops - 1, only_costs) if called is not None else None
        if inside is not None:
            return inside
    return None
