"""Hand React Router a `RouterContextProvider`, not an object, where its middleware is on.

Version 8, and version 7 with `future.v8_middleware`, refuse every other context ("Invalid `context` value
provided to `handleRequest`"): each request is answered with status 500.

## Incorrect

```json title="package.json"
{
  "dependencies": { "react-router": "^8.5.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^8.5.0" }
}
```

```ts title="react-router.config.ts"
export default { ssr: true };
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { reactRouter } from "@react-router/dev/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "ssr" } }), reactRouter()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "workers/app.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="workers/app.ts"
import { createRequestHandler } from "react-router";

const handle = createRequestHandler(() => import("virtual:react-router/server-build"));

export default {
  async fetch(request, env, ctx): Promise<Response> {
    return handle(request, { cloudflare: { env, ctx } });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```json title="package.json"
{
  "dependencies": { "react-router": "^8.5.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^8.5.0" }
}
```

```ts title="react-router.config.ts"
export default { ssr: true };
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { reactRouter } from "@react-router/dev/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "ssr" } }), reactRouter()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "workers/app.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="workers/app.ts"
import { createRequestHandler, createContext, RouterContextProvider } from "react-router";

export const platform = createContext<{ env: Env; ctx: ExecutionContext }>();
const handle = createRequestHandler(() => import("virtual:react-router/server-build"));

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const context = new RouterContextProvider();
    context.set(platform, { env, ctx });
    return handle(request, context);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Hand on a provider: `const context = new RouterContextProvider(); context.set(cloudflare, { env, ctx });`,
with `export const cloudflare = createContext<{ env: Env; ctx: ExecutionContext }>()` in a module of its own,
both from `react-router`. Loaders and actions then read `context.get(cloudflare)` for `context.cloudflare`.

## Not reported

No second argument; a context that is no object literal where it is handed over, or a constant that is set to
one; version 7 without `future.v8_middleware: true`, or a version that is not known.

## Errors

```text title="React Router"
Invalid `context` value provided to `handleRequest`…
```

## Fix safety

There is no fix: each loader and action that reads the context changes as well.

Source: the code of the package (7.18.6 and 8.5.1, `createRequestHandler`), and
https://reactrouter.com/how-to/middleware
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Documents, Finding, Match, Module, Severity, call, config, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PACKAGE = "react-router"
_MAKER = "createRequestHandler"


@rule(call(_MAKER), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "react-router" or not module.is_from(match.callee, _PACKAGE, _MAKER):
        return
    if not _wants_provider(module):
        return
    for handled in _calls(module, match.node):
        given = handled.argument(1)
        if given is not None and _is_object(module, given):
            message = "React Router refuses an object as context and answers 500: it wants a provider"
            yield Finding(message, module.at(given))


def _wants_provider(module: Module) -> bool:
    app = module.app
    assert app is not None
    found = config.installed_version(module.project.workspace, app.folder, _PACKAGE)
    if found is None or found.lowest[0] < 7:
        return False
    if found.lowest[0] >= 8:
        return True
    options = config.app_options(module.project, app, "react-router.config")
    return options is not None and options.value("future", "v8_middleware") is True


def _calls(module: Module, made: Node) -> Iterator[js.Call]:
    """The calls of the function that `createRequestHandler()` gives."""
    direct = module.call_of(module.with_wrappers(made))
    if direct is not None:
        yield direct
        return
    name = module.given_name(made)
    declared = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declared is None or not declared.constant:
        return
    for reference in module.scope.references(declared):
        found = module.call_of(reference)
        if found is not None:
            yield found


def _is_object(module: Module, given: Node) -> bool:
    node = js.unwrap(given)
    if node.type == "identifier":
        declared = module.scope.resolve(node)
        if declared is None or not declared.constant or declared.path or declared.value is None:
            return False
        node = js.unwrap(declared.value)
    return node.type == "object"
