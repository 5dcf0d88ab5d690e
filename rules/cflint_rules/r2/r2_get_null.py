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

## Not reported

Objects that are tested anywhere, read with `?.`, or claimed to be there (`!`, `as R2ObjectBody`).

## Fix safety

No fix: what to answer when there is no object is up to you.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_READ = frozenset(
    {"body", "text", "json", "arrayBuffer", "blob", "bytes", "httpMetadata", "customMetadata", "bodyUsed"}
    | {"writeHttpMetadata", "etag", "httpEtag", "size", "key", "uploaded", "range", "checksums", "version"}
)
_CLAIMS = frozenset({"non_null_expression", "as_expression", "type_assertion"})


@rule(call("get", "head"), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    if not match.receiver_value.is_binding("r2"):
        return
    result = match.module.awaited(match.node)
    if result is None or _is_claimed(match, js.unwrap(result.node)):
        return
    if result.pattern is not None and result.pattern.type == "object_pattern":
        yield _finding(match, result.pattern)
    elif not any(_is_tested(match, reference) for reference in result.references):
        reads = (_read(match, holder) for holder in result.holders)
        read = next((found for found in reads if found is not None), None)
        if read is not None:
            yield _finding(match, read)


def _finding(match: Match, read: Node) -> Finding:
    return Finding(
        f"`{match.word}()` gives `null` when there is no such object, and then this throws",
        match.at(read),
        related=(match.at(match.node, "the object comes from here"),),
    )


def _read(match: Match, node: Node) -> Node | None:
    """The name of a property of an object that is read where an expression stands."""
    read = match.module.member_read(node)
    return read.name_node if read is not None and read.name in _READ and not read.is_optional else None


def _is_claimed(match: Match, node: Node) -> bool:
    """Whether `!` or a cast says that the object is there."""
    parent = match.module.parent(node)
    while parent is not None and parent.type in _CLAIMS | {"parenthesized_expression"}:
        if parent.type in _CLAIMS:
            return True
        parent = match.module.parent(parent)
    return False


def _is_tested(match: Match, reference: Node) -> bool:
    if match.module.is_guard(reference) or _is_claimed(match, reference):
        return True
    parent = match.module.parent(match.module.with_wrappers(reference))
    if parent is None or parent.type == "arguments":
        return parent is not None
    operation = match.module.operation(parent)
    return operation is not None and operation.operator == "in"
