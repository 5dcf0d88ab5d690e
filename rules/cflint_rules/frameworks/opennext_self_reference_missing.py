"""Bind the Worker to itself as `WORKER_SELF_REFERENCE` for a queue of OpenNext.

`memory-queue` and `do-queue` of `@opennextjs/cloudflare` revalidate a page by a request that the Worker sends
to itself, through a service binding of that name. Without it the page stays as old as it is; the
error is only logged.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";
import memoryQueue from "@opennextjs/cloudflare/overrides/queue/memory-queue";

export default defineCloudflareConfig({ queue: memoryQueue });
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
import memoryQueue from "@opennextjs/cloudflare/overrides/queue/memory-queue";

export default defineCloudflareConfig({ queue: memoryQueue });
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
  "services": [{ "binding": "WORKER_SELF_REFERENCE", "service": "shop" }],
}
```

## Not reported

No queue, `"direct"` or one of one's own; an `open-next.config` that does not hand an object to
`defineCloudflareConfig()`; a binding that one of the environments declares, or may.

## Fix safety

Safe. There is a fix where the configuration names the Worker and has no environments, which would need a
binding of their own.

Source: https://opennext.js.org/cloudflare/caching, and the code of the package (1.20.17).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Fix, Safety, Severity, Worker, fixes, rule, worker

_NAME = "WORKER_SELF_REFERENCE"


@rule(worker(), severity=Severity.WARNING, fix=Safety.SAFE, documents=Documents.NOTHING)
def check(subject: Worker) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "opennext" or configuration.is_excerpt:
        return
    override = app.layout.needs.get(_NAME)
    if override is None or any(it.has_open_bindings or it.binding(_NAME) for it in subject.environments):
        return
    service = subject.name
    fix = None
    if service is not None and len(configuration.environments) == 1:
        path = configuration.top.path("services")
        edits = fixes.append_item(configuration.data, path, {"binding": _NAME, "service": service})
        fix = Fix(f"Bind `{service}` to itself", edits, Safety.SAFE) if edits else None
    message = (
        f"`{override}` needs a service binding `{_NAME}` to this Worker: without it no page is revalidated"
    )
    yield Finding(message, configuration.top.place, fix=fix)
