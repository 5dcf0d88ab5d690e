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

## Not reported

Drivers that speak HTTP (`@neondatabase/serverless`, `@planetscale/database`) and D1: they hold no
connection. Code that no Worker reaches: scripts, migrations, `drizzle.config.ts`. A variable that every
request sets anew.

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

_WRAPPERS = frozenset({"drizzle", "Kysely", "PostgresJSDialect", "PostgresDialect", "MysqlDialect"})
_WRAPPERS_AROUND = frozenset({"arguments", "pair", "object", "await_expression"})


@rule(
    call("postgres", "createConnection", "createPool", "connect"),
    new("Client", "Pool"),
    severity=Severity.ERROR,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.workers:
        return  # a script
    label = _label(match)
    if label is None:
        return
    holder = _whole(module, match.node)
    if match.enclosing_function is None:
        if match.word == "connect" or _is_of_an_instance(match):
            return  # `global-scope-io` speaks of sockets
        yield Finding(
            f"{label} is made at the top level of the module and shared by all requests, which fails after"
            " the first one",
            match.at(match.node),
        )
        return
    declaration = _kept_in(module, holder)
    if declaration is not None:
        yield Finding(
            f"{label} is kept in `{declaration.name}` for later requests, which cannot use it",
            match.at(match.node),
            related=(match.at(declaration.node, "this variable outlives the request"),),
        )


def _label(match: Match) -> str | None:
    value = match.value_of(match.node).awaited
    if value.kind is ValueKind.DATABASE_CLIENT:
        return f"the {value.detail} client"
    callee = match.callee
    if match.word != "connect" or callee is None or callee.type != "identifier":
        return None
    declaration = match.module.scope.resolve(callee)
    ref = match.module.scope.origin(declaration) if declaration is not None else None
    is_socket = ref is not None and (ref.module, ref.name) == ("cloudflare:sockets", "connect")
    return "the socket" if is_socket else None


def _is_of_an_instance(match: Match) -> bool:
    """Whether a client is made by the field of a class, so once per instance."""
    field = match.module.enclosing(match.node, frozenset({"public_field_definition"}))
    return field is not None and not any(child.type == "static" for child in field.children)


def _whole(module: Module, made: Node) -> Node:
    """A client with what wraps it at once: `drizzle(postgres(…))`."""
    syntax = module.syntax
    node = js.with_wrappers(syntax, made)
    for _ in range(12):
        parent = syntax.parent(node)
        if parent is None:
            return node
        if parent.type in ("call_expression", "new_expression"):
            callee = parent.child_by_field_name("function") or parent.child_by_field_name("constructor")
            if callee is None or module.text(callee) not in _WRAPPERS:
                return node
        elif parent.type not in _WRAPPERS_AROUND:
            return node
        node = js.with_wrappers(syntax, parent)
    return node


def _kept_in(module: Module, value: Node) -> js.Declaration | None:
    """The module's variable in which a function keeps a value, unless it does so anew each time."""
    syntax = module.syntax
    parent = syntax.parent(value)
    if parent is not None and parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        local = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        for reference in module.scope.references(local) if local is not None else ():
            around = syntax.parent(_whole(module, reference))
            if around is not None and around.type.endswith("assignment_expression"):
                found = _memo(module, around)
                if found is not None:
                    return found
        return None
    if parent is None or parent.type not in ("assignment_expression", "augmented_assignment_expression"):
        return None
    return _memo(module, parent)


def _memo(module: Module, assignment: Node) -> js.Declaration | None:
    left = assignment.child_by_field_name("left")
    if left is None or js.unwrap(left).type != "identifier":
        return None
    declaration = module.scope.resolve(js.unwrap(left))
    if declaration is None or declaration.scope.type != "program":
        return None
    operator = assignment.child_by_field_name("operator")
    if operator is not None and operator.type in ("??=", "||="):
        return declaration
    return declaration if _is_guarded(module, assignment, declaration) else None


def _is_guarded(module: Module, assignment: Node, declaration: js.Declaration) -> bool:
    """Whether the function asks for the variable before it sets it: `if (!db) …`, `if (db) return db`."""
    for above in module.ancestors(assignment):
        if above.type not in js.FUNCTIONS:
            continue
        for reference in module.scope.references(declaration):
            if not above.start_byte <= reference.start_byte < assignment.start_byte:
                continue
            asked = module.enclosing(reference, frozenset({"if_statement", "statement_block"}))
            condition = asked.child_by_field_name("condition") if asked is not None else None
            if condition is not None and condition.start_byte <= reference.start_byte < condition.end_byte:
                return True
        return False
    return False
