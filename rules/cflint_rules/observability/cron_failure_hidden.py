"""Let a cron run fail where its work failed, so that it is recorded as failed: rethrow in the `catch`.

A run of a cron trigger is a success when `scheduled()` returns and nothing that it gave to `waitUntil()`
rejects. Where a `catch` around the work ends the error, the list of past events and the metrics show nothing
but successes, however long the work has not been done. A line in the log is seen by who looks for it.

## Incorrect

```ts
export default {
  async scheduled(controller, env, ctx): Promise<void> {
    try {
      await env.DB.prepare("DELETE FROM sessions WHERE expires < ?").bind(controller.scheduledTime).run();
    } catch (error) {
      console.error("cleaning up failed", error);
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
export default {
  async scheduled(controller, env, ctx): Promise<void> {
    try {
      await env.DB.prepare("DELETE FROM sessions WHERE expires < ?").bind(controller.scheduledTime).run();
    } catch (error) {
      console.error("cleaning up failed", error);
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

End the `catch` with `throw error`; leave out the `.catch(() => {})` of what `waitUntil()` is given. Where the
rest of the run must go on, note that something failed, and throw at the end. If a function is called by
requests, too, throw there and catch where the request is answered.

## Not reported

A `catch` that throws, or does more than log and return: tells somebody, writes down that it failed; one in a
loop, which lets the other items go on; one around less than all of the work.

## Fix safety

There is no fix: whether a failure may pass is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/handlers/scheduled/#ctxwaituntil,
https://developers.cloudflare.com/workers/configuration/cron-triggers/#view-past-events
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Handler, Module, Severity, handler, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(handler("scheduled"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(subject: Handler) -> Iterator[Finding]:
    module, body = subject.module, subject.body
    if body is None or not module.is_run:
        return
    places: list[tuple[Module, Node]] = []
    at = _hidden_in(module, subject.function)
    if at is not None:
        places.append((module, at))
    for call in module.calls("waitUntil", body) if at is None else ():
        if call.arguments:
            places += _hidden_by(module, js.unwrap(call.arguments[0]))
    for node in module.descendants(body, "await_expression") if at is None else ():
        if module.enclosing_function(node) == subject.function and module.loop_around(node, body) is None:
            places += _hidden_by(module, js.unwrap(node.named_children[0]))
    found = {(where.path, place.start_byte): where.at(place) for where, place in places}
    if found:
        first, *others = found.values()
        yield Finding("a cron run whose work fails here counts as a success", first, tuple(others))


def _hidden_by(module: Module, promise: Node) -> Iterator[tuple[Module, Node]]:
    """Where a promise's errors end, of which the result of a run depends."""
    made = module.call(promise)
    if made is None:
        return
    if made.name == "catch" and made.receiver is not None and len(made.arguments) == 1:
        given = js.unwrap(made.arguments[0])
        body = js.body_of(given) if given.type in js.FUNCTIONS else None
        if body is not None and _only_tells(module, body):
            yield module, given
        return
    called = js.function_called(module, made.node)
    if called is None:
        return
    at = _hidden_in(*called)
    if at is not None:
        yield called[0], at


def _hidden_in(module: Module, function: Node) -> Node | None:
    """The `catch` that ends all errors of a function, whose last statement is that `try`."""
    body = function.child_by_field_name("body")
    statements = [part for part in body.named_children if part.type != "comment"] if body is not None else []
    last = statements[-1] if statements else None
    if last is None or last.type != "try_statement":
        return None
    clause, tried = last.child_by_field_name("handler"), last.child_by_field_name("body")
    caught = clause.child_by_field_name("body") if clause is not None else None
    if clause is None or caught is None or tried is None or not _only_tells(module, caught):
        return None
    waits = [
        found
        for found in module.descendants(function, "await_expression")
        if module.enclosing_function(found) == function and not js.contains(clause, found)
    ]
    if not waits or not all(js.contains(tried, found) for found in waits):
        return None  # some of the work is outside, and its errors are seen
    returns = module.descendants(tried, "return_statement")
    if any(found.named_children and module.enclosing_function(found) == function for found in returns):
        return None  # the caller may look at what it gives
    return clause


def _only_tells(module: Module, body: Node) -> bool:
    """Whether a block or an expression does nothing but log."""
    if body.type != "statement_block":
        return _is_log(module, body) if body.type == "call_expression" else body.type in _NOTHING
    for node in module.descendants(body, "call_expression", "throw_statement", "assignment_expression"):
        if node.type != "call_expression":
            return False
        if not _is_log(module, node) and not _is_in_log(module, node):
            return False
    return not any(
        node.named_children and js.unwrap(node.named_children[0]).type not in _NOTHING
        for node in module.descendants(body, "return_statement")
    )


_NOTHING = frozenset({"null", "undefined", "object", "false", "identifier"})


def _is_log(module: Module, node: Node) -> bool:
    return module.log_at(node) is not None


def _is_in_log(module: Module, node: Node) -> bool:
    return any(above.type == "call_expression" and _is_log(module, above) for above in module.ancestors(node))
