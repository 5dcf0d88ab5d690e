"""Leave storage alone in a constructor: it runs at every wake-up, and what it deletes is gone.

A Durable Object is created again after each pause, each deployment and each error. A constructor that empties
the storage, drops a table that it makes again, or deletes the alarm does so every time: data that was
acknowledged is lost, and the alarm never comes.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Cart extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("DROP TABLE IF EXISTS items");
    ctx.storage.sql.exec("CREATE TABLE items (name TEXT)");
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Cart extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS items (name TEXT)");
  }
}
```

## What to do

Delete the call. To change what is stored, write a version beside it, and change it once, when the version
is an older one.

## Not reported

What runs under a condition (a version that is compared, say), and tables that the constructor does not make
again.

## Fix safety

Unsafe: the call goes, and what an older version stored stays, which the code has to be able to read. No fix
is offered for a table that is dropped.

Source: https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Match, Safety, Severity, ValueKind, call, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CALLERS = frozenset({"blockConcurrencyWhile", "waitUntil", "transactionSync", "transaction"})
_DROPS = pattern(r"\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?[\"'`\[]?(\w+)", re.IGNORECASE)
_MAKES = pattern(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"'`\[]?(\w+)", re.IGNORECASE)
_LOST = {
    "deleteAll": "all that the object has stored is deleted",
    "deleteAlarm": "the alarm is deleted",
}


@rule(call("deleteAll", "deleteAlarm"), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    if _constructor(match) is None or match.receiver_value.kind is not ValueKind.STORAGE:
        return
    above = match.module.parent(match.module.with_wrappers(match.node))
    whole = above if above is not None and above.type == "await_expression" else match.node
    removal = match.module.statement_removal(whole)
    yield Finding(
        f"{_LOST[match.word]} at every wake-up, when the constructor runs again",
        match.at(),
        fix=Fix.of("Delete the call", (removal,), Safety.UNSAFE) if removal is not None else None,
    )


@check.on(call("exec"))
def check_tables(match: Match) -> Iterator[Finding]:
    """A table that the constructor drops and makes again."""
    constructor = _constructor(match) if match.receiver_value.kind is ValueKind.SQL_STORAGE else None
    statement = match.call.argument(0)
    text = match.module.string_of(statement) if statement is not None else None
    if constructor is None or text is None:
        return
    dropped = {name.lower() for name in _DROPS.findall(text)}
    for made in match.module.calls("exec", constructor) if dropped else ():
        if made.node.start_byte < match.node.start_byte or not made.arguments:
            continue
        source = match.module.string_of(made.arguments[0]) or ""
        again = dropped & {name.lower() for name in _MAKES.findall(source)}
        if again:
            yield Finding(
                f"the rows of `{min(again)}` are lost at every wake-up, when the constructor runs again",
                match.at(),
                (match.at(made.node, "the table is made anew here"),) if made.node != match.node else (),
            )
            return


def _constructor(match: Match) -> Node | None:
    """The constructor of a Durable Object that a call runs in whenever it does."""
    method, owner = match.method, match.enclosing_class
    if method is None or owner is None or not owner.kind.runs_as_durable_object:
        return None
    if owner.constructor is None or owner.constructor.id != method.id:
        return None
    return method if match.module.always_runs(match.node, method, _CALLERS) else None
