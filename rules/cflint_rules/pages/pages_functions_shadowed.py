"""Do not write `functions/` where a `_worker.js` answers all requests.

A `_worker.js` in the output folder is the whole Worker of a Pages project: `functions/` is not compiled then.
The adapters of SvelteKit, Astro 5 and HonoX for Pages, and next-on-pages, write one.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./public",
}
```

```ts title="functions/visits.ts"
export const onRequestGet: PagesFunction = async () => new Response("none yet");
```

```js title="public/_worker.js"
export default { fetch: (request, env) => env.ASSETS.fetch(request) };
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "pages_build_output_dir": "./public",
}
```

```ts title="functions/visits.ts"
export const onRequestGet: PagesFunction = async () => new Response("none yet");
```

## What to do

- "of SvelteKit": Move what it does into a route of SvelteKit (`src/routes/…/+server.ts`), and delete the
  file.

Make a route of the source of `_worker.js` of what the file does, and delete the file: `_worker.js` answers
all requests. Only if the folder is to answer instead, take the command that makes `_worker.js` out of the
scripts of package.json.

## Not reported

A folder `functions/` without a module that exports `onRequest`, `onRequestGet` and their like; a framework
that is not known to write a `_worker.js`.

## Fix safety

There is no fix: what the functions do has to move into the framework, or into `_worker.js`.

Source: https://developers.cloudflare.com/pages/functions/advanced-mode/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Span,
    Worker,
    WranglerConfig,
    config,
    configuration,
    rule,
    worker,
)


@rule(configuration(), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    output = subject.root.get("pages_build_output_dir")
    if output is None or not output.text or not subject.role.is_deployed:
        return
    maker = _maker(subject, project, output.text)
    if maker is None:
        return
    found = next(config.functions_below(project, posixpath.join(subject.directory, "functions")), None)
    if found is not None:
        name = posixpath.relpath(found, subject.directory or ".")
        yield Finding(f"`{name}` is not deployed: {maker}", subject.top.location(output))


@check.on(worker())
def check_bundled(subject: Worker, project: Project) -> Iterator[Finding]:
    """A project without a configuration, whose script bundles a `_worker.js` beside functions."""
    if subject.config is not None or subject.app is not None or subject.is_document:
        return
    for entry in subject.entries:
        folder = posixpath.dirname(entry)
        while "package.json" not in project.workspace.entries(folder) and folder:
            folder = posixpath.dirname(folder)
        if entry not in config.sources_of_worker_js(project.workspace, folder):
            continue
        found = next(config.functions_below(project, posixpath.join(folder, "functions")), None)
        at = _handler(project, found) if found is not None else None
        if found is not None and at is not None:
            name = posixpath.relpath(found, folder or ".")
            maker = posixpath.relpath(entry, folder or ".")
            yield Finding(
                f"`{name}` is not deployed: a script makes a `_worker.js` of `{maker}`, which answers all"
                " requests",
                at,
            )


def _handler(project: Project, path: str) -> Location | None:
    """Where a function says what it answers, or its first byte."""
    names = project.exports.of(path).names
    for name, exported in names.items():
        if name.startswith("onRequest") and exported.at.document.path == path:
            return exported.at
    document = project.workspace.read(path)
    return Location(document, Span(0, 0)) if document is not None else None


def _maker(subject: WranglerConfig, project: Project, output: str) -> str | None:
    """What makes or is the `_worker.js`, as the second half of a message."""
    for folder in dict.fromkeys((output, "public", "static")):
        path = posixpath.normpath(posixpath.join(subject.directory, folder, "_worker.js"))
        if not path.startswith("..") and project.workspace.exists(path):
            name = posixpath.relpath(path, subject.directory or ".")
            return f"`{name}` answers all requests"
    for found in project.workers:
        if found.config is subject and found.app is not None and found.app.layout.pages_worker:
            return f"the `_worker.js` of {found.app.kind.title} answers all requests"
    return None
