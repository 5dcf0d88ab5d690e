"""Await what a binding promises, or pass it to `ctx.waitUntil()`.

Once the response is sent, or the handler of an event is done, the runtime cancels promises that are neither
awaited nor passed to `waitUntil()`. A write to KV, R2, D1 or a queue whose promise is dropped may never
happen, and its error is never seen. In a Durable Object, which goes on, it is a note: the write happens,
and its error is lost.

## Incorrect

```ts
interface Env {
  VISITS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    env.VISITS.put(new URL(request.url).pathname, new Date().toISOString());
    return new Response("Welcome");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  VISITS: KVNamespace;
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    ctx.waitUntil(env.VISITS.put(new URL(request.url).pathname, new Date().toISOString()));
    return new Response("Welcome");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `await` before it, and make the function around it `async`; its callers await it.

## Not reported

Methods that return nothing (`env.METRICS.writeDataPoint(…)`) or are synchronous (`ctx.storage.kv`,
`ctx.storage.sql`). Promises that are returned, passed on, collected for `Promise.all()`, awaited later, or
marked as meant with `void`. Storage of Durable Objects: its writes are never lost, the object waits for them.
In a Durable Object, and in a class that only Durable Objects use: promises whose errors are handled.

## Fix safety

Unsafe: `await` makes what follows wait. Where `await` is not legal the promise is passed to the `waitUntil()`
in reach, or where the function makes a stream: to wait for who reads it, before it is returned, lasts for
ever.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Safety, Severity, call, config, fixes, js, quoted, rule

_METHODS = config.async_methods(
    "D1PreparedStatement", "D1DatabaseSession", "WorkflowInstance", "R2ObjectBody", "Fetcher"
)


@rule(call(*_METHODS), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    use = match.module.promise_use(match.node)
    if (
        use.outcome is not js.PromiseOutcome.DROPPED
        or match.module.promise_source(match.node) is not js.PromiseSource.BINDING
    ):
        return
    loss = js.loss_of(match.module, use.promise, match.node)
    if loss is None:
        return
    called = quoted(f"{match.text(match.callee)}()")
    yield Finding(
        f"nothing waits for {called}: {loss}",
        match.at(match.node),
        # waiting is a deadlock where the other end of a stream that is given away is returned afterwards
        fix=(
            None
            if match.module.makes_stream_beside(match.node)
            else fixes.fix_by_await(match.module, use.promise, Safety.UNSAFE)
        )
        or fixes.fix_by_wait_until(match.module, use.promise, Safety.UNSAFE),
        severity=None if "cancelled" in loss or "cut off" in loss else Severity.NOTE,
    )
