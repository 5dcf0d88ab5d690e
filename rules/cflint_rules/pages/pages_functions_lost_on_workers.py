"""Do not deploy `functions/` as a Worker with assets: nothing runs it there.

The folder `functions/` is a feature of Pages. A Worker with `assets` and without `main` serves files and
nothing else: the functions are not deployed, and their paths answer 404, or with the page of a single-page
application. wrangler says so when it sets such a project up.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "assets": { "directory": "./dist" },
}
```

```ts title="functions/visits.ts"
export const onRequestGet: PagesFunction = async () => new Response("none yet");
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./dist",
}
```

```ts title="functions/visits.ts"
export const onRequestGet: PagesFunction = async () => new Response("none yet");
```

## What to do

Keep the Worker, as the configuration says, and compile the functions: run
`npx wrangler pages functions build --outdir worker` before `wrangler deploy`, and add `"main":
"worker/index.js"`. Only where a project on Pages is meant, write `pages_build_output_dir` with the folder in
place of `assets`, and `wrangler pages deploy` for `wrangler deploy`.

## Not reported

A folder `functions/` without a module that exports `onRequest`, `onRequestGet` and their like; a
configuration with `main`, with a build command, or of a framework; a project that a script, a workflow or
another configuration deploys to Pages, or whose functions `wrangler pages functions build` makes a Worker of.

## Fix safety

There is no fix: either the project stays on Pages, or the functions become a Worker.

Source: https://developers.cloudflare.com/workers/static-assets/migration-guides/migrate-from-pages/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import Documents, Finding, Project, Severity, WranglerConfig, config, configuration, rule


@rule(configuration(), severity=Severity.WARNING, deployed=True, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    assets = subject.top.value("assets")
    if assets is None or subject.is_pages or subject.top.incomplete:
        return
    for environment in subject.environments:
        if environment.main is not None or environment.is_open("main") or environment.value("build"):
            return
    if subject.deployment.entry or subject.deployment.open:
        return  # a command gives the entry, or a script changes the configuration
    if any(worker.config is subject and worker.app is not None for worker in project.workers):
        return  # the framework's build gives the entry
    found = next(config.functions_below(project, posixpath.join(subject.directory, "functions")), None)
    if found is None or config.is_deployed_to_pages(project, subject):
        return
    message = (
        f"`{posixpath.relpath(found, subject.directory or '.')}` is not deployed: a Worker with `assets` "
    )
    yield Finding(message + "and no `main` runs no code", subject.top.location(assets))
