"""Give Postgres.js the options that fit a Worker behind Hyperdrive.

A Worker may have six connections open at once, and Postgres.js opens up to ten: `max: 5` keeps room. At its
first query it also queries the database for its types, a round trip that only array types need: `fetch_types:
false`. `prepare: false` makes every query one that Hyperdrive cannot cache.

## Incorrect

```ts
import postgres from "postgres";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const sql = postgres(env.HYPERDRIVE.connectionString);
    try {
      return Response.json(await sql`SELECT now()`);
    } finally {
      ctx.waitUntil(sql.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import postgres from "postgres";

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const sql = postgres(env.HYPERDRIVE.connectionString, { max: 5, fetch_types: false });
    try {
      return Response.json(await sql`SELECT now()`);
    } finally {
      ctx.waitUntil(sql.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Clients that do not go through Hyperdrive, options that come from elsewhere, and `fetch_types` that is set to
`true`, where array types are needed.

## Fix safety

Unsafe: with `fetch_types: false` columns of array types arrive as text.

Source: https://developers.cloudflare.com/hyperdrive/examples/connect-to-postgres/postgres-drivers-and-libraries/postgres-js/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_CONNECTIONS = 5


@rule(call("postgres"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    client = match.value_of(match.node)
    if client.kind is not ValueKind.DATABASE_CLIENT or client.detail != "Postgres.js":
        return
    if client.inner is None or client.inner.kind is not ValueKind.CONNECTION_STRING:
        return
    options = _options(match)
    if options is None:
        return
    missing: list[str] = []
    most = options.get("max")
    if most is None:
        missing.append("max: 5")
    elif most.type == "number" and int(float(match.text(most).replace("_", ""))) > _MOST_CONNECTIONS:
        yield Finding(
            f"Postgres.js may open {match.text(most)} connections, and a Worker has six: use `max: 5`",
            match.at(most),
            fix=Fix("Use `max: 5`", (match.replace(most, "5"),), Safety.UNSAFE),
        )
    if "fetch_types" not in options:
        missing.append("fetch_types: false")
    prepare = options.get("prepare")
    if prepare is not None and prepare.type == "false":
        yield Finding("`prepare: false` keeps Hyperdrive from caching queries", match.at(prepare))
    if missing:
        wanted = " and ".join(f"`{option}`" for option in missing)
        yield Finding(
            f"Postgres.js is not given {wanted}, which fit a Worker behind Hyperdrive",
            match.at(match.node),
            fix=_add(match, ", ".join(missing)),
        )


def _options_node(match: Match) -> Node | None:
    """The object of options: the last argument; None when there is none."""
    given = [js.unwrap(argument) for argument in match.arguments]
    return next((node for node in given if node.type == "object"), None)


def _options(match: Match) -> dict[str, Node] | None:
    """The options by name; None when there may be others than one can see."""
    if not 1 <= len(match.arguments) <= 2:
        return None
    node = _options_node(match)
    if node is None:
        return {} if len(match.arguments) == 1 else None
    found: dict[str, Node] = {}
    for part in node.named_children:
        if part.type == "comment":
            continue
        key = part.child_by_field_name("key") if part.type == "pair" else None
        value = part.child_by_field_name("value") if part.type == "pair" else part
        name = match.module.property_name(key if key is not None else part)
        if name is None or value is None or part.type == "spread_element":
            return None
        found[name] = js.unwrap(value)
    return found


def _add(match: Match, options: str) -> Fix:
    title = f"Add `{options}`"
    node = _options_node(match)
    if node is None:
        edit = match.insert(match.arguments[0].end_byte, f", {{ {options} }}")
        return Fix(title, (edit,), Safety.UNSAFE)
    parts = [part for part in node.named_children if part.type != "comment"]
    if not parts:
        return Fix(title, (match.replace(node, f"{{ {options} }}"),), Safety.UNSAFE)
    last = parts[-1]
    line_of = match.document.line_of
    apart = line_of(last.start_byte) > line_of(node.start_byte)
    between = ",\n" + match.module.indent_of(last) if apart else ", "
    text = between + options.replace(", ", between)
    return Fix(title, (match.insert(last.end_byte, text),), Safety.UNSAFE)
