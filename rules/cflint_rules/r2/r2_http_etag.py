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

Unsafe: clients that have a tag without quotation marks get the whole answer once more; comparisons with
`etag` in the same function change along, others have to, too.

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
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EQUAL = frozenset({"==", "===", "!=", "!=="})
_MOST = 4
_STRIPS = pattern(r"\.(?:replace|replaceAll|slice|substring|match)\(")
"""What takes quotation marks off."""


@rule(member_access("etag"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not _is_header(match.module, match.node) or match.receiver_value.kind is not ValueKind.R2_OBJECT:
        return
    compared = _compared(match)
    yield Finding(
        "the header `ETag` needs quotation marks, which `etag` has not, and is no use to caches without: send"
        " `httpEtag`",
        match.at(match.name),
        _handed_on(match, compared),
        fix=Fix(
            "Send `httpEtag`, and compare with it" if compared else "Send `httpEtag`",
            tuple(match.replace(name, "httpEtag") for name in (match.name, *compared)),
            Safety.UNSAFE,
        ),
    )


def _compared(match: Match) -> tuple[Node, ...]:
    """The names by which the function around compares an `etag` without quotation marks with what a client
    got, in them: that would never be equal any more."""
    module = match.module
    found: list[Node] = []
    for node in _others(match):
        access = module.member(node)
        above = module.operation(module.parent(module.with_wrappers(node)))
        if access is None or above is None or above.operator not in _EQUAL:
            continue
        if not any(side is not None and _is_bare(module, side) for side in above.operands):
            found.append(access.name_node)
    return tuple(found[:_MOST])


def _is_bare(module: Module, side: Node) -> bool:
    """Whether quotation marks were taken off an expression."""
    return _STRIPS.search(module.text(module.initializer(js.unwrap(side)))) is not None


def _handed_on(match: Match, compared: tuple[Node, ...]) -> tuple[Location, ...]:
    """Where an `etag` is compared, or handed on as a property of that name."""
    module = match.module
    found = [module.at(name, "this is compared with what is sent") for name in compared]
    for node in _others(match):
        if _key(module, module.parent(module.with_wrappers(node))) is not None and not _is_header(
            module, node
        ):
            found.append(module.at(node, "this has to be `httpEtag`, too, if it gets into a header"))
    return tuple(found[:_MOST])


def _others(match: Match) -> Iterator[Node]:
    """The other reads of an `etag` in the function around."""
    module, around = match.module, match.enclosing_function
    for node in module.descendants(around, "member_expression") if around is not None else ():
        access = module.member(node)
        if access is not None and access.name == "etag" and node.id != match.node.id:
            yield node


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
