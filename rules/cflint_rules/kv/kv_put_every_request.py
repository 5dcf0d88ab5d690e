"""Do not write one key of KV at every request: a key takes one write in a second.

A second write of the same key within a second fails with status 429, so that with two visitors at once one of
them gets an error. Each write is billed, takes longer than anything else of KV, and is what other places read
only up to a minute later.

## Incorrect

```ts
interface Env {
  STATE: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.STATE.put("last-visit", new Date().toISOString());
    return new Response("welcome");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  VISITS: AnalyticsEngineDataset;
}

export default {
  async fetch(request, env): Promise<Response> {
    env.VISITS.writeDataPoint({ blobs: [new URL(request.url).pathname] });
    return new Response("welcome");
  },
} satisfies ExportedHandler<Env>;
```

What has to be exact belongs in a Durable Object, or in D1.

## What to do

If the value says how much is used, write a data point instead, which takes any number in a second and needs
no `await`: `env.VISITS.writeDataPoint({ blobs: [url.pathname] })`, with `"analytics_engine_datasets": [{
"binding": "VISITS", "dataset": "visits" }]` in the configuration. If it is read again by the code, keep it in
a Durable Object. As it is, `put()` throws from the second request in a second on.

## Not reported

A write that depends on anything, or that stands in a route for `POST`, `PUT`, `PATCH` or `DELETE`; one of
what was read before ([`kv-read-modify-write`](kv_read_modify_write.py)); keys that are made of something.

## Fix safety

There is no fix: where the value should be kept is up to the author.

Source: https://developers.cloudflare.com/kv/api/write-key-value-pairs/#limits-to-kv-writes-to-the-same-key
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, quoted, rule

_READING = frozenset({"get", "use", "all"})
_PAGES = frozenset({"load", "loader", "GET", "HEAD", "onRequest", "onRequestGet", "fetch"})


@rule(call("put"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not match.receiver_value.is_binding("kv") or not match.arguments:
        return
    key = module.string_of(match.arguments[0])
    if key is None or not module.is_run or not module.always_runs(match.node, function):
        return
    if next(js.reads_before(module, match.call, "get", function), None) is not None:
        return
    if not _is_page(module, match):
        return
    yield Finding(
        f"every request writes {quoted(key)}, and a key takes one write in a second: with more, this throws",
        match.at(match.node),
    )


def _is_page(module: Module, match: Match) -> bool:
    """Whether the function around is what answers each request of a Worker, or of a page."""
    function = match.enclosing_function
    if function is None:
        return False
    handler = module.handler_of(function)
    if handler is not None:
        return handler.name == "fetch" and handler.owner is None
    if any(found.function.id == function.id and found.name in _PAGES for found in module.app_handlers):
        return True
    route = module.callback_of(function)
    return (
        route is not None
        and route.name in _READING
        and route.receiver is not None
        and module.value_of(route.receiver).kind is ValueKind.HONO_APP
    )
