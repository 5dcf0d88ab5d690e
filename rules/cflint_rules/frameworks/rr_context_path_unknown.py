"""Read from the load context what the Worker puts into it.

React Router hands on to loaders and actions what the Worker's entry gives the request handler, and adds
nothing. `context.cloudflare` is a habit of templates: where the entry hands over an object without it, it is
undefined, and reading `env` of it throws.

## Incorrect

```json title="package.json"
{
  "dependencies": { "react-router": "^7.18.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^7.18.0" }
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
  "kv_namespaces": [{ "binding": "CARTS" }],
}
```

```ts title="app/routes.ts"
import { index } from "@react-router/dev/routes";

export default [index("home.tsx")];
```

```ts title="workers/app.ts"
import { createRequestHandler } from "react-router";

const handle = createRequestHandler(() => import("virtual:react-router/server-build"));

export default {
  async fetch(request, env, ctx): Promise<Response> {
    return handle(request, { env, ctx });
  },
} satisfies ExportedHandler<Env>;
```

```tsx title="app/home.tsx"
export async function loader({ context }) {
  return { all: await context.cloudflare.env.CARTS.get("all") };
}

export default function Home() {
  return null;
}
```

## Correct

```json title="package.json"
{
  "dependencies": { "react-router": "^7.18.0" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0", "@react-router/dev": "^7.18.0" }
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
  "kv_namespaces": [{ "binding": "CARTS" }],
}
```

```ts title="app/routes.ts"
import { index } from "@react-router/dev/routes";

export default [index("home.tsx")];
```

```ts title="workers/app.ts"
import { createRequestHandler } from "react-router";

const handle = createRequestHandler(() => import("virtual:react-router/server-build"));

export default {
  async fetch(request, env, ctx): Promise<Response> {
    return handle(request, { cloudflare: { env, ctx } });
  },
} satisfies ExportedHandler<Env>;
```

```tsx title="app/home.tsx"
export async function loader({ context }) {
  return { all: await context.cloudflare.env.CARTS.get("all") };
}

export default function Home() {
  return null;
}
```

## Not reported

An object with a spread or a computed key; a context that several entries hand over, or that cannot be
followed; a `RouterContextProvider`; `context.cloudflare?.env`.

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading 'env')
```

## Fix safety

There is no fix: either the entry or the route is meant otherwise.

Source: the code of the package (react-router 7.18.6, `createRequestHandler`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Documents, Finding, Match, Severity, ValueKind, member_access, rule

_KINDS = ("react-router", "remix")
_KEY = "cloudflare"


@rule(
    member_access(_KEY),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    both=True,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id not in _KINDS or match.receiver is None:
        return
    if match.text(match.receiver).rpartition(".")[2] != "context" or _is_optional(match):
        return
    if not any(
        it.function.start_byte <= match.node.start_byte < it.function.end_byte for it in module.app_handlers
    ):
        return
    value = match.receiver_value
    if value.kind is not ValueKind.APP_OBJECT or value.shape is not None or value.origin is None:
        return
    home = module if value.detail == module.path else module.other(value.detail)
    node = home.node_at(value.origin.start_byte, value.origin.end_byte) if home is not None else None
    keys = home.properties_of(node) if home is not None and node is not None else None
    if home is not None and node is not None and keys is not None and _KEY not in keys:
        message = f"the Worker hands on no `{_KEY}`: this is undefined"
        yield Finding(message, match.at(match.name), related=(home.at(node, "what it hands on"),))


def _is_optional(match: Match) -> bool:
    """Whether the code allows for the member not to be there."""
    around = match.module.parent(match.node)
    return around is not None and any(child.type == "optional_chain" for child in around.children)
