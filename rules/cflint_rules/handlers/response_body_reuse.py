"""Read the body of a request or response once; `clone()` it first to read it twice.

A body is a stream. Once it has been read, or handed on to `fetch()`, `cache.put()` or another `Request`, it
is used up: the next one to read it gets `TypeError: Body has already been used`, and `fetch()` or a
constructor that is given it `This ReadableStream is disturbed`.

## Incorrect

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const body = await request.json();
    console.log("kind", body.kind);
    const response = await fetch("https://origin.example/", request);
    ctx.waitUntil(caches.default.put(request.url, response));
    return response;
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const body = await request.clone().json<{ kind?: string } | null>();
    console.log("kind", body?.kind);
    const response = await fetch("https://origin.example/", request);
    ctx.waitUntil(caches.default.put(request.url, response.clone()));
    return response;
  },
} satisfies ExportedHandler;
```

## Not reported

Reads on paths that exclude each other, under two conditions of their own, or in different functions; a
variable that gets another value; code that looks at `bodyUsed`.

## Errors

```text title="workerd"
TypeError: Body has already been used. It can only be used once. Use tee() first if you need to read it
  twice.
TypeError: This ReadableStream is disturbed (has already been read from), and cannot be used as a body.
TypeError: Cannot reconstruct a Request with a used body.
TypeError: This ReadableStream is currently locked to a reader.
```

## Fix safety

Unsafe: the clone keeps the whole body in memory. For `cache.put(key, response)` it is safe: the response that
is returned afterwards has to stay whole.

Source: workerd `src/workerd/api/http.c++`; https://developers.cloudflare.com/workers/runtime-apis/context/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_BODIES = frozenset({ValueKind.REQUEST, ValueKind.RESPONSE})


@rule(call(*js.BODY_READS), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    """What reads a body again after this."""
    module = match.module
    owner = js.unwrap(match.receiver) if match.receiver is not None else None
    if owner is None or owner.type != "identifier" or match.arguments:
        return
    if match.receiver_value.kind not in _BODIES:
        return
    declaration = module.scope.resolve(owner)
    if declaration is None or module.scope.assignments(declaration) or _looks_first(module, match.node):
        return
    for use in module.scope.references(declaration):
        second = _consumer(module, use)
        if second is None or second.node.id == match.node.id:
            continue
        if not module.can_reach(match.node, second.node):
            continue
        yield Finding(
            f"the body of `{declaration.name}` is used up when `{second.name}()` needs it: "
            "`Body has already been used`",
            module.at(second.node),
            (match.at(match.node, "it is read here"),),
            fix=Fix(
                f"Read a clone of `{declaration.name}` first",
                (match.insert(owner.end_byte, ".clone()"),),
                Safety.UNSAFE,
            ),
        )
        return


def _looks_first(module: Module, node: Node) -> bool:
    """Whether the function around asks whether a body is used up."""
    function = module.enclosing_function(node)
    leaves = module.leaves("bodyUsed", function) if function is not None else ()
    return any(leaf.type != "string_fragment" for leaf in leaves)


def _consumer(module: Module, use: Node) -> js.Call | None:
    """The call that needs the body of what a name holds; None when this use of the name needs none."""
    read = module.member_read(use)
    if read is not None:
        called = read.call
        return called if called is not None and (read.name in js.BODY_READS or read.name == "clone") else None
    around = module.call_around(use)
    if around is None or module.value_of(use).kind is not ValueKind.REQUEST:
        return None
    made, position = around
    if len(made.arguments) != position + 1:
        return None  # with an `init` of its own, which may have another body
    if made.is_new:
        return made if module.is_global(made.callee, "Request") else None
    if made.name != "fetch" or position > 1:
        return None
    if made.receiver is None:
        return made if module.is_global(made.callee, "fetch") else None
    return made if module.value_of(made.receiver).kind in (ValueKind.BINDING, ValueKind.STUB) else None


@check.on(call("put"))
def check_cached(match: Match) -> Iterator[Finding]:
    """`cache.put(key, response)` before the response is returned."""
    module = match.module
    if match.receiver_value.kind is not ValueKind.CACHE or len(match.arguments) != 2:
        return
    response = js.unwrap(match.arguments[1])
    declaration = module.scope.resolve(response) if response.type == "identifier" else None
    if declaration is None:
        return
    for use in module.scope.references(declaration):
        if use.start_byte < match.node.end_byte or not _is_sent(module, use):
            continue
        if not module.can_reach(match.node, use) or _is_replaced(module, declaration, match.node, use):
            continue
        yield Finding(
            f"`cache.put()` uses up the body of `{declaration.name}`, which is returned afterwards",
            match.at(response),
            (module.at(use, "it is returned here"),),
            fix=Fix(
                f"Put a clone of `{declaration.name}` in the cache",
                (match.insert(response.end_byte, ".clone()"),),
                Safety.SAFE,
            ),
        )
        return


def _is_sent(module: Module, use: Node) -> bool:
    """Whether a response is returned, as it is or by a copy that takes its body."""
    parent = module.parent(module.with_wrappers(use))
    if parent is not None and parent.type == "return_statement":
        return True
    read = module.member_read(use)
    around = module.call_around(read.node) if read is not None and read.name == "body" else None
    return around is not None and around[0].is_new


def _is_replaced(module: Module, declaration: js.Declaration, first: Node, second: Node) -> bool:
    return any(
        first.end_byte <= assignment.start_byte < second.start_byte
        for assignment in module.scope.assignments(declaration)
    )
