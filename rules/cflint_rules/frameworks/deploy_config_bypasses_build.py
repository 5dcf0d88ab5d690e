"""Deploy what Vite has built: `-c` makes wrangler read the configuration of the source.

The build of `@cloudflare/vite-plugin` writes a configuration of its own, which knows the built Worker and
its assets, and `wrangler deploy` finds it. With `-c wrangler.jsonc` wrangler reads the source's and bundles
the Worker once more, without Vite: its plugins and the assets that it made are missing.

## Incorrect

```json title="package.json"
{
  "scripts": {
    "deploy": "vite build && wrangler deploy -c wrangler.jsonc"
  },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
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

## Correct

```json title="package.json"
{
  "scripts": {
    "deploy": "vite build && wrangler deploy"
  },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
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

## What to do

Set `configPath` of `cloudflare()` in the Vite configuration to this file (by an environment variable, where
there are several), and take `--config …` off `wrangler deploy`, which then finds what the build has made.
As it is, what Vite's plugins do is missing in what is deployed.

## Not reported

A file in `dist`, `build`, `.output` or `.wrangler`; a deployment that no build precedes in the same script;
a file that is not a configuration of this app; Pages; frameworks whose build leaves wrangler its own
configuration.

## Fix safety

There is no fix: another configuration than the usual one belongs to `configPath` of the plugin.

Source: https://developers.cloudflare.com/workers/vite-plugin/reference/api/, and the code of the packages
(@cloudflare/vite-plugin 1.64.0, `writeDeployConfig`; wrangler 4.164.0, `resolveWranglerConfigPath`)
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Project, Severity, Worker, quoted, rule, worker
from cflint_rules.frameworks._deploys import deploys


@rule(
    worker(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    for found in deploys(project, subject):
        path = found.call.value("--config", "-c")
        if path is None or configuration is None:
            continue
        if posixpath.normpath(posixpath.join(found.call.folder, path)) == configuration.path:
            message = (
                f"{quoted(path)} is not what the build has made: wrangler bundles the source without Vite"
            )
            yield Finding(message, found.at)
