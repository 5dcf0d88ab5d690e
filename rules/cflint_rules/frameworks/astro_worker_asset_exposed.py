"""Keep `_worker.js` out of the assets of an Astro site.

Version 12 of `@astrojs/cloudflare` and earlier write the Worker to `dist/_worker.js`. Where `dist` is the
folder of assets, too, wrangler stops: "Uploading a Pages _worker.js directory as an asset".
`public/.assetsignore`, which Astro copies there, says which files are none.

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

```ts title="src/pages/visits.ts"
export const GET = () => new Response("none yet");
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
export const GET = () => new Response("none yet");
```

## What to do

Make the file `public/.assetsignore` with the line `_worker.js` (and one with `_routes.json`): Astro copies it
to `dist`.

## Not reported

Pages; version 13 and later, which writes the Worker to a folder of its own, or a version that the
package.json leaves open; an `.assetsignore`, whatever it says; a `base`, `outDir` or `publicDir` in the
configuration of Astro; a script that speaks of `.assetsignore`.

## Errors

```text title="wrangler"
Uploading a Pages … as an asset. This could expose your private server-side code to the public Internet. …
```

## Fix safety

There is no fix: it would make a file.

Source: the code of the packages (@astrojs/cloudflare 12.6.13; wrangler 4.164.0,
`errorOnLegacyPagesWorkerJSAsset`), and https://developers.cloudflare.com/workers/static-assets/binding/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import Documents, Finding, Project, Severity, Worker, config, rule, worker

_BEFORE = 13
_IGNORE = ".assetsignore"
_MOVE = ("base", "outDir", "publicDir")
"""Options by which files lie elsewhere."""


@rule(worker(), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "astro" or configuration.is_excerpt:
        return
    if (
        configuration.is_pages
        or configuration.directory != app.folder
        or not _writes_worker(app.layout.major)
    ):
        return
    options = config.app_options(project, app, "astro.config")
    if options is None or any(options.value(key) is not None for key in _MOVE):
        return
    if project.workspace.is_file(posixpath.join(app.folder, "public", _IGNORE)):
        return
    if any("assetsignore" in text for text in config.commands_of(project.workspace, app.folder)):
        return
    assets = configuration.top.value("assets")
    directory = assets.get("directory") if assets is not None else None
    if assets is None or directory is None or configuration.top.main is None:
        return
    if posixpath.normpath(directory.text or "") == "dist":
        message = (
            "`dist/_worker.js` lies among the assets, and wrangler stops: write `_worker.js` into"
            " `public/.assetsignore`"
        )
        yield Finding(message, configuration.location(assets))


def _writes_worker(major: int | None) -> bool:
    return major is not None and major < _BEFORE
