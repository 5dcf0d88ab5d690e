"""Reach Workers through `platform` in SvelteKit, not by an import of `cloudflare:workers`.

After bundling, `vite build` loads every server module in Node.js to look at its exports. Node.js knows no
module `cloudflare:…`, and the build stops with ERR_UNSUPPORTED_ESM_URL_SCHEME.

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
import { env } from "cloudflare:workers";

export async function load() {
  return { all: await env.NOTES.get("all") };
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

Read `event.platform.env.NAME` (in hooks, `load` of server files and endpoints), and hand it on to the
module that needs it.

## Not reported

`import type`; a dynamic `import()`; what a `main` of one's own loads; a `vite.config` or `svelte.config`
that speaks of `cloudflare:` or uses the plugin of Cloudflare, which may take care of it.

## Errors

```text title="Node.js"
Error [ERR_UNSUPPORTED_ESM_URL_SCHEME]: Only URLs with a scheme in: … are supported by the default ESM
  loader. … Received protocol 'cloudflare:'
```

## Fix safety

There is no fix: `platform` comes with the event, which has to be handed on.

Source: https://github.com/cloudflare/playwright/issues/52, and the code of the package (kit 2.70.4,
`src/core/postbuild/analyse.js`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Match, Severity, config, import_of, js, rule

_HANDLES = (b"cloudflare:", b"@cloudflare/vite-plugin")


@rule(
    import_of(*sorted(js.RUNTIME_MODULES)),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    both=True,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id != "sveltekit" or app.realm(module.path) is None:
        return
    if app.loads_with_main(module.path) or not _is_evaluated(match):
        return
    for stem in ("svelte.config", "vite.config"):
        options = config.app_options(module.project, app, stem)
        if options is not None and any(word in options.document.data for word in _HANDLES):
            return
    message = "the build loads this module in Node.js, which knows no `cloudflare:` module, and stops"
    yield Finding(message, match.at(match.node))


def _is_evaluated(match: Match) -> bool:
    """Whether the statement loads the module: it imports more than types."""
    names = match.module.imported_by(match.node)
    refs = [declared.imported for declared in names]
    return not names or any(ref is not None and not ref.type_only for ref in refs)
