"""Bound the `LIMIT` that a client asks for: else one request reads the table.

A page size that goes from the query to `LIMIT` is whatever the client writes there, `limit=10000000`
included. All rows are read, billed, and held in the memory of the isolate; a negative `LIMIT` is none at all
for SQLite.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const limit = Number(new URL(request.url).searchParams.get("limit")) || 20;
    const query = env.DB.prepare("SELECT id, title FROM posts ORDER BY id DESC LIMIT ?").bind(limit);
    const { results } = await query.all();
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
    const asked = Number(new URL(request.url).searchParams.get("limit")) || 20;
    const limit = Math.max(1, Math.min(asked, 100));
    const query = env.DB.prepare("SELECT id, title FROM posts ORDER BY id DESC LIMIT ?").bind(limit);
    const { results } = await query.all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `Math.max(1, Math.min(limit, 100))` where the number is made, with the most that a page shows for 100: a
client that asks for more gets that many, and what is computed from it (an offset, the number of pages) fits.

- "may be negative": Write `Math.max(1, …)` around the `Math.min()` that makes the number, here and at each
  other place that is shown.

## Not reported

A number that `Math.min()` and `Math.max()` bound, that is compared with anything, or that another function
has looked at. A module has one finding for what nothing bounds, and one for what may be negative.

## Fix safety

Unsafe: who asks for more than 100 rows, or for none, gets 100, or 1: how many are right is up to the author.
There is no fix where what is bound is still a text.

Source: https://developers.cloudflare.com/d1/platform/pricing/,
https://www.sqlite.org/lang_select.html#the_limit_clause
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    quoted,
    rule,
    sql,
)
from cflint_rules.d1._limits import HOW_MANY, bound_numbers

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = pattern(
    rf"limit|per_?page|page_?size|^size$|{HOW_MANY}|^n$|^max|(?<!s)top(?!ic)",
    re.IGNORECASE,
)
_NOT = pattern(r"offset|skip|cursor|\bpage\s*-", re.IGNORECASE)
_PARSES = frozenset({"parseInt", "parseFloat", "Number"})
_ROUNDS = frozenset({"max", "floor", "ceil", "trunc", "round", "abs"})
_MORE = frozenset({"<", ">", "<=", ">=", "===", "=="})
_LEFT_ALONE = frozenset({"bind", "limit", "push", "isNaN", "isFinite", "isInteger"})
_DEFAULT = pattern(r"(?:\?\?|\|\|)\s*[\"']?(\d{1,6})")
_ROWS = 100
"""The most rows that the fix gives."""
_DEEP = 8
_MOST = 6


@rule(call("bind", "limit"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_run:
        return
    for argument in _limits(module, match.call):
        if _may_be_negative(module, argument, _DEEP) is not None:
            yield from _first_negative(module, argument)
            return
        if _asked_for(module, argument, _DEEP) is not None:
            yield from _first_unbounded(module, argument)
            return


def _limits(module: Module, made: js.Call) -> list[Node]:
    """The limits that a call of `bind()` or `limit()` is given."""
    if made.receiver is None or not made.arguments:
        return []
    if made.name == "bind":
        use = sql.prepared_by(module, made.receiver)
        engine = use.engine if use is not None else None
        is_statement = module.value_of(made.receiver).kind is ValueKind.D1_STATEMENT
        if engine is not sql.SqlDialect.D1 and not is_statement:
            return []
        text = use.text.text if use is not None else ""
        return [one for one in bound_numbers(module, made, text, _NAME) if _is_limit(module.text(one))]
    statement = module.orm_statement(made.node)
    return list(made.arguments[:1]) if statement is not None and statement.database is not None else []


def _first_unbounded(module: Module, argument: Node) -> Iterator[Finding]:
    """One finding for all limits of a module that nothing bounds, where this is the first."""
    found = module.memoized("limits without a bound", lambda: tuple(_of_module(module, _asked_for)))
    if found and found[0][0].id == argument.id:
        (_, asked), *others = found
        yield Finding(
            f"{quoted(module.text(argument))} is whatever the client asks for, and one request may read"
            " all rows: bound it, with `Math.min()`",
            module.at(argument),
            (
                module.at(asked, "the client sends it here"),
                *(module.at(other, "and this") for other, _ in others[:_MOST]),
            ),
            fix=_bounded(module, [one for one, _ in found]),
            words=js.word("limit", module, argument),
        )


def _first_negative(module: Module, argument: Node) -> Iterator[Finding]:
    """One finding for all limits of a module that may be negative, where this is the first."""
    found = module.memoized(
        "limits that may be negative", lambda: tuple(_of_module(module, _may_be_negative))
    )
    if found and found[0][0].id == argument.id:
        yield Finding(
            f"{quoted(module.text(argument))} may be negative, and a negative limit is none: one request may"
            " read all rows; bound it from below, too, with `Math.max(1, …)`",
            module.at(argument),
            tuple(module.at(other, "and this") for other, _ in found[1 : _MOST + 1]),
            fix=Fix(
                "Bound it from below, where it is made",
                tuple(
                    module.replace(bound, f"Math.max(1, {module.text(bound)})")
                    for bound in {bound.id: bound for _, bound in found}.values()
                ),
                Safety.UNSAFE,
            ),
            words=js.word("limit", module, argument),
        )


def _bounded(module: Module, limits: list[Node]) -> Fix | None:
    """Numbers between 1 and 100, or their own default if that is more, where they are made; None where one of
    them is still a text."""
    made = {node.id: node for node in (module.initializer(js.unwrap(limit)) for limit in limits)}
    if not all(_is_number(module, node) for node in made.values()):
        return None
    edits = []
    for node in made.values():
        default = max((int(number) for number in _DEFAULT.findall(module.text(node))), default=0)
        whole = module.with_wrappers(node)
        bound = f"Math.max(1, Math.min({module.text(whole)}, {max(default, _ROWS)}))"
        edits.append(module.replace(whole, bound))
    return Fix(f"Give {_ROWS} rows at most, where it is made", tuple(edits), Safety.UNSAFE)


def _is_number(module: Module, node: Node) -> bool:
    """Whether an expression makes a number of a text, with or without another one in its place."""
    operation = module.operation(node)
    if operation is not None and operation.operator in ("||", "??") and operation.left is not None:
        return _is_number(module, js.unwrap(operation.left))
    if operation is not None and operation.operator == "+":
        return operation.left is None
    made = module.call(node)
    owner = module.text(made.receiver) if made is not None and made.receiver is not None else ""
    return made is not None and (
        (made.name in _PARSES and owner in ("", "Number")) or (made.name in _ROUNDS and owner == "Math")
    )


def _of_module(
    module: Module, question: Callable[[Module, Node, int], Node | None]
) -> Iterator[tuple[Node, Node]]:
    """The limits of a module that a question is answered for, in order, with the answers: the first of each
    call, as they are told of one by one."""
    found: list[tuple[Node, Node]] = []
    for made in (made for word in ("bind", "limit") for made in module.calls(word)):
        for argument in _limits(module, made):
            is_negative = _may_be_negative(module, argument, _DEEP) is not None
            if is_negative and question is not _may_be_negative:
                break
            asked = question(module, argument, _DEEP)
            if asked is not None:
                found.append((argument, asked))
                break
    yield from sorted(found, key=lambda one: one[0].start_byte)


def _is_limit(text: str) -> bool:
    return _NAME.search(text) is not None and _NOT.search(text) is None


def _asked_for(module: Module, node: Node, hops: int) -> Node | None:
    """The parameter of a query that a number is, or may be; None where something bounds it."""
    node = js.unwrap(node)
    if hops == 0:
        return None
    if module.reads_query(node) or _reads_parameters(module, node):
        return node
    if node.type == "identifier":
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.value is None or declaration.path:
            return None
        if module.scope.assignments(declaration) or _is_looked_at(module, declaration):
            return None
        return _asked_for(module, declaration.value, hops - 1)
    operation = module.operation(node)
    if operation is not None:
        if operation.operator in ("??", "||") and operation.left is not None:
            return _asked_for(module, operation.left, hops - 1)
        return _asked_for(module, operation.right, hops - 1) if operation.operator == "+" else None
    if node.type == "ternary_expression":
        condition, taken = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        if condition is None or taken is None or _compares(module, condition):
            return None
        return _asked_for(module, taken, hops - 1)
    made = module.call(node)
    if made is None or made.is_new or not made.arguments:
        return None
    owner = module.text(made.receiver) if made.receiver is not None else ""
    if made.name in _PARSES and owner in ("", "Number"):
        return _asked_for(module, made.arguments[0], hops - 1)
    if made.name in _ROUNDS and owner == "Math":
        found = (_asked_for(module, argument, hops - 1) for argument in made.arguments)
        return next((one for one in found if one is not None), None)
    return None


def _reads_parameters(module: Module, node: Node) -> bool:
    """Whether an expression is `url.searchParams.get("limit")`, wherever the address comes from."""
    made = module.call(node)
    owner = module.member(made.receiver) if made is not None and made.name == "get" else None
    return owner is not None and owner.name == "searchParams"


def _may_be_negative(module: Module, node: Node, hops: int) -> Node | None:
    """The call of `Math.min()` that bounds a parameter of a query from above alone; None of every other
    number."""
    node = js.unwrap(node)
    if hops == 0:
        return None
    if node.type == "identifier":
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.value is None or declaration.path:
            return None
        if module.scope.assignments(declaration) or _is_looked_at(module, declaration):
            return None
        return _may_be_negative(module, declaration.value, hops - 1)
    operation = module.operation(node)
    if operation is not None and operation.operator in ("??", "||") and operation.left is not None:
        return _may_be_negative(module, operation.left, hops - 1)
    made = module.call(node)
    if made is None or made.is_new or made.receiver is None or module.text(made.receiver) != "Math":
        return None
    if made.name in _ROUNDS - {"max", "abs"} and len(made.arguments) == 1:
        return _may_be_negative(module, made.arguments[0], hops - 1)
    if made.name != "min" or len(made.arguments) != 2 or "||" not in module.text(made.node):
        return None  # without a default it may be NaN, too, which d1-limit-nan says
    if any(
        call.name in ("max", "abs")
        for argument in made.arguments
        for part in (argument, *module.origins(argument))
        for node in (part, *module.descendants(part, "call_expression"))
        if (call := module.call(node)) is not None
    ):
        return None  # bounded from below, too
    is_asked = any(_asked_for(module, argument, hops - 1) is not None for argument in made.arguments)
    return made.node if is_asked else None


def _compares(module: Module, condition: Node) -> bool:
    found = (condition, *module.descendants(condition, "binary_expression"))
    return any(
        operation.operator in _MORE for node in found if (operation := module.operation(node)) is not None
    )


def _is_looked_at(module: Module, declaration: js.Declaration) -> bool:
    """Whether what a variable holds is compared with something, or given to a function that may refuse it."""
    for use in module.scope.references(declaration):
        above = module.parent(module.with_wrappers(use))
        operation = module.operation(above) if above is not None else None
        if operation is not None and operation.operator in _MORE:
            return True
        around = module.call_around(use)
        if around is None or around[0].name in _PARSES | _LEFT_ALONE:
            continue
        if around[0].receiver is None or module.text(around[0].receiver) != "Math":
            return True
        if around[0].name == "min":
            continue
    return False
