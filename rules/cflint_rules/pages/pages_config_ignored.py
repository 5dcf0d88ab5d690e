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

Unless you know better, the project is deployed to Pages, as its `functions/` says: add
`"pages_build_output_dir": "dist"` at the top of this file, with the folder that is deployed for `"dist"`.
Its bindings and variables then count, with the ids that stand here, and those of the dashboard no longer
do. As a Worker: add `main` or `assets` instead, after which `functions/` is not run.

## Not reported

Configurations with a `main`, `assets` or an entry that a command gives: those of Workers. Folders without
functions of Pages and without `@cloudflare/next-on-pages`, and configurations that bind nothing (they serve
commands only; of `next-on-pages`, those without compatibility flags, too).

## Errors

```text title="wrangler"
We detected a configuration file at … but it is missing the "pages_build_output_dir" field, required by
  Pages.
```

## Fix safety

Unsafe: the file counts from then on, with the ids that stand in it, and the bindings and variables of the
dashboard no longer do. There is no fix where the folder that is deployed is not known.

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
    Fix,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    pattern,
    quoted,
    rule,
)

_OF_WORKERS = ("main", "assets", "type", "env")
"""Keys of Workers. With `site` or `build` alone, nothing could be deployed as one."""
_DEPLOYS = pattern(r"pages (?:dev|deploy|publish)\s+(?:\./)?([\w./-]*\w)(?=[\s\"\\])")
_NEXT_ON_PAGES = "@cloudflare/next-on-pages"
_OUTPUT_OF_NEXT = ".vercel/output/static"
_FOLDERS = ("dist", "public", "build", "out", "_site", "static")
_USUAL = frozenset({"wrangler.toml", "wrangler.json", "wrangler.jsonc"})


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_pages or subject.is_typescript or subject.file_name not in _USUAL:
        return
    if any(subject.root.get(key) is not None for key in _OF_WORKERS) or subject.deployment.entry:
        return
    site = subject.root.get("site")
    if site is not None and site.get("entry-point") is not None:
        return
    lost = [found.name for found in subject.top.bindings if found.kind.id != "secret"]
    if _is_of_next_on_pages(subject, project):
        lost += [node.text for node in subject.top.own_items("compatibility_flags") if node.text]
        whose = f"what `{_NEXT_ON_PAGES}` makes gets"
    else:
        if any(worker.config is subject and worker.app is not None for worker in project.workers):
            return
        folder = posixpath.join(subject.directory, "functions")
        found = [*islice(config.functions_below(project, folder), 2)] if lost else []
        if not found:
            return
        name = f"`{posixpath.relpath(found[0], subject.directory or '.')}`"
        whose = f"{name} gets" if len(found) == 1 else f"{name} and the others get"
    if not lost:
        return
    what = quoted(lost[0]) + (f" and {len(lost) - 1} more" if len(lost) > 1 else "")
    deployed = _folder(subject, project)
    edits = fixes.set_key(subject, ("pages_build_output_dir",), deployed) if deployed is not None else None
    yield Finding(
        "a deployment to Pages ignores this file, which lacks `pages_build_output_dir`:"
        f" there {whose} no {what} from it",
        subject.top.place,
        fix=Fix.of(f"Say that `{deployed}` is deployed", edits, Safety.UNSAFE),
        words=(('"dist"', f'"{deployed}"'),) if deployed is not None else (),
    )


def _is_of_next_on_pages(subject: WranglerConfig, project: Project) -> bool:
    """Whether the package around is built for Pages by the adapter that knows nothing else."""
    path = posixpath.join(subject.directory, "package.json")
    document = project.workspace.read(path)
    return document is not None and _NEXT_ON_PAGES in config.Manifest(document).dependencies


def _folder(subject: WranglerConfig, project: Project) -> str | None:
    """The folder that is deployed: what a script says, the one of the usual names that is there, or the one
    into which Vite builds by itself."""
    if _is_of_next_on_pages(subject, project):
        return _OUTPUT_OF_NEXT
    manifest = project.sources.document(posixpath.join(subject.directory, "package.json"))
    said = _DEPLOYS.search(manifest.data.decode(errors="replace")) if manifest is not None else None
    if said is not None:
        return said[1]
    there = project.workspace.entries(subject.directory)
    vite = next((name for name in there if name.startswith("vite.config.")), None)
    found = project.sources.document(posixpath.join(subject.directory, vite)) if vite is not None else None
    if found is not None and b"vite build" in (manifest.data if manifest is not None else b""):
        return None if b"outDir" in found.data or b"root:" in found.data else "dist"
    return next((name for name in _FOLDERS if name in there), None)
