"""Give every auxiliary Worker of the Vite plugin a `main`.

Only the entry Worker of `@cloudflare/vite-plugin` may consist of assets alone. For an auxiliary Worker whose
configuration has no `main` the plugin throws, and neither `vite dev` nor `vite build` runs.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default {
  plugins: [cloudflare({ auxiliaryWorkers: [{ configPath: "./mail/wrangler.jsonc" }] })],
};
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="mail/wrangler.jsonc"
{
  "name": "mail",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## Correct

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default {
  plugins: [cloudflare({ auxiliaryWorkers: [{ configPath: "./mail/wrangler.jsonc" }] })],
};
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="mail/wrangler.jsonc"
{
  "name": "mail",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="mail/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add `main` to this configuration, with the path of the Worker's entry relative to this file (`main =
"src/index.ts"`).

## Not reported

A Worker whose `config` option in `vite.config.ts` may give `main`; a path that an expression computes; a
configuration one environment of which has `main`.

## Errors

```text title="Vite plugin"
No 'main' field provided in '…'
```

## Fix safety

Unsafe: a file by the name of an entry is taken for it, where there is just one (`src/index.ts`, `worker.js`).

Source: https://developers.cloudflare.com/workers/vite-plugin/reference/api/#auxiliaryworkers, and the code of
the plugin (1.64.0).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    configuration,
    fixes,
    rule,
)


@rule(configuration(), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_typescript or subject.top.incomplete or subject.deployment.open:
        return
    apps = (worker.app for worker in project.workers if worker.app is not None)
    if not any(subject.path in app.layout.auxiliary for app in apps):
        return
    if any(found.main is not None or found.is_open("main") for found in subject.environments):
        return
    message = "an auxiliary Worker of the Vite plugin needs `main`: without it `vite` stops with an error"
    yield Finding(message, subject.top.place, fix=_fix(subject, project))


def _fix(subject: WranglerConfig, project: Project) -> Fix | None:
    """The entry that is beside the configuration, where just one file has a name of one."""
    folder = subject.directory
    there = [it for it in _NAMES if project.workspace.is_file(posixpath.join(folder, it))]
    if len(there) != 1:
        return None
    edits = fixes.set_key(subject.data, subject.top.path("main"), there[0])
    return Fix.of(f"Add `main`: `{there[0]}`", edits, Safety.UNSAFE)


_STEMS = ("src/index", "src/main", "src/worker", "index", "worker")
_NAMES = tuple(f"{stem}.{end}" for stem in _STEMS for end in ("ts", "js", "mjs", "tsx"))
