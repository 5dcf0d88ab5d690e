"""Await `setAlarm()` and `deleteAlarm()`.

Both return promises. Alarms follow the rules of all other storage: the output gate holds the response until
the alarm is written, and a write that fails restarts the object. So nothing is lost by itself, and
Cloudflare's own examples leave the `await` out; this is a note. What the code does not see without it is an
error of the call (a date that is not a number, a class without `alarm()`): a `try` around does not catch it,
and an `alarm()` that ends with it is not retried.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Reminder extends DurableObject<Env> {
  async remindIn(minutes: number): Promise<void> {
    this.ctx.storage.setAlarm(Date.now() + minutes * 60_000);
  }

  async alarm(): Promise<void> {
    await this.env.MAILS.send({ subject: "It is time" });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Reminder extends DurableObject<Env> {
  async remindIn(minutes: number): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + minutes * 60_000);
  }

  async alarm(): Promise<void> {
    await this.env.MAILS.send({ subject: "It is time" });
  }
}
```

## What to do

Write `await` before the call, and make the function around it `async` (its callers await it): a failure
then reaches whoever called.

- "in a constructor": Put `await` before the call, and both into `ctx.blockConcurrencyWhile(async () => { …
  })`: the object takes requests when the alarm is set.

## Not reported

Promises that are returned, passed on (`Promise.all([…])`, `ctx.waitUntil(…)`), kept in a variable that is
awaited later, or marked as meant with `void`.

## Fix safety

Safe in an asynchronous function: `await` is put before the call. Unsafe in a handler that the runtime waits
for and that is not asynchronous: the handler becomes `async`.

Source: https://developers.cloudflare.com/durable-objects/api/alarms/ and
https://blog.cloudflare.com/durable-objects-easy-fast-correct-choose-three/
"""

from collections.abc import Iterator

from cflint.api import Finding, Fix, Match, Safety, Severity, call, fixes, js, rule


@rule(call("setAlarm", "deleteAlarm"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.module.promise_source(match.node) is not js.PromiseSource.ALARM:
        return  # an `AlarmManager` of the project's own, a mock
    use = match.module.promise_use(match.node)
    if use.outcome is not js.PromiseOutcome.DROPPED or match.module.handles_errors(use.promise):
        return
    yield Finding(
        f"the promise of `{match.word}()` is not awaited: the code does not see it fail",
        match.at(match.node),
        fix=_fix(match, use),
        words=(("in a constructor", ""),) if match.module.in_constructor(match.node) else (),
    )


def _fix(match: Match, use: js.PromiseUse) -> Fix | None:
    awaited = fixes.fix_by_await(match.module, use.promise, Safety.SAFE)
    return awaited or fixes.fix_by_async_handler(match.module, use.promise)
