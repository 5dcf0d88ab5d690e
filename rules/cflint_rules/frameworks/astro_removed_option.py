"""Leave out the options that `@astrojs/cloudflare` has no more.

`workerEntryPoint`, `platformProxy`, `cloudflareModules` and `routes` are gone since version 13: the adapter
does not look at them. The entry is `main` of wrangler's configuration now, and development runs in workerd.

## Incorrect

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^14.3.0", "astro": "^7.3.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/pages/visits.ts"
export const GET = () => new Response("none yet");
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default {
  output: "server",
  adapter: cloudflare({
    platformProxy: { enabled: true },
    imageService: "compile",
  }),
};
```

## Correct

```json title="package.json"
{ "dependencies": { "@astrojs/cloudflare": "^14.3.0", "astro": "^7.3.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/pages/visits.ts"
export const GET = () => new Response("none yet");
```

```mjs title="astro.config.mjs"
import cloudflare from "@astrojs/cloudflare";

export default {
  output: "server",
  adapter: cloudflare({
    imageService: "compile",
  }),
};
```

## Not reported

Version 12 and earlier, or one that the package.json leaves open; options that are no literal object.

## Fix safety

There is no fix: what the option was for may have to move.

Source: the code of the package (the options of 12.6.13, 13.7.0 and 14.3.3, `dist/index.d.ts`), and
https://docs.astro.build/en/guides/integrations-guide/cloudflare/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Project, Severity, Worker, config, rule, worker

_FIRST = 13
_INSTEAD = {
    "workerEntryPoint": "name the entry as `main` of wrangler's configuration",
    "platformProxy": "development runs in workerd, with wrangler's configuration",
    "cloudflareModules": "such modules can always be imported",
    "routes": "no `_routes.json` is written any more",
}


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app = subject.app
    if app is None or app.kind.id != "astro" or (app.layout.major or 0) < _FIRST:
        return
    options = config.app_options(project, app, "astro.config")
    for given in options.given_to("cloudflare") if options is not None else ():
        for name, instead in _INSTEAD.items():
            at = given.place_of(name)
            if at is not None:
                message = f"`{name}` does nothing since version {_FIRST} of the adapter: {instead}"
                yield Finding(message, at)
