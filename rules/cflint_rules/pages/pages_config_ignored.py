"""Write `pages_build_output_dir` into the configuration of a Pages project: without it none of it counts.

Pages takes a wrangler file for its configuration only if it has that key. Otherwise the file is ignored,
bindings, variables, compatibility date and all: `env.DB` is `undefined` unless the dashboard has the binding.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "NOTES", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
```

```ts title="functions/api/notes.ts"
export const onRequestGet: PagesFunction<{ NOTES: KVNamespace }> = async ({ env }) => {
  return new Response(await env.NOTES.get("today"));
};
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "notes",
  "pages_build_output_dir": "./public",
  "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "NOTES", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
```

```ts title="functions/api/notes.ts"
export const onRequestGet: PagesFunction<{ NOTES: KVNamespace }> = async ({ env }) => {
  return new Response(await env.NOTES.get("today"));
};
```

## What to do

The message names bindings or variables of this file. If the project is deployed to Pages (it has
`functions/`, and no `main`): add `pages_build_output_dir = "dist"`, with the folder that is deployed; its
bindings then count, and those of the dashboard no longer do. If it is a Worker: add `main` or `assets`, after
which `functions/` is not run.

## Not reported

Configurations with a `main`, `assets` or an entry that a command gives: those of Workers. Folders without
functions of Pages, and configurations that bind nothing (they serve commands only).

## Errors

```text title="wrangler"
We detected a configuration file at … but it is missing the "pages_build_output_dir" field, required by
  Pages.
```

## Fix safety

There is no fix: which folder is deployed is said elsewhere, and what the dashboard has is replaced by the
file once it counts.

Source: https://developers.cloudflare.com/pages/functions/wrangler-configuration/, and workers-sdk,
`packages/wrangler/src/pages/deploy.ts`
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from cflint.api import (
    Documents,
    Finding,
    Project,
    Severity,
    WranglerConfig,
    config,
    configuration,
    quoted,
    rule,
)

_OF_WORKERS = ("main", "assets", "type", "env")
"""Keys of Workers. With `site` or `build` alone, nothing could be deployed as one."""
_USUAL = frozenset({"wrangler.toml", "wrangler.json", "wrangler.jsonc"})


@rule(configuration(), severity=Severity.WARNING, deployed=True, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_pages or subject.is_typescript or subject.file_name not in _USUAL:
        return
    if any(subject.root.get(key) is not None for key in _OF_WORKERS) or subject.deployment.entry:
        return
    site = subject.root.get("site")
    if site is not None and site.get("entry-point") is not None:
        return
    bound = [found for found in subject.top.bindings if found.kind.id != "secret"]
    if not bound or any(worker.config is subject and worker.app is not None for worker in project.workers):
        return
    found = [*islice(config.functions_below(project, posixpath.join(subject.directory, "functions")), 2)]
    if not found:
        return
    name = f"`{posixpath.relpath(found[0], subject.directory or '.')}`"
    whose = f"{name} gets" if len(found) == 1 else f"{name} and the others get"
    lost = quoted(bound[0].name) + (f" and {len(bound) - 1} more" if len(bound) > 1 else "")
    yield Finding(
        "a deployment to Pages ignores this file, which lacks `pages_build_output_dir`:"
        f" there {whose} no {lost} from it",
        subject.top.place,
    )
