"""Compare both sides of `||`: in `a || b === "x"` only the second is compared.

`===` binds tighter than `||`. `process.env.MODE || env.MODE === "development"` holds for every `MODE` that
the first one has, "production" too; `(process.env.MODE || env.MODE) === "development"` is what is meant.

## Incorrect

```ts
interface Env {
  MODE?: string;
}

export default {
  async fetch(_request, env): Promise<Response> {
    if (process.env.MODE || env.MODE === "development") return new Response("debug");
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  MODE?: string;
}

export default {
  async fetch(_request, env): Promise<Response> {
    if ((process.env.MODE || env.MODE) === "development") return new Response("debug");
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put the two in parentheses before they are compared: `(a || b) === "x"`.

## Not reported

Two things of different names: one of them may be a switch.

## Fix safety

Unsafe: a condition that always held is decided by the value then.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Operators/Operator_precedence
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OR = (pattern(rb"\|\|"), pattern(rb"\?\?"))  # a pattern that begins with several signs is slow
_EQUAL = frozenset({"===", "=="})


@rule(module("env"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run:
        return
    for mark in chain.from_iterable(map(module.mentions, _OR)):
        either = module.operation(module.parent(mark))
        if either is None or either.operator not in ("||", "??") or either.left is None:
            continue
        compared = module.operation(either.right)
        if compared is None or compared.operator not in _EQUAL or compared.left is None:
            continue
        one, other = _member(module, either.left), _member(module, compared.left)
        text = module.string_of(compared.right)
        if one is None or other is None or text is None or one.name != other.name:
            continue
        whole, right = module.parent(mark), compared.right
        if whole is None or js.unwrap(whole).type != "binary_expression":
            continue
        if not module.runs_in_worker(whole):
            continue
        both = f"({module.text(either.left)} {either.operator} {module.text(compared.left)})"
        edit = module.replace(whole, f"{both} {compared.operator} {module.text(right)}")
        yield Finding(
            f"only the second is compared with {quoted(module.text(right))}: this holds for every"
            f" {quoted(module.text(one.node), 40)} that there is",
            module.at(whole),
            fix=Fix("Compare both", (edit,), Safety.UNSAFE),
        )


def _member(module: Module, node: Node) -> js.MemberAccess | None:
    """The member that an expression is, if there is one: `a.x`, `a ? a.x : undefined`."""
    node = js.unwrap(node)
    then = node.child_by_field_name("consequence") if node.type == "ternary_expression" else None
    return module.member(then if then is not None else node)
