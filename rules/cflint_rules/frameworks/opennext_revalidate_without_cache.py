"""Give OpenNext an incremental cache and a queue where a route sets `revalidate`.

Without `incrementalCache` nothing is kept: `defineCloudflareConfig()` takes a dummy, and each request
renders the route anew. With a cache and without `queue` the page is kept and never made anew: the dummy
queue throws "Dummy queue is not implemented", which is only logged.

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
}
```

```tsx title="app/page.tsx"
export const revalidate = 60;

export default function Page() {
  return null;
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
import r2IncrementalCache from "@opennextjs/cloudflare/overrides/incremental-cache/r2-incremental-cache";
import memoryQueue from "@opennextjs/cloudflare/overrides/queue/memory-queue";

export default defineCloudflareConfig({ incrementalCache: r2IncrementalCache, queue: memoryQueue });
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
  "r2_buckets": [{ "binding": "NEXT_INC_CACHE_R2_BUCKET", "bucket_name": "shop-cache" }],
  "services": [{ "binding": "WORKER_SELF_REFERENCE", "service": "shop" }],
}
```

```tsx title="app/page.tsx"
export const revalidate = 60;

export default function Page() {
  return null;
}
```

## What to do

To have pages cached: in `open-next.config.ts` `defineCloudflareConfig({ incrementalCache:
r2IncrementalCache, queue: doQueue })`, with the bindings that they use (`NEXT_INC_CACHE_R2_BUCKET`,
`NEXT_CACHE_DO_QUEUE`, `WORKER_SELF_REFERENCE`). Otherwise delete `revalidate`: nothing changes then, each
request renders anew as today.

## Not reported

`revalidate = 0` and `false`; the cache of static assets, which is never made anew; an `open-next.config`
that does not call `defineCloudflareConfig()` once, with an object or nothing.

## Errors

```text title="OpenNext"
FatalError: Dummy queue is not implemented
```

## Fix safety

There is no fix: cache and queue need bindings as well.

Source: https://opennext.js.org/cloudflare/caching, and the code of the packages (@opennextjs/cloudflare
1.20.17, `defineCloudflareConfig`; @opennextjs/aws 4.1.16, `overrides/*/dummy.js`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Module,
    Severity,
    config,
    module,
    rule,
)
from cflint_rules.frameworks._next import ROUTE

_STATIC = "static-assets-incremental-cache"


@rule(module("revalidate"), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id != "opennext" or ROUTE.fullmatch(module.path) is None:
        return
    options = config.app_options(module.project, app, "open-next.config")
    given = list(options.given_to("defineCloudflareConfig")) if options is not None else []
    if options is None or len(given) != 1 or any(name.endswith(_STATIC) for name in options.imports):
        return
    if given[0].value("incrementalCache") is None:
        what = "no `incrementalCache` is configured, so that each request renders the route anew"
    elif given[0].value("queue") is None:
        what = "no `queue` is configured, so that what the cache has is never made anew"
    else:
        return
    for statement in module.root.named_children:
        declaration = statement.child_by_field_name("declaration")
        for part in declaration.named_children if declaration is not None else ():
            name, value = part.child_by_field_name("name"), part.child_by_field_name("value")
            if name is None or value is None or module.text(name) != "revalidate":
                continue
            if statement.type == "export_statement" and (module.number(value) or 0) > 0:
                yield Finding(f"`revalidate` has no effect: {what}", module.at(name))
