"""Handle errors in `app.onError()`: a `catch` around Hono's `next()` does not see them.

Hono catches the errors of each handler itself, hands them to `onError()`, and `next()` resolves as if nothing
had happened. What stands in the `catch` (a log, an answer of a certain shape) never runs for an `Error`:
without `onError()` clients get `Internal Server Error` as text. After `next()` the error is in `c.error`.

## Incorrect

```ts
import { Hono } from "hono";

const app = new Hono();

app.use(async (c, next) => {
  try {
    await next();
  } catch (error) {
    console.error(error);
    return c.json({ error: "internal" }, 500);
  }
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";

const app = new Hono();

app.onError((error, c) => {
  console.error(error);
  return c.json({ error: "internal" }, 500);
});

export default app;
```

## What to do

Put what this `catch` does into `app.onError((error, c) => { … })` of the app that is exported, with `return
c.text("internal error", 500)` at its end where it only threw on; leave `await next()` alone here. A
`finally` stays; what it asks of the error is `c.error` behind `await next()`.

- "it is there already": Take this `catch` away and leave `await next()` alone: the `onError()` that is there
  answers errors of handlers today. What the `catch` logs moves there; what it answers does not. A `finally`
  stays; what it asks of the error is `c.error` behind `await next()`.

## Not reported

A `try` that does more than to call `next()` and to log; a `catch` that asks for a `Response`, which is no
`Error` and can be thrown through; Workers with an `onError()` or `notFound()` that throws, or is not in
sight: such an error does reach the `catch`.

## Fix safety

Unsafe: a `catch` goes that only logs (Hono logs errors itself), or answers although there is an `onError()`,
or by a status 4xx, which no error of a handler means. There is none where it does more.

Source: https://hono.dev/docs/api/hono#error-handling, and Hono 4.13, `src/compose.ts` (`dispatch`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Span,
    ValueKind,
    call,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DOES_MORE = ("call_expression", "new_expression", "throw_statement", "await_expression")

_REFUSES = pattern(r"\b4\d\d\b")
"""A status that is none of an error of the server: what a handler throws is no fault of a client."""
_HARMLESS = frozenset(
    {"now", "stringify", "round", "get", "set", "header", "toFixed", "toISOString", "substring", "Date"}
)
"""What is called around `next()` and does not fail."""


@rule(call("next"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if match.receiver is not None or match.arguments or function is None or not match.call.is_awaited:
        return
    attempt = module.try_around(match.node)
    caught = attempt.child_by_field_name("handler") if attempt is not None else None
    if attempt is None or caught is None or not _is_next_of_hono(module, match, function):
        return
    body = attempt.child_by_field_name("body")
    does = list(module.descendants(body, *_DOES_MORE)) if body is not None else []
    others = (found for found in does if found.id != match.node.id and not _is_await_of(found, match.node))
    if any(not _is_harmless(module, found) for found in others):
        return  # errors of its own reach the `catch`
    if any(True for _ in module.leaves("Response", caught)):
        return
    if _may_let_through(module):
        return
    yield Finding(
        "Hono hands the errors of handlers to `onError()`: this `catch` does not get them",
        module.at(caught.children[0]),
        (match.at(match.node, "this resolves although a handler throws"),),
        words=(("it is there already", ""),) if _is_answered_elsewhere(module) else (),
        fix=_fix(module, attempt, caught),
    )


def _fix(module: Module, attempt: Node, caught: Node) -> Fix | None:
    """A fix that takes a `catch` away that only logs, or answers what `onError()` answers: Hono logs errors
    itself. None where it does more, which belongs into an `onError()`."""
    handled, body = caught.child_by_field_name("body"), attempt.child_by_field_name("body")
    if handled is None or body is None or not body.named_children:
        return None
    for statement in handled.named_children:
        said = js.first_named(statement) if statement.type == "expression_statement" else None
        if said is not None and module.log_at(said) is None:
            return None
        if said is None and statement.type not in ("throw_statement", "return_statement", "comment"):
            return None
    answers_500 = any(True for _ in module.descendants(handled, "return_statement")) and (
        _REFUSES.search(module.text(handled)) is None
    )
    if answers_500 and not _is_answered_elsewhere(module):
        return None
    gone = Edit(module.document, Span(_end_before(module, caught), caught.end_byte), "")
    if attempt.child_by_field_name("finalizer") is not None:
        return Fix("Take the `catch` away", (gone,), Safety.UNSAFE)
    indent = module.indent_of(attempt)
    inner = module.indent_of(body.named_children[0])
    first, last = body.named_children[0], body.named_children[-1]
    if module.document.line_of(first.start_byte) == module.document.line_of(body.start_byte):
        text = module.document.data[first.start_byte : last.end_byte].decode("utf-8", "replace")
    else:
        text = module.moved_text(body, inner, indent)[1:-1].strip()
    return Fix("Take the `catch` away", (module.replace(attempt, text),), Safety.UNSAFE)


def _end_before(module: Module, caught: Node) -> int:
    """Where what stands before a `catch` ends, without the blanks."""
    return len(module.document.data[: caught.start_byte].rstrip())


def _is_answered_elsewhere(module: Module) -> bool:
    """Whether a Worker of the module has an `onError()`, as far as words tell."""
    paths = dict.fromkeys(path for worker in module.workers for path in worker.modules)
    documents = (module.project.sources.document(path) for path in paths or (module.path,))
    return any(document is not None and document.has_word("onError") for document in documents)


def _is_harmless(module: Module, node: Node) -> bool:
    """Whether a call only logs, takes the time or looks at what is there."""
    made = module.call(node) if node.type in ("call_expression", "new_expression") else None
    return made is not None and (made.name in _HARMLESS or module.log_at(node) is not None)


def _is_await_of(node: Node, call: Node) -> bool:
    inner = js.first_named(node) if node.type == "await_expression" else None
    return inner is not None and js.unwrap(inner).id == call.id


def _is_next_of_hono(module: Module, match: Match, function: Node) -> bool:
    """Whether it is the second parameter of a function whose first one is Hono's context."""
    parameters = module.parameters(function)
    declaration = module.scope.resolve(match.callee) if match.callee is not None else None
    if len(parameters) != 2 or declaration is None or declaration.scope.id != function.id:
        return False
    return module.value_of(parameters[0].pattern).kind is ValueKind.HONO_CONTEXT


def _may_let_through(module: Module) -> bool:
    """Whether a Worker of the module has an `onError()` or `notFound()` that may throw, which comes out of
    `next()`."""
    paths = dict.fromkeys(path for worker in module.workers for path in worker.modules)
    for path in paths or (module.path,):
        document = module.project.sources.document(path)
        if document is None or not (document.has_word("onError") or document.has_word("notFound")):
            continue
        other = module if path == module.path else module.other(path)
        if other is None or any(_throws(other, made) for made in _handlers(other)):
            return True
    return False


def _handlers(module: Module) -> Iterator[js.Call]:
    for name in ("onError", "notFound"):
        for made in module.calls(name):
            if made.receiver is not None and len(made.arguments) == 1:
                yield made


def _throws(module: Module, made: js.Call) -> bool:
    given = made.argument(0)
    found = js.function_given(module, given) if given is not None else None
    if found is None:
        return True  # it stands elsewhere
    home, function = found
    return any(
        home.enclosing_function(thrown) == function
        for thrown in home.descendants(function, "throw_statement")
    )
