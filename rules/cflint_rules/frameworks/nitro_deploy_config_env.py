"""Leave environments out of a configuration that Nitro writes anew.

With `deployConfig` Nitro copies the whole configuration, `env` included, to `.output/server/wrangler.json`
and points wrangler at it. wrangler refuses it: "Redirected configurations cannot include environments".

## Incorrect

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "env": {
    "staging": { "name": "visits-staging" },
  },
}
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

## Correct

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
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

## Not reported

`deployConfig` that is not `true` in the configuration of Nitro or Nuxt; a preset that is not one of
Cloudflare, or not known; a command that names a configuration by `-c` or `--config`.

## Errors

```text title="wrangler"
Redirected configurations cannot include environments but the following have been found:
```

## Fix safety

There is no fix: each environment needs a configuration of its own.

Source: the code of the packages (nitropack 2.13.6, `dist/presets/cloudflare/utils.mjs`:
`writeWranglerConfig`; wrangler 4.164.0, `normalizeAndValidateConfig`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Project, Severity, WranglerConfig, config, configuration, rule
from cflint_rules.frameworks._nitro import DEPLOY_CONFIG


@rule(configuration(), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_typescript or subject.is_excerpt or len(subject.environments) == 1:
        return
    if not any(_copies(project, subject.directory, stem, path) for stem, path in DEPLOY_CONFIG.items()):
        return
    calls = config.wrangler_calls_of(project.workspace, subject.directory)
    if any(made.has("-c", "--config") for made in calls):
        return
    environment = subject.environments[1]
    message = f"Nitro copies `{environment.label}` into what it deploys, and wrangler refuses that"
    yield Finding(message, environment.place)


def _copies(project: Project, folder: str, stem: str, path: tuple[str, ...]) -> bool:
    options = config.framework_options(project, folder, stem)
    preset = options.value(*path[:-2], "preset") if options is not None else None
    is_ours = isinstance(preset, str) and preset.startswith("cloudflare")
    return options is not None and is_ours and options.value(*path) is True
