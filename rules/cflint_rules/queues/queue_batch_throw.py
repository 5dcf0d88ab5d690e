"""Acknowledge or retry each message of a batch, so that one failure does not redeliver all of them.

When a `queue()` handler throws, the whole batch counts as failed: every message in it is delivered again,
those that succeeded, too. A message that always fails takes the others with it, up to the dead letter queue.
With `ack()` on success and `retry()` on failure, each message counts on its own. An error that is caught and
logged is the other extreme: the message counts as delivered, and nobody tries again.

## Incorrect

```ts
interface Job {
  url: string;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      await fetch(message.body.url, { method: "POST", signal: AbortSignal.timeout(9_000) });
    }
  },
} satisfies ExportedHandler<Env, Job>;
```

## Correct

```ts
interface Job {
  url: string;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      try {
        const signal = AbortSignal.timeout(9_000);
        const response = await fetch(message.body.url, { method: "POST", signal });
        await response.body?.cancel();
        message.ack();
      } catch (error) {
        console.error("delivery failed", message.id, error);
        message.retry({ delaySeconds: 30 });
      }
    }
  },
} satisfies ExportedHandler<Env, Job>;
```

## What to do

In the loop, a `try` for each message: `try { … message.ack(); } catch (error) { console.error(error);
message.retry(); }`, with what is done for it in place of `…`: one that fails comes again alone.

- "a loop inside of one message": Before the inner loop `let failures = 0;`, at the end of this `catch`
  `failures++;`, and behind that loop `if (failures > 0) message.retry();`: the message comes again, and
  goes to the dead letter queue when it keeps failing. All that is in it is done again then, what
  succeeded as well: let the database pass over what is there (a unique index, and `ON CONFLICT DO
  NOTHING` in the `INSERT`).
- "the whole batch": Write `batch.retryAll()` at the end of this `catch`: the messages come again, and go to
  the dead letter queue when they keep failing.
- "an error ends here": Write `message.retry()` at the end of this `catch`: the message comes again, and goes
  to the dead letter queue when it keeps failing.
- "a `throw` here": Write `batch.retryAll({ delaySeconds: 60 }); return;` for the `throw`: all messages come
  again, as today, but a minute later. Messages that are done before it call `ack()`, and do not come again.

## Not reported

A handler that acknowledges or retries anything itself, or hands the batch or its messages to code that may. A
batch that is processed as one unit, or that holds one message only (`max_batch_size: 1`), gets a note, and so
does an error that is only logged; not one that is stored or sent somewhere.

## Fix safety

There is no fix: only the author knows which errors are worth another try.

Source: https://developers.cloudflare.com/queues/configuration/batching-retries/
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from cflint.api import Finding, Handler, Location, Module, Severity, ValueKind, handler, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ANSWERS = frozenset({"ack", "retry", "ackAll", "retryAll"})
_HARMLESS = frozenset({"log", "info", "warn", "error", "debug", "stringify", "String"})
_OF_BATCH = frozenset({ValueKind.MESSAGE_BATCH, ValueKind.MESSAGES, ValueKind.MESSAGE})
_HOLDERS = ("pair", "array", "shorthand_property_identifier", "spread_element")
_TAKERS = frozenset({"member_expression", "pair_pattern", "object_pattern"})
_PROPERTIES = frozenset({"property_identifier", "shorthand_property_identifier_pattern"})
_LOOPS = frozenset({"for_in_statement", "for_statement", "while_statement", "do_statement"})
_ADVICE = "call `ack()` or `retry()` on each message"


@rule(handler("queue"), severity=Severity.WARNING)
def check(found: Handler) -> Iterator[Finding]:
    module, function, body = found.module, found.function, found.body
    if body is None or not found.parameters or function.has_error:
        return
    if _answers(module, body) or _hands_on(module, body):
        return
    name = function.child_by_field_name("name")
    related = (module.at(name, "this handler"),) if name is not None else ()
    single = js.gets_one_message(module)
    failing = next(_failing_in_loops(module, function, body), None)
    if failing is not None:
        thrown = failing.type == "throw_statement"
        what = "a `throw`" if thrown else f"`{_short(module, failing)}` that fails"
        end = "fails the batch of one message" if single else "redelivers the whole batch"
        yield Finding(
            f"{what} for one message {end}; {_ADVICE}",
            module.at(failing),
            related,
            severity=Severity.NOTE if single else None,
        )
        return
    swallowing = next(_swallowing(module, body), None)
    if swallowing is not None:
        yield Finding(
            "an error ends here, so the message counts as delivered and is gone: call `retry()` on it, or let"
            " the error out",
            module.at(swallowing),
            (*related, *_ended_before(module, swallowing)),
            words=_words(found, swallowing),
            severity=Severity.NOTE,
        )
        return
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.type == "throw_statement" and module.try_around(node, function) is None:
            yield Finding(
                "a `throw` here redelivers the whole batch; say so with `batch.retryAll({ delaySeconds })`, "
                f"or {_ADVICE}",
                module.at(node),
                related,
                severity=Severity.NOTE,
            )


def _words(found: Handler, caught: Node) -> js.Words:
    """Whether a `catch` is for all messages, for one, or for a part of one, and what these are called."""
    module = found.module
    batch = js.word("batch", module, js.first_named(found.parameters[0]) or found.parameters[0])
    parts = 0
    for above in takewhile(lambda node: node.type not in js.FUNCTIONS, module.ancestors(caught)):
        if above.type not in _LOOPS:
            continue
        if module.value_of(above.child_by_field_name("right")).kind is not ValueKind.MESSAGES:
            parts += 1
            continue
        case = (("a loop inside of one message", ""),) if parts else ()
        message = above.child_by_field_name("left")
        is_name = message is not None and message.type == "identifier"
        return (*case, *(js.word("message", module, message) if is_name else ()), *batch)
    return (("the whole batch", ""), *batch)


def _ended_before(module: Module, caught: Node) -> Iterator[Location]:
    """Where functions that are tried end their own errors, so that none of them comes as far as a `catch`."""
    attempt = module.parent(caught)
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    for waits in module.descendants(tried, "await_expression") if tried is not None else ():
        above = module.parent(waits)
        call = js.first_named(waits)
        if call is None or above is None or above.type != "expression_statement":
            continue  # somebody looks at what it gives
        called = js.function_called(module, call)
        if called is None:
            continue
        home, function = called
        inside = js.body_of(function)
        for part in inside.named_children if inside is not None else ():
            handler = part.child_by_field_name("handler") if part.type == "try_statement" else None
            if handler is not None and next(home.descendants(handler, "throw_statement"), None) is None:
                yield home.at(handler, "errors of this call end here already: `throw` them again")


def _swallowing(module: Module, body: Node) -> Iterator[Node]:
    """The `catch` clauses of a handler, and of the loop over its messages, that do nothing but log."""
    for node in js.walk(body, into_functions=False, into_classes=False):
        caught = node.child_by_field_name("handler") if node.type == "try_statement" else None
        tried = node.child_by_field_name("body") if caught is not None else None
        inside = caught.child_by_field_name("body") if caught is not None else None
        if caught is None or tried is None or inside is None:
            continue
        if next(module.descendants(tried, "await_expression"), None) is None:
            continue
        if _is_of_messages(module, tried) and all(_only_logs(module, part) for part in inside.named_children):
            yield caught


def _is_of_messages(module: Module, tried: Node) -> bool:
    """Whether code works on messages: on all of them, or on one in a loop over them."""
    around = takewhile(lambda node: node.type not in js.FUNCTIONS, module.ancestors(tried))
    return any(
        node.type == "for_in_statement"
        and module.value_of(node.child_by_field_name("right")).kind is ValueKind.MESSAGES
        for node in (*around, *module.descendants(tried, "for_in_statement"))
    )


def _only_logs(module: Module, statement: Node) -> bool:
    """Whether a statement prints something, goes on with the next turn, or is a comment."""
    if statement.type in ("comment", "continue_statement", "empty_statement"):
        return True
    logged = js.first_named(statement) if statement.type == "expression_statement" else None
    return logged is not None and module.log_at(logged) is not None


def _short(module: Module, awaited: Node) -> str:
    call = module.call(js.first_named(awaited))
    return f"{call.name or 'await'}()" if call is not None else "await"


def _answers(module: Module, body: Node) -> bool:
    """Whether code acknowledges or retries anything: `message.ack()`, `const { retry } = message`."""
    for leaf in (leaf for word in _ANSWERS for leaf in module.leaves(word, body)):
        parent = module.parent(leaf)
        if parent is not None and parent.type in _TAKERS and leaf.type in _PROPERTIES:
            return True
    return False


def _hands_on(module: Module, body: Node, depth: int = 0) -> bool:
    """Whether the batch, its messages or one of them goes to code that may acknowledge them."""
    for node in module.descendants(body, "call_expression", "new_expression"):
        for argument in js.arguments_of(node):
            given = js.first_named(argument) if argument.type == "spread_element" else argument
            if module.value_of(given).kind not in _OF_BATCH or module.callee_name(node) in _HARMLESS:
                continue
            if depth > 3 or not _does_not_answer(module, node, depth + 1):
                return True
    return any(
        module.value_of(value).kind in _OF_BATCH
        for node in module.descendants(body, *_HOLDERS)
        for value in (
            [node.child_by_field_name("value")] if node.type == "pair" else node.named_children or [node]
        )
        if value is not None
    )


def _does_not_answer(module: Module, node: Node, depth: int) -> bool:
    """Whether what is called is a function of this module without a word of acknowledging."""
    call = module.call(node)
    callee = call.callee if call is not None and not call.is_new else None
    function = module.function_value(callee) if callee is not None else None
    return function is not None and not _answers(module, function) and not _hands_on(module, function, depth)


def _failing_in_loops(module: Module, function: Node, body: Node) -> Iterator[Node]:
    """What can fail for one message: an `await` or `throw` in a loop over them that nothing catches."""
    for node in js.walk(body, into_classes=False):
        if node.type == "for_in_statement":
            inside = node.child_by_field_name("body")
            iterated = node.child_by_field_name("right")
            if inside is not None and module.value_of(iterated).kind is ValueKind.MESSAGES:
                yield from _failing(module, inside, function)
        elif node.type == "call_expression" and module.callee_name(node) == "map":
            callback = _for_all_messages(module, node)
            inside = callback.child_by_field_name("body") if callback is not None else None
            if callback is not None and inside is not None and not module.is_caught(node, function):
                yield from _failing(module, inside, callback)


def _for_all_messages(module: Module, node: Node) -> Node | None:
    """The function that `Promise.all(messages.map(…))`, which fails as soon as one promise does, calls."""
    mapped, around = module.call(node), module.call_around(node)
    if mapped is None or module.value_of(mapped.receiver).kind is not ValueKind.MESSAGES:
        return None
    if around is None or not module.is_from(around[0].callee, "", "Promise.all"):
        return None
    callback = js.unwrap(mapped.arguments[0]) if mapped.arguments else None
    return callback if callback is not None and callback.type in js.FUNCTIONS else None


def _failing(module: Module, inside: Node, function: Node) -> Iterator[Node]:
    for node in (inside, *js.walk(inside, into_functions=False, into_classes=False)):
        awaits = node.type == "await_expression" and not _catches_itself(module, node)
        if (awaits or node.type == "throw_statement") and not module.is_caught(node, function):
            yield node


def _catches_itself(module: Module, awaited: Node) -> bool:
    names = set()
    call = module.call(js.first_named(awaited))
    while call is not None and not call.is_new:
        names.add(call.name)
        call = module.call(call.receiver)
    return bool(names & {"catch", "allSettled", "wait"})
