"""Do not give a client of an API `localhost` as its address.

The address is that of the developer's machine. Deployed, a page asks the visitor's own machine, where nothing
answers, and a Worker asks a place where nothing can listen: sign-in and each call fail. Most clients take the
page's own origin when no address is given.

## Incorrect

```ts
import { hc } from "hono/client";
import type { Api } from "./api";

const api = hc<Api>("http://localhost:8787");

export default {
  async fetch(): Promise<Response> {
    return Response.json(await (await api.posts.$get()).json());
  },
} satisfies ExportedHandler<Env>;
```

```ts
// api.ts
import { Hono } from "hono";

const routes = new Hono().get("/posts", (c) => c.json([]));

export type Api = typeof routes;
```

## Correct

```ts
import { hc } from "hono/client";
import type { Api } from "./api";

export default {
  async fetch(request): Promise<Response> {
    const api = hc<Api>(new URL(request.url).origin);
    return Response.json(await (await api.posts.$get()).json());
  },
} satisfies ExportedHandler<Env>;
```

```ts
// api.ts
import { Hono } from "hono";

const routes = new Hono().get("/posts", (c) => c.json([]));

export type Api = typeof routes;
```

## What to do

Without `baseURL` the client asks the address of the page: leave it out where both are one site. Otherwise
read the address of the server from what the build sets (`import.meta.env.VITE_…`,
`process.env.NEXT_PUBLIC_…`), with `localhost` in the local `.env` only.

## Not reported

Addresses behind a condition (`DEV ? … : …`) or a variable (`?? "http://localhost"`, of which
[`localhost-fallback`](localhost_fallback.py) speaks), and modules that no Worker and no page of one has.

## Fix safety

There is no fix: which address is right is up to the author.

Source: https://www.better-auth.com/docs/concepts/client, https://hono.dev/docs/guides/rpc,
https://trpc.io/docs/client/links/httpBatchLink
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OPTIONS = {
    "createAuthClient": ("better-auth", "baseURL"),
    "httpLink": ("@trpc", "url"),
    "httpBatchLink": ("@trpc", "url"),
    "httpBatchStreamLink": ("@trpc", "url"),
}
"""The functions that take the address as an option: by which packages, and the option's name."""


@rule(call(*_OPTIONS, "hc"), severity=Severity.NOTE, both=True)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    called = module.called_name(match.node)
    if called is None or not match.arguments:
        return
    if any(module.property_value(given, "fetch") is not None for given in match.arguments):
        return  # who answers is whoever that asks
    address: Node | None = None
    if (called.module, called.name) == ("hono/client", "hc"):
        address = match.arguments[0]
    elif called.name in _OPTIONS:
        package, option = _OPTIONS[called.name]
        if called.module.partition("/")[0] == package:
            address = module.property_value(match.arguments[0], option)
    text = module.string_of(address) if address is not None else None
    if address is None or text is None or not js.is_local_address(text) or _is_conditional(match):
        return
    yield Finding(
        f"`{called.name}()` always asks `localhost`, where nothing answers once this is deployed",
        module.at(js.unwrap(address)),
    )


def _is_conditional(match: Match) -> bool:
    """Whether the call stands behind a condition."""
    kinds = ("ternary_expression", "if_statement", "switch_case")
    return any(above.type in kinds for above in match.module.ancestors(match.node))
