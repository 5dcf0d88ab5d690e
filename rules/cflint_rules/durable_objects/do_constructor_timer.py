"""Start no `setInterval()` in the constructor of a Durable Object: set an alarm.

An object with a timer is never idle: it stays in memory, and its duration is billed, as long as anything
keeps its isolate alive. And it is no clock: whenever the object is evicted, the timer is gone until the next
request. An alarm wakes the object, and lets it sleep in between.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  private count = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    setInterval(() => ctx.storage.kv.put("count", this.count), 1000);
  }

  hit(): number {
    return ++this.count;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  hit(): number {
    const count = (this.ctx.storage.kv.get<number>("count") ?? 0) + 1;
    this.ctx.storage.kv.put("count", count);
    return count;
  }
}
```

## What to do

Write for the timer `ctx.blockConcurrencyWhile(async () => { if ((await ctx.storage.getAlarm()) === null)
await ctx.storage.setAlarm(Date.now() + 1000); })`, with its interval for 1000; `async alarm()` of the class
does what the callback does, and at its end sets the next one: `await ctx.storage.setAlarm(Date.now() +
1000)`. An `alarm()` that is there does both.

## Not reported

Timers of classes that are no Durable Objects, and those of methods; a class whose sockets hibernate has
`ws-timer-blocks-hibernation`.

## Fix safety

There is no fix: what the timer does has to move to `alarm()`, or to where the state changes.

Source: https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, rule


@rule(call("setInterval"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    owner, method = match.enclosing_class, match.method
    if owner is None or method is None or not match.module.is_global(match.callee, "setInterval"):
        return
    if (
        owner.constructor is None
        or owner.constructor.id != method.id
        or not owner.kind.runs_as_durable_object
    ):
        return
    if match.module.hibernatable_accepts(owner):
        return  # `ws-timer-blocks-hibernation`
    yield Finding(
        f"this timer keeps {owner.label} in memory, and billed, and ends with it: set an alarm", match.at()
    )
