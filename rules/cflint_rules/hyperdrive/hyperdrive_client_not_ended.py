"""Close a database client that goes through Hyperdrive when it is no longer needed.

Hyperdrive frees the connection when the invocation ends, so nothing breaks. To free it earlier, while work in
`waitUntil()` goes on or a long Workflow step runs, close the client with `ctx.waitUntil(sql.end())` on every
path.

## Incorrect

```ts
import { Client } from "pg";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
    await client.connect();
    const { rows } = await client.query("SELECT now()");
    return Response.json(rows);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { Client } from "pg";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
    try {
      await client.connect();
      const { rows } = await client.query("SELECT now()");
      return Response.json(rows);
    } finally {
      ctx.waitUntil(client.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put what is done with the client into `try`, and behind it `finally { ctx.waitUntil(client.end()); }`.

## Not reported

A client that leaves the function (returned, passed to other code, kept in an object), since it may be ended
there; one in a Durable Object's field (see `hyperdrive-client-end`) or in a module's variable (see
`hyperdrive-global-client`).

## Fix safety

There is no fix: only the author knows where the last use of the client is.

Source: https://developers.cloudflare.com/hyperdrive/concepts/connection-lifecycle/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import REFERENCE, Finding, Match, Module, Severity, ValueKind, js, member_access, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ENDS = frozenset({"end", "destroy", "release"})


@rule(member_access("connectionString", "host"), severity=Severity.NOTE, presets=(REFERENCE,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    made = _client_around(match)
    client = match.value_of(made.node).awaited if made is not None else None
    if made is None or client is None or not client.uses_hyperdrive:
        return
    name = module.given_name(made.whole)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.scope.type == "program":
        return  # handed on at once, or one for all requests
    if all(_stays(module, reference) for reference in module.scope.references(declaration)):
        yield Finding(
            f"the {client.detail} client `{declaration.name}` is never ended (optional: Hyperdrive frees its"
            " connection when the invocation ends)",
            module.at(made.node),
            words=(("client", declaration.name),),
        )


def _client_around(match: Match) -> js.Call | None:
    """The `postgres(…)` or `new Client(…)` that the connection string is given to."""
    for above in match.module.ancestors(match.node):
        call = match.module.call(above)
        if call is not None:
            is_client = match.value_of(call.node).awaited.kind is ValueKind.DATABASE_CLIENT
            return call if is_client else None
        if above.type.endswith("_statement"):
            return None
    return None


def _stays(module: Module, reference: Node) -> bool:
    """Whether a use neither ends the client nor hands it to code that could."""
    member = module.member_read(reference)
    if member is not None:
        return member.name not in _ENDS
    around = module.call_around(reference)
    if around is not None:
        return not around[0].is_new and module.orm_made(around[0].node) is not None
    parent = module.parent(module.with_wrappers(reference))
    return parent is not None and parent.type == "call_expression"  # sql`…`, sql(values)
