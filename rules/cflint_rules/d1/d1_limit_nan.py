"""Look whether a number of the query is one before you bind it as a `LIMIT` or `OFFSET`.

`parseInt("x")` and `Number("x")` are `NaN`, which `Math.min()` and sums hand on. D1 sends what is bound as
JSON, where `NaN` becomes `null`, and SQLite refuses that: "datatype mismatch". Whoever writes `?page=x` gets
an error 500. A number below zero is no better: `LIMIT -1` is none at all.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const limit = Math.min(parseInt(new URL(request.url).searchParams.get("limit") ?? "20"), 100);
    const query = env.DB.prepare("SELECT id, title FROM posts ORDER BY id LIMIT ?");
    const { results } = await query.bind(limit).all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const wanted = parseInt(new URL(request.url).searchParams.get("limit") ?? "");
    const limit = wanted > 0 ? Math.min(wanted, 100) : 20;
    const query = env.DB.prepare("SELECT id, title FROM posts ORDER BY id LIMIT ?");
    const { results } = await query.bind(limit).all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `|| 20` behind what makes the number, where it is read, and both in parentheses: `(parseInt(text) ||
20)`, and so at each place that is shown, with its own default (`|| 0` for an offset). What is no number
then counts as not given; `Math.min()` and `Math.max()` let `NaN` through.

## Not reported

Numbers with another in place of `NaN` (`Number(x) || 20`), numbers of which anything is asked, and values
that are not seen to come from the query of a request. Looked at are bound values with a name that says what
they are (`limit`, `offset`, `page`, `size`, …), those of a list that is filled before (`bind(...args)`) as
well. An ORM's `limit()`: Drizzle leaves out a limit that is no number.

## Fix safety

No fix: which number is meant is up to the author.

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/#bind,
https://www.sqlite.org/lang_select.html#the_limit_clause, and workerd, src/cloudflare/internal/d1-api.ts
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Module,
    Severity,
    ValueKind,
    js,
    module,
    pattern,
    quoted,
    rule,
    sql,
)
from cflint_rules.d1._limits import HOW_MANY, bound_numbers

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = pattern(rf"limit|offset|skip|page|size|{HOW_MANY}|max|per_?page", re.IGNORECASE)
_PARSES = frozenset({"parseInt", "parseFloat", "Number"})
_DEFAULT = pattern(r"(?:\?\?|\|\|)\s*[\"']?(\d+)")
_HAND_ON = frozenset({"min", "max", "floor", "ceil", "trunc", "round", "abs"})
_SUMS = frozenset({"+", "-", "*", "/", "%"})
_CHECKS = frozenset({"isNaN", "isFinite", "isInteger", "isSafeInteger"})
_DEEP = 8
_MOST = 6


@rule(module("bind"), severity=Severity.NOTE)
def check(subject: Module) -> Iterator[Finding]:
    found = [one for made in subject.calls("bind") if (one := _refused(subject, made)) is not None]
    if not found:
        return
    (bound, read), *others = found
    yield Finding(
        f"{quoted(subject.text(bound))} may be `NaN`, which D1 refuses as a limit or offset",
        subject.at(bound),
        (
            subject.at(read, "the client sends it here"),
            *(subject.at(other, "and this one") for other, _ in others[: _MOST - 1]),
        ),
        words=_words(subject, read),
    )


def _words(module: Module, read: Node) -> js.Words:
    """What makes the number of what is read, and the default that stands there."""
    for above in module.ancestors(read):
        made = module.call(above) if above.type == "call_expression" else None
        if made is not None and made.callee is not None and module.text(made.callee) in _PARSES:
            default = _DEFAULT.search(module.text(above))
            number = default[1] if default is not None else "20"
            return (
                *js.word("parseInt(text)", module, above),
                *((general, f"|| {number}") for general in ("|| 20",) if number != "20"),
            )
        if above.type in js.FUNCTIONS:
            break
    return ()


def _refused(module: Module, made: js.Call) -> tuple[Node, Node] | None:
    """What is bound that may be `NaN`, with where the client sends it."""
    if made.receiver is None or not made.arguments:
        return None
    use = sql.prepared_by(module, made.receiver)
    engine = use.engine if use is not None else None
    if engine is not sql.SqlDialect.D1 and module.value_of(made.receiver).kind is not ValueKind.D1_STATEMENT:
        return None
    for argument in bound_numbers(module, made, use.text.text if use is not None else "", _NAME):
        read = _not_a_number(module, argument, _DEEP)
        if read is not None:
            return argument, read
    return None


def _not_a_number(module: Module, node: Node, hops: int) -> Node | None:
    """The parameter of a query that makes an expression `NaN` where it is no number; None where nothing does,
    as far as one can see."""
    node = js.unwrap(node)
    if hops == 0:
        return None
    if node.type == "identifier":
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.value is None or declaration.path:
            return None
        if module.scope.assignments(declaration) or _is_asked(module, declaration):
            return None
        return _not_a_number(module, declaration.value, hops - 1)
    operation = module.operation(node)
    if node.type == "binary_expression" and operation is not None:
        if operation.operator == "??" and operation.left is not None:
            return _not_a_number(module, operation.left, hops - 1)
        sides = operation.operands if operation.operator in _SUMS else ()
        found = (_not_a_number(module, side, hops - 1) for side in sides if side is not None)
        return next((one for one in found if one is not None), None)
    if node.type == "unary_expression" and operation is not None and operation.operator == "+":
        return _sent(module, operation.right, hops - 1) if operation.right is not None else None
    made = module.call(node)
    if made is None or made.is_new or not made.arguments:
        return None
    if made.name in _PARSES and (made.receiver is None or module.text(made.receiver) == "Number"):
        return _sent(module, made.arguments[0], hops - 1)
    if made.name in _HAND_ON and made.receiver is not None and module.text(made.receiver) == "Math":
        found = (_not_a_number(module, argument, hops - 1) for argument in made.arguments)
        return next((one for one in found if one is not None), None)
    return None


def _sent(module: Module, node: Node, hops: int) -> Node | None:
    """The parameter of a query that an expression is, or is if there is one."""
    node = js.unwrap(node)
    if hops <= 0:
        return None
    if module.reads_query(node):
        return node
    operation = module.operation(node)
    if node.type == "binary_expression" and operation is not None and operation.operator in ("??", "||"):
        return _sent(module, operation.left, hops - 1) if operation.left is not None else None
    if node.type == "identifier":
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.value is None or declaration.path:
            return None
        if module.scope.assignments(declaration) or _is_asked(module, declaration):
            return None
        return _sent(module, declaration.value, hops - 1)
    return None


def _is_asked(module: Module, declaration: js.Declaration) -> bool:
    """Whether something is asked of what a variable holds, or a function looks at it."""
    for use in module.scope.references(declaration):
        if js.is_guard(module, use):
            return True
        around = module.call_around(use)
        if around is not None and around[0].name in _CHECKS:
            return True
    return False
