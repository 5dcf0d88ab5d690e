"""Make a page dynamic that calls `getCloudflareContext()`: Next.js prerenders others without a Worker.

A page that takes nothing from the request is rendered when the app is built. No Worker runs then, and the
call throws "has been called in sync mode in either a static route or at the top level of a non-static one":
the build stops. With `{ async: true }` the page is made with wrangler's local bindings; with `export const
dynamic = "force-dynamic"`, or behind `await connection()`, it is made for each request.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.17", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "CARTS" }],
}
```

```tsx title="app/layout.tsx"
export default function Layout({ children }) {
  return (
    <html>
      <body>{children}</body>
    </html>
  );
}
```

```tsx title="app/page.tsx"
import { getCloudflareContext } from "@opennextjs/cloudflare";

export default async function Page() {
  const { env } = getCloudflareContext();
  return <p>{await env.CARTS.get("all")}</p>;
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.17", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "CARTS" }],
}
```

```tsx title="app/layout.tsx"
export default function Layout({ children }) {
  return (
    <html>
      <body>{children}</body>
    </html>
  );
}
```

```tsx title="app/page.tsx"
import { getCloudflareContext } from "@opennextjs/cloudflare";

export const dynamic = "force-dynamic";

export default async function Page() {
  const { env } = getCloudflareContext();
  return <p>{await env.CARTS.get("all")}</p>;
}
```

## Not reported

A dynamic segment; a module, or a layout around it, that speaks of `dynamic`, `revalidate`, `cookies`,
`headers`, `connection`, `draftMode`, `searchParams`, `noStore` or `no-store`, or a layout that waits for
anything; a call behind another one, which may ask for the request; `"use cache"`; route handlers and server
actions.

## Errors

```text title="OpenNext"
ERROR: `getCloudflareContext` has been called in sync mode in either a static route or at the top level of a
  non-static one, …
```

## Fix safety

There is no fix: the author knows whether the page is the same for everybody.

Source: the code of the package (1.20.17, `dist/api/cloudflare-context.js`), and
https://opennext.js.org/cloudflare/bindings
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PAGE = pattern(r"(?:.*/)?app/(?:[^@\[\]]*/)?page\.[jt]sx")
_FILE = pattern(r"(?:.*/)?app/(?:[^@\[\]]*/)?(?:sitemap|robots|manifest)\.[jt]s")
_DYNAMIC = pattern(
    rb"\b(?:dynamic|revalidate|cookies|headers|connection|draftMode|searchParams|unstable_noStore|noStore"
    rb"|no-store|use cache|use client|cacheLife|generateSitemaps)\b"
)
_WAITS = pattern(rb"\bawait\b|\basync\b|\buse\(")
_SUFFIXES = (".tsx", ".jsx", ".ts", ".js")


@rule(
    call("getCloudflareContext"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "opennext" or js.arguments_of(match.node):
        return
    is_page = _PAGE.fullmatch(module.path) is not None
    if not is_page and _FILE.fullmatch(module.path) is None:
        return
    if not module.is_from(match.callee, "@opennextjs/cloudflare", "getCloudflareContext"):
        return
    function = module.enclosing_function(match.node)
    if function is None or not _is_default(module, function) or not module.always_runs(match.node, function):
        return
    if _DYNAMIC.search(module.document.data) is not None or _calls_before(module, function, match.node):
        return
    if is_page and any(_may_be_dynamic(module, path) for path in _layouts(module, app.folder)):
        return
    message = (
        "this throws while Next.js prerenders the page, and the build stops: export `dynamic ="
        ' "force-dynamic"`, or `await connection()` first'
    )
    yield Finding(message, match.at(match.node))


def _is_default(module: Module, function: Node) -> bool:
    """Whether a function is exported by default where it is written."""
    parent = module.parent(function)
    return (
        parent is not None
        and parent.type == "export_statement"
        and any(child.type == "default" for child in parent.children)
    )


def _calls_before(module: Module, function: Node, node: Node) -> bool:
    found = module.descendants(function, "call_expression", "new_expression", "await_expression")
    return any(it.end_byte <= node.start_byte for it in found)


def _layouts(module: Module, top: str) -> Iterator[str]:
    folder = posixpath.dirname(module.path)
    while folder not in (top, "", "/"):
        for suffix in _SUFFIXES:
            for name in ("layout", "template"):
                path = posixpath.join(folder, name + suffix)
                if module.project.workspace.is_file(path):
                    yield path
        folder = posixpath.dirname(folder)


def _may_be_dynamic(module: Module, layout: str) -> bool:
    document = module.project.sources.document(layout)
    if document is None or _WAITS.search(document.data) is not None:
        return True
    return _DYNAMIC.search(document.data) is not None
