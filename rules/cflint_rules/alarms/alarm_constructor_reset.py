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

## Not reported

An alarm that is set under any condition, or after a check of `getAlarm()`.

## Fix safety

Unsafe: the alarm is only set when there is none, so that a changed interval takes effect later.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CONDITIONS = frozenset(
    {"if_statement", "ternary_expression", "switch_statement", "catch_clause", "while_statement"}
)


@rule(call("setAlarm"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    method, owner = match.method, match.enclosing_class
    if method is None or owner is None or not owner.kind.runs_as_durable_object:
        return
    name = method.child_by_field_name("name")
    if (
        name is None
        or match.text(name) != "constructor"
        or match.receiver_value.kind is not ValueKind.STORAGE
    ):
        return
    if b"getAlarm" in match.document.data[method.start_byte : method.end_byte]:
        return
    if _is_conditional(match, method):
        return
    yield Finding(
        f"this runs on every wake-up of `{owner.name}` and postpones the alarm each time:"
        " check `getAlarm()` first",
        match.at(),
        fix=_fix(match, method),
    )


def _is_conditional(match: Match, method: Node) -> bool:
    for above in match.module.ancestors(match.node):
        if above.id == method.id:
            break
        if above.type in _CONDITIONS:
            return True
        if above.type == "binary_expression" or (
            above.type in js.FUNCTIONS and not _runs_at_once(match, above)
        ):
            return True
    before = (node for node in js.walk(method) if node.start_byte < match.node.start_byte)
    return any(node.type in ("return_statement", "throw_statement") for node in before)


def _runs_at_once(match: Match, function: Node) -> bool:
    """Whether a function is the one given to `blockConcurrencyWhile()`, or called where it stands."""
    parent = match.module.parent(match.module.with_wrappers(function))
    if parent is None:
        return False
    if parent.type == "call_expression":
        return True
    call_around = match.module.parent(parent) if parent.type == "arguments" else None
    callee = call_around.child_by_field_name("function") if call_around is not None else None
    return callee is not None and match.text(callee).endswith(("blockConcurrencyWhile", "waitUntil"))


def _fix(match: Match, method: Node) -> Fix | None:
    module = match.module
    whole = module.with_wrappers(match.node)
    statement = module.parent(whole)
    if statement is not None and statement.type == "await_expression":
        whole = module.with_wrappers(statement)
        statement = module.parent(whole)
    receiver = match.receiver
    if statement is None or statement.type != "expression_statement" or receiver is None:
        return None
    storage, call_text = match.text(receiver), match.text()
    indent, unit = module.indent_of(statement), module.indent_unit
    if module.can_await(match.node):
        text = f"if ((await {storage}.getAlarm()) === null) {{\n{indent}{unit}await {call_text};\n{indent}}}"
    else:
        state = _state(match, method)
        if state is None:
            return None
        deep = indent + unit
        text = (
            f"{state}.blockConcurrencyWhile(async () => {{\n"
            f"{deep}if ((await {storage}.getAlarm()) === null) {{\n{deep}{unit}await {call_text};\n{deep}}}\n"
            f"{indent}}});"
        )
    return Fix("Set the alarm only when there is none", (match.replace(statement, text),), Safety.UNSAFE)


def _state(match: Match, method: Node) -> str | None:
    """The constructor's first parameter."""
    parameters = method.child_by_field_name("parameters")
    listed = parameters.named_children if parameters is not None else []
    first = listed[0] if listed else None
    name = (first.child_by_field_name("pattern") or first) if first is not None else None
    return match.text(name) if name is not None and name.type == "identifier" else None
