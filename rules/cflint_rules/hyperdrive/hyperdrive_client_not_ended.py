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
_KEEPS = frozenset({"drizzle", "Kysely", "PostgresJSDialect", "PostgresDialect", "MysqlDialect"})


@rule(member_access("connectionString", "host"), severity=Severity.NOTE, presets=(REFERENCE,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    made = _client_around(match)
    if made is None:
        return
    client = module.value_of(made).awaited
    if client.inner is None or client.inner.kind is not ValueKind.CONNECTION_STRING:
        return
    declaration = _name_of(module, made)
    if declaration is None or declaration.scope.type == "program":
        return  # handed on at once, or one for all requests
    if all(_stays(module, reference) for reference in module.scope.references(declaration)):
        yield Finding(
            f"the {client.detail} client `{declaration.name}` is never ended (optional: Hyperdrive frees its"
            " connection when the invocation ends)",
            module.at(made),
        )


def _client_around(match: Match) -> Node | None:
    """The `postgres(…)` or `new Client(…)` that the connection string is given to."""
    for above in match.module.ancestors(match.node):
        if above.type in ("call_expression", "new_expression"):
            is_client = match.value_of(above).awaited.kind is ValueKind.DATABASE_CLIENT
            return above if is_client else None
        if above.type.endswith("_statement"):
            return None
    return None


def _name_of(module: Module, made: Node) -> js.Declaration | None:
    node = module.with_wrappers(made)
    parent = module.parent(node)
    if parent is not None and parent.type == "await_expression":
        node = module.with_wrappers(parent)
        parent = module.parent(node)
    name = parent.child_by_field_name("name") if parent is not None else None
    if parent is None or parent.type != "variable_declarator" or name is None or name.type != "identifier":
        return None
    return module.scope.resolve(name)


def _stays(module: Module, reference: Node) -> bool:
    """Whether a use neither ends the client nor hands it to code that could."""
    node = module.with_wrappers(reference)
    parent = module.parent(node)
    if parent is None:
        return False
    if parent.type == "member_expression":
        name = parent.child_by_field_name("property")
        return name is not None and module.text(name) not in _ENDS
    if parent.type == "call_expression":
        return True  # sql`…`, sql(values)
    if parent.type == "arguments":
        call = module.parent(parent)
        callee = call.child_by_field_name("function") if call is not None else None
        return callee is not None and module.text(js.unwrap(callee)) in _KEEPS
    return False
