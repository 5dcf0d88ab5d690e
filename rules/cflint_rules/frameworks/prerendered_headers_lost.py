"""Write the headers of a prerendered endpoint into `_headers`: the build keeps nothing but its body.

Astro and SvelteKit run such an endpoint once, in the build, and write its body into a file. Cloudflare serves
that file with headers of its own: the type by the ending, `max-age=0`. In development all of them are there.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "assets": { "directory": "./dist" }
}
```

```json title="package.json"
{
  "name": "site",
  "private": true,
  "dependencies": { "astro": "5.14.0" }
}
```

```ts title="src/pages/words.json.ts"
export const GET = () =>
  new Response(JSON.stringify(["one"]), {
    headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
  });
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "compatibility_date": "2026-08-01",
  "assets": { "directory": "./dist" }
}
```

```json title="package.json"
{
  "name": "site",
  "private": true,
  "dependencies": { "astro": "5.14.0" }
}
```

```ts title="src/pages/words.json.ts"
export const GET = () => new Response(JSON.stringify(["one"]));
```

```text title="public/_headers"
/words.json
  Access-Control-Allow-Origin: *
```

## What to do

Write the header into `_headers`, below the path of the endpoint. The file lies in `public/`; of SvelteKit
beside the package.json, and in `static/` before version 7 of its adapter for Cloudflare.

## Not reported

`Content-Type` and what else the file brings; headers that a `_headers` speaks of, or a Worker or function
that may run first; endpoints that are rendered on demand, or of which it is not known; responses with another
status than 200.

## Fix safety

There is no fix: a file of its own has to say it, for the paths that are made of the name of this one.

Source: https://github.com/withastro/astro/issues/9805, https://github.com/sveltejs/kit/issues/9408,
https://docs.astro.build/en/guides/endpoints/, and https://developers.cloudflare.com/workers/static-assets/headers/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Module,
    Project,
    Severity,
    Worker,
    config,
    js,
    pattern,
    rule,
    worker,
)

_OF_FILES = frozenset(("content-type", "content-length", "etag", "last-modified", "date"))
"""Headers that the file itself brings."""
_ENDINGS = (".ts", ".js", ".mts", ".mjs")
_SAYS_TRUE = pattern(rb"\bexport\s+const\s+prerender\s*(?::\s*\w+\s*)?=\s*true\b")
_SAYS = pattern(rb"\bexport\s+const\s+prerender\b")
_OUTPUT = pattern(rb"\boutput\b")
_STATIC = pattern(rb"\boutput\s*:\s*[\"'](?:static|hybrid)[\"']")
_SOURCE = pattern(rb"\bsrcDir\b")
_CONFIGURATIONS = tuple(f"astro.config.{ending}" for ending in ("mjs", "ts", "js", "mts", "cjs"))
_MOST_FOLDERS = 200
_PAGES = "src/pages"
_ROUTES = "src/routes"


@rule(
    worker(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.is_document or (subject.config is not None and not subject.config.role.is_deployed):
        return
    manifest = config.manifest_above(project.workspace, _folder(subject))
    if manifest is None:
        return
    folder = posixpath.dirname(manifest.document.path)
    endpoints = list(_endpoints(project, folder, manifest.dependencies))
    if not endpoints:
        return
    told = b"\n".join(found.data.lower() for found in _tells(project, subject, folder))
    found = [lost for module in endpoints for lost in _lost(module, told)]
    if found:
        (name, first), *others = found
        more = f", nor {len(others)} more" if others else ""
        yield Finding(
            f"this endpoint is prerendered, and the build keeps its body alone: `{name}` is not sent{more}",
            first,
            tuple(place.saying(f"nor is `{other}`") for other, place in others),
        )


def _folder(subject: Worker) -> str:
    """Where a Worker is configured; without a configuration, what its functions of Pages lie in."""
    if subject.config is not None:
        return subject.config.directory
    parts = subject.modules[0].split("/") if subject.modules else []
    return "/".join(parts[: parts.index("functions")]) if "functions" in parts else "/".join(parts[:-1])


def _tells(project: Project, subject: Worker, folder: str) -> Iterator[js.Document]:
    """What may give the files of a build headers: `_headers`, and code that runs before they are served."""
    if subject.config is not None:
        yield from config.asset_files(project, subject.config, "_headers")
    paths = [posixpath.join(folder, name) for name in ("_headers", "public/_headers", "static/_headers")]
    if subject.app is None:
        paths += subject.modules
    for path in paths:
        found = project.sources.document(path) or project.workspace.read(path)
        if found is not None:
            yield found


def _endpoints(project: Project, folder: str, packages: frozenset[str]) -> Iterator[Module]:
    """The prerendered endpoints of an app whose package.json lies in a folder."""
    if "astro" in packages:
        by_default = _is_static(project, folder)
        top, is_endpoint = _PAGES, _is_of_astro
    elif "@sveltejs/kit" in packages:
        by_default = False
        top, is_endpoint = _ROUTES, _is_of_kit
    else:
        return
    for path in _below(project, posixpath.join(folder, top)):
        if not is_endpoint(path):
            continue
        document = project.sources.document(path) or project.workspace.read(path)
        if document is None or b"headers" not in document.data:
            continue
        says = _SAYS_TRUE.search(document.data) is not None
        if says or (by_default and _SAYS.search(document.data) is None):
            module = js.module_of(project, path)
            if module is not None:
                yield module


def _is_of_astro(path: str) -> bool:
    return path.endswith(_ENDINGS) and "/_" not in path.partition(_PAGES)[2] and ".d." not in path


def _is_of_kit(path: str) -> bool:
    return posixpath.basename(path) in ("+server.ts", "+server.js")


def _is_static(project: Project, folder: str) -> bool:
    """Whether Astro prerenders what does not say otherwise."""
    paths = (posixpath.join(folder, name) for name in _CONFIGURATIONS)
    found = next((it for path in paths if (it := project.workspace.read(path)) is not None), None)
    if found is None:
        return not any(name.startswith("astro.config") for name in project.workspace.entries(folder))
    if _SOURCE.search(found.data) is not None:
        return False  # the pages lie elsewhere
    return _OUTPUT.search(found.data) is None or _STATIC.search(found.data) is not None


def _below(project: Project, top: str) -> Iterator[str]:
    folders = [top]
    for at, folder in enumerate(folders):
        if at == _MOST_FOLDERS:
            return
        for name in sorted(project.workspace.entries(folder)):
            path = posixpath.join(folder, name)
            if project.workspace.is_dir(path):
                folders.append(path)
            else:
                yield path


def _lost(module: Module, told: bytes) -> Iterator[tuple[str, Location]]:
    for made in module.responses_made(module.root):
        options = js.unwrap(module.initializer(made.headers)) if made.headers is not None else None
        if made.status != 200 or options is None or options.type != "object":
            continue
        for pair in options.named_children:
            name = module.key(pair) if pair.type == "pair" else None
            if name is not None and name.lower() not in _OF_FILES and name.lower().encode() not in told:
                yield name, module.at(pair)
