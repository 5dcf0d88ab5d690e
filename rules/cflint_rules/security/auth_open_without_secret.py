"""Refuse everybody while the secret is missing by which clients are checked.

A check that lets everybody in when its secret is not set is open wherever somebody forgot to set it: in a new
environment, in a preview, after a rename. Nothing fails, so nobody notices.

## Incorrect

```ts
import { Hono } from "hono";

const app = new Hono<{ Bindings: { ADMIN_TOKEN?: string } }>();

app.use("/admin/*", async (c, next) => {
  if (!c.env.ADMIN_TOKEN) return next();
  return c.text("no", 401);
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";

const app = new Hono<{ Bindings: { ADMIN_TOKEN?: string } }>();

app.use("/admin/*", async (c, next) => {
  if (!c.env.ADMIN_TOKEN) return c.text("not set up", 503);
  return c.text("no", 401);
});

export default app;
```

## Not reported

Secrets that the configuration declares (`vars`, `secrets.required`); conditions that ask for more, such as
the stage; what is answered otherwise than by `true` or `next()`.

## Fix safety

There is no fix: what to answer without the secret is up to the author.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Severity,
    ValueKind,
    identifier,
    js,
    member_access,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(
    identifier("env", "environment", "bindings"),
    member_access("env"),
    severity=Severity.WARNING,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    access = module.member(module.parent(module.with_wrappers(node)))
    if access is None or not js.is_secret_name(access.name) or match.value_of(node).kind is not ValueKind.ENV:
        return
    if module.environments and all(each.binding(access.name) is not None for each in module.environments):
        return  # it is never missing
    held = module.result_of(access.node).references
    for place in (access.node, *held):
        asked = _asked(module, place)
        let_in = _lets_in(module, asked) if asked is not None else None
        if let_in is not None:
            yield Finding(
                f"without {quoted(module.text(access.node))} in the environment everybody is let in",
                module.at(let_in),
                (module.at(access.node, "the secret that may be missing"),),
            )


def _asked(module: Module, place: Node) -> Node | None:
    """The `if` statement that asks for nothing but whether a value is missing."""
    negated = module.operation(module.parent(module.with_wrappers(place)))
    if negated is None or negated.operator != "!":
        return None
    condition = module.with_wrappers(negated.node)
    statement = module.parent(condition)
    return statement if statement is not None and statement.type == "if_statement" else None


def _lets_in(module: Module, statement: Node) -> Node | None:
    """The `return true` or `return next()` in a branch."""
    branch = statement.child_by_field_name("consequence")
    around = module.enclosing_function(statement)
    for found in (branch, *module.descendants(branch, "return_statement")) if branch is not None else ():
        if found.type != "return_statement" or module.enclosing_function(found) != around:
            continue
        value = js.first_named(found)
        inner = js.unwrap(value) if value is not None else None
        if inner is not None and inner.type == "await_expression":
            inner = js.first_named(inner)
        made = module.call(inner)
        is_next = made is not None and made.receiver is None and made.name == "next" and not made.arguments
        if is_next or (inner is not None and inner.type == "true"):
            return found
    return None
