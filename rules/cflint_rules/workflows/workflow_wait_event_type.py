"""Name the events of Workflows with letters, digits, `-` and `_`.

The `type` that `waitForEvent()` waits for and `sendEvent()` sends begins with a letter, a digit or `_`, goes
on with those and `-`, and has at most 100 characters. Any other is refused, dots included: the instance
fails, or nothing can ever be sent to it.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.waitForEvent("the payment", { type: "invoice.paid", timeout: "3 days" });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint<Env, { id: string }> {
  async run(event: WorkflowEvent<{ id: string }>, step: WorkflowStep): Promise<void> {
    await step.waitForEvent("the payment", { type: "invoice-paid", timeout: "3 days" });
  }
}
```

## Not reported

Types that are put together when the Workflow runs.

## Fix safety

Unsafe: other characters become `-`, and what sends the event has to send the new name.

Source: https://developers.cloudflare.com/workflows/build/workers-api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.api import (
    Finding,
    Fix,
    Kind,
    Match,
    Safety,
    Severity,
    call,
    pattern,
    property_value,
    rule,
    string_value,
    unwrap,
)

_LONGEST = 100
_TYPE = pattern(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_KINDS = frozenset({Kind.WORKFLOW_STEP, Kind.WORKFLOW_INSTANCE})


@rule(call("waitForEvent", "sendEvent"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if len(arguments) != (2 if match.word == "waitForEvent" else 1):
        return
    options = unwrap(arguments[-1])
    given = property_value(match.module, options, "type") if options.type == "object" else None
    name = string_value(match.module.syntax, given) if given is not None else None
    if given is None or name is None or (_TYPE.fullmatch(name) and len(name) <= _LONGEST):
        return
    if match.receiver_value.kind not in _KINDS:
        return
    if len(name) > _LONGEST:
        yield Finding(
            f"the event's type is {len(name)} characters long; {_LONGEST} are allowed", match.at(given)
        )
        return
    shown = f"`{name}`" if name.isprintable() and "`" not in name else "this"
    new = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    literal = unwrap(given)
    quote = match.text(literal)[:1]
    yield Finding(
        f"{shown} is no type of event that Workflows take: letters, digits, `_` and `-` only",
        match.at(given),
        fix=Fix(f"Call it `{new}`", (match.replace(literal, f"{quote}{new}{quote}"),), Safety.UNSAFE)
        if new
        else None,
    )
