"""Set the next alarm only while there is something to do.

An `alarm()` that always sets the next one a few seconds ahead runs for ever, in every object that was ever
created, and each run is billed, even in objects that are no longer used.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Outbox extends DurableObject<Env> {
  async alarm(): Promise<void> {
    await this.env.MAILS.send(await this.ctx.storage.get("next"));
    await this.ctx.storage.delete("next");
    await this.ctx.storage.setAlarm(Date.now() + 10_000);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Outbox extends DurableObject<Env> {
  async alarm(): Promise<void> {
    await this.env.MAILS.send(await this.ctx.storage.get("next"));
    await this.ctx.storage.delete("next");
    const left = await this.ctx.storage.list({ limit: 1 });
    if (left.size > 0) await this.ctx.storage.setAlarm(Date.now() + 10_000);
  }
}
```

## What to do

Set the alarm only while the object was used lately: a field `lastUsed = Date.now()`, set again in each
method that a request calls, which also sets the alarm where `getAlarm()` is `null`; here, `if (Date.now()
- this.lastUsed < 600_000)` before the call. Without an alarm the object leaves memory: in an `else` write
what only its fields have to the storage, and read that again in the constructor, within
`this.ctx.blockConcurrencyWhile(async () => { … })`. Only if it has to wake when nobody asks anything of
it, keep it and suppress this; it is billed all the time.

- "it serves sockets": Write `if (this.ctx.getWebSockets().length > 0)` before the call (with the name
  that the class has for its context), and the same call behind `acceptWebSocket()`: the object then
  sleeps while nobody is connected, those who only watch count as well. It leaves memory then: in an
  `else` write what only its fields have to the storage, and read that again in the constructor, within
  `this.ctx.blockConcurrencyWhile(async () => { … })`. Only if it has to wake without anybody, keep it and
  suppress this; it is billed all the time.
- "it keeps its sockets": Write `if (this.sockets.size > 0)` before the call, and, where a socket is put
  there, `if ((await this.ctx.storage.getAlarm()) === null)` and the same call: the object then sleeps
  while nobody is connected, those who only watch count as well. It leaves memory then: in an `else` write
  what only its fields have to the storage, and read that again in the constructor, within
  `ctx.blockConcurrencyWhile(async () => { … })`, for each way in, requests without a socket as well. Only
  if it has to wake without anybody, keep it and suppress this; it is billed all the time.

## Not reported

Intervals of more than a minute (the option `seconds`), alarms that are set under a condition, and classes
that also delete their alarm. Alarms that ask others for something (`fetch()`, bindings of `env`) and read
nothing from the object's own storage: what polls is meant to wake when nobody is there.

## Fix safety

No fix: when to stop is up to you.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Handler, Module, Option, Severity, ValueKind, handler, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SECONDS = Option(__name__, "seconds", 60, "An alarm that comes again after more seconds than these is fine.")
_OTHERS = pattern(rb"(?<![\w.$])fetch\(|[\w)]\.env\b")
"""Requests, and what has bindings."""
_OWN = pattern(rb"storage\s*\.\s*(?:get|list)\s*[(<]|\bkv\s*\.\s*(?:get|list)\s*[(<]|\bsql\b")
"""What reads the work that is left out of the object's own storage."""
_MOST_HOPS = 2
"""Through how many functions the handler is followed."""


@rule(handler("alarm"), severity=Severity.NOTE, options=[_SECONDS])
def check(found: Handler) -> Iterator[Finding]:
    owner, module = found.owner, found.module
    if owner is None or not owner.is_durable_object or found.body is None:
        return
    always = list(_always_set(module, found.function))
    interval = _interval(*always[-1]) if always else None
    short = _SECONDS.value(module.project, module.document.path) * 1000
    if interval is None or not 0 < interval <= short:
        return
    for word in ("deleteAlarm", "deleteAll"):
        if next(module.calls(word, owner.body), None) is not None:
            return  # somebody can stop it
    if _does(_OTHERS, module, found.function) and not _does(_OWN, module, found.function):
        return  # it polls
    yield Finding(
        f"{owner.label} wakes up every {interval / 1000:g} s for ever: "
        "set the alarm only while there is work, and again where work is added",
        always[-1][0].at(always[-1][1].node),
        words=_words(module, owner.body, always[-1]),
    )


def _does(what: re.Pattern[bytes], module: Module, function: Node, hops: int = 0) -> bool:
    """Whether something stands in a function, or in one that it calls."""
    if what.search(module.document.data, function.start_byte, function.end_byte) is not None:
        return True
    if hops == _MOST_HOPS:
        return False
    called = (js.function_called(module, node) for node in module.descendants(function, "call_expression"))
    return any(_does(what, *it, hops + 1) for it in called if it is not None and it[1].id != function.id)


def _words(module: Module, body: Node, alarm: tuple[Module, js.Call]) -> js.Words:
    """By what the object sees that somebody is connected, where it serves sockets."""
    if next(module.calls("acceptWebSocket", body), None) is not None:
        return (("it serves sockets", ""),)
    for kept in (call for name in ("set", "add") for call in module.calls_of(name, body)):
        made = js.Call(module, kept)
        held = module.member(made.receiver) if made.receiver is not None else None
        is_socket = any(
            module.value_of(given).kind is ValueKind.WEBSOCKET_PAIR_END for given in made.arguments
        )
        if is_socket and held is not None and held.object.type == "this":
            storage = js.word("this.ctx.storage", alarm[0], alarm[1].receiver)
            return (("it keeps its sockets", ""), *js.word("this.sockets", module, made.receiver), *storage)
    return ()


def _always_set(module: Module, function: Node, hops: int = 0) -> Iterator[tuple[Module, js.Call]]:
    """The calls that set the alarm whenever a function runs, those in functions that it always calls, too;
    each with its module."""
    for node in module.descendants(function, "call_expression"):
        call = module.call(node)
        if call is None or not module.always_runs(node, function):
            continue
        if call.name == "setAlarm":
            yield module, call
            continue
        called = js.function_called(module, node) if hops < _MOST_HOPS else None
        if called is not None and called[1].id != function.id:
            yield from _always_set(*called, hops + 1)


def _interval(module: Module, call: js.Call) -> float | None:
    """The `n` of `storage.setAlarm(Date.now() + n)`."""
    if not call.arguments or module.value_of(call.receiver).kind is not ValueKind.STORAGE:
        return None
    time = module.operation(module.initializer(call.arguments[0]))
    if time is None or time.operator != "+" or time.left is None:
        return None
    now = module.entropy_at(module.initializer(time.left))
    return module.number(time.right) if now is not None and now.name.name == "Date.now" else None
