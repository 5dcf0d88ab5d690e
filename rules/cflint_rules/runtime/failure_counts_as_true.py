"""Look at what a result says: an object that tells of a failure counts as true.

A function that answers `{ success: false }` or `{ error: true }` gives an object whatever happens. Who only
asks whether there is one (`if (paid)`, `if (!plan)`) takes the failure for a success: the invoice is marked
as paid, and fields that are not there are used as `undefined`.

## Incorrect

```ts
async function pay(id: string): Promise<{ success: boolean }> {
  const answer = await fetch(`https://pay.example.com/${id}`, { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) return { success: false };
  return { success: true };
}

export default {
  async fetch(): Promise<Response> {
    const paid = await pay("1");
    if (!paid) return new Response("not paid", { status: 402 });
    return new Response("paid");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
async function pay(id: string): Promise<{ success: boolean }> {
  const answer = await fetch(`https://pay.example.com/${id}`, { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) return { success: false };
  return { success: true };
}

export default {
  async fetch(): Promise<Response> {
    const paid = await pay("1");
    if (!paid.success) return new Response("not paid", { status: 402 });
    return new Response("paid");
  },
} satisfies ExportedHandler;
```

## What to do

Ask for the property that tells of the failure: `if (result.success)`, `if (result.error)`. Where the function
may also give `null`, `if (!result?.success)`.

- "a property that is false": Write `!result?.TOLD_NAME` for `!result`, and `result?.TOLD_NAME` where `result`
  alone is asked for: that tells of the failure.
- "a property that is there": Write `(!result || result.TOLD_NAME)` for `!result`, and `(result &&
  !result.TOLD_NAME)` where `result` alone is asked for: that tells of the failure.

## Not reported

Results of which that property is read anywhere, or that are handed on, returned or taken apart; functions of
packages.

## Fix safety

No fix: which of its properties decides is up to the function.

Source: https://tc39.es/ecma262/#sec-toboolean
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Severity, js, module, pattern, quoted, rule
from cflint_rules.runtime._tests import test_around

if TYPE_CHECKING:
    from tree_sitter import Node

_SAID = pattern(r"(?P<key>[A-Za-z_$][\w$]*): (?P<value>true|false|[\"'].*)$")
_MARKS = {
    "success": ("false",),
    "ok": ("false",),
    "valid": ("false",),
    "error": ("true", "string", "template_string"),
    "failed": ("true",),
}
"""Properties by which a result tells of a failure, and the expressions that do."""
_NOTHING = frozenset({"undefined", "null", "false", "unary_expression"})
"""What a function returns that has no result to tell of; `void 0` is one."""
_TESTED = pattern(rb"if \(!*([A-Za-z_$][\w$]*)(?=\s*(?:\)|&&|\|\|))")
_CHOSEN = pattern(rb"\?(?<=[\w$] \?) ")  # begins with what is quick to look for
"""Names that an `if` or `?:` asks for, first of all."""


@rule(module("async"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run:
        return
    seen: set[int] = set()
    data = module.document.data
    asked = (found.span(1) for found in _TESTED.finditer(data))
    chosen = ((found.start() - 2, found.start() - 1) for found in _CHOSEN.finditer(data))
    for start, end in chain(asked, chosen):
        tested = module.node_at(start, end)
        is_name = tested is not None and tested.type == "identifier"
        declaration = module.scope.resolve(tested) if tested is not None and is_name else None
        if declaration is None or declaration.value is None or not declaration.constant:
            continue
        if declaration.path:
            continue  # a property of the result
        made = _called(module, declaration.value)
        if made is None or made.id in seen:
            continue
        seen.add(made.id)
        uses = _uses(module, declaration)
        if uses is None:
            continue
        called = js.function_called(module, made)
        failure = _failure(*called, {read for _, read in uses}) if called is not None else None
        test = next((use for use, read in uses if read is None and test_around(module, use)), None)
        if called is None or failure is None or test is None or not module.runs_in_worker(test):
            continue
        told = called[0].text(failure)
        yield Finding(
            f"{quoted(declaration.name)} counts as true when `{module.callee_name(made)}()` fails, too: it"
            f" returns an object with {quoted(told, 40)} then",
            module.at(test),
            (called[0].at(failure, "the failure"),),
            words=_words(told, declaration.name),
        )


def _words(told: str, name: str) -> js.Words:
    """The name of the case for what tells of the failure, with it and the variable."""
    said = _SAID.match(told)
    if said is None:
        return ()
    is_good = said["value"] == "false"
    case = "a property that is false" if is_good else "a property that is there"
    return ((case, ""), ("result", name), ("TOLD_NAME", said["key"]))


def _called(module: Module, value: Node) -> Node | None:
    """The call of which a variable holds the result."""
    node = js.unwrap(value)
    if node.type == "await_expression":
        inner = js.first_named(node)
        node = js.unwrap(inner) if inner is not None else node
    made = module.call(node)
    if made is None or made.is_new:
        return None
    is_own = made.receiver is None or js.unwrap(made.receiver).type == "this"
    return node if is_own else None


def _uses(module: Module, declaration: js.Declaration) -> list[tuple[Node, str | None]] | None:
    """The places of a constant, each with the member that is read there; None where it is handed on."""
    found: list[tuple[Node, str | None]] = []
    for use in module.scope.references(declaration):
        read = module.member_read(use)
        if read is None and not test_around(module, use) and not _is_logged(module, use):
            return None
        found.append((use, read.name if read is not None else None))
    return found


def _failure(module: Module, function: Node, reads: set[str | None]) -> Node | None:
    """The property of an object that a function returns by which it tells of a failure, where nobody reads
    it; None where all that it returns otherwise is nothing, so that a result is the failure."""
    body = js.body_of(function)
    if body is None or body.type != "statement_block":
        return None
    found, succeeds = None, False
    for node in js.walk(function, into_functions=False):
        value = js.first_named(node) if node.type == "return_statement" else None
        told = js.unwrap(value) if value is not None else None
        if told is None:
            continue
        part = _telling(module, told)
        if part is None:
            succeeds = succeeds or told.type not in _NOTHING
        elif found is None:
            found = part
    return found if succeeds and not reads & _MARKS.keys() else None


def _telling(module: Module, told: Node) -> Node | None:
    """The property by which an object that is returned tells of a failure."""
    for part in told.named_children if told.type == "object" else ():
        said = part.child_by_field_name("value") if part.type == "pair" else None
        if said is not None and js.unwrap(said).type in _MARKS.get(module.key(part) or "", ()):
            return part
    return None


def _is_logged(module: Module, use: Node) -> bool:
    around = module.call_around(use)
    return around is not None and module.log_at(around[0].node) is not None
