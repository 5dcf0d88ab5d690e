"""Declare the binding that an override of OpenNext reads.

The overrides of `@opennextjs/cloudflare` read a binding of a fixed name. Without that of
`r2-incremental-cache`, `kv-incremental-cache` or `d1-next-tag-cache` the `deploy` and `preview` of it stop
with an error when they fill the cache. The others only log the error for each request, and nothing is cached
or revalidated.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";
import r2IncrementalCache from "@opennextjs/cloudflare/overrides/incremental-cache/r2-incremental-cache";

export default defineCloudflareConfig({ incrementalCache: r2IncrementalCache });
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

## Correct

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";
import r2IncrementalCache from "@opennextjs/cloudflare/overrides/incremental-cache/r2-incremental-cache";

export default defineCloudflareConfig({ incrementalCache: r2IncrementalCache });
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
}
```

## What to do

Declare the binding under that very name: nothing is cached or revalidated until then.

- "`do-queue`": Add `{ "name": "NEXT_CACHE_DO_QUEUE", "class_name": "DOQueueHandler" }` to
  `durable_objects.bindings`, and `{ "tag": "v1", "new_sqlite_classes": ["DOQueueHandler"] }` to `migrations`:
  pages are not revalidated until then.

## Not reported

An override of one's own; an `open-next.config` that does not hand an object to `defineCloudflareConfig()`, or
that imports two overrides for one purpose; a binding that one of the environments declares, or may.

## Fix safety

Unsafe: wrangler makes the resource when it deploys, from 4.45 on; an older one needs its id beside the
binding (`npx wrangler kv namespace create NAME`, or the like of its kind).

Source: https://opennext.js.org/cloudflare/caching, and the code of the package (1.20.17).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Fix, Safety, Severity, Worker, config, fixes, rule, worker

_KINDS = {
    "NEXT_INC_CACHE_R2_BUCKET": "r2",
    "NEXT_INC_CACHE_KV": "kv",
    "NEXT_TAG_CACHE_D1": "d1",
    "NEXT_TAG_CACHE_KV": "kv",
    "NEXT_TAG_CACHE_DO_SHARDED": "durable_object",
    "NEXT_CACHE_DO_QUEUE": "durable_object",
}
_STOPS = frozenset({"NEXT_INC_CACHE_R2_BUCKET", "NEXT_INC_CACHE_KV", "NEXT_TAG_CACHE_D1"})
"""Without these nothing is deployed."""


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Worker) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "opennext" or configuration.is_excerpt:
        return
    for name, override in app.layout.needs.items():
        kind = config.kind_by_id(_KINDS[name]) if name in _KINDS else None
        if kind is None or any(it.has_open_bindings or it.binding(name) for it in subject.environments):
            continue
        stops = name in _STOPS
        what = "the deployment stops" if stops else "the error is only logged"
        edits = fixes.declare_binding(configuration, kind, name)
        yield Finding(
            f"`{override}` reads `{name}` ({kind.label}), which is not declared: {what}",
            configuration.top.place,
            fix=Fix(f"Declare `{name}` ({kind.label})", edits, Safety.UNSAFE) if edits else None,
            severity=None if stops else Severity.NOTE,
        )
