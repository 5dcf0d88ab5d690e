"""Do not name a source file as `main` of a SvelteKit app: the adapter deletes it.

`@sveltejs/adapter-cloudflare` writes its Worker to the file that `main` names, and removes what is there
before. A wrapper of one's own is gone after the first build.

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
  "main": "src/worker.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" },
  "kv_namespaces": [{ "binding": "NOTES" }],
}
```

```ts title="src/worker.ts"
import worker from "../.svelte-kit/cloudflare/_worker.js";

export { Room } from "./room";
export default worker;
```

```ts title="src/room.ts"
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {}
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

## Not reported

A path that git ignores or that lies in a folder of builds; a file that is not there; Pages; version 6 of the
adapter and earlier, or one that the package.json leaves open; an adapter that is told to read another
configuration, or a configuration that wrangler does not read by itself.

## Fix safety

Unsafe. The fix names `.svelte-kit/cloudflare/_worker.js`; what the file did beside that has to move to a
Worker of its own.

Source: the code of the package (7.2.9, `index.js`: `adapt`), and
https://svelte.dev/docs/kit/adapter-cloudflare
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    quoted,
    rule,
    worker,
)

_FIRST = 7
_READ = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""What wrangler, and so the adapter, looks for, the first that is there."""
_WRITTEN = ".svelte-kit/cloudflare/_worker.js"


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "sveltekit" or configuration.is_excerpt:
        return
    if (app.layout.major or 0) < _FIRST or configuration.is_pages or configuration.directory != app.folder:
        return
    present = project.workspace.entries(app.folder)
    main = configuration.top.main
    if main is None or configuration.file_name != next((name for name in _READ if name in present), None):
        return
    paths = config.ConfigPaths(project.workspace, configuration)
    path = paths.resolve(main.text or "")
    if path is None or path not in subject.entries or paths.is_ignored(main.text or ""):
        return
    edits = fixes.set_key(configuration, configuration.top.path("main"), _WRITTEN)
    yield Finding(
        f"the adapter deletes {quoted(main.text or '')} and writes its Worker there",
        configuration.location(main),
        fix=Fix.of(f"Write `{_WRITTEN}`", edits, Safety.UNSAFE),
    )
