"""Leave `main` and `assets` to Nitro where it writes the configuration.

With `deployConfig` Nitro's build writes the configuration that wrangler deploys. It sets `main`, and
`directory` and `binding` of `assets`, to what it has made: what the file of wrangler says there is ignored.

## Incorrect

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```ts title="nitro.config.ts"
export default defineNitroConfig({
  preset: "cloudflare_module",
  cloudflare: { deployConfig: true },
});
```

```ts title="server/routes/index.ts"
export default defineEventHandler(() => "hello");
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "main": "src/worker.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## Correct

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```ts title="nitro.config.ts"
export default defineNitroConfig({
  preset: "cloudflare_module",
  cloudflare: { deployConfig: true },
});
```

```ts title="server/routes/index.ts"
export default defineEventHandler(() => "hello");
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## Not reported

The values that Nitro sets (`.output/server/index.mjs`, `.output/public`, `ASSETS`); `deployConfig` that is
not `true` in the configuration of Nitro or Nuxt; Pages; a preset that is not one of Workers, or not known.

## Fix safety

Safe. The fix removes the key.

Source: the code of the package (nitropack 2.13.6, `dist/presets/cloudflare/utils.mjs`:
`writeWranglerConfig`)
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    rule,
)
from cflint_rules.frameworks._nitro import DEPLOY_CONFIG

_MADE = {
    ("main",): (".output/server/index.mjs", ".output/server"),
    ("assets", "directory"): (".output/public",),
    ("assets", "binding"): ("ASSETS",),
}
"""What Nitro sets, and the values of the file that say the same."""


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_pages or subject.is_typescript or subject.is_excerpt:
        return
    for stem, path in DEPLOY_CONFIG.items():
        options = config.framework_options(project, subject.directory, stem)
        if options is not None and _writes(options, path):
            yield from _ignored(subject)


def _writes(options: config.Options, path: tuple[str, ...]) -> bool:
    """Whether Nitro writes a Worker's configuration, and to the usual place."""
    preset = str(options.value(*path[:-2], "preset")).replace("-", "_")
    moved = any(options.value(*path[:-2], key) is not None for key in ("output", "baseURL", "buildDir"))
    is_worker = preset in ("cloudflare_module", "cloudflare_durable")
    return options.value(*path) is True and is_worker and not moved


def _ignored(subject: WranglerConfig) -> Iterator[Finding]:
    top = subject.top
    for keys, same in _MADE.items():
        node = top.own(keys[0])
        for key in keys[1:]:
            node = node.get(key) if node is not None else None
        text = posixpath.normpath(node.text) if node is not None and node.text else None
        if node is not None and text is not None and text not in same:
            message = f"`{top.spelled(*keys)}` is ignored: Nitro sets it to what it has built"
            yield Finding(message, top.location(node), fix=_fix(top, keys))


def _fix(top: Environment, keys: tuple[str, ...]) -> Fix | None:
    edits = fixes.remove_key(top.config.data, top.path(*keys))
    return Fix.of(f"Remove `{'.'.join(keys)}`", edits, Safety.SAFE)
