"""Execute the statements that `prepare()` makes.

`prepare()` and `bind()` only describe a statement. D1 sees it when `run()`, `all()`, `first()` or `raw()` is
called on it, or when it is given to `batch()`. A statement that is merely awaited does nothing, without an
error.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.DB.prepare("INSERT INTO visits (path) VALUES (?)").bind(new URL(request.url).pathname);
    return new Response("counted");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.DB.prepare("INSERT INTO visits (path) VALUES (?)").bind(new URL(request.url).pathname).run();
    return new Response("counted");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add `.run()` and await it, or hand the statement to `await db.batch([…])`: as it is, nothing happens, and no
error is seen.

## Not reported

Statements that are returned, passed on, or put into an array or object, which other code may execute.

## Fix safety

Unsafe: the statement was never run so far. `.all()` is added to a query, `.run()` to anything else.

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("prepare"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1:
        return
    statement = _bound(match.module, match.node)
    if not _is_dropped(match.module, statement, 0):
        return
    verb = next((found.verb for found in use.text.statements[:1]), "")
    yield Finding(
        f"this {verb} is prepared, but never executed" if verb else "this statement is never executed",
        match.at(statement),
        fix=_fix(match.module, use, statement),
    )


def _bound(module: Module, statement: Node) -> Node:
    """The outermost `.bind(…)` of a statement."""
    chained = sql.chained_call(module, statement)
    while chained is not None and chained[0] == "bind":
        statement = chained[1]
        chained = sql.chained_call(module, statement)
    return statement


def _is_dropped(module: Module, statement: Node, depth: int) -> bool:
    """Whether nothing can execute what an expression holds."""
    node = module.with_wrappers(statement)
    parent = module.parent(node)
    while parent is not None and parent.type == "await_expression":
        node = module.with_wrappers(parent)
        parent = module.parent(node)
    if parent is None or parent.type == "expression_statement":
        return parent is not None
    name = module.given_name(node) if parent.type == "variable_declarator" and depth <= 3 else None
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.scope.type == "program" or module.scope.assignments(declaration):
        return False
    references = module.scope.references(declaration)
    return all(_is_dropped(module, _bound(module, reference), depth + 1) for reference in references)


def _fix(module: Module, use: sql.SqlUse, statement: Node) -> Fix | None:
    parent = module.parent(module.with_wrappers(statement))
    awaited = parent is not None and parent.type == "await_expression"
    if parent is None or not (awaited or parent.type == "expression_statement"):
        return None
    statements = use.text.statements
    if not statements or not statements[0].verb:
        return None
    method = "all" if statements[0].reads else "run"
    end = statement.end_byte
    return Fix(f"Execute it with `{method}()`", (module.insert(end, f".{method}()"),), Safety.UNSAFE)
