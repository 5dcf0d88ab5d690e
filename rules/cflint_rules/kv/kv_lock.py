"""Take locks in a Durable Object, not in Workers KV.

A lock needs "is it free?" and "it is mine" to be one step. In KV they are two, and what `get()` returns may
be a minute old in another place: two requests find the lock free, and both go on. A Durable Object handles
one after the other.

## Incorrect

```ts
interface Env {
  JOBS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (await env.JOBS.get("lock:import")) return new Response("busy", { status: 409 });
    await env.JOBS.put("lock:import", "1", { expirationTtl: 300 });
    console.log("importing");
    await env.JOBS.delete("lock:import");
    return new Response("done");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  JOBS: DurableObjectNamespace<Job>;
}

export class Job extends DurableObject<Env> {
  #isRunning = false;

  async run(): Promise<boolean> {
    if (this.#isRunning) return false;
    this.#isRunning = true;
    try {
      console.log("importing");
    } finally {
      this.#isRunning = false;
    }
    return true;
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const done = await env.JOBS.getByName(new URL(request.url).pathname).run();
    return new Response(done ? "done" : "busy", { status: done ? 200 : 409 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Let a Durable Object hold the lock, which takes one request after the other: `export class Locks extends
DurableObject { async take(seconds: number): Promise<boolean> { if (((await
this.ctx.storage.get<number>("until")) ?? 0) > Date.now()) return false; await this.ctx.storage.put("until",
Date.now() + seconds * 1000); return true; } async free(): Promise<void> { await this.ctx.storage.deleteAll();
} }` in the main module, bound as `LOCKS`. `env.LOCKS.get(env.LOCKS.idFromName(key))` gives the lock of a key:
`await lock.take(300)` in place of `get()` and `put()`, with the seconds that it is held for 300, and `await
lock.free()` in place of `delete()`.

## Not reported

Keys that are read and written but never deleted (an account that is locked for a while is no lock of this
kind), and keys whose name does not say that they are a lock.

## Fix safety

No fix: the work that the lock protects moves into a Durable Object.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LOCK = pattern(r"(?<![A-Za-z])(?:[Ll]ocks?|LOCKS?|[Mm]utex|MUTEX)(?![a-z])|[a-z](?:Lock|Mutex)(?![a-z])")


@rule(call("put"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) < 2 or not _is_lock(match, match.arguments[0]):
        return
    if not match.receiver_value.is_binding("kv"):
        return
    function = match.enclosing_function
    read = next(
        (read for read in _same(match, "get", function) if read.end_byte <= match.node.start_byte), None
    )
    if read is None or next(_same(match, "delete", None), None) is None:
        return
    yield Finding(
        "two requests can find this lock free and both take it: KV is no place for locks",
        match.at(),
        (module.at(read, "whether it is free is asked here"),),
    )


def _is_lock(match: Match, key: Node) -> bool:
    """Whether a key says that it is a lock, by its text or the name that it has."""
    module = match.module
    parts = (key, module.initializer(js.unwrap(key)))
    return any(_LOCK.search(module.text(part)) is not None for part in parts if part.type != "object")


def _same(match: Match, method: str, within: Node | None) -> Iterator[Node]:
    """The calls of a method of KV with the key that is put."""
    module = match.module
    calls = module.memoized(("calls of locks", method), lambda: _by_key(module, method))
    for other in calls.get(_key(module, match.arguments[0]), ()):
        node = other.node
        if within is not None and not within.start_byte <= node.start_byte < within.end_byte:
            continue
        same = module.is_same(other.arguments[0], match.arguments[0])
        if same and module.value_of(other.receiver).is_binding("kv"):
            yield node


def _by_key(module: Module, method: str) -> dict[str, list[js.Call]]:
    """The calls of a method with an argument, by the text of what that is."""
    found: dict[str, list[js.Call]] = {}
    for other in module.calls(method):
        if other.arguments:
            found.setdefault(_key(module, other.arguments[0]), []).append(other)
    return found


def _key(module: Module, argument: Node) -> str:
    return module.text(module.initializer(js.unwrap(argument)))
