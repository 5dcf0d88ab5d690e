"""Put the module that is imported into the repository: without it the Worker cannot be built.

wrangler's bundler resolves each import of a module that runs. A relative one that leads to no file ends
`wrangler dev` and `wrangler deploy`: of a checkout nobody but the author can deploy, nor can CI.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
```

```ts title="src/index.ts"
import { greeting } from "./greeting";

export default {
  fetch(): Response {
    return new Response(greeting);
  },
} satisfies ExportedHandler;
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
```

```ts title="src/index.ts"
import { greeting } from "./words";

export default {
  fetch(): Response {
    return new Response(greeting);
  },
} satisfies ExportedHandler;
```

```ts title="src/words.ts"
export const greeting = "hello";
```

## What to do

Commit the module that is meant; where it was renamed or moved, import it from there. If a module holds
secrets and was left out for that, make them secrets of the Worker and read them from `env`.

## Not reported

What git leaves out, what a build or a script makes (a folder such as `dist/` or `generated/`, a `build` in
the configuration, a name that a script of the package.json or a workflow speaks of); imports of types, and
names that are only used as types; frameworks, whose builds make modules; `import()` and `require()`; samples.

## Errors

```text title="esbuild"
Could not resolve "…"
```

## Fix safety

There is no fix: what the module had in it is not known.

Source: https://esbuild.github.io/api/#bundle
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
    Worker,
    config,
    js,
    pattern,
    rule,
    worker,
)

_VALUES = frozenset({"identifier", "shorthand_property_identifier", "jsx_identifier"})
_MADE = pattern(
    r"(?:^|[/.+_$-])(?:gen|generated|codegen|compiled|bundled?|prisma|types|manifest|version|build\w*|dist|out|output"
    r"|pkg|wasm|target|node_modules)(?=[/.+_$-]|$)|[$+]"
)
"""Names of what something makes: a file, or a folder above it."""
_WORKFLOWS = ".github/workflows"


@rule(
    worker(),
    severity=Severity.WARNING,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    read = subject.config
    if read is None or subject.is_document or subject.app is not None or not subject.unresolved:
        return
    if read.root.get("build") is not None or read.aliases or not read.role.is_deployed:
        return
    paths = config.ConfigPaths(project.workspace, read)
    found: dict[str, Location] = {}
    for path in js.running_paths(subject):
        document = project.sources.document(path)
        if document is None or "node_modules" in path or not path.endswith(js.suffixes.MODULE_SUFFIXES):
            continue
        for edge in project.imports.of(path):
            item = edge.item
            if not isinstance(edge.to, js.Unknown) or item.type_only:
                continue
            if item.kind not in (js.ImportKind.STATIC, js.ImportKind.REEXPORT):
                continue
            target = _absent(project, path, item.specifier)
            if target is None or target in found or _may_be_made(project, paths, path, target):
                continue
            if _takes_a_value(project, path, item):
                found[target] = Location(document, item.span)
    if found:
        (target, first), *others = found.items()
        more = f", nor {len(others)} more" if others else ""
        yield Finding(
            f"`{target}` is not in the repository{more}: the Worker cannot be built",
            first,
            tuple(place.saying("nor is this") for _, place in others),
        )


def _absent(project: Project, path: str, specifier: str) -> str | None:
    """The path that a relative import names, if nothing in its folder has that name with any ending."""
    if not specifier.startswith(("./", "../")) or "?" in specifier or "!" in specifier:
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
    if target.startswith(".."):
        return None
    folder, _, name = target.rpartition("/")
    stem = posixpath.splitext(name)[0].lower()
    names = [entry.lower() for entry in project.workspace.entries(folder)]
    if any(entry in (name.lower(), stem) or entry.startswith(f"{stem}.") for entry in names):
        return None
    return target


def _may_be_made(project: Project, paths: config.ConfigPaths, path: str, target: str) -> bool:
    """Whether something may make a module: git leaves it out, its name says so, or a script speaks of it."""
    endings = ("", *js.suffixes.MODULE_SUFFIXES, "/index.ts", "/index.js")
    if _MADE.search(target) is not None or any(
        paths.is_ignored(paths.relative(target + ending)) for ending in endings
    ):
        return True
    name = posixpath.splitext(posixpath.basename(target))[0]
    folder = posixpath.basename(posixpath.dirname(target))
    workspace = project.workspace
    texts = [manifest.data for manifest in config.manifests_above(workspace, posixpath.dirname(path))]
    workflows = (posixpath.join(_WORKFLOWS, each) for each in workspace.list(_WORKFLOWS))
    texts += [found.data for each in workflows if (found := workspace.read(each)) is not None]
    words = [f"{folder}/{name}".encode(), f"{name}.".encode()]
    return any(word in text for text in texts for word in words)


def _takes_a_value(project: Project, path: str, item: js.Import) -> bool:
    """Whether an import stays in what is bundled: it takes no name, or one that is used as a value. Others go
    in TypeScript, where they may be types."""
    if not path.endswith(js.suffixes.TYPESCRIPT):
        return True
    if item.kind is js.ImportKind.REEXPORT:
        return item.clause.startswith("*")
    module = js.module_of(project, path)
    if module is None:
        return False
    declared = [
        it
        for it in module.scope.imports
        if it.imported is not None and it.imported.module == item.specifier and not it.imported.type_only
    ]
    if not declared:
        return not item.clause
    return any(use.type in _VALUES for it in declared for use in module.scope.references(it))
