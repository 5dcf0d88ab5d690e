"""Build in the script that deploys what a framework has built.

wrangler deploys what the build left: without a build before it, that is the output of some earlier time, or
nothing after a fresh checkout. `npm run deploy` then looks as if it had worked, and the change is not there.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": ".svelte-kit/cloudflare/_worker.js",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" }
}
```

```js title="svelte.config.js"
import adapter from "@sveltejs/adapter-cloudflare";

export default { kit: { adapter: adapter() } };
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "scripts": { "build": "vite build", "deploy": "wrangler deploy" },
  "devDependencies": {
    "@sveltejs/adapter-cloudflare": "^7.2.0",
    "@sveltejs/kit": "^2.60.0",
    "vite": "^8.0.0",
    "wrangler": "^4.90.0"
  }
}
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": ".svelte-kit/cloudflare/_worker.js",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" }
}
```

```js title="svelte.config.js"
import adapter from "@sveltejs/adapter-cloudflare";

export default { kit: { adapter: adapter() } };
```

```json title="package.json"
{
  "name": "example",
  "private": true,
  "scripts": { "build": "vite build", "deploy": "vite build && wrangler deploy" },
  "devDependencies": {
    "@sveltejs/adapter-cloudflare": "^7.2.0",
    "@sveltejs/kit": "^2.60.0",
    "vite": "^8.0.0",
    "wrangler": "^4.90.0"
  }
}
```

## Not reported

Projects without a framework or without a script `build`, configurations with a `build.command`, which
wrangler runs itself, scripts with a `pre…` beside them, and those that another script or CI calls after a
build.

## Fix safety

Unsafe: the build may take long, or have run already.

Source: https://developers.cloudflare.com/workers/wrangler/custom-builds/,
https://docs.npmjs.com/cli/using-npm/scripts#pre--post-scripts
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Edit,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    WranglerConfig,
    config,
    pattern,
    rule,
    worker,
)

_MAKES = pattern(
    r"build|vite|turbo|\bnx\b|make|run-[sp]|npm-run-all|next|nuxi|\bgulp\b|&& *npm run", re.IGNORECASE
)
_BUILD = "build"
_DEPLOY = "deploy"


@rule(
    worker(),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app, configuration = subject.app, subject.config
    if app is None or configuration is None or configuration.is_excerpt or _builds_itself(configuration):
        return
    folder = app.folder
    document = project.sources.document(f"{folder}/package.json" if folder else "package.json")
    if document is None or configuration.directory != folder:
        return
    scripts = config.Manifest(document).root.get("scripts")
    if scripts is None or scripts.get(_BUILD) is None or scripts.get(f"pre{_DEPLOY}") is not None:
        return
    member = scripts.member(_DEPLOY)
    text = member.value.text if member is not None else None
    if member is None or text is None or _MAKES.search(text) is not None:
        return
    if not any(_deploys(call) and call.folder == folder for call in config.wrangler_calls(text, folder)):
        return
    if any(_is_called_behind_build(other) for other in config.commands_of(project.workspace, folder)):
        return
    if any(_is_run_by_turbo(project, path) for path in _turbo_files(folder)):
        return
    span = member.value.span
    yield Finding(
        "this deploys what an earlier build left: build first",
        Location(document, span),
        fix=Fix(
            "Build first",
            (Edit(document, Span(span.start + 1, span.start + 1), "npm run build && "),),
            Safety.UNSAFE,
        ),
    )


def _builds_itself(configuration: WranglerConfig) -> bool:
    build = configuration.top.value(_BUILD)
    return build is not None and build.get("command") is not None


def _deploys(call: config.WranglerCall) -> bool:
    return (call.deploys or call.command == "pages deploy") and call.entry is None


def _turbo_files(folder: str) -> Iterator[str]:
    """Where Turborepo would have its tasks: in a folder and those above it."""
    parts = folder.split("/") if folder else []
    for count in range(len(parts), -1, -1):
        yield "/".join([*parts[:count], "turbo.json"])


def _is_run_by_turbo(project: Project, path: str) -> bool:
    """Whether Turborepo has a task for the script, which may depend on the build."""
    document = project.sources.document(path)
    return document is not None and document.has_word(_DEPLOY)


_CALLED = pattern(r"\b(?:run|yarn|pnpm|bun)\s+(?:-\S+\s+)*deploy\b|turbo\s+deploy")
_BUILDS = pattern(r"\bbuild\b")


def _is_called_behind_build(text: str) -> bool:
    """Whether a command, or a workflow, calls the script and builds as well."""
    called = _CALLED.search(text)
    return called is not None and _BUILDS.search(text, 0, called.start()) is not None
