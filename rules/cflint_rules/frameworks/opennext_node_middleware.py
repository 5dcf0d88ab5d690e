"""Know that OpenNext's support for middleware in Node.js is experimental.

`proxy.ts`, which Next.js 16 has instead of `middleware.ts`, always runs with the Node.js runtime, and
`middleware.ts` does with `runtime: "nodejs"`. The build of `@opennextjs/cloudflare` says of it that it is
"experimental in cloudflare, and not officially maintained". A `middleware.ts` without that line runs at the
edge, which is supported.

## Incorrect

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.17", "next": "^16.0.0" } }
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

```ts title="proxy.ts"
export function proxy(request: Request) {
  console.log(request.url);
}
```

## Correct

```json title="package.json"
{ "dependencies": { "@opennextjs/cloudflare": "^1.20.17", "next": "^16.0.0" } }
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

```ts title="middleware.ts"
export function middleware(request: Request) {
  console.log(request.url);
}
```

## Not reported

A `proxy.ts` where package.json and lock file allow a Next.js before version 16, which does not look at it;
middleware that sets no runtime.

## Fix safety

There is no fix: what the code needs of Node.js decides.

Source: the code of the package (1.20.17, `dist/cli/build/build.js`), and
https://github.com/vercel/next.js/pull/85139
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Module,
    Severity,
    config,
    module,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_FILE = pattern(r"(?:src/)?(proxy|middleware)\.[jt]s")
_FIRST = (16, 0, 0)


@rule(module("proxy", "nodejs"), severity=Severity.NOTE, presets=(PREVIEW,), documents=Documents.NOTHING)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id != "opennext":
        return
    found = _FILE.fullmatch(module.path.removeprefix(f"{app.folder}/") if app.folder else module.path)
    if found is None:
        return
    at = _proxy(module) if found[1] == "proxy" else _runtime(module)
    if found[1] == "proxy":
        version = config.installed_version(module.project.workspace, app.folder, "next")
        if version is None or version.lowest < _FIRST:
            return
    if at is not None:
        message = "middleware in Node.js is experimental with OpenNext, which does not maintain it"
        yield Finding(message, module.at(at))


def _proxy(module: Module) -> Node | None:
    """The name of the exported function, or the statement that exports it."""
    for statement in module.root.named_children:
        if statement.type != "export_statement":
            continue
        declaration = statement.child_by_field_name("declaration")
        for part in (declaration, *declaration.named_children) if declaration is not None else ():
            name = part.child_by_field_name("name")
            if name is not None and module.text(name) == "proxy":
                return name
        if any(child.type == "default" for child in statement.children):
            return statement.children[0]
    return None


def _runtime(module: Module) -> Node | None:
    """The value of `export const config = { runtime: "nodejs" }`."""
    declared = module.scope.top_level.get("config")
    value = declared.value if declared is not None else None
    runtime = module.property_value(value, "runtime") if value is not None else None
    is_node = runtime is not None and module.string_of(runtime) == "nodejs"
    return runtime if is_node else None
