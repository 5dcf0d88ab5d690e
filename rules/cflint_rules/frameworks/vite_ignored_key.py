"""Leave keys out of the configuration that the Vite plugin ignores.

With `@cloudflare/vite-plugin` Vite bundles the Worker. `alias`, `define` and `minify` are then replaced by
Vite's own `resolve.alias`, `define` and `build.minify`; `base_dir`, `build`, `find_additional_modules`,
`no_bundle`, `preserve_file_names`, `rules`, `site` and `tsconfig` mean nothing.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
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
  "minify": true,
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
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()], build: { minify: true } };
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

Delete the key: nothing changes. What the message names in its place goes into `vite.config.ts` (`build: {
minify: true }`).

- "has no use": Delete the key: nothing changes.

## Not reported

An empty `define`, empty `rules`, a `build` without `command` and `cwd`; a project in which wrangler is run
without a build of Vite, too.

## Fix safety

Unsafe: what else reads the configuration (tests in workerd, wrangler when somebody calls it by hand) does
without the key, too. There is no fix for what has to move to the configuration of Vite.

Source: https://developers.cloudflare.com/workers/vite-plugin/reference/migrating-from-wrangler-dev/, and the
code of the plugin (1.64.0).
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
    WranglerConfig,
    config,
    configuration,
    fixes,
    rule,
)

_REPLACED = {"alias": "`resolve.alias`", "define": "`define`", "minify": "`build.minify`"}
_MEANINGLESS = (
    *("base_dir", "build", "find_additional_modules", "no_bundle", "preserve_file_names", "rules", "site"),
    "tsconfig",
)


@rule(configuration(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    app = next((it.app for it in project.workers if it.config is subject and it.app is not None), None)
    if app is None or app.kind.id != "vite" or subject.is_typescript:
        return
    paths = config.ConfigPaths(project.workspace, subject)
    scripts = paths.manifest.scripts.values() if paths.manifest is not None else ()
    if any("wrangler dev" in script for script in scripts):
        return  # wrangler bundles it, too
    for environment in subject.environments:
        for key in (*_REPLACED, *_MEANINGLESS):
            node = environment.own(key)
            if node is None or _says_nothing(key, node):
                continue
            instead = _REPLACED.get(key)
            what = f"Vite's {instead} replaces it" if instead else "the Vite plugin has no use for it"
            edits = fixes.remove_key(subject.data, environment.path(key)) if instead is None else None
            fix = Fix.of(f"Delete `{key}`", edits, Safety.UNSAFE)
            yield Finding(f"`{key}` is ignored: {what}", environment.location(node), fix=fix)


def _says_nothing(key: str, node: config.ConfigNode) -> bool:
    if key == "build":
        return node.get("command") is None and node.get("cwd") is None
    return key in ("define", "rules") and not node.members and not node.items
