"""Name the entry that this version of Astro's adapter has.

Until version 12 `@astrojs/cloudflare` writes the Worker to `dist/_worker.js`; since version 13 the entry is
a module of the package, `@astrojs/cloudflare/entrypoints/server`, which is the default. A `main` of the
other version leads to no file: the build stops with "doesn't point to an existing file", or wrangler does.

## Incorrect

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^14.3.0", "astro": "^7.3.0" } }
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```ts title="src/pages/visits.ts"
export const GET = () => new Response("none yet");
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "dist/_worker.js/index.js",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^14.3.0", "astro": "^7.3.0" } }
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default { output: "server", adapter: cloudflare() };
```

```ts title="src/pages/visits.ts"
export const GET = () => new Response("none yet");
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "@astrojs/cloudflare/entrypoints/server",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## Not reported

A version that the package.json leaves open; a file that lies in the repository; an entry of one's own.

## Errors

```text title="wrangler"
The entry-point file at "…" was not found.
```

```text title="Vite plugin"
The provided Wrangler config main field (…) doesn't point to an existing file
```

## Fix safety

Unsafe. The fix writes the entry of the version that the package.json asks for; `assets` may have to change
as well.

Source: the code of the packages (@astrojs/cloudflare 12.6.13 and 13.7.0, `dist/wrangler.js`;
@cloudflare/vite-plugin 1.64.0, `maybeResolveMain`), and
https://docs.astro.build/en/guides/integrations-guide/cloudflare/
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
    pattern,
    rule,
    worker,
)

_NEW = 13
_WRITTEN = "dist/_worker.js/index.js"
_PACKAGE = "@astrojs/cloudflare/entrypoints/server"
_OLD_ENTRY = pattern(r"(?:\./)?dist/_worker\.js(?:/index\.js)?")
_NEW_ENTRY = pattern(r"@astrojs/cloudflare/entrypoints/server(?:\.js)?")


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or app.kind.id != "astro" or configuration.is_excerpt:
        return
    major = app.layout.major
    if major is None or configuration.is_pages:
        return
    wrong, right = (_OLD_ENTRY, _PACKAGE) if major >= _NEW else (_NEW_ENTRY, _WRITTEN)
    paths = config.ConfigPaths(project.workspace, configuration)
    for environment in configuration.environments:
        main = environment.own("main")
        if main is None or main.text is None or wrong.fullmatch(main.text) is None:
            continue
        path = paths.resolve(main.text)
        if path is not None and project.workspace.is_file(path):
            continue
        edits = fixes.set_key(configuration, environment.path("main"), right)
        yield Finding(
            f"version {major} of the adapter has no such entry: `main` is `{right}`",
            environment.location(main),
            fix=Fix.of(f"Write `{right}`", edits, Safety.UNSAFE),
        )
