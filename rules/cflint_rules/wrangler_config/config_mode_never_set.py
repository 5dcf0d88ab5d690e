"""Ask for modes that a command sets.

What `mode` is without `--mode` depends on the build tool: `production` or `development` with Vite,
`undefined` with wrangler's own bundler. A configuration that asks for the one and is built with the other
has a branch that is never taken: the Worker is deployed with what was meant for development.

## Incorrect

```json
{
  "name": "shop",
  "type": "module",
  "scripts": { "dev": "cf dev", "deploy": "cf deploy" },
  "dependencies": { "cf": "1.0.0", "wrangler": "4.164.0" }
}
```

```ts
import { defineConfig } from "cf/config";

export default defineConfig(({ mode }) => ({
  worker: {
    name: mode === "production" ? "shop" : "shop-dev",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
  },
}));
```

## Correct

```json
{
  "name": "shop",
  "type": "module",
  "scripts": { "dev": "cf dev", "deploy": "cf deploy --mode production" },
  "dependencies": { "cf": "1.0.0", "wrangler": "4.164.0" }
}
```

```ts
import { defineConfig } from "cf/config";

export default defineConfig(({ mode }) => ({
  worker: {
    name: mode === "production" ? "shop" : "shop-dev",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
  },
}));
```

## What to do

Give the command the mode (`--mode NAME`), or ask for one that is set: Vite sets `development` or
`production` by itself, wrangler's own bundler none.

## Not reported

Modes that are no build tool's default, such as `staging`: they are given by hand. Projects of which no
command is known, by the scripts of the package.json or in CI, and those where a command sets a mode that
is not written there. `mode ?? "production"` and the like, which has an answer for both.

## Fix safety

No fix: the command may get the mode, or the configuration ask for `undefined`.

Source: https://vite.dev/guide/env-and-mode
"""

from collections.abc import Iterator

from cflint.api import Finding, Project, Severity, Worker, config, rule, worker

_OF_VITE = ("production", "development")


@rule(worker(), severity=Severity.WARNING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    found = subject.config
    source = found.source if found is not None else None
    if found is None or source is None or not source.modes:
        return
    if source.default_modes != (None,):
        place = source.modes.get(None)
        if place is not None:
            yield Finding(
                "Vite always sets a mode, `development` or `production`: it is never `undefined`", place
            )
        return
    asked = {mode: source.modes[mode] for mode in _OF_VITE if mode in source.modes}
    if not asked or None in source.modes:
        return
    if found.document.origin is None:
        texts = config.commands_of(project.workspace, found.directory)
    else:
        texts = iter(config.Manifest(subject.manifest).scripts.values() if subject.manifest else ())
    called = config.modes_called(texts)
    for mode, place in asked.items():
        if called is not None and mode not in called:
            yield Finding(
                f"no command sets the mode `{mode}`: without `--mode` it is `undefined`, and only Vite has a"
                " default",
                place,
            )
