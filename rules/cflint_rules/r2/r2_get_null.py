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
    syntax = match.module.syntax
    awaited = syntax.parent(js.with_wrappers(syntax, match.node))
    if awaited is None or awaited.type != "await_expression":
        return
    whole = js.with_wrappers(syntax, awaited)
    if _is_claimed(match, awaited):
        return
    read = _read(match, whole)
    if read is not None:
        yield _finding(match, read)
        return
    declarator = syntax.parent(whole)
    name = declarator.child_by_field_name("name") if declarator is not None else None
    if declarator is None or declarator.type != "variable_declarator" or name is None:
        return
    if name.type == "object_pattern":
        yield _finding(match, name)
        return
    declaration = match.module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or match.module.scope.assignments(declaration):
        return
    references = match.module.scope.references(declaration)
    if any(_is_tested(match, reference) for reference in references):
        return
    for reference in references:
        read = _read(match, js.with_wrappers(syntax, reference))
        if read is not None:
            yield _finding(match, read)
            return


def _finding(match: Match, read: Node) -> Finding:
    return Finding(
        f"`{match.word}()` gives `null` when there is no such object, and then this throws",
        match.at(read),
        related=(match.at(match.node, "the object comes from here"),),
    )


def _read(match: Match, node: Node) -> Node | None:
    """The name of a property of an object that is read where an expression stands."""
    member = match.module.parent(node)
    if member is None or member.type != "member_expression":
        return None
    target, name = member.child_by_field_name("object"), member.child_by_field_name("property")
    if target is None or target.id != node.id or name is None or match.text(name) not in _READ:
        return None
    return None if any(child.type == "optional_chain" for child in member.children) else name


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
    if parent is None:
        return False
    operator = parent.child_by_field_name("operator") if parent.type == "binary_expression" else None
    return parent.type == "arguments" or (operator is not None and operator.type == "in")
