"""Leave `runtime = "edge"` out: OpenNext builds for the Node.js runtime.

`@opennextjs/cloudflare` runs pages and routes with the Node.js runtime of Next.js, which Workers have by
`nodejs_compat`. A route that asks for the edge runtime is not there when it is called. What webpack built
(Next 15 and older, `next build --webpack`), the build of OpenNext refuses ("cannot use the edge
runtime"). What Turbopack built, the default since Next 16, goes through and is deployed: the route then
answers 500, and nothing says why.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
}
```

```ts title="app/api/cart/route.ts"
export const runtime = "edge";

export function GET() {
  return Response.json([]);
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.0", "next": "^16.0.0" } }
```

```ts title="next.config.ts"
export default {};
```

```ts title="open-next.config.ts"
import { defineCloudflareConfig } from "@opennextjs/cloudflare";

export default defineCloudflareConfig();
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": ".open-next/worker.js",
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
  "assets": { "directory": ".open-next/assets", "binding": "ASSETS" },
}
```

```ts title="app/api/cart/route.ts"
export function GET() {
  return Response.json([]);
}
```

## What to do

Delete `runtime = "edge"`: the code then runs with Node.js's APIs, which Workers have by `nodejs_compat`.

## Not reported

Middleware, which may run there; an `open-next.config` that sets up `functions` of their own.

## Fix safety

Unsafe: code that was written for the edge runtime then runs with Node.js's APIs, which Workers have by
`nodejs_compat`.

Source: https://opennext.js.org/cloudflare/get-started, the code of the packages (1.20.17, and 4.1.16 of
`@opennextjs/aws`: `copyTracedFiles`), and for Next 16
https://github.com/opennextjs/opennextjs-cloudflare/issues/1028
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    Span,
    config,
    js,
    module,
    pattern,
    rule,
)
from cflint_rules.frameworks._next import ROUTE

if TYPE_CHECKING:
    from tree_sitter import Node

_EDGE = ("edge", "experimental-edge")
_TURBOPACK = (16, 0, 0)
"""The version of Next.js from which on it builds with Turbopack."""
_OWN_FUNCTIONS = pattern(rb"\bfunctions\b")
_SUFFIXES = ("ts", "mts", "mjs", "js", "cjs")


@rule(module("runtime"), severity=Severity.WARNING, fix=Safety.UNSAFE, documents=Documents.NOTHING)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id != "opennext" or ROUTE.fullmatch(module.path) is None:
        return
    found = next(_edge(module), None)
    if found is None or not _is_built_by_opennext(module) or _has_own_functions(module, app.folder):
        return
    statement, declaration, declarator = found
    message = f'OpenNext has no edge runtime: with `runtime = "edge"` {_outcome(module, app.folder)}'
    yield Finding(message, module.at(declarator), fix=_fix(module, declaration, statement))


def _outcome(module: Module, folder: str) -> str:
    """What comes of it, which the bundler decides, and the version of Next.js which one that is."""
    workspace = module.project.workspace
    found = config.installed_version(workspace, folder, "next")
    manifest = next(config.manifests_above(workspace, folder), None)
    is_said = manifest is not None and any(flag in manifest.data for flag in (b"--webpack", b"--turbo"))
    if found is None or is_said or found.lowest < _TURBOPACK < found.below:
        return "the build stops, or the route answers 500"
    return "the build stops" if found.below <= _TURBOPACK else "the route answers 500"


def _edge(module: Module) -> Iterator[tuple[Node, Node, Node]]:
    """`export const runtime = "edge"`: the statement, the declaration in it, and the part with the name."""
    for statement in module.syntax.root.named_children:
        declaration = statement.child_by_field_name("declaration")
        if statement.type != "export_statement" or declaration is None:
            continue
        for declarator in declaration.named_children:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if declarator.type != "variable_declarator" or name is None or value is None:
                continue
            if module.text(name) == "runtime" and js.string_value(module.syntax, value) in _EDGE:
                yield statement, declaration, declarator


def _is_built_by_opennext(module: Module) -> bool:
    mains = (environment.main for environment in module.environments)
    return any(main is not None and ".open-next/" in (main.text or "") for main in mains)


def _has_own_functions(module: Module, folder: str) -> bool:
    for suffix in _SUFFIXES:
        document = module.project.sources.document(posixpath.join(folder, f"open-next.config.{suffix}"))
        if document is not None:
            return _OWN_FUNCTIONS.search(document.data) is not None
    return False


def _fix(module: Module, declaration: Node, statement: Node) -> Fix | None:
    """Remove the line that the statement is."""
    document = module.document
    line = document.line_span(document.line_of(statement.start_byte))
    after = document.data[statement.end_byte : line.end].strip()
    if len(declaration.named_children) != 1 or statement.end_byte > line.end:
        return None
    if statement.start_byte != line.start or (after and not after.startswith(b"//")):
        return None
    end = document.data.find(b"\n", line.end) + 1 or len(document.data)
    return Fix("Remove the line", (Edit(document, Span(line.start, end), ""),), Safety.UNSAFE)
