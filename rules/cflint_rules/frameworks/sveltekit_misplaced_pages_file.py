"""Put `_headers` and `_redirects` beside SvelteKit's `package.json`, not below `static/`.

`@sveltejs/adapter-cloudflare` adds lines of its own to these files, which it looks for in the folder in which
the build runs. Since its version 7 the build stops with an error when one lies in the folder of assets, as
it does for a `_routes.json` there or beside the package.json: that is the option `routes` of the adapter.

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
}
```

```ts title="src/routes/+page.server.ts"
export const load = () => ({ title: "notes" });
```

```text title="static/_headers"
/*
  X-Frame-Options: DENY
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

```text title="_headers"
/*
  X-Frame-Options: DENY
```

## What to do

Move the file out of `static/`, into the folder of `package.json`, under the same name.

- "set `routes`": Delete the file, and write its lists as `adapter({ routes: { include: […], exclude: […] }
  })` in `svelte.config.js`.

## Not reported

Version 6 of the adapter and earlier, or one that the package.json leaves open; a configuration that names
another folder of assets.

## Fix safety

There is no fix: a file moves.

Source: https://svelte.dev/docs/kit/adapter-cloudflare, and the code of the package (7.2.9).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import Documents, Finding, Location, Project, Severity, Span, Worker, pattern, rule, worker

_FIRST = 7
_NAMES = ("static/_headers", "static/_redirects", "static/_routes.json", "_routes.json")
_OTHER_FOLDER = pattern(rb"\bassets\b")
_CONFIGURATIONS = (
    "svelte.config.js",
    "svelte.config.ts",
    "svelte.config.mjs",
    "vite.config.ts",
    "vite.config.js",
)


@rule(worker(), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app = subject.app
    if app is None or app.kind.id != "sveltekit" or (app.layout.major or 0) < _FIRST:
        return
    for name in _NAMES:
        path = posixpath.join(app.folder, name)
        if not project.workspace.is_file(path) or _names_a_folder(project, app.folder):
            continue
        document = project.workspace.read(path)
        if document is not None:
            instead = (
                "set `routes` of the adapter instead"
                if name.endswith(".json")
                else "it belongs beside the package.json"
            )
            yield Finding(
                f"the adapter stops the build at `{name}`: {instead}", Location(document, Span(0, 0))
            )


def _names_a_folder(project: Project, folder: str) -> bool:
    """Whether the assets may lie elsewhere."""
    paths = (posixpath.join(folder, name) for name in _CONFIGURATIONS)
    documents = (project.workspace.read(path) for path in paths if project.workspace.is_file(path))
    return any(found is None or _OTHER_FOLDER.search(found.data) is not None for found in documents)
