"""Give SvelteKit's Worker `assets` with a directory and a binding.

The Worker that `@sveltejs/adapter-cloudflare` makes answers requests for files through the binding, and the
adapter writes those files to the directory. Since its version 7 the build stops with an error when `main` is
there and one of the two is missing.

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
  "assets": { "directory": ".svelte-kit/cloudflare" },
}
```

```ts title="src/routes/+page.server.ts"
export const load = () => ({ title: "notes" });
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
}
```

```ts title="src/routes/+page.server.ts"
export const load = () => ({ title: "notes" });
```

## What to do

Write `"assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" }`.

## Not reported

Pages; version 6 of the adapter and earlier, or one that the package.json leaves open; an adapter that is told
to read another configuration. Environments: the adapter reads the top level only.

## Fix safety

Safe. There is a fix where only the binding is missing.

Source: https://svelte.dev/docs/kit/adapter-cloudflare, and the code of the package (7.2.9).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Safety,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    rule,
    worker,
)

_FIRST = 7


@rule(worker(), severity=Severity.WARNING, fix=Safety.SAFE, documents=Documents.NOTHING)
def check(subject: Worker) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "sveltekit" or configuration.is_excerpt:
        return
    if (app.layout.major or 0) < _FIRST or configuration.is_pages or configuration.top.main is None:
        return
    assets = configuration.assets
    if configuration.top.is_open("assets") or (
        assets is not None and (assets.broken or assets.kind is not config.NodeKind.OBJECT)
    ):
        return
    missing = [key for key in ("directory", "binding") if assets is None or assets.get(key) is None]
    if missing:
        names = " and ".join(f"`{configuration.spelled('assets', key)}`" for key in missing)
        at = configuration.top.place if assets is None else configuration.location(assets)
        fix = _fix(configuration) if missing == ["binding"] else None
        yield Finding(f"the adapter stops the build: {names} must be set beside `main`", at, fix=fix)


def _fix(configuration: WranglerConfig) -> Fix | None:
    edits = fixes.set_key(configuration, ("assets", "binding"), "ASSETS")
    return Fix("Bind the assets as `ASSETS`", edits, Safety.SAFE) if edits else None
