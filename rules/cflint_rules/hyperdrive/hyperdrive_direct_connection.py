"""Connect to the database through the Hyperdrive configuration that the Worker has.

A client that is given the database's own address opens a connection from wherever the request is handled:
some seven round trips before the first query, for every request, and as many connections as there are
requests. Hyperdrive keeps connections open near the database, and `env.HYPERDRIVE.connectionString` is all
that a driver needs.

## Incorrect

```ts
import { Client } from "pg";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.DATABASE_URL });
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

```jsonc
{
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "8b1f6c0e93d74a52b0f4e7a1c6d2935f" }]
}
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

```jsonc
{
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "8b1f6c0e93d74a52b0f4e7a1c6d2935f" }]
}
```

## What to do

Give the client the `connectionString` of the binding that the message names, in place of the address. If
Hyperdrive was set up for another database (`npx wrangler hyperdrive list`), make a configuration for this one
first. As it is, each request opens a connection anew, some seven round trips.

## Not reported

Workers without a Hyperdrive configuration; clients that are made under a condition, as in development;
drivers that speak HTTP; scripts and migrations that no Worker reaches.

## Fix safety

Unsafe: Hyperdrive may be configured for another database than the variable names; as it is, each request
opens a connection of its own, in some seven round trips.

Source: https://developers.cloudflare.com/hyperdrive/get-started/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, new, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_URL = pattern(r"(?:postgres|postgresql|mysql)://(?:[^@/]*@)?([^:/?]+)")
_LOCAL = frozenset({"127.0.0.1", "host.docker.internal"})


@rule(
    call("postgres", "createConnection", "createPool"),
    new("Client", "Pool"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    given = _address(match)
    if given is None or not match.module.is_run:
        return
    bindings = [found for env in match.module.environments for found in env.bindings_of("hyperdrive")]
    names = {binding.name for binding in bindings if binding.name}
    if not names or not _is_direct(match, given):
        return
    client = match.value_of(match.node).awaited
    if client.kind is not ValueKind.DATABASE_CLIENT or client.uses_hyperdrive or _has_choice(match):
        return
    one = next(iter(names)) if len(names) == 1 else None
    listed = " or ".join(f"`{name}`" for name in sorted(names))
    yield Finding(
        f"this client goes to the database directly, and not through Hyperdrive ({listed})",
        match.at(given),
        fix=_fix(match, given, client.detail, one),
    )


def _address(match: Match) -> Node | None:
    """The expression that says where the database is."""
    first = js.unwrap(match.arguments[0]) if match.arguments else None
    if first is None or first.type != "object":
        return first
    named = (match.module.property_value(first, name) for name in ("connectionString", "uri"))
    found = next((value for value in named if value is not None), None)
    return js.unwrap(found) if found is not None else None


def _is_direct(match: Match, given: Node) -> bool:
    """Whether an address is written down, or is a variable or secret of the Worker."""
    text = match.module.string(given)
    if text is not None:
        url = _URL.match(text)
        return url is not None and "." in url.group(1) and url.group(1) not in _LOCAL
    name = match.module.platform_name(given)
    if name is not None and name.module == "" and name.name.startswith("process.env."):
        return True
    value = match.value_of(given)
    is_string = value.binding is None or value.binding.id in ("var", "secret")
    is_named = given.type == "member_expression" and value.name is not None
    return is_named and value.kind is ValueKind.BINDING and is_string


def _has_choice(match: Match) -> bool:
    """Whether the client is made under a condition, or beside one that goes through Hyperdrive."""
    module, function = match.module, match.enclosing_function
    if module.is_conditional(match.node, function or module.root):
        return True
    return function is not None and any(
        _is_member(module.parent(leaf), leaf) for leaf in module.leaves("connectionString", function)
    )


def _is_member(parent: Node | None, leaf: Node) -> bool:
    return parent is not None and parent.child_by_field_name("property") == leaf


def _fix(match: Match, given: Node, driver: str, name: str | None) -> Fix | None:
    member = match.module.member(given)
    if member is None or name is None or "mysql" in driver:
        return None
    if match.value_of(member.object).kind is not ValueKind.ENV:
        return None
    text = f"{match.text(member.object)}.{name}.connectionString"
    return Fix(f"Connect by `{name}`", (match.replace(given, text),), Safety.UNSAFE)
