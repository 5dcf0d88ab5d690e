"""Tell wrangler the configuration that Nitro wrote, or leave environments out of it.

With `deployConfig` Nitro copies the whole configuration, `env` included, to `.output/server/wrangler.json`
and points wrangler at it. wrangler refuses it: "Redirected configurations cannot include environments". It
takes the same file where a command names it: `wrangler deploy -c .output/server/wrangler.json --env staging`.
The commands of Pages cannot: there the environments have to go.

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

## What to do

Write the command that the message names into the script that deploys.

- "leave `env` out": Take `env` out of the configuration: what stands at its top level holds for all
  deployments. A text that has to differ is a secret then (`npx wrangler pages secret put NAME --env
  preview`).

## Not reported

`deployConfig` that is not `true` in the configuration of Nitro or Nuxt; a preset that is not one of
Cloudflare, or not known; a command that names a configuration by `-c` or `--config`.

## Errors

```text title="wrangler"
Redirected configurations cannot include environments but the following have been found:
```

## Fix safety

There is no fix: it is a command that has to change, or each environment needs a configuration of its own.

Source: the code of the packages (nitropack 2.13.6, `dist/presets/cloudflare/utils.mjs`:
`writeWranglerConfig`; wrangler 4.164.0, `normalizeAndValidateConfig`), and
https://github.com/nitrojs/nitro/issues/3429
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Documents, Finding, Project, Severity, WranglerConfig, config, configuration, rule
from cflint_rules.frameworks._nitro import DEPLOY_CONFIG


@rule(configuration(), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_typescript or subject.is_excerpt or len(subject.environments) == 1:
        return
    presets = (_copied_by(project, subject.directory, stem, path) for stem, path in DEPLOY_CONFIG.items())
    preset = next((found for found in presets if found), "")
    if not preset:
        return
    calls = config.wrangler_calls_of(project.workspace, subject.directory)
    if any(made.has("-c", "--config") for made in calls):
        return
    environment = subject.environments[1]
    message = f"Nitro copies `{environment.label}` into what it deploys, and wrangler refuses that"
    if "pages" in preset:  # its commands take no `-c`
        message += ": leave `env` out"
    else:
        message += f": deploy with `wrangler deploy -c .output/server/wrangler.json --env {environment.name}`"
    yield Finding(message, environment.place)


def _copied_by(project: Project, folder: str, stem: str, path: tuple[str, ...]) -> str:
    """The preset of Cloudflare with which a file has Nitro write the configuration anew; "" of none."""
    options = config.framework_options(project, folder, stem)
    preset = options.value(*path[:-2], "preset") if options is not None else None
    if options is None or not isinstance(preset, str) or not preset.startswith("cloudflare"):
        return ""
    return preset if options.value(*path) is True else ""
