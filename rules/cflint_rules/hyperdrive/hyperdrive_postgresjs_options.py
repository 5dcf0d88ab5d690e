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

## What to do

Delete `prepare: false`, whose default is `true`: queries that are not prepared are never cached.

## Not reported

Clients that do not go through Hyperdrive, as far as one can see (the connection string may be handed on by
helpers, in other modules, too), `prepare: false` of one that may also go another way, options that come from
elsewhere, and `fetch_types` that is set to `true`, where array types are needed.

## Fix safety

Unsafe: with `fetch_types: false` columns of array types arrive as text; without it each client asks for all
types first, and without `max` it opens ten connections, where a Worker may have six.

- "keeps Hyperdrive from caching": a query may then be answered with what was there up to a minute before

Source: https://developers.cloudflare.com/hyperdrive/examples/connect-to-postgres/postgres-drivers-and-libraries/postgres-js/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_CONNECTIONS = 5


@rule(call("postgres"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    client = match.value_of(match.node)
    if client.detail != "Postgres.js" or not match.arguments:
        return
    if not client.uses_hyperdrive and js.hyperdrive_behind(match.module, match.arguments[0]) is None:
        return
    options = _options(match)
    if options is None:
        return
    missing: list[str] = []
    most = options.get("max")
    if most is None:
        missing.append("max: 5")
    elif most.type == "number" and (match.module.number(most) or 0) >= _MOST_CONNECTIONS + 1:
        yield Finding(
            f"Postgres.js may open {match.text(most)} connections, and a Worker has six: use `max: 5`",
            match.at(most),
            fix=Fix("Use `max: 5`", (match.replace(most, "5"),), Safety.UNSAFE),
        )
    if "fetch_types" not in options:
        missing.append("fetch_types: false")
    prepare = options.get("prepare")
    if prepare is not None and prepare.type == "false":
        pair = match.module.parent(prepare)
        if pair is not None and pair.type == "pair" and not _may_be_another(match):
            yield Finding(
                "`prepare: false` keeps Hyperdrive from caching queries",
                match.at(prepare),
                fix=Fix(
                    "Leave it out",
                    (Edit(match.module.document, match.module.item_span(pair), ""),),
                    Safety.UNSAFE,
                ),
            )
    if missing:
        wanted = " and ".join(f"`{option}`" for option in missing)
        yield Finding(
            f"Postgres.js is not given {wanted}, which fit a Worker behind Hyperdrive",
            match.at(match.node),
            fix=_add(match, missing),
        )


def _may_be_another(match: Match) -> bool:
    """Whether the client may also reach a database without Hyperdrive, whose pooler may refuse what is
    prepared: `env.HYPERDRIVE?.connectionString ?? env.DATABASE_URL`."""
    given = match.module.operation(match.module.initializer(match.arguments[0]))
    return given is not None and given.operator in ("??", "||")


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
    return match.module.properties_of(node)


def _add(match: Match, options: list[str]) -> Fix:
    node = _options_node(match)
    if node is None:
        edit = match.insert(match.arguments[0].end_byte, f", {{ {', '.join(options)} }}")
    else:
        edit = match.module.add_properties(node, *options)
    return Fix(f"Add `{', '.join(options)}`", (edit,), Safety.UNSAFE)
