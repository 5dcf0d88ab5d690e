"""Declare in package.json every package that a Worker imports.

A package that only another one brings along is there by chance: a new version of that one, another package
manager or a clean install takes it away, or brings another version, and the build fails or the code breaks.

## Incorrect

```json title="package.json"
{ "dependencies": { "@hono/zod-validator": "^0.7.0", "hono": "^4.9.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/index.ts"
import { z } from "zod";

const query = z.object({ name: z.string() });

export default {
  async fetch(request): Promise<Response> {
    const found = query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(found.success);
  },
} satisfies ExportedHandler;
```

## Correct

```json title="package.json"
{ "dependencies": { "@hono/zod-validator": "^0.7.0", "hono": "^4.9.0", "zod": "^4.1.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/index.ts"
import { z } from "zod";

const query = z.object({ name: z.string() });

export default {
  async fetch(request): Promise<Response> {
    const found = query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(found.success);
  },
} satisfies ExportedHandler;
```

## What to do

Install it where it is imported, in the version that is used today (`npm ls NAME` shows it): `npm install
NAME@VERSION`, in the folder of that package.json (with pnpm or yarn `add`). Nothing changes then but that
it stays; without it, the build fails once the other package drops it.

- "`<file>` does not declare `<name>`": In the folder of `<file>`: `npm install <name>`, at the version that
  is used today (`npm ls <name>` shows it; with pnpm or yarn `add`). Nothing changes then but that it stays;
  without it, the build fails once nothing else brings it.

## Not reported

Packages that any package.json from the module's folder up to the root declares; imports of types; frameworks,
whose builds know modules of their own; projects with an import map (`imports`, `deno.json`) or aliases.

## Errors

```text title="esbuild"
Could not resolve "…"
```

## Fix safety

There is no fix: which version is wanted is up to the author.

Source: https://nodejs.org/api/packages.html, https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies
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
    config,
    js,
    pattern,
    rule,
    worker,
)

_NAME = pattern(r"(?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*")
_MAPS = ("deno.json", "deno.jsonc", "import_map.json", "jsconfig.json")


@rule(worker(), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.is_document or subject.app is not None or subject.config is None:
        return
    if subject.config.aliases or subject.config.root.get("build") is not None:
        return
    seen: set[str] = set()
    for path in js.running_paths(subject):
        document = project.sources.document(path)
        folder = posixpath.dirname(path)
        if document is None or "node_modules" in path or not path.endswith(js.suffixes.MODULE_SUFFIXES):
            continue
        for edge in project.imports.of(path):
            if not isinstance(edge.to, js.Package) or edge.item.type_only or edge.to.name in seen:
                continue
            name = edge.to.name
            if _NAME.fullmatch(name) is None or not edge.item.specifier.startswith(name):
                continue
            seen.add(name)
            manifests = [
                config.Manifest(found) for found in config.manifests_above(project.workspace, folder)
            ]
            if not manifests or not any(one.dependencies for one in manifests):
                continue
            if any(_knows(one, name) for one in manifests) or _is_mapped(project, folder, name):
                continue
            if not _is_import(project, path, edge.item.span):
                continue
            beside = config.declared_beside(project.workspace, folder, name)
            why = "only if another package brings it"
            if beside is not None:
                why = f"as long as `{beside.path}` does and the package manager puts it above both"
            yield Finding(
                f"`{manifests[0].document.path}` does not declare `{name}`: it is there {why}",
                Location(document, edge.item.span),
            )


def _is_import(project: Project, path: str, span: Span) -> bool:
    """Whether a specifier is that of an import in code, and not in a text that holds code."""
    module = js.module_of(project, path)
    text = module.node_at(span.start, span.end) if module is not None else None
    if module is None or text is None or text.type not in ("string", "string_fragment"):
        return False
    literal = text if text.type == "string" else module.parent(text)
    around = module.parent(literal) if literal is not None else None
    return around is not None and around.type in ("import_statement", "export_statement", "arguments")


def _knows(manifest: config.Manifest, name: str) -> bool:
    """Whether a package.json declares a package, or is that package's own."""
    own = manifest.root.get("name")
    return name in manifest.dependencies or (own is not None and own.text == name)


def _is_mapped(project: Project, folder: str, name: str) -> bool:
    """Whether something else may tell what a name means: an import map, or paths of tsconfig."""
    quoted = f'"{name}'.encode()
    while True:
        entries = project.workspace.entries(folder)
        if any(one in entries for one in _MAPS):
            return True
        for one in entries:
            if one.startswith(("tsconfig", "vite.config", "rollup.config", "webpack.config", "esbuild")):
                document = project.workspace.read(posixpath.join(folder, one))
                if document is not None and quoted in document.data:
                    return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)
