"""End a pool of Neon's driver when the request is answered: each request opens WebSockets of its own.

`Pool` and `Client` of `@neondatabase/serverless`, and Drizzle's `neon-serverless`, connect by a WebSocket,
which cannot outlive the request. Neon's driver wants them connected, used and closed within one request: one
that is never ended is a connection of the database until that side gives it up, and a database has few.

## Incorrect

```ts
import { Pool } from "@neondatabase/serverless";

interface Env {
  DATABASE_URL: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const pool = new Pool({ connectionString: env.DATABASE_URL });
    const { rows } = await pool.query("SELECT now()");
    return Response.json(rows);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { Pool } from "@neondatabase/serverless";

interface Env {
  DATABASE_URL: string;
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const pool = new Pool({ connectionString: env.DATABASE_URL });
    try {
      const { rows } = await pool.query("SELECT now()");
      return Response.json(rows);
    } finally {
      ctx.waitUntil(pool.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

- "Drizzle's": Where no interactive transaction is needed, import `drizzle` from `drizzle-orm/neon-http`: it
  asks by `fetch()`, and there is nothing to end. Otherwise make the pool yourself (`const pool = new Pool({
  connectionString })`, `drizzle(pool)`), and end it when the answer is ready: `ctx.waitUntil(pool.end())`.

End it when the answer is ready: `ctx.waitUntil(pool.end())`, in `finally`. Where no session and no
interactive transaction is needed, `neon(url)` asks by `fetch()`, and there is nothing to end.

## Not reported

Modules that end anything, or reach for Drizzle's `$client`; a pool that is returned, or kept in a field or in
a variable of the module; code that no request runs.

## Fix safety

There is no fix: only the author knows where the last use of the pool is.

Source: https://github.com/neondatabase/serverless#pool-and-client,
https://neon.com/docs/serverless/serverless-driver
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, new, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_DRIVER = "@neondatabase/serverless"
_ENDS = pattern(rb"\.end\b|\$client")

_ADDRESS = pattern(r"(?:url|uri|dsn|connection_?string)$", re.IGNORECASE)
"""How names of an address of a database end."""


@rule(new("Pool", "Client"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.enclosing_function is None or not module.is_from(match.callee, _DRIVER, "Pool", "Client"):
        return
    if _is_of_request(match) and _stays(module, match.node):
        what = match.word.lower()
        yield Finding(f"the {what} of Neon's driver is never ended: its connection stays open", match.at())


@check.on(call("drizzle"))
def check_drizzle(match: Match) -> Iterator[Finding]:
    """A pool that Drizzle makes: of an address, and not of a pool that it is given."""
    module = match.module
    if match.enclosing_function is None or not module.is_from(
        match.callee, "drizzle-orm/neon-serverless", "drizzle"
    ):
        return
    given = match.arguments[0] if match.arguments else None
    if given is None or not _is_address(module, given):
        return
    if _is_of_request(match):
        yield Finding("Drizzle's pool of Neon's driver is never ended: its connection stays open", match.at())


def _is_address(module: Module, given: Node) -> bool:
    """Whether Drizzle is given the address of a database: `env.DATABASE_URL`."""
    given = js.unwrap(given)
    if given.type == "object":
        return module.property_value(given, "connection") is not None
    return (
        given.type in ("member_expression", "identifier") and _ADDRESS.search(module.text(given)) is not None
    )


def _is_of_request(match: Match) -> bool:
    module = match.module
    if _ENDS.search(module.document.data) is not None or not module.is_run:
        return False
    return js.Invocation.REQUEST in js.invocations_of(module, match.node)


def _stays(module: Module, made: Node) -> bool:
    """Whether a pool is a constant of the function that only asks, or that Drizzle gets."""
    name = module.given_name(made)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or not declaration.constant or declaration.scope.type == "program":
        return False
    for use in module.scope.references(declaration):
        around = module.call_around(use)
        is_orm = around is not None and module.orm_made(around[0].node) is not None
        if module.member_read(use) is None and not is_orm:
            return False
    return True
