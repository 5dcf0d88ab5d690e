"""Keep one configuration of wrangler in a folder: the tools do not choose the same one.

wrangler takes the first of `wrangler.json`, `wrangler.jsonc` and `wrangler.toml` that is there.
`@cloudflare/vite-plugin` takes the first of `wrangler.jsonc`, `wrangler.json` and `wrangler.toml`. Where a
folder has the first two, `vite dev` and the build use another configuration than `wrangler` does for types,
secrets and migrations.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```json title="wrangler.json"
{
  "name": "site-old",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
```

## Correct

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## What to do

Keep one of the files, move into it what the other has, and delete the other.

## Not reported

A `configPath` or `config` of the plugin; a `wrangler.toml` beside one of the others, which both leave alone.

## Fix safety

There is no fix: one of the files has to go.

Source: the code of the packages (wrangler 4.164.0, `findWranglerConfig`; @cloudflare/vite-plugin 1.64.0,
`findWranglerConfig`), and https://developers.cloudflare.com/workers/vite-plugin/reference/api/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Project,
    Severity,
    WranglerConfig,
    config,
    configuration,
    rule,
)

_OF_WRANGLER = "wrangler.json"
_OF_VITE = "wrangler.jsonc"
_PLUGIN = "@cloudflare/vite-plugin"


@rule(
    configuration(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.file_name != _OF_WRANGLER or _OF_VITE not in project.workspace.entries(subject.directory):
        return
    options = config.framework_options(project, subject.directory, "vite.config")
    if options is None or _PLUGIN not in options.imports:
        return
    for given in options.given_to("cloudflare"):
        if given.value("configPath") is not None or given.value("config") is not None:
            return
    message = f"wrangler reads this file, and the Vite plugin `{_OF_VITE}` beside it: keep one of them"
    yield Finding(message, subject.top.place)
