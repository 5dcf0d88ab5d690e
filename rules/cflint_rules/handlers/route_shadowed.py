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

from cflint.api import Documents, Finding, Module, Severity, js, module, quoted, rule

_METHODS = ("get", "post", "put", "patch", "delete", "all")


@rule(module(*_METHODS), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    for found in js.shadowed_routes(subject):
        yield Finding(
            _message(subject, found.taker, found.route),
            subject.at(found.route.path),
            (subject.at(found.taker.path, "this one answers"),),
        )


def _message(subject: Module, taker: js.RouteAdded, route: js.RouteAdded) -> str:
    path, other = quoted(subject.text(route.path)), quoted(subject.text(taker.path))
    if taker.parts != route.parts:
        return f"{path} is never asked: {other} was added before, and takes this path, too"
    methods = "all methods" if taker.method == "all" else f"`{taker.method.upper()}`"
    return f"{path} is never asked: a route of the same path was added before for {methods}"
