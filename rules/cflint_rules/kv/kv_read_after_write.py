"""Use the value that was written: what KV gives right after may be the one from before.

A write to KV is usually seen at once where it was made, and up to a minute later elsewhere; neither is
promised, and a place that has the old value, or that there was none, in its cache goes on giving that. To
read a key back right after `put()` costs a read, and proves nothing: the value is at hand.

## Incorrect

```ts
interface Env {
  STORE: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const text = `seen at ${new Date().toISOString()}`;
    await env.STORE.put(pathname, text);
    const stored = await env.STORE.get(pathname);
    return new Response(stored);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  STORE: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const text = `seen at ${new Date().toISOString()}`;
    await env.STORE.put(pathname, text);
    return new Response(text);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Delete the `get()`, and go on with the value that `put()` was given. Whether the write went well is what
`put()` says: it throws when not.

## Not reported

A key that is deleted in between, a read of which the write is on another way through the code, and reads
in another function.

## Fix safety

There is no fix: what was written may not have the form of what is read.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, quoted, rule


@rule(call("get"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not match.arguments or not match.document.has_word("put"):
        return
    if not match.receiver_value.is_binding("kv") or not module.is_run:
        return
    written = next(js.reads_before(module, match.call, "put", function), None)
    if written is None or not written.is_awaited or written.node.start_byte < function.start_byte:
        return
    if module.enclosing_function(written.node) != function or not js.can_reach(
        module, written.node, match.node
    ):
        return
    if next(js.reads_before(module, match.call, "delete", function), None) is not None:
        return
    key = quoted(match.text(match.arguments[0]), 40)
    yield Finding(
        f"{key} was just written: KV may still give what was there before",
        match.at(match.node),
        (module.at(written.node, "it is written here"),),
    )
