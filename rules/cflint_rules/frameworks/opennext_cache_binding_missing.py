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

- "(KV namespace)": Run `npx wrangler kv namespace create NAME`, and write `"kv_namespaces": [{ "binding":
  "NAME", "id": "<id>" }]` with the id that it prints for `<id>`. The id is needed: `opennextjs-cloudflare
  deploy` writes to the namespace before wrangler deploys, which is when it would make one, and a wrangler
  before 4.45 refuses the configuration without it.
- "(R2 bucket)": Run `npx wrangler r2 bucket create <bucket>`, and write `"r2_buckets": [{ "binding": "NAME",
  "bucket_name": "<bucket>" }]`. The name is needed: `opennextjs-cloudflare deploy` writes to the bucket
  before wrangler deploys, which is when it would make one.
- "(D1 database)": Run `npx wrangler d1 create <database>`, and write `"d1_databases": [{ "binding": "NAME",
  "database_name": "<database>", "database_id": "<id>" }]` with the id that it prints for `<id>`. The id is
  needed: `opennextjs-cloudflare deploy` makes a table in the database before wrangler deploys, which is when
  it would make one.
- "`do-queue`": Add `{ "name": "NEXT_CACHE_DO_QUEUE", "class_name": "DOQueueHandler" }` to
  `durable_objects.bindings`, and `{ "tag": "v1", "new_sqlite_classes": ["DOQueueHandler"] }` to `migrations`:
  pages are not revalidated until then.
- "`do-sharded-tag-cache`": Add `{ "name": "NEXT_TAG_CACHE_DO_SHARDED", "class_name": "DOShardedTagCache" }`
  to `durable_objects.bindings`, and `{ "tag": "v1", "new_sqlite_classes": ["DOShardedTagCache"] }` to
  `migrations`: tags revalidate nothing until then.

## Not reported

An override of one's own; an `open-next.config` that does not hand an object to `defineCloudflareConfig()`, or
that imports two overrides for one purpose; a binding that one of the environments declares, or may.

## Fix safety

Unsafe: the next deployment makes the namespace, or the class of objects, which a later migration deletes with
what it holds. There is no fix for what OpenNext fills before wrangler deploys (the incremental caches and the
database of tags): it has to be there by then, and only the account can say its id.

- "(KV namespace)": wrangler makes the namespace when it deploys (from 4.45 on)
- "(Durable Object namespace)": the next deployment creates the class in OpenNext's Worker, for good until a
  migration deletes it

Source: https://opennext.js.org/cloudflare/caching, and the code of the package (1.20.17,
`dist/cli/commands/populate-cache.js` and `dist/cli/templates/worker.js`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    js,
    rule,
    worker,
)

_KINDS = {
    "NEXT_INC_CACHE_R2_BUCKET": "r2",
    "NEXT_INC_CACHE_KV": "kv",
    "NEXT_TAG_CACHE_D1": "d1",
    "NEXT_TAG_CACHE_KV": "kv",
    "NEXT_TAG_CACHE_DO_SHARDED": "durable_object",
    "NEXT_CACHE_DO_QUEUE": "durable_object",
}
_CLASSES = {"NEXT_TAG_CACHE_DO_SHARDED": "DOShardedTagCache", "NEXT_CACHE_DO_QUEUE": "DOQueueHandler"}
"""What OpenNext's Worker exports, since 1.0."""
_NAMED_SINCE = (1, 0, 0)
_FILLED = frozenset({"NEXT_INC_CACHE_R2_BUCKET", "NEXT_INC_CACHE_KV", "NEXT_TAG_CACHE_D1"})
"""What OpenNext's `deploy` writes to before wrangler deploys: without these nothing is deployed."""


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "opennext" or configuration.is_excerpt:
        return
    for name, override in app.layout.needs.items():
        kind = config.kind_by_id(_KINDS[name]) if name in _KINDS else None
        if kind is None or any(it.has_open_bindings or it.binding(name) for it in subject.environments):
            continue
        stops = name in _FILLED
        what = "the deployment stops" if stops else "the error is only logged"
        called = configuration.name.text if configuration.name is not None else "app"
        edits = _edits(configuration, kind, name, project)
        yield Finding(
            f"`{override}` reads `{name}` ({kind.label}), which is not declared: {what}",
            configuration.top.place,
            fix=Fix.of(f"Declare `{name}` ({kind.label})", edits, Safety.UNSAFE),
            severity=None if stops else Severity.NOTE,
            words=(
                ("NAME", name),
                ("<bucket>", f"{called}-opennext-cache"),
                ("<database>", f"{called}-opennext-tags"),
                *js.environment_words(subject.environments),
            ),
        )


def _edits(
    configuration: WranglerConfig, kind: config.BindingKind, name: str, project: Project
) -> tuple[Edit, ...] | None:
    """What declares a binding; None where what it is bound to has to exist before the deployment."""
    if name in _FILLED or (kind.id == "kv" and not config.provisions(project, configuration, kind.id)):
        return None
    owner = _CLASSES.get(name)
    if owner is None:
        return fixes.declare_binding(configuration, kind, name)
    if config.is_older(project.workspace, configuration.directory, "@opennextjs/cloudflare", _NAMED_SINCE):
        return None
    bound = fixes.declare_binding(configuration, kind, name, class_name=owner)
    created = fixes.add_durable_object_class(configuration.top, owner)
    return (*bound, *created) if bound and created is not None else None
