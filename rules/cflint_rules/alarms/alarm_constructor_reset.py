"""Check `getAlarm()` before a constructor sets an alarm.

The constructor runs whenever the object wakes up, for every request after a pause. An object has one alarm,
and `setAlarm()` replaces it: set without a check of `getAlarm()`, it is postponed at every wake-up, and may
never run in an object that is used often.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Report extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      await ctx.storage.setAlarm(Date.now() + 86_400_000);
    });
  }

  async alarm(): Promise<void> {
    await this.env.REPORTS.send({ day: Date.now() });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Report extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      if ((await ctx.storage.getAlarm()) === null) {
        await ctx.storage.setAlarm(Date.now() + 86_400_000);
      }
    });
  }

  async alarm(): Promise<void> {
    await this.env.REPORTS.send({ day: Date.now() });
  }
}
```

## What to do

Set it only where there is none: `ctx.blockConcurrencyWhile(async () => { if ((await ctx.storage.getAlarm())
=== null) await ctx.storage.setAlarm(…) })`. As it is, an object that is used often never gets to its alarm.

## Not reported

An alarm that is set under any condition, or after a check of `getAlarm()`.

## Fix safety

Unsafe: the alarm is only set when there is none, so that a changed interval takes effect later.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassKind, Finding, Fix, Match, Safety, Severity, ValueKind, call, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CALLERS = frozenset({"blockConcurrencyWhile", "waitUntil"})
"""Methods of the state that are given what runs at once, by its promise or as a function."""


@rule(call("setAlarm"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, method, owner = match.module, match.method, match.enclosing_class
    if method is None or owner is None or not owner.kind.runs_as_durable_object:
        return
    if owner.constructor is None or owner.constructor.id != method.id:
        return
    if owner.kind is ClassKind.DURABLE_OBJECT and owner.has("alarm") is False:
        return  # `alarm-missing-handler`
    if match.receiver_value.kind is not ValueKind.STORAGE:
        return
    if not module.always_runs(match.node, method, _CALLERS):
        return
    if next(module.calls("getAlarm", method), None) is not None:
        return
    yield Finding(
        f"this runs on every wake-up of {owner.label} and postpones the alarm each time:"
        " check `getAlarm()` first",
        match.at(),
        fix=_fix(match, method),
    )


def _fix(match: Match, method: Node) -> Fix | None:
    module, call = match.module, match.call
    statement = call.statement
    if statement is None or not call.is_statement or call.receiver is None:
        return None
    storage, text = match.text(call.receiver), match.text()
    indent, unit = module.indent_of(statement), module.indent_unit
    if module.can_await(match.node):
        text = f"if ((await {storage}.getAlarm()) === null) {{\n{indent}{unit}await {text};\n{indent}}}"
    else:
        first = next(iter(module.parameters(method)), None)
        if first is None or first.name is None:
            return None
        deep = indent + unit
        text = (
            f"{first.name}.blockConcurrencyWhile(async () => {{\n"
            f"{deep}if ((await {storage}.getAlarm()) === null) {{\n{deep}{unit}await {text};\n{deep}}}\n"
            f"{indent}}});"
        )
    return Fix("Set the alarm only when there is none", (match.replace(statement, text),), Safety.UNSAFE)
