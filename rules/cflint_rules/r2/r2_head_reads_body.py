"""Answer `HEAD` by R2's `head()`: `get()` opens the whole object, and nothing reads it.

What a `HEAD` request is answered with is metadata. `head()` gives all of that. `get()` gives a body, too,
which holds a connection until somebody reads or cancels it, of which an invocation has six.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const object = await env.FILES.get(new URL(request.url).pathname.slice(1));
    if (object === null) return new Response("not found", { status: 404 });
    const headers = { ETag: object.httpEtag };
    return new Response(request.method === "HEAD" ? null : object.body, { headers });
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
    const key = new URL(request.url).pathname.slice(1);
    if (request.method === "HEAD") {
      const found = await env.FILES.head(key);
      if (found === null) return new Response(null, { status: 404 });
      return new Response(null, { headers: { ETag: found.httpEtag } });
    }
    const object = await env.FILES.get(key);
    if (object === null) return new Response("not found", { status: 404 });
    return new Response(object.body, { headers: { ETag: object.httpEtag } });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `const object = request.method === "HEAD" ? await bucket.head(key) : await bucket.get(key);` for it, and
ask for the body where it is sent: `"body" in object ? object.body : null`. All else that the code reads of it
`head()` gives, too.

## Not reported

An answer without a body for another reason (a status of 304); a body that is cancelled.

## Fix safety

There is no fix: what both ways share has to move.

Source: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions,
https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEAD = pattern(r"\bHEAD\b|\bhead_?only\b|\bis_?head\b", re.IGNORECASE)
_LEFT = frozenset({"null", "undefined"})


@rule(call("get"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not match.receiver_value.is_binding("r2") or not module.is_run:
        return
    if next(module.leaves("cancel", function), None) is not None:
        return
    result = module.awaited(match.node)
    if result is None or result.declaration is None:
        return
    at = _answered_without(module, function, match.node, result.references)
    if at is not None:
        yield Finding(
            "this opens the object's body for a `HEAD` request, too: ask for its metadata with `head()`",
            match.at(match.node),
            (module.at(at, "the body is left here"),),
            words=(
                *js.word("bucket", module, match.receiver),
                *js.word("key", module, match.call.argument(0)),
            ),
        )


def _answered_without(module: Module, function: Node, get: Node, uses: tuple[Node, ...]) -> Node | None:
    """Where `HEAD` is answered after a `get()`, and the body of what that gave is not read."""
    for made in module.responses_made(function):
        if made.content is None or made.node.start_byte < get.end_byte:
            continue
        content = js.unwrap(made.content)
        if content.type == "ternary_expression":
            condition = content.child_by_field_name("condition")
            ways = (content.child_by_field_name("consequence"), content.child_by_field_name("alternative"))
            is_left = any(way is not None and js.unwrap(way).type in _LEFT for way in ways)
            reads = any(way is not None and _is_body(module, way, uses) for way in ways)
            if condition is not None and is_left and reads and _asks(module, condition):
                return content
        elif (
            content.type in _LEFT and _is_of_object(made, uses) and _is_for_head(module, made.node, function)
        ):
            return content
    return None


def _is_for_head(module: Module, node: Node, function: Node) -> bool:
    """Whether a node only runs for `HEAD`."""
    for condition in module.conditions_around(node, function):
        statement = module.parent(condition)
        taken = statement.child_by_field_name("consequence") if statement is not None else None
        if taken is not None and js.contains(taken, node) and _asks(module, condition):
            return True
    return False


def _asks(module: Module, condition: Node) -> bool:
    """Whether a condition holds for `HEAD`: not where it asks that it is none."""
    text = module.text(condition)
    return _HEAD.search(text) is not None and "!=" not in text and "&&" not in text


def _is_of_object(made: js.ResponseMade, uses: tuple[Node, ...]) -> bool:
    return any(js.contains(made.node, use) or use.end_byte < made.node.start_byte for use in uses)


def _is_body(module: Module, node: Node, uses: tuple[Node, ...]) -> bool:
    member = module.member(node)
    if member is None or member.name != "body":
        return False
    owner = js.unwrap(member.object)
    return any(use.id == owner.id for use in uses) or module.value_of(owner).kind is ValueKind.R2_OBJECT
