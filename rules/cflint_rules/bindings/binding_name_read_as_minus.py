"""Write `env["a-b"]` for a binding whose name has a `-`.

`env.a-b` is a subtraction: `env.a` less a variable `b`. Where there is no such variable it throws a
ReferenceError.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "visits-kv" }],
}
```

```ts title="src/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.visits-kv.get("all"));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "visits-kv" }],
}
```

```ts title="src/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env["visits-kv"].get("all"));
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A name behind the `-` that is declared; a difference that is no binding's name.

## Errors

```text title="workerd"
ReferenceError: … is not defined
```

## Fix safety

Safe. The fix writes the name in brackets.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Operators/Property_accessors
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Module, Safety, Severity, Span, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(module("env"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(module: Module) -> Iterator[Finding]:
    names = {it.name for environment in module.environments for it in environment.bindings if "-" in it.name}
    if not names:
        return
    for use in module.env_uses():
        if use.whole.type != "member_expression" or not any(it.startswith(f"{use.name}-") for it in names):
            continue
        found = _joined(module, use.whole, use.name, names)
        if found is None:
            continue
        name, end = found
        owner = use.whole.child_by_field_name("object")
        if owner is None:
            continue
        edit = Edit(module.document, Span(owner.end_byte, end), f'["{name}"]')
        yield Finding(
            f'this subtracts: the binding is `{module.text(owner)}["{name}"]`',
            module.at(use.whole),
            fix=Fix("Write the name in brackets", (edit,), Safety.SAFE),
        )


def _joined(module: Module, left: Node, name: str, names: set[str]) -> tuple[str, int] | None:
    """The binding's name that subtractions spell, and where it ends."""
    found: tuple[str, int] | None = None
    above = module.parent(left)
    node = above if above is not None and above.type == "await_expression" else left  # `await env.a-b.c()`
    while (around := module.operation(module.parent(node))) is not None:
        is_first = around.operator == "-" and around.left is not None and around.left.id == node.id
        right = _root(around.right) if is_first else None
        if right is None or module.scope.resolve(right) is not None:
            break
        name = f"{name}-{module.text(right)}"
        if name in names:
            found = (name, right.end_byte)
        parent = module.parent(node)
        if parent is None:
            break
        node = parent
    return found


def _root(node: Node) -> Node | None:
    """The name that a chain of members and calls begins with."""
    node = js.unwrap(node)
    while node.type in ("member_expression", "call_expression", "subscript_expression"):
        inner = node.child_by_field_name("object") or node.child_by_field_name("function")
        if inner is None:
            return None
        node = inner
    return node if node.type == "identifier" else None
