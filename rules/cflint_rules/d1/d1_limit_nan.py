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

Unsafe: 0 counts as not given, too, and the default is the one that stands there, otherwise 20 rows, the first
page, or no offset.

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/#bind,
https://www.sqlite.org/lang_select.html#the_limit_clause, and workerd, src/cloudflare/internal/d1-api.ts
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    ValueKind,
    js,
    module,
    pattern,
    quoted,
    record,
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
_SKIPS = pattern(r"offset|skip", re.IGNORECASE)
_PAGE = pattern(r"page(?!_?size)(?<!per_page)(?<!perpage)", re.IGNORECASE)
_ALONE = frozenset({"variable_declarator", "arguments", "assignment_expression", "pair", "return_statement"})
"""Around what an expression needs no parentheses."""
_DEEP = 8
_MOST = 6


@record(frozen=True, eq=False)
class _Number:
    """A number that may be `NaN`: the expression that makes it, and where the client sends it."""

    made: Node
    read: Node


@rule(module("bind"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(subject: Module) -> Iterator[Finding]:
    refused = [it for made in subject.calls("bind") for it in _refused(subject, made)]
    if not refused:
        return
    bound, number = refused[0]
    calls = {subject.statement_of(node): node for node, _ in reversed(refused)}
    others = sorted((it for it in calls.values() if it != bound), key=lambda it: it.start_byte)
    numbers = {it.made.id: it for _, it in refused}
    yield Finding(
        f"{quoted(subject.text(bound))} may be `NaN`, which D1 refuses as a limit or offset",
        subject.at(bound),
        (
            subject.at(number.read, "the client sends it here"),
            *(subject.at(other, "and this one") for other in others[: _MOST - 1]),
        ),
        fix=Fix(
            "Let what is no number count as not given",
            tuple(_with_default(subject, it) for it in numbers.values()),
            Safety.UNSAFE,
        ),
    )


def _with_default(module: Module, number: _Number) -> Edit:
    """A number, or the default that stands there, or one that fits its name: no row is left out, the first
    page."""
    whole = module.with_wrappers(number.made)
    text = module.text(whole)
    default = _DEFAULT.search(text)
    name = module.given_name(whole)
    named = module.text(name) if name is not None else text
    fitting = "0" if _SKIPS.search(named) else "1" if _PAGE.search(named) else "20"
    instead = f"{text} || {default[1] if default is not None else fitting}"
    around = module.parent(whole)
    is_part = around is not None and around.type not in _ALONE
    return module.replace(whole, f"({instead})" if is_part else instead)


def _refused(module: Module, made: js.Call) -> list[tuple[Node, _Number]]:
    """What is bound that may be `NaN`, each with what makes it so."""
    if made.receiver is None or not made.arguments:
        return []
    use = sql.prepared_by(module, made.receiver)
    engine = use.engine if use is not None else None
    if engine is not sql.SqlDialect.D1 and module.value_of(made.receiver).kind is not ValueKind.D1_STATEMENT:
        return []
    return [
        (argument, number)
        for argument in bound_numbers(module, made, use.text.text if use is not None else "", _NAME)
        for number in _not_a_number(module, argument, _DEEP)
    ]


def _not_a_number(module: Module, node: Node, hops: int) -> Iterator[_Number]:
    """What makes an expression `NaN` where a parameter of a query is no number, as far as one can see."""
    node = js.unwrap(node)
    if hops == 0:
        return
    if node.type == "identifier":
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.value is None or declaration.path:
            return
        if module.scope.assignments(declaration) or _is_asked(module, declaration):
            return
        yield from _not_a_number(module, declaration.value, hops - 1)
        return
    operation = module.operation(node)
    if node.type == "binary_expression" and operation is not None:
        if operation.operator == "??" and operation.left is not None:
            yield from _not_a_number(module, operation.left, hops - 1)
            return
        for side in operation.operands if operation.operator in _SUMS else ():
            if side is not None:
                yield from _not_a_number(module, side, hops - 1)
        return
    if node.type == "unary_expression" and operation is not None and operation.operator == "+":
        read = _sent(module, operation.right, hops - 1) if operation.right is not None else None
        if read is not None:
            yield _Number(node, read)
        return
    made = module.call(node)
    if made is None or made.is_new or not made.arguments:
        return
    if made.name in _PARSES and (made.receiver is None or module.text(made.receiver) == "Number"):
        read = _sent(module, made.arguments[0], hops - 1)
        if read is not None:
            yield _Number(node, read)
    elif made.name in _HAND_ON and made.receiver is not None and module.text(made.receiver) == "Math":
        for argument in made.arguments:
            yield from _not_a_number(module, argument, hops - 1)


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
