"""Give `BigInt()`, `Uint8Array.from()` and shifts what they can take: a fraction, a text, 32 bits and more.

`BigInt(Date.now() / 1000)` throws a `RangeError` in 999 of 1000 milliseconds, as a fraction is no whole
number. `Uint8Array.from("a1f")` makes a number of each letter, and 0 of all that is no digit, so that
different texts have the same bytes, and the same hash. A number is shifted by at most 31 bits: by 33 it is
shifted by 1.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    const now = BigInt(Date.now() / 1000);
    return new Response(`now ${now}`);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    const now = BigInt(Math.floor(Date.now() / 1000));
    return new Response(`now ${now}`);
  },
} satisfies ExportedHandler;
```

## What to do

- "a fraction": Round it first: `BigInt(Math.floor(expression))`.
- "a text": Write `new TextEncoder().encode(expression)`. Hashes that were stored before are others then.
- "32 bits": Shift a `bigint`: `(BigInt(hash) >> BigInt(i)) & 1n`, of a hash that has as many bits.

## Not reported

Divisions of which it is not known that they are of numbers; values whose kind is not known.

## Fix safety

Unsafe: bytes are others than before; what was stored of them is not found any more.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/BigInt/BigInt#exceptions,
https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/TypedArray/from,
https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Operators/Right_shift
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    call,
    js,
    module,
    new,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_SHIFTED = (pattern(rb">>>?"), pattern(rb"<<"))  # a pattern that begins with several signs is slow
_SHIFTS = frozenset({">>", ">>>", "<<"})
_BITS = frozenset({"&", "|", "^"})
_TEXTS = frozenset({"string", "template_string"})
_GIVE_TEXT = frozenset({"randomUUID", "stringify"})
_LESS = {"<": 0, "<=": 1}


@rule(call("BigInt"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not js.is_global(module, match.call.callee, "BigInt"):
        return
    given = match.arguments[0]
    divided = module.operation(module.initializer(given))
    if divided is None or divided.operator != "/" or module.number(given) is not None:
        return
    by = module.number(divided.right)  # of two bigints, neither is a number
    if by is None or by in (0, 1) or not module.is_run or not module.runs_in_worker(match.node):
        return
    edit = module.replace(given, f"Math.floor({module.text(given)})")
    yield Finding(
        "`BigInt()` throws for a fraction, which a division gives as a rule",
        match.at(),
        fix=Fix("Round it", (edit,), Safety.UNSAFE),
        words=js.word("expression", module, given),
    )


@check.on(call("from"), new("Uint8Array"))
def check_text(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not module.is_run:
        return
    owner = match.callee if match.call.is_new else match.receiver
    if owner is None or not module.is_global(owner, "Uint8Array"):
        return
    given = match.arguments[0]
    if _is_text(module, given) and module.runs_in_worker(match.node):
        edit = module.replace(match.node, f"new TextEncoder().encode({module.text(given)})")
        yield Finding(
            "of a text, each letter becomes the digit that it is, and 0 where it is none: different texts"
            " have the same bytes",
            match.at(),
            fix=Fix("Encode it", (edit,), Safety.UNSAFE),
            words=js.word("expression", module, given),
        )


def _is_text(module: Module, given: Node) -> bool:
    """Whether an expression is known to be a text."""
    node = js.unwrap(module.initializer(given))
    if node.type in _TEXTS:
        return True
    made = module.call(node)
    if made is not None and not made.is_new:
        return made.name in _GIVE_TEXT and module.is_global(made.receiver, "crypto", "JSON")
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or declaration.path:
        return False
    for parameter in module.parameters(declaration.scope):
        if parameter.name == declaration.name and parameter.type is not None:
            return module.text(parameter.type) == "string"
    return False


@check.on(module("for"))
def check_shift(module: Module) -> Iterator[Finding]:
    """`(hash >> i) & 1` in a loop over more bits than a number has."""
    if not module.is_run:
        return
    for mark in chain.from_iterable(map(module.mentions, _SHIFTED)):
        shifted = module.operation(module.parent(mark))
        if shifted is None or shifted.operator not in _SHIFTS or shifted.right.type != "identifier":
            continue
        above = module.parent(module.with_wrappers(mark.parent)) if mark.parent is not None else None
        masked = module.operation(above) if above is not None else None
        is_number = masked is not None and masked.operator in _BITS and masked.right.type == "number"
        most = _most(module, shifted.right) if is_number else None
        if most is not None and most > 32 and module.runs_in_worker(mark):
            yield Finding(
                f"a number has 32 bits, and `{module.text(shifted.right)}` goes up to {most - 1:.0f}: from 32"
                " on, the first ones come again",
                module.at(mark.parent or mark),
            )


def _most(module: Module, name: Node) -> float | None:
    """Below what the variable of a loop stays: 64 of `for (let i = 0; i < 64; i++)`."""
    declaration = module.scope.resolve(name)
    loop = (
        module.enclosing(declaration.node, frozenset({"for_statement"})) if declaration is not None else None
    )
    condition = loop.child_by_field_name("condition") if loop is not None else None
    if declaration is None or condition is None or condition.start_byte < declaration.node.end_byte:
        return None
    compared = module.operation(
        js.first_named(condition) if condition.type == "expression_statement" else condition
    )
    if compared is None or compared.operator not in _LESS or compared.left is None:
        return None
    if module.text(compared.left) != declaration.name:
        return None
    most = module.number(compared.right)
    return most + _LESS[compared.operator] if most is not None else None
