"""Read bindings in a server function: the `loader` of a route runs in the browser, too.

TanStack Start runs `loader` and `beforeLoad` on the server for the first page, and in the browser for each
navigation after it. The browser has no `cloudflare:workers`: its bundle cannot be built with that import, or
`env` is not there. A loader calls a server function, whose handler only the Worker runs.

## Incorrect

```json title="package.json"
{
  "dependencies": { "@tanstack/react-router": "^1.169.0", "@tanstack/react-start": "^1.169.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { tanstackStart } from "@tanstack/react-start/plugin/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "ssr" } }), tanstackStart()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": "@tanstack/react-start/server-entry",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```tsx title="src/routes/notes.tsx"
import { createFileRoute } from "@tanstack/react-router";
import { env } from "cloudflare:workers";

export const Route = createFileRoute("/notes")({
  loader: async () => ({ all: await env.NOTES.get("all") }),
  component: () => null,
});
```

## Correct

```json title="package.json"
{
  "dependencies": { "@tanstack/react-router": "^1.169.0", "@tanstack/react-start": "^1.169.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { tanstackStart } from "@tanstack/react-start/plugin/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "ssr" } }), tanstackStart()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": "@tanstack/react-start/server-entry",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```tsx title="src/routes/notes.tsx"
import { createFileRoute } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { env } from "cloudflare:workers";

const all = createServerFn().handler(async () => await env.NOTES.get("all"));

export const Route = createFileRoute("/notes")({
  loader: async () => ({ all: await all() }),
  component: () => null,
});
```

## What to do

Put the read into `createServerFn().handler(async () => …)`, and call that from the loader.

## Not reported

Code inside a server function or a `server` of the route; an `env` that does not come from
`cloudflare:workers`; a route with `ssr: "data-only"` or the like runs its loader in the browser all the
same.

## Errors

```text title="Vite"
Rolldown failed to resolve import "cloudflare:workers" from "…".
Rollup failed to resolve import "cloudflare:workers" from "…".
```

Seen in https://github.com/TanStack/router/issues/7199.

## Fix safety

There is no fix: the code moves into a server function.

Source: https://tanstack.com/start/latest/docs/framework/react/guide/execution-model, and the code of the
package (@tanstack/react-start 1.169.5)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, import_of, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ROUTES = ("createFileRoute", "createRootRoute", "createRootRouteWithContext")
_BOTH = ("loader", "beforeLoad")


@rule(
    import_of("cloudflare:workers"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    both=True,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "tanstack-start":
        return
    for declared in module.imported_by(match.node):
        ref = declared.imported
        if ref is None or ref.type_only or ref.name != "env":
            continue
        for use in module.scope.references(declared):
            if module.sides.on_server(use.start_byte) or module.sides.in_browser(use.start_byte):
                continue
            key = _key_around(module, use)
            if key is not None:
                message = f"`{key}` runs in the browser as well, which has no `env`: use a server function"
                yield Finding(message, module.at(use))
                break


def _key_around(module: Module, use: Node) -> str | None:
    """The option of a route whose value a node stands in."""
    for above in module.ancestors(use):
        if above.type not in ("pair", "method_definition"):
            continue
        key = above.child_by_field_name("key" if above.type == "pair" else "name")
        name = module.property_name(key) if key is not None else None
        options = module.parent(above)
        listed = module.call_around(options) if options is not None else None
        if name in _BOTH and listed is not None and _makes_route(module, listed[0].callee):
            return name
    return None


def _makes_route(module: Module, callee: Node | None) -> bool:
    """Whether a callee is `createRootRoute`, or what `createFileRoute("/")` gives."""
    call = module.call(callee)
    while call is not None:
        callee = call.callee
        call = module.call(callee)
    return callee is not None and module.text(callee) in _ROUTES
