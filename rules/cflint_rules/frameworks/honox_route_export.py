"""Export from a HonoX route what HonoX looks for.

Of a route's module HonoX takes the default export and `GET`, `POST`, `PUT`, `DELETE`, `OPTIONS` and `PATCH`.
Each of the latter has to be a list of handlers, as `createRoute()` makes it: HonoX spreads it, and a plain
function there throws (`handlers is not iterable`) when the app is made, so that no request is answered. What
has another name (`HEAD`, `ALL`, `post`) is never called: the route answers 404.

## Incorrect

```ts title="app/routes/orders.ts"
export const POST = async (c) => {
  return c.json(await c.env.SHOP.get("orders"));
};
```

```json title="package.json"
{ "dependencies": { "hono": "^4", "honox": "^0.1" }, "devDependencies": { "vite": "^7" } }
```

```ts title="vite.config.ts"
import build from "@hono/vite-build/cloudflare-workers";
import honox from "honox/vite";

export default { plugins: [honox(), build()] };
```

```ts title="app/server.ts"
import { createApp } from "honox/server";

export default createApp();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "dist/index.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "SHOP" }],
}
```

## Correct

```ts title="app/routes/orders.ts"
import { createRoute } from "honox/factory";

export const POST = createRoute(async (c) => {
  return c.json(await c.env.SHOP.get("orders"));
});
```

```json title="package.json"
{ "dependencies": { "hono": "^4", "honox": "^0.1" }, "devDependencies": { "vite": "^7" } }
```

```ts title="vite.config.ts"
import build from "@hono/vite-build/cloudflare-workers";
import honox from "honox/vite";

export default { plugins: [honox(), build()] };
```

```ts title="app/server.ts"
import { createApp } from "honox/server";

export default createApp();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "dist/index.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "SHOP" }],
}
```

## Not reported

Files that are no routes (`_middleware.ts`, `-draft.ts`, `$island.tsx`); names that are none of a method; a
lower-case name beside a default export, which may use it; an app that is given `ROUTES` of its own; what a
name is set to by a call or from another module.

## Errors

```text title="workerd"
TypeError: handlers is not iterable
```

## Fix safety

There is no fix: which function makes the list depends on how the app types its environment.

Source: https://github.com/honojs/honox/blob/main/src/server/server.ts (`METHODS`, and `subApp.on(m, path,
...handlers)`), src/server/with-defaults.ts for the files that are routes (honox 0.1.61)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Worker,
    pattern,
    rule,
    worker,
)

_ROUTE = pattern(r"app/routes/(?:(?![-])[^/]+/)*(?![-_$])[^/]+(?<!\.test)(?<!\.spec)\.tsx?")
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_LOST = frozenset({"HEAD", "ALL", *(name.lower() for name in _METHODS if name != "DELETE")})


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app = subject.app
    if app is None or app.kind.id != "honox" or _has_routes_of_its_own(subject, project):
        return
    prefix = f"{app.folder}/" if app.folder else ""
    for path in app.placed:
        facts = project.facts.of(path) if _ROUTE.fullmatch(path, len(prefix)) else None
        document = project.sources.document(path) if facts is not None else None
        if facts is None or document is None or facts.is_commonjs:
            continue
        for name, export in facts.exports.items():
            local = export.local or ""
            if export.type_only or export.source is not None:
                continue
            at = Location(document, export.span)
            if name in _METHODS and local in facts.functions:
                message = f"HonoX spreads `{name}`: a function is no list, and the app fails at its start"
                yield Finding(f"{message}; wrap it in `createRoute()`", at)
            elif name in _LOST and (name.isupper() or "default" not in facts.exports):
                known = name.upper() if name.upper() in _METHODS else "GET"
                yield Finding(f"HonoX never calls `{name}` of a route: it looks for `{known}`", at)


def _has_routes_of_its_own(subject: Worker, project: Project) -> bool:
    """Whether the app is made with routes that are chosen in code."""
    documents = (project.sources.document(path) for path in subject.modules)
    return any(
        found is not None and b"honox/server" in found.data and b"ROUTES" in found.data for found in documents
    )
