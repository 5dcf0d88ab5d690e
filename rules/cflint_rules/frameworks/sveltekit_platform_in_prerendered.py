"""Read no binding of `platform.env` in a route that is prerendered.

`@sveltejs/adapter-cloudflare` gives a prerenderable route a `platform.env` each member of which throws
"Cannot access platform.env.NAME in a prerenderable route": in `vite dev` and in the build, which stops.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@sveltejs/adapter-cloudflare": "^7.2.0", "@sveltejs/kit": "^2.70.0" } }
```

```js title="svelte.config.js"
import adapter from "@sveltejs/adapter-cloudflare";

export default { kit: { adapter: adapter() } };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": ".svelte-kit/cloudflare/_worker.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="src/routes/+page.server.ts"
export const prerender = true;

export async function load({ platform }) {
  return { all: await platform.env.NOTES.get("all") };
}
```

## Correct

```json title="package.json"
{ "devDependencies": { "@sveltejs/adapter-cloudflare": "^7.2.0", "@sveltejs/kit": "^2.70.0" } }
```

```js title="svelte.config.js"
import adapter from "@sveltejs/adapter-cloudflare";

export default { kit: { adapter: adapter() } };
```

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "main": ".svelte-kit/cloudflare/_worker.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="src/routes/+page.server.ts"
export async function load({ platform }) {
  return { all: await platform.env.NOTES.get("all") };
}
```

## What to do

Write `export const prerender = false` in this file: the page is then rendered for each request, with what is
stored now. Only where what is known at the build is enough, keep `true`, and read it from a file instead of
`platform`.

## Not reported

`prerender = "auto"` and `false`; actions; members that the configuration does not declare, which are only
undefined; code under a condition or in `try`; a module that asks for `building` of `$app/environment`.

## Errors

```text title="SvelteKit"
Cannot access platform.env.… in a prerenderable route
```

## Fix safety

Unsafe: the page is no longer made by the build, but for each request.

Source: the code of the packages (adapter-cloudflare 7.2.9, `index.js`: `emulate`; kit 2.70.4,
`src/runtime/server/respond.js`), and https://svelte.dev/docs/kit/page-options#prerender
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Documents, Finding, Fix, Module, Safety, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ROUTE = pattern(r"(?:.*/)?\+(?:page\.server|server)\.[jt]s")
_RENDERING = ("load", "GET")
_ASKS = pattern(rb"\bbuilding\b")


@rule(module("prerender"), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id != "sveltekit" or _ROUTE.fullmatch(module.path) is None:
        return
    prerendered = _prerendered(module)
    if prerendered is None or _ASKS.search(module.document.data) is not None:
        return
    rendering = [it.function for it in module.app_handlers if it.name in _RENDERING]
    for use in module.env_uses():
        start = use.node.start_byte
        handler = next((it for it in rendering if it.start_byte <= start < it.end_byte), None)
        if use.guarded or use.written or handler is None:
            continue
        if not any(environment.binding(use.name) for environment in module.environments):
            continue  # it is undefined, and throws nothing
        if not module.always_runs(use.whole, handler) or module.try_around(use.whole):
            continue
        message = f"`platform.env.{use.name}` throws in a prerenderable route, and the build stops"
        fix = Fix("Render it for each request", (module.replace(prerendered, "false"),), Safety.UNSAFE)
        yield Finding(message, module.at(use.node), fix=fix)


def _prerendered(module: Module) -> Node | None:
    """The `true` of `export const prerender = true`."""
    for statement in module.root.named_children:
        declaration = statement.child_by_field_name("declaration")
        if statement.type != "export_statement" or declaration is None:
            continue
        for part in declaration.named_children:
            name, value = part.child_by_field_name("name"), part.child_by_field_name("value")
            if name is not None and value is not None and module.text(name) == "prerender":
                made = js.unwrap(value)
                return made if made.type == "true" else None
    return None
