"""Create many instances of a Workflow with `createBatch()`.

Each `create()` is a request of its own that the Worker waits for, and counts against the subrequests of the
invocation. `createBatch()` creates up to 100 instances with one.

## Incorrect

```ts
interface Env {
  IMPORT: Workflow;
}

export default {
  async fetch(request, env): Promise<Response> {
    const urls = new URL(request.url).searchParams.getAll("url");
    for (const url of urls) {
      await env.IMPORT.create({ params: { url } });
    }
    return new Response("started", { status: 202 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  IMPORT: Workflow;
}

export default {
  async fetch(request, env): Promise<Response> {
    const urls = new URL(request.url).searchParams.getAll("url");
    await env.IMPORT.createBatch(urls.slice(0, 100).map((url) => ({ params: { url } })));
    return new Response("started", { status: 202 });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A loop that awaits anything else, that can be left before its end, or in which the error of a single
instance is caught.

## Fix safety

No fix: `createBatch()` takes 100 at most, and skips an id that exists where `create()` throws.

Source: https://developers.cloudflare.com/workflows/build/workers-api/#createbatch
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, rule

_LEAVES = ("break_statement", "continue_statement", "throw_statement")


@rule(call("create"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    turn = js.turn_around(module, match.node)
    if turn is None or turn.is_async or turn.method not in ("", "map"):
        return
    if not match.receiver_value.is_binding("workflow"):
        return
    if match.call.is_awaited and not module.only_awaits(turn.body, match.node):
        return
    if module.try_around(match.node, turn.body) is not None or _may_end(module, turn):
        return
    yield Finding(
        "each turn creates one instance by a request of its own: `createBatch()` creates up to 100 by one",
        match.at(),
    )


def _may_end(module: Module, turn: js.Turn) -> bool:
    """Whether a turn can be left before its end, or the loop."""
    leaves = _LEAVES if turn.method else (*_LEAVES, "return_statement")
    body = turn.body
    return module.memoized(("turn that ends", body.id), lambda: any(module.descendants(body, *leaves)))
