"""Choose the environment when Vite builds: `wrangler deploy --env` comes too late.

With `@cloudflare/vite-plugin` the build reads the environment from `CLOUDFLARE_ENV` and writes a
configuration without any. wrangler deploys that one. It refuses an `--env` that is not the one of the build;
where the build had none, it deploys the top level as if nothing had been said.

## Incorrect

```json title="package.json"
{
  "scripts": {
    "deploy": "vite build && wrangler deploy --env staging"
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
  "env": { "staging": { "name": "site-staging" } },
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
    "deploy": "CLOUDFLARE_ENV=staging vite build && wrangler deploy"
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
  "env": { "staging": { "name": "site-staging" } },
}
```

```ts title="src/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

`CLOUDFLARE_ENV` in any script, in CI or in a `.env` file of the app; a build with `--mode`; a deployment
with `-c`, or of a script; Pages; frameworks whose build leaves wrangler its own configuration (OpenNext,
SvelteKit).

## Errors

```text title="wrangler"
You have specified the environment "…" … This does not match the target environment "…" that was used when
  building the application.
```

## Fix safety

Unsafe: the environment moves to the build, where the script calls Vite by name, and what is built changes
with it.

Source: https://developers.cloudflare.com/workers/vite-plugin/reference/cloudflare-environments/, and the
code of wrangler (4.164.0, `normalizeAndValidateConfig`)
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Edit,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    pattern,
    rule,
    worker,
)
from cflint_rules.frameworks._deploys import Deploy, deploys

_VARIABLE = "CLOUDFLARE_ENV"
_OPTION = pattern(r"[ \t]+(?:--env|-e)(?:=|[ \t]+)([\w-]+)")
_VITE = pattern(r"(?<![\w/.-])(?:npx |pnpm (?:exec )?|bunx |yarn )?vite build(?![\w-])")


@rule(
    worker(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    for found in deploys(project, subject):
        call = found.call
        environment = call.value("--env", "-e")
        if not (environment or "").strip("\"'") or call.has("-c", "--config") or call.entry is not None:
            continue
        if "--mode" in found.script or _is_given(project, subject):
            continue
        yield Finding(
            "the build has chosen the environment, and `--env` changes nothing: set `CLOUDFLARE_ENV` there",
            found.at,
            fix=_fix(found, environment or ""),
        )


def _is_given(project: Project, subject: Worker) -> bool:
    """Whether something sets the variable."""
    app = subject.app
    assert app is not None
    if any(_VARIABLE in text for text in config.commands_of(project.workspace, app.folder)):
        return True
    names = (name for name in project.workspace.entries(app.folder) if name.startswith(".env"))
    files = (project.sources.document(posixpath.join(app.folder, name)) for name in names)
    return any(found is None or _VARIABLE.encode() in found.data for found in files)


def _fix(found: Deploy, environment: str) -> Fix | None:
    options, builds = _OPTION.findall(found.script), _VITE.findall(found.script)
    if len(options) != 1 or len(builds) != 1:
        return None
    text = _OPTION.sub("", found.script)
    text = _VITE.sub(lambda build: f"{_VARIABLE}={environment} {build[0]}", text)
    document, span = found.at.document, found.at.span
    if document.text(span) != f'"{found.script}"':
        return None  # something in it is escaped
    edit = Edit(document, span, f'"{text}"')
    return Fix(f"Build with `{_VARIABLE}={environment}`", (edit,), Safety.UNSAFE)
