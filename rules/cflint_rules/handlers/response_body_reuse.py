"""Read the body of a request or response once; `clone()` it first to read it twice.

A body is a stream. Once it has been read, or handed on to `fetch()`, `cache.put()` or another `Request`, it
is used up: the next one to read it gets `TypeError: Body has already been used`, and `fetch()` or a
constructor that is given it `This ReadableStream is disturbed`.

## Incorrect

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const body = await request.json();
    console.log(body);
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
    const body = await request.clone().json();
    console.log(body);
    const response = await fetch("https://origin.example/", request);
    ctx.waitUntil(caches.default.put(request.url, response.clone()));
    return response;
  },
} satisfies ExportedHandler;
```

## Not reported

Reads on paths that exclude each other, under two conditions of their own, or in different functions; a
variable that gets another value; code that looks at `bodyUsed`.

## Fix safety

Unsafe: the clone keeps the whole body in memory. For `cache.put(key, response)` it is safe: the response that
is returned afterwards has to stay whole.

Source: workerd `src/workerd/api/http.c++`; https://developers.cloudflare.com/workers/runtime-apis/context/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_READS = ("json", "text", "arrayBuffer", "formData", "blob", "bytes")


@rule(call(*_READS, "put"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.word == "put":
        yield from _cached(match)
    else:
        yield from _read(match)


def _read(match: Match) -> Iterator[Finding]:
    """What reads a body again after this."""
    module = match.module
    owner = js.unwrap(match.receiver) if match.receiver is not None else None
    if owner is None or owner.type != "identifier" or match.arguments:
        return
    if match.receiver_value.kind not in (ValueKind.REQUEST, ValueKind.RESPONSE):
        return
    declaration = module.scope.resolve(owner)
    if declaration is None or module.scope.assignments(declaration) or _looks_first(module, match.node):
        return
    for use in module.scope.references(declaration):
        second = _consumer(module, use)
        if second is None or second.id == match.node.id or not module.can_reach(match.node, second):
            continue
        what = f"`{module.callee_name(second)}()`"
        yield Finding(
            f"the body of `{declaration.name}` is used up when {what} needs it: `Body has already been used`",
            module.at(second),
            (module.at(match.node, "it is read here"),),
            fix=Fix(
                f"Read a clone of `{declaration.name}` first",
                (match.insert(owner.end_byte, ".clone()"),),
                Safety.UNSAFE,
            ),
        )
        return


def _looks_first(module: Module, node: "Node") -> bool:
    function = module.enclosing_function(node)
    return (
        function is not None and b"bodyUsed" in module.document.data[function.start_byte : function.end_byte]
    )


def _consumer(module: Module, use: "Node") -> "Node | None":
    """The call that needs the body of what a name holds; None when this use of the name needs none."""
    node = module.with_wrappers(use)
    parent = module.parent(node)
    if parent is None:
        return None
    if parent.type == "member_expression":
        name = parent.child_by_field_name("property")
        around = module.parent(parent)
        called = around is not None and around.type == "call_expression"
        callee = around.child_by_field_name("function") if around is not None else None
        if not called or callee is None or callee.id != parent.id or name is None:
            return None
        return around if module.text(name) in (*_READS, "clone") else None
    if parent.type != "arguments":
        return None
    around = module.parent(parent)
    if around is None:
        return None
    position = [part.id for part in js.arguments_of(around)].index(node.id)
    if around.type == "new_expression":
        made = around.child_by_field_name("constructor")
        init = module.value_of(use).kind is ValueKind.REQUEST and module.is_global(made, "Request")
        return around if init and len(js.arguments_of(around)) == position + 1 else None
    callee = around.child_by_field_name("function")
    if (
        callee is None
        or module.callee_name(around) != "fetch"
        or module.value_of(use).kind is not ValueKind.REQUEST
    ):
        return None
    if len(js.arguments_of(around)) != position + 1 or position > 1:
        return None  # with an `init` of its own, which may have another body
    if callee.type == "identifier":
        return around if module.is_global(callee, "fetch") else None
    holder = module.value_of(callee.child_by_field_name("object"))
    return around if holder.kind in (ValueKind.BINDING, ValueKind.STUB) else None


def _cached(match: Match) -> Iterator[Finding]:
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


def _is_sent(module: Module, use: "Node") -> bool:
    """Whether a response is returned, as it is or by a copy that takes its body."""
    parent = module.parent(module.with_wrappers(use))
    if parent is None:
        return False
    if parent.type == "return_statement":
        return True
    name = parent.child_by_field_name("property") if parent.type == "member_expression" else None
    around = module.parent(parent)
    return (
        name is not None
        and module.text(name) == "body"
        and around is not None
        and around.type == "arguments"
        and (made := module.parent(around)) is not None
        and made.type == "new_expression"
    )


def _is_replaced(module: Module, declaration: js.Declaration, first: "Node", second: "Node") -> bool:
    return any(
        first.end_byte <= assignment.start_byte < second.start_byte
        for assignment in module.scope.assignments(declaration)
    )
