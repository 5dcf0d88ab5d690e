"""Drop the declaration of `AppLoadContext` in an app of React Router 8.

Version 8 has no such type: its context is a `RouterContextProvider`, and `context.get(key)` is typed by the
key. What a `declare module "react-router"` says of `AppLoadContext` reaches no loader and no action.

## Incorrect

```json title="package.json"
{
  "dependencies": { "react-router": "^8.5.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^8.5.0" }
}
```

```ts title="react-router.config.ts"
export default { ssr: true };
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { reactRouter } from "@react-router/dev/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "ssr" } }), reactRouter()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "workers/app.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="workers/app.ts"
import { createRequestHandler } from "react-router";

declare module "react-router" {
  export interface AppLoadContext {
    cloudflare: { env: Env };
  }
}

const handle = createRequestHandler(() => import("virtual:react-router/server-build"));

export default {
  async fetch(request): Promise<Response> {
    return handle(request);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```json title="package.json"
{
  "dependencies": { "react-router": "^8.5.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^8.5.0" }
}
```

```ts title="react-router.config.ts"
export default { ssr: true };
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";
import { reactRouter } from "@react-router/dev/vite";

export default { plugins: [cloudflare({ viteEnvironment: { name: "ssr" } }), reactRouter()] };
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "workers/app.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="workers/app.ts"
import { createRequestHandler } from "react-router";

const handle = createRequestHandler(() => import("virtual:react-router/server-build"));

export default {
  async fetch(request): Promise<Response> {
    return handle(request);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Version 7 and earlier, or one that is not known.

## Fix safety

There is no fix: what reads the context changes as well.

Source: the types of the package (7.18.6 has `AppLoadContext`, 8.5.1 does not)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Module, Severity, config, js, module, rule

_TYPE = "AppLoadContext"
_PACKAGE = "react-router"
_FIRST = (8, 0, 0)


@rule(module(_TYPE), severity=Severity.NOTE, presets=(PREVIEW,), both=True, documents=Documents.NOTHING)
def check(module: Module) -> Iterator[Finding]:
    app = module.app
    if app is None or app.kind.id != "react-router":
        return
    found = config.installed_version(module.project.workspace, app.folder, _PACKAGE)
    if found is None or found.lowest < _FIRST:
        return
    for declared in module.descendants(module.root, "interface_declaration"):
        name = declared.child_by_field_name("name")
        if name is None or module.text(name) != _TYPE:
            continue
        around = next((it for it in module.ancestors(declared) if it.type == "module"), None)
        named = around.child_by_field_name("name") if around is not None else None
        if named is not None and js.string_value(module.syntax, named) == _PACKAGE:
            yield Finding(f"React Router 8 has no type `{_TYPE}`: nothing reads this", module.at(name))
