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
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("create"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    around = _repeated(match)
    if around is None or not match.receiver_value.is_binding("workflow"):
        return
    if match.call.is_awaited and not module.only_awaits(around, match.node):
        return
    if module.try_around(match.node, around) is not None or any(module.descendants(around, *_LEAVES)):
        return
    yield Finding(
        "each turn creates one instance by a request of its own: `createBatch()` creates up to 100 by one",
        match.at(),
    )


_LEAVES = ("break_statement", "continue_statement", "throw_statement")


def _repeated(match: Match) -> Node | None:
    """The body of the `for … of` loop, or the callback of `map()`, that an instance is created in."""
    module = match.module
    loop = module.loop_around(match.node)
    if loop is not None:
        is_of = loop.type == "for_in_statement" and any(child.type == "of" for child in loop.children)
        is_async = any(child.type == "await" for child in loop.children)
        returns = any(module.descendants(loop, "return_statement"))
        return loop.child_by_field_name("body") if is_of and not is_async and not returns else None
    function = module.enclosing_function(match.node)
    taken = module.callback_of(function) if function is not None else None
    return (
        js.body_of(function) if function is not None and taken is not None and taken.name == "map" else None
    )
