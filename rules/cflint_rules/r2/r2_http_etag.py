"""Send an R2 object's `httpEtag` as `ETag`, not its `etag`.

The value of the header is a text in quotation marks. `httpEtag` has them, `etag` has not: caches and browsers
take a header without them for none, or send back something that never matches, and the object is sent again.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const object = await env.FILES.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    const headers = new Headers();
    headers.set("ETag", object.etag);
    return new Response(object.body, { headers });
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
    const headers = new Headers();
    headers.set("ETag", object.httpEtag);
    return new Response(object.body, { headers });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

An `etag` with quotation marks around it, and one that is sent as data.

## Fix safety

Unsafe: where the code compares `If-None-Match` with `etag` itself, that has to change, too.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#r2object-definition
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    js,
    member_access,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EQUAL = frozenset({"==", "===", "!=", "!=="})
_MOST = 4


@rule(member_access("etag"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not _is_header(match.module, match.node) or match.receiver_value.kind is not ValueKind.R2_OBJECT:
        return
    yield Finding(
        "the header `ETag` needs quotation marks, which `etag` has not, and is no use to caches without: send"
        " `httpEtag`",
        match.at(match.name),
        _compared(match),
        fix=Fix("Send `httpEtag`", (match.replace(match.name, "httpEtag"),), Safety.UNSAFE),
    )


def _compared(match: Match) -> tuple[Location, ...]:
    """Where the function around compares an `etag` without quotation marks (with what a client got, in them,
    that is never equal), or hands one on."""
    module, around = match.module, match.enclosing_function
    found: list[Location] = []
    for node in module.descendants(around, "member_expression") if around is not None else ():
        access = module.member(node)
        above = module.operation(module.parent(module.with_wrappers(node))) if access is not None else None
        if access is None or access.name != "etag" or node.id == match.node.id:
            continue
        if above is not None and above.operator in _EQUAL:
            found.append(module.at(above.node, "this has to compare `httpEtag`, too"))
        elif _key(module, module.parent(module.with_wrappers(node))) is not None and not _is_header(
            module, node
        ):
            found.append(module.at(node, "this has to be `httpEtag`, too, if it gets into a header"))
    return tuple(found[:_MOST])


def _is_header(module: Module, node: Node) -> bool:
    """Whether an expression becomes the header `ETag`."""
    taken = module.call_around(node)
    if taken is not None and taken[1] == 1 and taken[0].name in js.HEADER_SETTERS:
        name = module.string_of(taken[0].arguments[0])
        return name is not None and name.lower() == "etag"
    pair = module.parent(module.with_wrappers(node))
    key = _key(module, pair)
    return (
        pair is not None
        and key is not None
        and key.lower() == "etag"
        and (key != "etag" or _is_of_headers(module, pair))
    )


def _is_of_headers(module: Module, pair: Node) -> bool:
    """Whether a property is one of `headers: { … }` or `new Headers({ … })`."""
    literal = module.parent(pair)
    if literal is None:
        return False
    taken = module.call_around(literal)
    if taken is not None and taken[0].is_new:
        return taken[0].name == "Headers"
    around = module.parent(module.with_wrappers(literal))
    return _key(module, around) == "headers"


def _key(module: Module, pair: Node | None) -> str | None:
    """The name of a property of an object; None of everything else."""
    key = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
    return js.property_name(module.syntax, key) if key is not None else None
