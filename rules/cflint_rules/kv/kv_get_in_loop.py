"""Read several keys of KV with one `get()`.

`get()` takes up to 100 keys and gives a map. It is one request, and one of the 1,000 operations that an
invocation may do, where a call for each key is one each; of those only six run at once.

## Incorrect

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const names: (string | null)[] = [];
    for (const id of new URL(request.url).searchParams.getAll("id")) {
      names.push(await env.USERS.get(id));
    }
    return Response.json(names);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const ids = new URL(request.url).searchParams.getAll("id").slice(0, 100);
    const names = await env.USERS.get(ids);
    return Response.json(ids.map((id) => names.get(id)));
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Values that are read as a stream or as bytes, which only single reads give. Loops that await anything else,
and those that can be left before their end: they may want the first that is there. Lists that are written
out.

## Fix safety

No fix: more than 100 keys have to be read in pieces.

Source: https://developers.cloudflare.com/kv/api/read-key-value-pairs/#request-multiple-keys
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SINGLE = frozenset({"stream", "arrayBuffer"})
_LEAVES = ("break_statement", "return_statement", "throw_statement")


@rule(call("get"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not 1 <= len(match.arguments) <= 2:
        return
    body, items = _repeated(match)
    if body is None or not match.receiver_value.is_binding("kv"):
        return
    if items is not None and module.initializer(js.unwrap(items)).type == "array":
        return
    if not _gives_text(module, match.call.argument(1)) or not _is_of_turn(match, body):
        return
    if match.call.is_awaited and not module.only_awaits(body, match.node):
        return
    yield Finding(
        "each turn reads one key by a request of its own: `get()` takes up to 100 keys at once", match.at()
    )


def _repeated(match: Match) -> tuple[Node | None, Node | None]:
    """The body of the `for … of` loop, or the callback of `map()`, that runs for each key, and the keys."""
    module = match.module
    loop = module.loop_around(match.node)
    if loop is not None:
        body = loop.child_by_field_name("body")
        words = {child.type for child in loop.children}
        if loop.type != "for_in_statement" or "of" not in words or "await" in words or body is None:
            return None, None
        return (None if _may_end(module, body) else body), loop.child_by_field_name("right")
    function = module.enclosing_function(match.node)
    taken = module.callback_of(function) if function is not None else None
    if function is None or taken is None or taken.name != "map":
        return None, None
    return js.body_of(function), taken.receiver


def _may_end(module: Module, body: Node) -> bool:
    """Whether a loop can be left before its end."""
    return module.memoized(("loop that ends", body.id), lambda: any(module.descendants(body, *_LEAVES)))


def _gives_text(module: Module, kind: Node | None) -> bool:
    """Whether the second argument of `get()` asks for text or JSON, which several keys can be read as."""
    if kind is None:
        return True
    named = kind if kind.type != "object" else module.property_value(kind, "type")
    text = module.string_of(named) if named is not None else "text"
    return text is not None and text not in _SINGLE


def _is_of_turn(match: Match, body: Node) -> bool:
    """Whether the key is another one each turn."""
    module = match.module
    start = body.start_byte
    for name in (match.arguments[0], *js.walk(match.arguments[0])):
        declaration = module.scope.resolve(name) if name.type == "identifier" else None
        if declaration is None:
            continue
        inside = declaration.node.start_byte >= start and declaration.node.end_byte <= body.end_byte
        of_loop = (
            declaration.owner.type == "for_in_statement" or declaration.kind is js.DeclarationKind.PARAMETER
        )
        near = module.loop_around(match.node) or module.enclosing_function(match.node)
        if inside or (of_loop and near is not None and declaration.node.start_byte >= near.start_byte):
            return True
    return False
