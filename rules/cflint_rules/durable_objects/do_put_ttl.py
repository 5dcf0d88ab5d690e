"""Expire an object's data with an alarm: its storage takes no `expirationTtl`.

`expirationTtl` and `expiration` are options of Workers KV. The storage of a Durable Object ignores them
without a word: what should have expired stays, is read as if it were valid, and is paid for. An alarm can
delete it, or the time at which it expires is stored with it and compared when it is read.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Session extends DurableObject<Env> {
  async remember(code: string): Promise<void> {
    await this.ctx.storage.put("code", code, { expirationTtl: 600 });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Session extends DurableObject<Env> {
  async remember(code: string): Promise<void> {
    await this.ctx.storage.put("code", code);
    await this.ctx.storage.setAlarm(Date.now() + 600_000);
  }

  async alarm(): Promise<void> {
    await this.ctx.storage.delete("code");
  }
}
```

## What to do

Delete the option, and store when it ends beside the value: `{ value, ends: Date.now() + 600_000 }`, with
the option's seconds times 1,000. What reads the key takes `stored !== undefined && stored.ends > Date.now()
? stored.value : undefined`; only a `delete()` frees the storage.

## Not reported

Options that are made elsewhere, and storage of which it is not known whose it is.

## Fix safety

No fix: an object has one alarm, which may have other work already.

Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/, and workerd, which takes
such a `put()` and forgets the option (seen with 2026-11-17)
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, ValueKind, call, rule

_OPTIONS = ("expirationTtl", "expiration")


@rule(call("put"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if len(arguments) < 2 or arguments[-1].type != "object":
        return
    name = next((name for name in _OPTIONS if match.module.property_value(arguments[-1], name)), None)
    if name is None or match.receiver_value.kind not in (ValueKind.STORAGE, ValueKind.SYNC_KV):
        return
    if len(arguments) == 2 and match.receiver_value.kind is ValueKind.SYNC_KV:
        return  # the value itself has a property of that name
    if len(arguments) == 2 and match.module.string_of(arguments[0]) is not None:
        return
    yield Finding(
        f"the storage of a Durable Object ignores `{name}`: the entry stays until something deletes it",
        match.at(match.module.property_value(arguments[-1], name)),
    )
