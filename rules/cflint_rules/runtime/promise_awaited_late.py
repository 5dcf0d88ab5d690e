"""Wait for promises that run side by side with `Promise.all()`, not for one after the other.

While the first is awaited nobody looks at the second. If the first fails, the function ends and the second is
never awaited; if the second fails meanwhile, its error is an unhandled rejection, which is logged as uncaught
although a `try` around seems to take it.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const limit = { signal: AbortSignal.timeout(9000) };
    const user = fetch("https://example.com/user", limit);
    const mails = fetch("https://example.com/mails", limit);
    const first = await user;
    const second = await mails;
    return Response.json([await first.text(), await second.text()]);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const limit = { signal: AbortSignal.timeout(9000) };
    const user = fetch("https://example.com/user", limit);
    const mails = fetch("https://example.com/mails", limit);
    const [first, second] = await Promise.all([user, mails]);
    return Response.json([await first.text(), await second.text()]);
  },
} satisfies ExportedHandler;
```

## What to do

In place of the first `await`: `const [first, other] = await Promise.all([early, late])`, with what is awaited
here and the promise that is shown; the later `await` goes.

## Not reported

A promise with a `catch()`, one of a function that catches everything, and one that something else takes
before the next `await`: `waitUntil()`, a call, a list.

## Fix safety

There is no fix: what stands between the two may need the first.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Promise/all,
https://nodejs.org/api/process.html#event-unhandledrejection
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Module, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_AWAITED = pattern(rb"\bawait\s+([A-Za-z_$][\w$]*)\b(?!\s*[.(\[<`])")
_SOURCES = frozenset(
    {
        js.PromiseSource.FETCH,
        js.PromiseSource.BINDING,
        js.PromiseSource.RPC,
        js.PromiseSource.FUNCTION,
        js.PromiseSource.STORAGE,
    }
)


@rule(module("await"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    for declarator in _started(subject):
        value, name = declarator.child_by_field_name("value"), declarator.child_by_field_name("name")
        if value is None or name is None:
            continue
        between = _awaited_between(subject, declarator, name)
        if between is None or subject.promise_source(value) not in _SOURCES:
            continue
        if _is_safe(subject, value) or not subject.runs_in_worker(declarator):
            continue
        yield Finding(
            f"while this is awaited, nobody looks at `{subject.text(name)}`: an error of it is an unhandled"
            " rejection then; wait for both with `Promise.all()`",
            subject.at(between),
            (subject.at(declarator, "it is started here"),),
        )


def _started(subject: Module) -> Iterator[Node]:
    """The declarations of variables that hold what a call gives, and that are awaited by their name."""
    for name in sorted({found.group(1).decode() for found in _AWAITED.finditer(subject.document.data)}):
        for leaf in subject.leaves(name, subject.root):
            above = subject.parent(leaf)
            if above is None or above.type != "variable_declarator":
                continue
            value = above.child_by_field_name("value")
            is_call = value is not None and value.type == "call_expression"
            if is_call and above.child_by_field_name("name") == leaf:
                yield above


def _is_safe(subject: Module, promise: Node) -> bool:
    """Whether a promise takes care of its errors itself."""
    if subject.handles_errors(promise):
        return True
    called = js.function_called(subject, promise)
    return called is not None and called[0].catches_everything(called[1])


def _awaited_between(subject: Module, declarator: Node, name: Node) -> Node | None:
    """The `await` of something else that stands between where a promise is started and where it is first
    taken, in the same function; None where something else is done with the promise."""
    declaration = subject.scope.resolve(name)
    function = subject.enclosing_function(declarator)
    if declaration is None or function is None or subject.scope.assignments(declaration):
        return None
    uses = [use for use in subject.scope.references(declaration) if use.id != name.id]
    if not uses:
        return None
    first = min(uses, key=lambda use: use.start_byte)
    above = subject.parent(subject.with_wrappers(first))
    if above is None or above.type != "await_expression" or subject.enclosing_function(first) != function:
        return None
    if subject.loop_around(first) != subject.loop_around(declarator):
        return None
    for word in subject.leaves("await", function):
        node = subject.parent(word)
        if node is None or not declarator.end_byte <= node.start_byte < above.start_byte:
            continue
        if subject.enclosing_function(node) == function and subject.can_reach(node, above):
            return node
    return None
