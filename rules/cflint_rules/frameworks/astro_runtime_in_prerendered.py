"""Ask for `isPrerendered` before middleware uses a binding of Astro's.

Middleware runs for prerendered pages, too: when the site is built. Version 12 of `@astrojs/cloudflare` gives
`locals.runtime` the environment variables of the build as `env` there, and nothing else. A binding is
undefined, the call of a method of it throws a TypeError, and the build stops.

## Incorrect

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^12.6.0", "astro": "^5.16.0" } }
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "dist/_worker.js/index.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": "dist", "binding": "ASSETS" },
  "d1_databases": [{ "binding": "DB" }],
  "kv_namespaces": [{ "binding": "SESSION" }],
}
```

```text title="public/.assetsignore"
_worker.js
_routes.json
```

```astro title="src/pages/about.astro"
---
export const prerender = true;
---
<p>about</p>
```

```ts title="src/middleware.ts"
export async function onRequest(context, next) {
  context.locals.user = await context.locals.runtime.env.DB.prepare("SELECT 1").first();
  return next();
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^12.6.0", "astro": "^5.16.0" } }
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "dist/_worker.js/index.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": "dist", "binding": "ASSETS" },
  "d1_databases": [{ "binding": "DB" }],
  "kv_namespaces": [{ "binding": "SESSION" }],
}
```

```text title="public/.assetsignore"
_worker.js
_routes.json
```

```astro title="src/pages/about.astro"
---
export const prerender = true;
---
<p>about</p>
```

```ts title="src/middleware.ts"
export async function onRequest(context, next) {
  if (context.isPrerendered) return next();
  context.locals.user = await context.locals.runtime.env.DB.prepare("SELECT 1").first();
  return next();
}
```

## What to do

Put it under `if (!context.isPrerendered) { … }`, with what needs its result: the build then leaves it out.

## Not reported

Version 13 and later, and one that the package.json leaves open; a site without a prerendered page; a module
that asks for `isPrerendered`; a binding that is handed on and not called; code under a condition, behind
`?.` or in `try`.

## Fix safety

Unsafe: for prerendered pages the statement is left out, and what it sets is not there. There is no fix for a
declaration, whose name the rest needs.

Source: the code of the package (12.6.13, `dist/entrypoints/middleware.js`), and
https://docs.astro.build/en/guides/integrations-guide/cloudflare/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    js,
    module,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_VERSION = 12
_MIDDLEWARE = pattern(r"(?:.*/)?middleware(?:/index)?\.m?[jt]s")
_ASKS = pattern(rb"\bisPrerendered\b")
_PAGE = pattern(r"(?:.*/)?pages/.*\.astro")


@rule(module("runtime"), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id != "astro" or app.layout.major != _VERSION:
        return
    if _MIDDLEWARE.fullmatch(module.path) is None or _ASKS.search(module.document.data) is not None:
        return
    page = next((path for path in app.outside if _PAGE.fullmatch(path) and _is_built(app.why(path))), None)
    handlers = [handler.function for handler in module.app_handlers]
    handlers += [made.callback for made in module.calls("defineMiddleware") if made.callback is not None]
    if page is None:
        return
    for use in module.env_uses():
        function = next((it for it in handlers if js.contains(it, use.node)), None)
        if use.method is None or use.guarded or function is None or not _is_binding(module, use.name):
            continue
        if _is_optional(module, use.whole) or module.try_around(use.whole) is not None:
            continue
        if module.always_runs(use.whole, function):
            message = (
                f"`{use.name}` is undefined when the build runs this for prerendered pages: the call throws"
            )
            yield Finding(message, module.at(use.node), fix=_fix(module, function, use.whole))


def _fix(module: Module, function: Node, use: Node) -> Fix | None:
    """The statement, left out for prerendered pages."""
    statement = next((it for it in module.ancestors(use) if it.type == "expression_statement"), None)
    given = next(iter(module.parameters(function)), None)
    body = function.child_by_field_name("body")
    parent = module.parent(statement) if statement is not None else None
    if statement is None or given is None or body is None or parent is None or parent.id != body.id:
        return None
    edits: list[Edit] = []
    asked = f"{given.name}.isPrerendered"
    if given.name is None:
        last = given.pattern.named_children[-1:]
        if given.pattern.type != "object_pattern" or not last or last[0].type == "rest_pattern":
            return None
        asked = "isPrerendered"
        edits.append(module.insert(last[0].end_byte, f", {asked}"))
    edits.append(module.insert(statement.start_byte, f"if (!{asked}) "))
    return Fix("Leave it out for prerendered pages", tuple(edits), Safety.UNSAFE)


def _is_built(why: tuple[str, ...]) -> bool:
    return bool(why) and why[0].startswith("a page")


def _is_binding(module: Module, name: str) -> bool:
    found = [binding for environment in module.environments for binding in environment.bindings_named(name)]
    return bool(found) and not any(binding.kind.is_value for binding in found)


def _is_optional(module: Module, node: Node) -> bool:
    """Whether `?.` stands in what is read, or in the call of it."""
    statement = module.statement_of(node) or node
    return next(module.descendants(statement, "optional_chain"), None) is not None
