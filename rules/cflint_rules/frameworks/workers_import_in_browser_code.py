"""Do not import `cloudflare:workers` in a module that the browser gets.

Only the Worker has such modules. Vite finds none when it bundles for the browser, and the build stops,
whether the code that uses the import runs there or not. What needs it belongs to a module that only the
server imports.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "worker/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "vars": { "TITLE": "site" },
}
```

```html title="index.html"
<script type="module" src="/src/main.ts"></script>
```

```ts title="src/main.ts"
import { heading } from "../shared/heading";

document.title = heading("home");
```

```ts title="worker/index.ts"
import { heading } from "../shared/heading";

export default {
  async fetch(): Promise<Response> {
    return new Response(heading("api"));
  },
} satisfies ExportedHandler<Env>;
```

```ts title="shared/heading.ts"
import { env } from "cloudflare:workers";

export const heading = (page: string) => `${env.TITLE}: ${page}`;
```

## Correct

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "worker/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "vars": { "TITLE": "site" },
}
```

```html title="index.html"
<script type="module" src="/src/main.ts"></script>
```

```ts title="src/main.ts"
import { heading } from "../shared/heading";

document.title = heading("home");
```

```ts title="worker/index.ts"
import { heading } from "../shared/heading";

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(heading("api", env.TITLE));
  },
} satisfies ExportedHandler<Env>;
```

```ts title="shared/heading.ts"
export const heading = (page: string, title = "site") => `${title}: ${page}`;
```

## What to do

Move what needs it into a module that only the server imports, and hand the browser its result.

## Not reported

`import type`; a route of React Router or TanStack Start that uses the import in what the framework takes out
for the browser (`loader`, `action`, server functions), or in functions that nothing else uses; modules that
such a route imports; other frameworks.

## Errors

```text title="Vite"
Rolldown failed to resolve import "cloudflare:workers" from "…".
Rollup failed to resolve import "cloudflare:workers" from "…".
```

## Fix safety

There is no fix: code moves to another module.

Source: https://github.com/TanStack/router/issues/7199, and the code of the plugin (@cloudflare/vite-plugin
1.64.0), which knows these modules in the environments of Workers only
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, import_of, js, rule

_STRIPPED = ("react-router", "tanstack-start")
"""Frameworks that take server code out of routes for the browser."""
_MOST_HOPS = 20


@rule(
    import_of(*sorted(js.RUNTIME_MODULES)),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    both=True,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id not in (*_STRIPPED, "vite"):
        return
    placed = app.placed.get(module.path)
    if placed is None or not placed.realm.in_worker or placed.realm.label != "both":
        return
    names = [it for it in module.imported_by(match.node) if it.imported and not it.imported.type_only]
    if module.imported_by(match.node) and not names:
        return  # types
    if app.kind.id in _STRIPPED and (
        placed.importer is not None or (names and all(_is_of_server(module, it, _MOST_HOPS) for it in names))
    ):
        return
    if app.kind.id == "tanstack-start" and _is_in_options(module, names):
        return  # `tanstack-loader-reads-env` tells of it
    yield Finding("the browser gets this module, too, and has no `cloudflare:` modules", match.at(match.node))


def _is_of_server(module: Module, declared: js.Declaration, hops: int) -> bool:
    """Whether a name is used in code that only the server keeps, or in functions of which that holds."""
    for use in module.scope.references(declared):
        if module.sides.on_server(use.start_byte) or use.id == declared.node.id:
            continue
        if any(above.type in ("import_specifier", "import_clause") for above in module.ancestors(use)):
            continue
        owner = _owner(module, use.start_byte)
        if hops == 0 or owner is None or not _is_of_server(module, owner, hops - 1):
            return False
    return True


def _owner(module: Module, offset: int) -> js.Declaration | None:
    """The name of the module, which it does not export, whose declaration holds an offset."""
    for declared in module.scope.top_level.values():
        owner = declared.owner
        if declared.imported is None and owner.start_byte <= offset < owner.end_byte:
            is_exported = any(it.type == "export_statement" for it in module.ancestors(owner))
            return None if is_exported else declared
    return None


def _is_in_options(module: Module, names: list[js.Declaration]) -> bool:
    """Whether each use stands in the options of an exported route."""
    uses = [use for declared in names for use in module.scope.references(declared)]
    routes = [it.owner for name, it in module.scope.top_level.items() if name == "Route"]
    inside = [use for use in uses if any(it.start_byte <= use.start_byte < it.end_byte for it in routes)]
    return bool(inside)
