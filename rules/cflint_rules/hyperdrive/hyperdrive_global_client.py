"""Make database clients inside the handler, not once for all requests.

A socket belongs to the request that opened it. A client at the top level of a module, or one that the first
request makes and keeps in a module's variable, works once; later requests fail with "Cannot perform I/O on
behalf of a different request" or find a dead connection. Hyperdrive keeps the pool, so a new client is cheap.

## Incorrect

```ts
import postgres from "postgres";

let sql: postgres.Sql | undefined;

export default {
  async fetch(request, env): Promise<Response> {
    sql ??= postgres(env.HYPERDRIVE.connectionString, { max: 5, fetch_types: false });
    return Response.json(await sql`SELECT now()`);
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

Make the client in the function that asks the database, anew for each request.

- "is made at the top level": Make it in the function that asks the database, in place of the constant: a
  `const` of the same name and expression there, or a function that returns a new one for each request. A
  new client costs little where Hyperdrive keeps the connections. As it is, what a later request asks hangs
  or fails.
- "is kept in `<holder>`": Delete `<holder>` and the `if` that asks whether it is set, and return a new
  client from the function each time: what is assigned to it here becomes what is returned; its callers stay
  as they are. A new client costs little where Hyperdrive keeps the connections. As it is, what a later
  request asks hangs or fails.

## Not reported

Drivers that speak HTTP (`@neondatabase/serverless`, `@planetscale/database`) and D1: they hold no connection.
Code that no Worker reaches: scripts, migrations, `drizzle.config.ts`. A client in a module that a Worker
imports for something else, where no function uses the client or what is made of it. What a function keeps
that first returns the one which an `AsyncLocalStorage` holds for the request. A variable that every request
sets anew.

## Fix safety

There is no fix: the code that uses the client has to be given it.

Source: https://developers.cloudflare.com/hyperdrive/concepts/connection-lifecycle/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_IN_OBJECTS = frozenset({"pair", "object"})


@rule(
    call("postgres", "createConnection", "createPool", "connect"),
    new("Client", "Pool"),
    severity=Severity.ERROR,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_run or module.runs_per_request:
        return  # a script, or a module that keeps nothing
    label = _label(match)
    if label is None:
        return
    holder = _whole(module, match.node)
    if match.enclosing_function is None:
        if match.word == "connect" or _is_of_an_instance(match):
            return  # `global-scope-io` speaks of sockets
        if not js.may_be_used_later(module, match.node):
            return  # made for another program that loads the module, a command line
        yield Finding(
            f"{label} is made at the top level of the module and shared by all requests, which fails after"
            " the first one",
            match.at(match.node),
        )
        return
    declaration = _kept_in(module, holder)
    if declaration is not None and not _has_one_of_the_request(match):
        yield Finding(
            f"{label} is kept in `{declaration.name}` for later requests, which cannot use it",
            match.at(match.node),
            related=(match.at(declaration.node, "this variable outlives the request"),),
        )


def _label(match: Match) -> str | None:
    value = match.value_of(match.node).awaited
    if value.kind is ValueKind.DATABASE_CLIENT:
        return f"the {value.detail} client"
    return "the socket" if match.module.is_from(match.callee, "cloudflare:sockets", "connect") else None


def _is_of_an_instance(match: Match) -> bool:
    """Whether a client is made by the field of a class, so once per instance."""
    field = match.module.enclosing(match.node, frozenset({"public_field_definition"}))
    return field is not None and not js.is_static(field)


def _has_one_of_the_request(match: Match) -> bool:
    """Whether a function has returned before what an `AsyncLocalStorage` holds for the request: what it keeps
    is for another runtime, a Node server."""
    module, function = match.module, match.enclosing_function
    if function is None or not any(True for _ in module.calls("getStore", function)):
        return False
    for returned in module.returns_of(function):
        value = js.first_named(returned)
        if value is None or returned.start_byte > match.node.start_byte:
            continue
        for part in (value, *module.descendants(value, "identifier")):
            made = module.call(module.initializer(part))
            if made is not None and made.name == "getStore":
                return True
    return False


def _whole(module: Module, made: Node) -> Node:
    """A client with what wraps it at once: `drizzle(postgres(…))`, `{ db: postgres(…) }`."""
    whole = module.with_orms(made)
    parent = module.parent(whole)
    while parent is not None and parent.type in _IN_OBJECTS:
        whole = module.with_wrappers(parent)
        parent = module.parent(whole)
    return whole


def _kept_in(module: Module, value: Node) -> js.Declaration | None:
    """The module's variable in which a function keeps a value, unless it does so anew each time."""
    parent = module.parent(value)
    kept = module.assignment(parent)
    if kept is not None:
        return _memo(module, kept)
    name = module.given_name(value)
    if parent is None or parent.type != "variable_declarator" or name is None or name.type != "identifier":
        return None
    local = module.scope.resolve(name)
    for reference in module.scope.references(local) if local is not None else ():
        kept = module.assignment(module.parent(_whole(module, reference)))
        found = _memo(module, kept) if kept is not None else None
        if found is not None:
            return found
    return None


def _memo(module: Module, kept: js.Assignment) -> js.Declaration | None:
    target = js.unwrap(kept.target)
    declaration = module.scope.resolve(target) if target.type == "identifier" else None
    if declaration is None or declaration.scope.type != "program":
        return None
    if kept.operator in ("??=", "||=") or _is_guarded(module, kept.node, declaration):
        return declaration
    return None


def _is_guarded(module: Module, assignment: Node, declaration: js.Declaration) -> bool:
    """Whether the function asks for the variable before it sets it: `if (!db) …`, `if (db) return db`."""
    function = module.enclosing_function(assignment)
    before = (use for use in module.scope.references(declaration) if use.start_byte < assignment.start_byte)
    return function is not None and any(
        function.start_byte <= use.start_byte and _is_condition(module, use) for use in before
    )


def _is_condition(module: Module, reference: Node) -> bool:
    around = module.enclosing(reference, frozenset({"if_statement", "statement_block"}))
    condition = around.child_by_field_name("condition") if around is not None else None
    return condition is not None and condition.start_byte <= reference.start_byte < condition.end_byte
