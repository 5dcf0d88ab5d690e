"""Do not call `passThroughOnException()` of Astro's context: it throws.

Versions 11 and 12 of `@astrojs/cloudflare` give `locals.runtime.ctx` a `passThroughOnException()` that
throws "`passThroughOnException` is currently not available in Cloudflare Pages", on Workers as well.

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

```ts title="src/pages/visits.ts"
export async function GET({ locals }) {
  locals.runtime.ctx.passThroughOnException();
  return new Response("none yet");
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

```ts title="src/pages/visits.ts"
export async function GET({ locals }) {
  return new Response("none yet");
}
```

## Not reported

Other versions of the adapter, or one that the package.json leaves open; a call in `try`; a context that does
not come from `locals.runtime`.

## Errors

```text title="Astro"
`passThroughOnException` is currently not available in Cloudflare Pages
```

## Fix safety

Unsafe. The fix removes the call: errors are answered as before the call threw, with status 500.

Source: the code of the package (12.6.13, `dist/utils/handler.js`; 11.2.0 and 12.0.0 alike), and
https://docs.astro.build/en/guides/integrations-guide/cloudflare/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Fix, Match, Safety, Severity, call, rule

_VERSIONS = (11, 12)
_CONTEXT = (".locals.runtime.ctx", "locals.runtime.ctx", "runtime.ctx")


@rule(
    call("passThroughOnException"), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "astro" or app.layout.major not in _VERSIONS or match.receiver is None:
        return
    text = "".join(module.text(match.receiver).replace("?.", ".").split())
    if not text.endswith(_CONTEXT[0]) and text not in _CONTEXT:
        return
    if any(above.type == "try_statement" for above in module.ancestors(match.node)):
        return
    removal = module.statement_removal(match.node)
    yield Finding(
        "`passThroughOnException()` of Astro's context always throws",
        match.at(match.node),
        fix=Fix.of("Remove the call", (removal,) if removal is not None else None, Safety.UNSAFE),
    )
