"""Call `getCloudflareContext()` inside a function: at the top level it throws.

Next.js loads each page and route when it builds the app. No Worker runs then, and
`getCloudflareContext()` of `@opennextjs/cloudflare` throws an error, which stops the build.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
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

```ts title="app/api/cart/route.ts"
import { getCloudflareContext } from "@opennextjs/cloudflare";

const { env } = getCloudflareContext();

export async function GET() {
  return Response.json(await env.CARTS.get("all"));
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
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

```ts title="app/api/cart/route.ts"
import { getCloudflareContext } from "@opennextjs/cloudflare";

export async function GET() {
  const { env } = getCloudflareContext();
  return Response.json(await env.CARTS.get("all"));
}
```

## What to do

Move the call into the function that needs it (the route's `GET()`, an action, a component). Of a page that is
rendered while the app is built, call `await getCloudflareContext({ async: true })` there.

## Not reported

Calls with arguments (`{ async: true }`), in any function or class, in `try`, or under a condition.

## Errors

```text title="OpenNext"
ERROR: `getCloudflareContext` has been called in sync mode in either a static route or at the top level of a
  non-static one, …
```

## Fix safety

Unsafe: a constant is made anew in each function that reads it, each time that it runs. There is no fix where
code outside of functions reads it, or another module.

Source: https://opennext.js.org/cloudflare/bindings, and the code of the package (1.20.17).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Fix, Match, Safety, Severity, call, fixes, js, rule

_LATER = (*js.FUNCTIONS, *js.CLASSES, "class_body")
_PERHAPS = ("if_statement", "ternary_expression", "binary_expression", "try_statement", "switch_statement")


@rule(call("getCloudflareContext"), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if module.app is None or module.app.kind.id != "opennext" or js.arguments_of(match.node):
        return
    name = module.called_name(match.node)
    if name is None or (name.module, name.name) != ("@opennextjs/cloudflare", "getCloudflareContext"):
        return
    if any(above.type in _LATER or above.type in _PERHAPS for above in module.syntax.ancestors(match.node)):
        return
    message = "`getCloudflareContext()` throws while the app is built, when this module loads: call it later"
    edits = fixes.moved_to_uses(module, match.node)
    fix = Fix.of("Make it in the functions that read it", edits, Safety.UNSAFE)
    yield Finding(message, match.at(match.node), fix=fix)
