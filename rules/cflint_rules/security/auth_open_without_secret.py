"""Refuse everybody while the secret is missing by which clients are checked.

A check that lets everybody in when its secret is not set is open wherever somebody forgot to set it: in a new
environment, in a preview, after a rename. Nothing fails, so nobody notices.

It is a note where the check is left out (`if (env.TOKEN && sent !== env.TOKEN) return no`, or the signature
of a webhook is only looked at with a secret), and a warning where the missing secret itself lets everybody
in.

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

## What to do

Turn the condition round: `if (!secret) return new Response("not configured", { status: 500 })`, then
check unconditionally. Where the secret is set, nothing changes; where it is not, requests are refused
instead of let in. Local development gets it from `.dev.vars`.

## Not reported

Secrets that the configuration declares (`vars`, `secrets.required`); conditions that ask for more, such as
the stage; what is answered otherwise than by `true` or `next()`; a captcha (`TURNSTILE_SECRET_KEY`) that is
only looked at when it is set up: it asks who is a person, and lets nobody in.

## Fix safety

There is no fix: what to answer without the secret is up to the author.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

import re
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
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CAPTCHA = pattern(r"TURNSTILE|H?CAPTCHA", re.IGNORECASE)
"""Names of secrets by which it is asked whether a client is a person: it lets nobody in."""


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
        optional = _optional_check(module, place)
        if optional is not None and not _CAPTCHA.search(access.name):
            yield Finding(
                f"nothing is checked while {quoted(module.text(access.node))} is not set: all are let in",
                module.at(optional),
                (module.at(access.node, "the secret that may be missing"),),
                severity=Severity.NOTE,
            )


def _optional_check(module: Module, place: Node) -> Node | None:
    """The condition by which clients are compared with a secret only if there is one: `secret && sent !==
    secret` of an `if` that turns them away, or an `if (secret)` around it, without `else`."""
    whole = module.with_wrappers(place)
    above = module.parent(whole)
    operation = module.operation(above)
    if operation is not None and operation.operator == "&&":
        left, right = operation.left, operation.right
        if left is None or right is None or js.unwrap(left).id != js.unwrap(place).id:
            return None
        if not _compares(module, right, place):
            return None
        statement = module.parent(module.with_wrappers(operation.node))
        return operation.node if statement is not None and _turns_away(module, statement) else None
    if above is None or above.type != "if_statement" or above.child_by_field_name("alternative") is not None:
        return None
    inside = above.child_by_field_name("consequence")
    for found in module.descendants(inside, "if_statement") if inside is not None else ():
        condition = found.child_by_field_name("condition")
        if condition is None or not _turns_away(module, found):
            continue
        if _compares(module, condition, place) or _verifies(module, condition, place):
            return whole
    return None


def _verifies(module: Module, condition: Node, secret: Node) -> bool:
    """Whether a condition says that a call which was handed a secret gave nothing: `!(await verify(body,
    secret))`, or `!valid` where that is what it gave."""
    for found in (js.unwrap(condition), *module.descendants(condition, "unary_expression")):
        negated = module.operation(found)
        if negated is None or negated.operator != "!":
            continue
        made = js.unwrap(module.initializer(negated.right))
        given = module.call(js.first_named(made) if made.type == "await_expression" else made)
        if given is not None and any(module.is_same(part, secret) for part in given.arguments):
            return True
    return False


def _compares(module: Module, node: Node, secret: Node) -> bool:
    """Whether a condition says that something is not a secret."""
    for found in (js.unwrap(node), *module.descendants(node, "binary_expression")):
        compared = module.operation(found)
        if compared is None or compared.operator not in ("!=", "!=="):
            continue
        sides = [side for side in compared.operands if side is not None]
        if any(_holds(module, side, secret) for side in sides):
            return not any(side.type in ("undefined", "null", "string") for side in sides)
    return False


def _holds(module: Module, node: Node, secret: Node) -> bool:
    """Whether an expression is made with a secret: has it in it, or is a variable that a call gave which was
    handed the secret (`await hmac(body, secret)`)."""
    parts = (node, *module.descendants(node, secret.type))
    if any(module.is_same(part, secret) for part in parts):
        return True
    made = module.initializer(node)
    if made.id == js.unwrap(node).id:
        return False
    given = module.call(js.first_named(made) if made.type == "await_expression" else made)
    return given is not None and any(module.is_same(part, secret) for part in given.arguments)


def _turns_away(module: Module, statement: Node) -> bool:
    """Whether the branch of an `if` always leaves, by a `return` of something or a `throw`."""
    branch = statement.child_by_field_name("consequence") if statement.type == "if_statement" else None
    if branch is None or js.completes(module, branch):
        return False
    return any(True for _ in (branch, *module.descendants(branch, "return_statement", "throw_statement")))


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
