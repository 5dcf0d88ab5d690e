"""Import only what a module exports.

esbuild, with which wrangler and Vite bundle, refuses a name that the module does not export: "No matching
export". Where the bundle is not made by it, the name is `undefined` when the Worker runs.

## Incorrect

```ts
// src/index.ts
import { greet } from "./greeting";

export default {
  async fetch(): Promise<Response> {
    return new Response(greet());
  },
} satisfies ExportedHandler;
```

```ts
// src/greeting.ts
export function greeting(): string {
  return "hello";
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
```

## Correct

```ts
// src/index.ts
import { greeting } from "./greeting";

export default {
  async fetch(): Promise<Response> {
    return new Response(greeting());
  },
} satisfies ExportedHandler;
```

```ts
// src/greeting.ts
export function greeting(): string {
  return "hello";
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
```

## What to do

Import the name that the other module exports, or add the `export` there; where the name is a type that went
away, take the import out.

## Not reported

Modules that nothing else has to look into; imports of types, and names that are only used as types; what a
plugin makes of a file (`./page.html?raw`); modules of packages, declarations and CommonJS; modules that
re-export something that cannot be seen, or do not parse.

## Errors

```text title="esbuild"
No matching export in "…" for import "…"
```

```text title="workerd"
SyntaxError: The requested module '…' does not provide an export named '…'
```

## Fix safety

No fix: which name is meant, or what the module lacks, is up to the author.

Source: https://github.com/evanw/esbuild/blob/main/internal/linker/linker.go
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Location,
    Module,
    Project,
    Severity,
    Span,
    hint,
    js,
    module,
    rule,
)

_OWN = (".", "/", "~", "#", "@/")
"""How specifiers of a project's own modules begin."""
_VALUES = frozenset({"identifier", "shorthand_property_identifier"})


@rule(
    module(),
    hint("fetch", "env", "Response"),
    severity=Severity.ERROR,
    documents=Documents.NOTHING,
)
def check(module: Module) -> Iterator[Finding]:
    project = module.project
    if not module.is_run or module.path.endswith(js.suffixes.DECLARATION_SUFFIXES):
        return
    for declared in module.scope.imports:
        ref = declared.imported
        if (
            ref is None
            or ref.type_only
            or ref.name == "*"
            or not ref.module.startswith((".", "/", "~", "@/"))
        ):
            continue
        if "?" in ref.module or "!" in ref.module:
            continue  # a plugin makes something else of the file: its text, say
        target = project.imports.resolve(ref.module, module.path)
        if target is None or _may_export(project, target, ref.name):
            continue
        if not any(use.type in _VALUES for use in module.scope.references(declared)):
            continue  # used as a type, or not at all: it is dropped
        facts = project.facts.of(target)
        document = project.sources.document(target)
        names = {name.lower(): name for name in facts.exports} if facts is not None else {}
        near = names.get(ref.name.lower())
        hint = f"; did you mean `{near}`?" if near is not None else ""
        what = "has no default export" if ref.name == "default" else f"exports no `{ref.name}`"
        yield Finding(
            f"`{ref.module}` {what}{hint}",
            module.at(declared.node),
            (Location(document, Span(0, 0), "this module is meant"),) if document is not None else (),
        )


def _may_export(project: Project, path: str, name: str) -> bool:
    """Whether a module exports a name, as a value or a type, or may do so where it cannot be seen."""
    if not path.endswith(js.suffixes.TYPESCRIPT + js.suffixes.JAVASCRIPT) or path.endswith(
        js.suffixes.DECLARATION_SUFFIXES
    ):
        return True
    if name in project.scan.exports(path):
        return True  # its text shows it, without a tree
    facts = project.facts.of(path)
    if facts is None or facts.has_errors or facts.is_commonjs or name in facts.exports:
        return True
    if not facts.exports and not facts.star_exports:
        return True  # CommonJS of another kind, or a module whose exports are not understood
    return not project.exports.of(path).complete or any(
        (inner := project.imports.resolve(star, path)) is None or _may_export(project, inner, name)
        for star in facts.star_exports
    )
