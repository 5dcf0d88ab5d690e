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
    } catch (error) {
      console.error("no answer", error);
      return new Response("try again later", { status: 503 });
    }
  },
} satisfies ExportedHandler;
```

In a service worker `event.respondWith(answer(event))` in a `try` is the same: put the `try` into `answer()`.

## What to do

Write `return await`: the function returns the same, and the `catch` gets the errors.

- "`respondWith()`": Catch on the promise itself: `event.respondWith(answer().catch((error) => …))`, with what
  the `catch` does.

## Not reported

Calls that are not known to give a promise, promises that handle their errors, functions in which nothing is
likely to fail (no `await`, no `throw`), `catch` clauses that only throw the error on, and functions that are
not `async`, which may mean what is thrown before the promise is there.

## Fix safety

Safe where the `catch` only logs and answers: the function returns the same, and the `catch` gets the errors
that it is there for. Unsafe where it does more: it runs for errors that it has not seen so far, and what it
writes, undoes or calls happens then.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Statements/async_function
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, fixes, js, keyword, rule

if TYPE_CHECKING:
    from tree_sitter import Node


_CHANGES = (
    "await_expression",
    "assignment_expression",
    "augmented_assignment_expression",
    "update_expression",
)


@rule(keyword("try"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, attempt, around = match.module, match.node, match.enclosing_function
    handler, body = attempt.child_by_field_name("handler"), attempt.child_by_field_name("body")
    if handler is None or body is None or around is None:
        return
    yield from _answers(module, attempt, handler)
    if not js.is_async(around):
        return
    returned = []
    for statement in module.descendants(body, "return_statement"):
        value = js.first_named(statement)
        made = module.call(value) if value is not None else None
        if made is None or made.is_awaited or module.enclosing_function(statement) != around:
            continue
        if module.try_around(statement) == attempt and _can_fail(module, made):
            returned.append(made)
    if not returned or _only_throws_on(module, handler) or not module.runs_in_worker(attempt):
        return
    first, *others = returned
    what = f" and of {len(others)} more: they are" if others else ": it is"
    yield Finding(
        f"the `catch` below does not get the errors of {_label(first)}{what} returned without `await`",
        module.at(first.node if not first.is_new or first.callee is None else first.callee),
        (
            module.at(handler, "this is meant for them"),
            *(module.at(other.node, "and this is not awaited either") for other in others),
        ),
        _fix(module, returned, handler),
        severity=Severity.NOTE if _throws_on(module, handler) else None,
    )


def _answers(module: Module, attempt: Node, handler: Node) -> Iterator[Finding]:
    """Calls that a service worker hands to `respondWith()` in a `try`: nobody waits there either."""
    for made in module.calls_of("respondWith", attempt):
        answer = module.call(made)
        given = answer.arguments if answer is not None else ()
        promise = module.call(js.unwrap(given[0])) if len(given) == 1 else None
        if promise is None or promise.is_new:
            continue
        if module.try_around(made) != attempt or not module.runs_in_worker(attempt):
            continue
        is_asset = module.is_from(promise.callee, "@cloudflare/kv-asset-handler", "getAssetFromKV")
        called = js.function_called(module, promise.node)
        is_own = called is not None and js.is_async(called[1])
        if is_asset or is_own or _can_fail(module, promise):
            yield Finding(
                f"the `catch` below does not get the errors of {_label(promise)}: `respondWith()` takes its"
                " promise, and nobody waits for it here",
                module.at(promise.node),
                (module.at(handler, "this is meant for them"),),
                severity=None if is_asset or _can_fail(module, promise) else Severity.NOTE,
            )
            return


def _fix(module: Module, returned: list[js.Call], handler: Node) -> Fix | None:
    safety = Safety.UNSAFE if _does_more(module, handler) else Safety.SAFE
    found = [fixes.fix_by_await(module, made.whole, safety) for made in returned]
    edits = tuple(edit for one in found if one is not None for edit in one.edits)
    return Fix("Write `return await`", edits, safety) if all(found) else None


def _does_more(module: Module, handler: Node) -> bool:
    """Whether a `catch` does more than to log the error, and to return or throw what is made of it."""
    if any(True for _ in module.descendants(handler, *_CHANGES)):
        return True
    body = handler.child_by_field_name("body")
    for statement in module.descendants(body, "expression_statement") if body is not None else ():
        expression = js.first_named(statement)
        if expression is not None and module.log_at(expression) is None:
            return True
    return False


def _label(made: js.Call) -> str:
    return f"`new {made.name}()`" if made.is_new else f"`{made.name}()`"


def _can_fail(module: Module, made: js.Call) -> bool:
    """Whether a call gives a promise that may be rejected."""
    if module.promise_source(made.node) is None and not _is_of_stub(module, made):
        return False
    if module.handles_errors(made.node):
        return False
    if made.is_new:
        return made.callback is not None and _rejects(module, made.callback)
    if made.name in ("resolve", "allSettled") and made.receiver is not None:
        return not module.is_global(made.receiver, "Promise")
    called = js.function_called(module, made.node)
    if called is not None and called[1] == module.enclosing_function(made.node):
        return False  # itself, with the same `catch`
    return called is None or not _is_safe(*called)


def _is_of_stub(module: Module, made: js.Call) -> bool:
    """Whether a call is the `fetch()` of a stub, of which it is seen that an id made it, and no more."""
    got = module.call(module.initializer(made.receiver)) if made.receiver is not None else None
    if made.name != "fetch" or got is None or got.name != "get" or len(got.arguments) != 1:
        return False
    id_made = module.call(module.initializer(got.arguments[0]))
    return id_made is not None and id_made.name in js.ID_METHODS


def _rejects(module: Module, executor: Node) -> bool:
    """Whether what is given to `new Promise()` uses its `reject`."""
    given = module.parameters(executor)
    name = given[1].name if len(given) > 1 else None
    reject = module.scope.declared_in(executor).get(name) if name is not None else None
    return reject is not None and bool(module.scope.references(reject))


def _is_safe(module: Module, function: Node) -> bool:
    """Whether a function catches all its errors, or does nothing that is likely to have any."""
    if module.catches_everything(function):
        return True
    if any(True for _ in module.descendants(function, "await_expression", "throw_statement")):
        return False
    calls = (js.first_named(statement) for statement in module.returns_of(function))
    return js.is_async(function) and all(
        value is None or module.call(value) is None or module.promise_source(js.unwrap(value)) is None
        for value in calls
    )


def _only_throws_on(module: Module, handler: Node) -> bool:
    """Whether a `catch` does nothing but throw the error that it gets."""
    name, body = handler.child_by_field_name("parameter"), handler.child_by_field_name("body")
    statements = [part for part in body.named_children if part.type != "comment"] if body is not None else []
    if len(statements) != 1 or statements[0].type != "throw_statement" or name is None:
        return False
    thrown = js.first_named(statements[0])
    return thrown is not None and module.text(thrown) == module.text(name)


def _throws_on(module: Module, handler: Node) -> bool:
    """Whether a `catch` ends with throwing the error that it gets: only what it does before is lost."""
    name, body = handler.child_by_field_name("parameter"), handler.child_by_field_name("body")
    last = (
        next((part for part in reversed(body.named_children) if part.type != "comment"), None)
        if body
        else None
    )
    if last is None or last.type != "throw_statement" or name is None:
        return False
    thrown = js.first_named(last)
    return thrown is not None and module.text(name) in module.text(thrown)
