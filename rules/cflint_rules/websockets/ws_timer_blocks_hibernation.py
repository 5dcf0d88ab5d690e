"""Let an alarm wake a Durable Object with hibernating WebSockets, not a timer.

While a `setInterval()` or a `setTimeout()` is pending the object cannot hibernate, and is billed for all that
time although its sockets could wait without it. An alarm wakes the object when it is due.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Ticker extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    setInterval(() => this.tick(), 60_000);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  private tick(): void {
    for (const ws of this.ctx.getWebSockets()) ws.send("tick");
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Ticker extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    await this.ctx.storage.setAlarm(Date.now() + 60_000);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    ws.send(message);
  }

  async alarm(): Promise<void> {
    const sockets = this.ctx.getWebSockets();
    for (const ws of sockets) ws.send("tick");
    if (sockets.length > 0) await this.ctx.storage.setAlarm(Date.now() + 60_000);
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    ws.close();
  }
}
```

## What to do

Set an alarm in place of the timer: `if ((await ctx.storage.getAlarm()) === null) await
ctx.storage.setAlarm(Date.now() + 1000)`, with the timer's interval for 1000; `async alarm()` of the class
does what the callback does, and at its end, while `ctx.getWebSockets().length > 0`, sets the next one. What
clears the timer calls `ctx.storage.deleteAlarm()`. As it is, the object stays in memory, and is billed, as
long as the timer runs.

- "an alarm is there": Delete the timer and what clears it, and do what the callback does in the `alarm()`
  that the class has, before it sets the next one; where that comes more seldom than the timer did, set it
  that often while there is something to do. As it is, the object stays in memory, and is billed, as long as
  the timer runs.

## Not reported

A `setTimeout()` of less than ten seconds (the option `seconds`) or of a time that is not known, a
`setInterval()` of less than a second, as of a game (alarms as quick would let nothing sleep), a timer that
is cleared in the same method, and one that a promise waits for (`new Promise((resolve) => setTimeout(resolve,
…))`): the request that waits keeps the object awake anyhow. A `setTimeout()` that only frees memory.

## Fix safety

There is no fix: what the timer does has to move to `alarm()`.

Source: https://developers.cloudflare.com/durable-objects/best-practices/websockets/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Option, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SECONDS = Option(__name__, "seconds", 10, "A `setTimeout()` of fewer seconds than these is fine.", least=0)

_MOST_HOPS = 2
_FORGETS = frozenset(
    {"free", "dispose", "clear", "delete", "setTimeout", "clearTimeout", "now", "max", "min", "log", "debug"}
)
"""What frees memory, and what decides whether it is time."""


@rule(call("setInterval", "setTimeout"), severity=Severity.WARNING, options=[_SECONDS])
def check(match: Match) -> Iterator[Finding]:
    owner, module = match.enclosing_class, match.module
    if owner is None or not owner.is_durable_object or not module.is_global(match.callee, match.word):
        return
    accepts = module.hibernatable_accepts(owner)
    if not accepts:
        return  # nothing in the class could hibernate
    if match.word == "setTimeout":
        delay = module.number(match.arguments[1]) if len(match.arguments) > 1 else None
        short = _SECONDS.value(module.project, module.document.path) * 1000
        if delay is None or delay < short or _is_awaited(match) or _only_forgets(match):
            return
    elif _is_quick(match):
        return
    method = match.method
    clear = match.word.replace("set", "clear")
    if method is not None and next(module.calls(clear, method), None) is not None:
        return
    yield Finding(
        f"while this `{match.word}()` is pending, {owner.label} cannot hibernate: set an alarm",
        match.at(match.node),
        related=(module.at(accepts[0], "sockets are accepted for hibernation here"),),
        words=(("an alarm is there", ""),) if owner.method("alarm") is not None else (),
    )


def _only_forgets(match: Match) -> bool:
    """Whether all that a timer does is to free what the object has in memory, as it runs or in a method that
    it calls: a busy object would keep that for ever."""
    module = match.module
    function = module.function_value(match.arguments[0])
    if function is None:
        return False
    todo, seen = [(module, function)], {function.id}
    for _ in range(_MOST_HOPS):
        called: list[tuple[Module, Node]] = []
        for inside, body in todo:
            for node in inside.descendants(body, "call_expression"):
                if js.Call(inside, node).name in _FORGETS:
                    continue
                target = js.function_called(inside, node)
                if target is None:
                    return False
                if target[1].id not in seen:
                    seen.add(target[1].id)
                    called.append(target)
        todo = called
    return not todo


def _is_quick(match: Match) -> bool:
    """Whether a timer ticks several times a second, as of a game: with alarms as quick nothing sleeps."""
    every = match.module.number(match.arguments[1]) if len(match.arguments) > 1 else None
    return every is not None and every < 1000


def _is_awaited(match: Match) -> bool:
    """Whether the timer is there for a promise to wait for."""
    module = match.module
    made = (module.callback_of(above) for above in module.ancestors(match.node) if above.type in js.FUNCTIONS)
    return any(
        found is not None and found.is_new and module.is_global(found.callee, "Promise") for found in made
    )
