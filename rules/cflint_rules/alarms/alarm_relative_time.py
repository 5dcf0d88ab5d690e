"""Give `setAlarm()` a point in time, not a duration.

The alarm's time is counted in milliseconds since 1970. A duration such as `60_000` is a minute after midnight
on 1 January 1970: the alarm is due at once, and an alarm that sets itself that way runs without a pause. A
time of 0 or less throws.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Lock extends DurableObject<Env> {
  async take(): Promise<void> {
    await this.ctx.storage.setAlarm(30_000);
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.delete("holder");
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Lock extends DurableObject<Env> {
  async take(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + 30_000);
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.delete("holder");
  }
}
```

## What to do

- "in seconds": Multiply it by 1,000. As it is, the time lies in January 1970, so that the alarm is due at
  once.
- "greater than 0": Write `Date.now() + delay`, in milliseconds; `Date.now()` where it is to run at once.

## Not reported

Times whose value the rule does not know.

## Errors

```text title="workerd"
TypeError: setAlarm() cannot be called with an alarm time <= 0
```

## Fix safety

Safe: `Date.now() +` is put before a duration, and a time in seconds is multiplied by 1,000. As it is, the
alarm is due at once.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/#setalarm
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MILLISECONDS = 10**12
"""A time in milliseconds since 1970 that is smaller lies before September 2001."""


@rule(call("setAlarm"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if not match.arguments or match.receiver_value.kind is not ValueKind.STORAGE:
        return
    given = match.arguments[0]
    number = match.module.number(given)
    text = match.text(given)
    if number is None:
        if _is_in_seconds(match.module, given):
            yield Finding(
                f"`{text}` is in seconds: `setAlarm()` takes milliseconds since 1970",
                match.at(given),
                fix=_in_milliseconds(match, given),
            )
        return
    if number >= _MILLISECONDS:
        return
    if number <= 0:
        yield Finding(f"`setAlarm({text})` throws: the time has to be greater than 0", match.at(given))
        return
    if 10**9 <= number < 10**11:
        message = f"`{text}` is in seconds: `setAlarm()` takes milliseconds since 1970"
        yield Finding(message, match.at(given), fix=_in_milliseconds(match, given))
        return
    plain = given.type in ("number", "identifier", "member_expression")
    added = f"Date.now() + {text}" if plain or given.type == "binary_expression" else f"Date.now() + ({text})"
    yield Finding(
        f"`{text}` is a duration: `setAlarm()` takes a point in time, and this one is in 1970",
        match.at(given),
        fix=Fix("Count from now", (match.replace(given, added),), Safety.SAFE),
    )


def _in_milliseconds(match: Match, given: Node) -> Fix:
    text = match.text(given)
    plain = given.type in ("number", "identifier", "member_expression", "call_expression")
    times = f"{text} * 1000" if plain else f"({text}) * 1000"
    return Fix("Make milliseconds of it", (match.replace(given, times),), Safety.SAFE)


def _is_in_seconds(module: Module, node: Node) -> bool:
    """Whether a time is made of `Date.now() / 1000` and never multiplied again."""
    whole = module.initializer(node)
    made = (module.operation(part) for part in (whole, *module.descendants(whole, "binary_expression")))
    divided = False
    for operation in made:
        if operation is None or 1000 not in map(module.number, operation.operands):
            continue
        if operation.operator == "*":
            return False
        divided = divided or (operation.operator == "/" and _is_now(module, operation.left))
    return divided


def _is_now(module: Module, node: Node | None) -> bool:
    time = module.entropy_at(module.initializer(node)) if node is not None else None
    return time is not None and time.name.name == "Date.now"
