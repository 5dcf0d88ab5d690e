"""Put responses into the cache under GET requests only.

`cache.put()` throws `TypeError: Cannot cache response to non-GET request.` when its key is a request with
another method. A handler that puts whatever comes in so fails for each POST, after the work is done; inside
`ctx.waitUntil()` nobody sees it, and nothing is cached. A key for other methods is made: a GET request, or
a URL.

## Incorrect

```ts
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    if (request.method !== "POST") return new Response("method not allowed", { status: 405 });
    const answer = Response.json(await request.json(), { headers: { "cache-control": "max-age=60" } });
    ctx.waitUntil(caches.default.put(request, answer.clone()));
    return answer;
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    if (request.method !== "GET") return new Response("method not allowed", { status: 405 });
    const answer = Response.json({ at: request.url }, { headers: { "cache-control": "max-age=60" } });
    ctx.waitUntil(caches.default.put(request, answer.clone()));
    return answer;
  },
};
```

## What to do

Cache under a GET request: `cache.put(new Request(request.url), response)`, and only for methods whose
answer depends on the URL alone.

## Not reported

Requests whose method is not known. A request is known to have another method where it is made with one
(`new Request(url, { method: "POST" })`), and behind a test of `method` that leaves for all others.

## Errors

```text title="workerd"
TypeError: Cannot cache response to non-GET request.
```

## Fix safety

No fix: what belongs into the key (a hash of the body, say) is up to you.

Source: https://developers.cloudflare.com/workers/runtime-apis/cache/#put, and workerd,
`src/workerd/api/cache.c++`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("put"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) != 2 or match.receiver_value.kind is not ValueKind.CACHE:
        return
    key = match.arguments[0]
    method = _made_with(match.module, key) or _tested(match.module, match.node, key)
    if method is not None:
        yield Finding(
            f"`put()` throws: the key is a {method} request, and the cache takes GET requests only",
            match.at(key),
        )


def _made_with(module: Module, key: Node) -> str | None:
    """The other method that a request is made with."""
    made = module.call(module.initializer(js.unwrap(key)))
    options = made.argument(1) if made is not None and made.is_new else None
    if made is None or options is None or not module.is_global(made.callee, "Request"):
        return None
    method = module.property_value(options, "method")
    return _other(module, method) if method is not None else None


def _tested(module: Module, put: Node, key: Node) -> str | None:
    """The other method that the incoming request has wherever `put()` runs, as a branch on it says."""
    if js.unwrap(key).type != "identifier" or module.value_of(key).kind is not ValueKind.REQUEST:
        return None
    child = put
    for above in module.ancestors(put):
        if above.type in ("if_statement", "ternary_expression"):
            consequence = above.child_by_field_name("consequence")
            if consequence is not None and consequence.id == child.id:
                method = _compared(module, above.child_by_field_name("condition"), key, ("===", "=="))
                if method is not None:
                    return method
        elif above.type == "statement_block":
            method = _left_for_others(module, above, child, key)
            if method is not None:
                return method
        child = above
    return None


def _left_for_others(module: Module, block: Node, child: Node, key: Node) -> str | None:
    """The method of a guard above a statement of a block: `if (request.method !== "POST") return …`."""
    for guard in module.memoized(("guards of methods", block.id), lambda: tuple(_guards(module, block))):
        if guard.start_byte >= child.start_byte:
            return None
        method = _compared(module, guard.child_by_field_name("condition"), key, ("!==", "!="))
        if method is not None:
            return method
    return None


def _guards(module: Module, block: Node) -> Iterator[Node]:
    """The `if` statements of a block that leave it and ask for a method."""
    for statement in block.named_children:
        condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
        consequence = statement.child_by_field_name("consequence")
        if condition is None or consequence is None or next(module.leaves("method", condition), None) is None:
            continue
        if not module.completes(consequence):
            yield statement


def _compared(module: Module, condition: Node | None, key: Node, operators: tuple[str, ...]) -> str | None:
    operation = module.operation(condition) if condition is not None else None
    if operation is None or operation.operator not in operators or operation.left is None:
        return None
    read = module.member(operation.left)
    if read is None or read.name != "method" or not module.is_same(read.object, key):
        return None
    return _other(module, operation.right)


def _other(module: Module, node: Node) -> str | None:
    text = module.string_of(node)
    return text.upper() if text is not None and text.upper() != "GET" else None
