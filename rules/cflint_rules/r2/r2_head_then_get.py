"""Read an R2 object with one `get()`: what `head()` tells is in its answer.

`get()` gives all that `head()` gives, and the body as a stream that nobody has to read. Both are operations
of class B, which are billed, and requests that the Worker waits for one after the other.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const key = new URL(request.url).pathname.slice(1);
    const found = await env.FILES.head(key);
    if (found === null) return new Response("not found", { status: 404 });
    const object = await env.FILES.get(key);
    return new Response(object?.body, { headers: { etag: found.httpEtag } });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const object = await env.FILES.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    return new Response(object.body, { headers: { etag: object.httpEtag } });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Move this `get()` to the place of the `head()`, which goes, and ask there what that was asked: the object is
`null` where there is none, and has its size and metadata. Below, use what it gave.

## Not reported

A `get()` with options (a range needs the size, a condition the ETag), and a `head()` by which the code goes
another way: one that asks for the size before it reads.

## Fix safety

There is no fix: the two answers have names of their own, and tests, too.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TOLD = frozenset({"size", "customMetadata", "uploaded"})
"""Properties by which code decides whether, or how, to read the object."""


@rule(call("get"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or len(match.arguments) != 1 or not match.call.is_awaited:
        return
    if not module.document.has_word("head") or not match.receiver_value.is_binding("r2"):
        return
    for asked in js.reads_before(module, match.call, "head", function):
        result = module.awaited(asked.node)
        if result is None or _decides(module, result) or not js.can_reach(module, asked.node, match.node):
            continue
        yield Finding(
            "`get()` gives what `head()` gave: one request is enough",
            match.at(match.node),
            (module.at(asked.node, "the object is asked for here"),),
        )
        return


def _decides(module: Module, result: js.Awaited) -> bool:
    """Whether code reads of what `head()` gave more than whether the object is there, as far as that may
    decide whether it is read."""
    if result.pattern is not None:
        return _takes(module, result.pattern)
    for holder in result.holders:
        read = module.member_read(holder)
        if read is not None and read.name in _TOLD:
            return True
        above = module.parent(module.with_wrappers(holder))
        pattern = above.child_by_field_name("name") if above is not None else None
        if pattern is not None and pattern.type == "object_pattern" and _takes(module, pattern):
            return True
    return False


def _takes(module: Module, pattern: Node) -> bool:
    """Whether a pattern takes one of these properties, or the others altogether."""
    return any(part.type == "rest_pattern" or module.text(part) in _TOLD for part in js.walk(pattern))
