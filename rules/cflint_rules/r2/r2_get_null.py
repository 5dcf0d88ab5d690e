"""Check that R2 has an object before using it.

`get()` and `head()` resolve to `null` when there is no object of that key. Reading `body` or calling `text()`
then throws, and a request for what is not there ends with status 500 instead of 404.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const file = await env.FILES.get(new URL(request.url).pathname.slice(1));
    return new Response(file.body);
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
    const file = await env.FILES.get(new URL(request.url).pathname.slice(1));
    if (file === null) return new Response("not found", { status: 404 });
    return new Response(file.body);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

After the call: `if (object === null) return new Response("not found", { status: 404 })`.

## Not reported

Objects that are tested anywhere, read with `?.`, or claimed to be there (`!`, `as R2ObjectBody`).
Those that the same function has put before.

## Errors

```text title="workerd"
TypeError: Cannot read properties of null (reading 'body')
TypeError: Cannot read properties of null (reading 'httpMetadata')
TypeError: Cannot read properties of null (reading 'writeHttpMetadata')
TypeError: Cannot read properties of null (reading '…')
```

## Fix safety

No fix: what to answer when there is no object is up to you.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_READ = frozenset(
    {"body", "text", "json", "arrayBuffer", "blob", "bytes", "httpMetadata", "customMetadata", "bodyUsed"}
    | {"writeHttpMetadata", "etag", "httpEtag", "size", "key", "uploaded", "range", "checksums", "version"}
)


@rule(call("get", "head"), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    if not match.receiver_value.is_binding("r2"):
        return
    read = match.module.unchecked_read(match.node, _READ)
    function = match.enclosing_function
    if read is None:
        return
    if function is not None and next(js.reads_before(match.module, match.call, "put", function), None):
        return  # what was put is there: R2 is consistent
    yield Finding(
        f"`{match.word}()` gives `null` when there is no such object, and then this throws",
        match.at(read),
        related=(match.at(match.node, "the object comes from here"),),
        words=_name(match.module, read),
    )


def _name(module: Module, read: Node) -> js.Words:
    """The variable that holds the object, where it has one."""
    member = module.parent(read)
    holder = member.child_by_field_name("object") if member is not None else None
    return js.word("object", module, holder) if holder is not None and holder.type == "identifier" else ()
