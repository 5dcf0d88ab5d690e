"""Write `return await` in a `try`: a promise that is only returned fails outside of it.

`return promise` leaves the `try` before the promise is settled. When it is rejected later, the `catch` does
not run: the fallback, the log or the answer that it has for such an error is never seen, and the error goes
to the caller.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    try {
      return fetch("https://origin.example.com" + new URL(request.url).pathname);
    } catch {
      return new Response("try again later", { status: 503 });
    }
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    try {
      return await fetch("https://origin.example.com" + new URL(request.url).pathname);
    } catch {
      return new Response("try again later", { status: 503 });
    }
  },
} satisfies ExportedHandler;
```

## Not reported

Calls that are not known to give a promise, promises that handle their errors, `catch` clauses that only throw
the error on, and functions that are not `async`, which may mean what is thrown before the promise is there.

## Fix safety

Safe: the function returns the same, and the `catch` gets the errors that it is there for.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Statements/async_function
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Safety, Severity, fixes, js, keyword, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(keyword("try"), severity=Severity.WARNING, fix=Safety.SAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, attempt, around = match.module, match.node, match.enclosing_function
    handler, body = attempt.child_by_field_name("handler"), attempt.child_by_field_name("body")
    if handler is None or body is None or around is None or not js.is_async(around):
        return
    if _only_throws_on(module, handler) or not module.runs_in_worker(attempt):
        return
    for statement in module.descendants(body, "return_statement"):
        value = js.first_named(statement)
        made = module.call(value) if value is not None else None
        if made is None or made.is_awaited or module.enclosing_function(statement) != around:
            continue
        if module.try_around(statement) != attempt or not _can_fail(module, made):
            continue
        yield Finding(
            f"the `catch` below does not get the errors of {_label(made)}: it is returned without `await`",
            module.at(made.callee if made.callee is not None and made.is_new else made.node),
            (module.at(handler, "this is meant for them"),),
            fixes.fix_by_await(module, made.whole, Safety.SAFE),
        )


def _label(made: js.Call) -> str:
    return f"`new {made.name}()`" if made.is_new else f"`{made.name}()`"


def _can_fail(module: Module, made: js.Call) -> bool:
    """Whether a call gives a promise that may be rejected."""
    if module.promise_source(made.node) is None or module.handles_errors(made.node):
        return False
    if made.name in ("resolve", "allSettled") and made.receiver is not None:
        return not module.is_global(made.receiver, "Promise")
    called = module.called_function(made.node)
    return called is None or not module.catches_everything(called)


def _only_throws_on(module: Module, handler: Node) -> bool:
    """Whether a `catch` does nothing but throw the error that it gets."""
    name, body = handler.child_by_field_name("parameter"), handler.child_by_field_name("body")
    statements = [part for part in body.named_children if part.type != "comment"] if body is not None else []
    if len(statements) != 1 or statements[0].type != "throw_statement" or name is None:
        return False
    thrown = js.first_named(statements[0])
    return thrown is not None and module.text(thrown) == module.text(name)
