"""Ask who is signed in where something is done, not in the loader of a layout.

The `loader` of a root or a layout, and the `load` of a `+layout.server.ts`, send who is not signed in to the
login page. They protect no other function: an action runs before any loader, an endpoint without, and whoever
sends the form's request by hand never meets them. Loaders of one page run side by side, and a request may ask
for one of them alone.

## Incorrect

```json title="package.json"
{
  "dependencies": { "react-router": "^7.18.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^7.18.0" }
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
  "name": "notes",
  "main": "workers/app.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
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

```ts title="app/routes.ts"
import { route } from "@react-router/dev/routes";

export default [route("notes/:id/delete", "routes/notes.$id.delete.tsx")];
```

```ts title="app/sessions.server.ts"
import { redirect } from "react-router";

export async function requireUser(request: Request, env: Env): Promise<string> {
  const id = /(?:^|;\\s*)session=([^;]+)/.exec(request.headers.get("Cookie") ?? "")?.[1];
  const user = id === undefined ? null : await env.NOTES.get(`session:${id}`);
  if (user === null) throw redirect("/login");
  return user;
}
```

```tsx title="app/root.tsx"
import { Outlet, redirect } from "react-router";

export async function loader({ request }) {
  const isIn = request.headers.get("Cookie")?.includes("session=");
  if (!isIn && new URL(request.url).pathname !== "/login") throw redirect("/login");
  return {};
}

export default function App() {
  return <Outlet />;
}
```

```tsx title="app/routes/notes.$id.delete.tsx"
export async function action({ params, context }) {
  await context.cloudflare.env.NOTES.delete(params.id);
  return null;
}
```

## Correct

```json title="package.json"
{
  "dependencies": { "react-router": "^7.18.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^7.18.0" }
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
  "name": "notes",
  "main": "workers/app.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
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

```ts title="app/routes.ts"
import { route } from "@react-router/dev/routes";

export default [route("notes/:id/delete", "routes/notes.$id.delete.tsx")];
```

```ts title="app/sessions.server.ts"
import { redirect } from "react-router";

export async function requireUser(request: Request, env: Env): Promise<string> {
  const id = /(?:^|;\\s*)session=([^;]+)/.exec(request.headers.get("Cookie") ?? "")?.[1];
  const user = id === undefined ? null : await env.NOTES.get(`session:${id}`);
  if (user === null) throw redirect("/login");
  return user;
}
```

```tsx title="app/root.tsx"
import { Outlet } from "react-router";

export default function App() {
  return <Outlet />;
}
```

```tsx title="app/routes/notes.$id.delete.tsx"
import { requireUser } from "../sessions.server";

export async function action({ request, params, context }) {
  const user = await requireUser(request, context.cloudflare.env);
  await context.cloudflare.env.NOTES.delete(`${user}:${params.id}`);
  return null;
}
```

## What to do

Make the layout's check a function, `requireUser(request, env)`, which throws the redirect, and call it first
in each action, loader and endpoint that is not for everybody. In React Router with `v8_middleware` and in
SvelteKit's `hooks.server.ts` one middleware can do it for all.

## Not reported

Actions, endpoints and loaders in which anything looks as if it asked, or which use nothing of what the Worker
has; those that sign in and out; apps with a middleware or a `handle` that asks.

## Fix safety

No fix: which routes are for everybody is up to the author.

Source: https://remix.run/docs/en/main/guides/faq, https://svelte.dev/docs/kit/load#Implications-for-authentication
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Location, Module, Severity, js, module, pattern, rule
from cflint_rules.security._signs import asks

if TYPE_CHECKING:
    from tree_sitter import Node

_ROUTERS = ("react-router", "remix")
_LAYOUT = pattern(r"(?P<folder>.*/)?\+layout(?:@[^/.]*)?\.server\.[jt]s")
_ROOT = pattern(r"(?P<folder>(?:.*/)?app/)root\.[jt]sx?")
_FLAT = pattern(r"(?P<folder>(?:.*/)?app/routes/[^/]+)\.[jt]sx?")
_CHANGES = frozenset({"action", "POST", "PUT", "PATCH", "DELETE"})
_LOADS = frozenset({"loader", "load"})
_LOGIN = pattern(r"/(?:[\w-]+/)*(?:log-?in|sign-?in|auth)\b.*", re.IGNORECASE)
_OPEN = pattern(
    r"log-?_?(?:in|out)|sign-?_?(?:in|out|up)|auth|register|callback|reset|forgot|verif|webhook|contact|public|theme"
    r"|locale|lang|subscri|health",
    re.IGNORECASE,
)
_USES = pattern(rb"\benv\b|\bplatform\b|\bcontext\b|\blocals\b|\bdb\b")
_GUARDS = pattern(r"(?:^|/)(?:hooks\.server|hooks/|_?middleware)", re.IGNORECASE)
_MIDDLEWARE = ("unstable_middleware", "middleware", "handle")
_MOST = 6
_ACTION = "nothing here asks who sends the request: the loader of the layout protects pages only"
_LOADER = (
    "a request can ask for this loader alone, without that of the layout: nothing here asks who sends it"
)


@rule(
    module("action", "actions", "loader", "load", "POST", "PUT", "PATCH", "DELETE"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    both=True,
    documents=Documents.NOTHING,
)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id not in (*_ROUTERS, "sveltekit") or not module.is_run:
        return
    unasked = [function for function in _changing(module) if _is_unasked(module, function)]
    loads = [handler.function for handler in module.app_handlers if handler.name in _LOADS]
    read = [function for function in loads if _is_unasked(module, function)]
    if not unasked and not read:
        return
    for folder, guard in _guards(module):
        if not module.path.startswith(folder) or _OPEN.search(module.path[len(folder) :]) is not None:
            continue
        first, *others = [js.name_of(module, function) or function for function in unasked or read]
        yield Finding(
            _ACTION if unasked else _LOADER,
            module.at(first),
            (guard, *(module.at(other, "nor here") for other in others[:_MOST])),
            severity=None if unasked else Severity.NOTE,
        )
        return


def _changing(module: Module) -> Iterator[Node]:
    """The functions of a route that change something: actions, and endpoints of methods that do."""
    for handler in module.app_handlers:
        if handler.name in _CHANGES:
            yield handler.function
    named = module.scope.top_level.get("actions")
    given = module.properties_of(named.value) if named is not None and named.value is not None else None
    for value in (given or {}).values():
        if value.type in js.FUNCTIONS:
            yield value


def _is_unasked(module: Module, function: Node) -> bool:
    """Whether a function asks nobody, and uses what the Worker has."""
    return not asks(module, function) and next(module.mentions(_USES, function), None) is not None


def _guards(module: Module) -> tuple[tuple[str, Location], ...]:
    """The layouts of an app that send who is not signed in away: what the paths below them begin with, and
    where they do; none where a middleware asks as well."""
    paths = tuple(sorted(js.paths_around(module)))
    return module.project.memo.memoized(
        ("layouts that guard", paths), lambda: tuple(_find_guards(module, paths))
    )


def _find_guards(module: Module, paths: tuple[str, ...]) -> Iterator[tuple[str, Location]]:
    if _is_guarded_elsewhere(module):
        return
    for name in sorted(_LOADS):
        for other in js.modules_naming(module.project, paths, name, at_hand=module):
            folder = _folder_below(other)
            for handler in other.app_handlers if folder is not None else ():
                guard = _guard(other, handler.function) if handler.name in _LOADS else None
                if guard is not None and folder is not None:
                    yield folder, other.at(guard, "pages are protected here")


def _folder_below(module: Module) -> str | None:
    """What the paths of the routes below a layout begin with; None of what is no layout."""
    app = module.app
    if app is None or not module.is_run:
        return None
    if app.kind.id == "sveltekit":
        found = _LAYOUT.fullmatch(module.path)
        return (found["folder"] or "") if found is not None else None
    if app.kind.id not in _ROUTERS:
        return None
    found = _ROOT.fullmatch(module.path)
    if found is not None:
        return found["folder"] or ""
    found = _FLAT.fullmatch(module.path)
    is_layout = found is not None and next(module.mentions(_OUTLET), None) is not None
    return f"{found['folder']}." if found is not None and is_layout else None


_OUTLET = pattern(rb"\bOutlet\b")


def _guard(module: Module, function: Node) -> Node | None:
    """Where a loader sends who is not signed in to the login page."""
    for made in module.calls("redirect", function):
        targets = [module.string_of(argument) for argument in made.arguments[:2]]
        if not any(target is not None and _LOGIN.fullmatch(target) is not None for target in targets):
            continue
        if any(True for _ in module.conditions_around(made.node, function)) and asks(module, function):
            return made.node
    return None


def _is_guarded_elsewhere(module: Module) -> bool:
    """Whether a middleware, or the `handle` of SvelteKit, asks who sends requests."""
    paths = js.paths_around(module)
    for name in _MIDDLEWARE:
        for other in js.modules_naming(module.project, paths, name, at_hand=module):
            if _GUARDS.search(other.path) is not None and asks(other, other.root):
                return True
            declared = other.scope.top_level.get(name)
            if declared is not None and name != "handle" and declared.value is not None:
                return True
    return False
