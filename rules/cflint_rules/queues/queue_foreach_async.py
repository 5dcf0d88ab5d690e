"""Await asynchronous callbacks that handle the messages of a batch.

`batch.messages.forEach(async …)`, and `map(async …)` whose promises are not awaited, return at once. Then the
handler is done, so all messages are acknowledged: one whose handling fails is lost.

## Incorrect

```ts
interface Env {
  MAILS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    batch.messages.forEach(async (message) => {
      await env.MAILS.put(message.id, JSON.stringify(message.body));
      message.ack();
    });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  MAILS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      await env.MAILS.put(message.id, JSON.stringify(message.body));
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write a loop: `for (const message of batch.messages) { await … }`; or await them all: `await
Promise.all(batch.messages.map(async (message) => { … }))`, where each catches its own errors and calls
`message.retry()`.

## Not reported

Callbacks that are not asynchronous, and `await Promise.all(batch.messages.map(async …))`.

## Fix safety

Safe for `forEach()`: a loop does the same for one message after the other. Unsafe for `map()`: the promises
are awaited with `Promise.all()`, which fails the whole batch when one message fails.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, Span, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("forEach", "map"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    callback = match.module.function_value(match.arguments[0]) if match.arguments else None
    if callback is None or not js.is_async(callback) or match.receiver_value.kind is not ValueKind.MESSAGES:
        return
    use = match.module.promises_use(match.node)
    if match.word == "map" and use.outcome is not js.PromiseOutcome.DROPPED:
        return
    yield Finding(
        f"nothing waits for the asynchronous callback of `{match.word}()`: all messages are acknowledged"
        " before they are handled",
        match.at(match.name),
        fix=_as_loop(match) if match.word == "forEach" else _await_all(match),
    )


def _await_all(match: Match) -> Fix | None:
    node = match.node
    if match.module.own_statement(node) is None or not match.module.can_await(node):
        return None
    edits = (match.insert(node.start_byte, "await Promise.all("), match.insert(node.end_byte, ")"))
    return Fix("Await all promises", edits, Safety.UNSAFE)


def _as_loop(match: Match) -> Fix | None:
    """`messages.forEach(async (m) => { … })` as `for (const m of messages) { … }`."""
    module, receiver = match.module, match.receiver
    statement = module.own_statement(match.node)
    if statement is None or receiver is None or not module.can_await(match.node):
        return None
    callback = js.unwrap(match.arguments[0])
    parameters, body = module.parameters(callback), js.body_of(callback)
    if callback.type != "arrow_function" or len(match.arguments) != 1 or body is None:
        return None
    if len(parameters) != 1 or parameters[0].is_rest:
        return None
    head = f"for (const {match.text(parameters[0].pattern)} of {match.text(receiver)}) "
    if body.type != "statement_block":
        loop = match.replace(statement, f"{head}{{ await {match.text(body)}; }}")
        return Fix("Use a loop", (loop,), Safety.SAFE)
    returns = _returns(match.module, body)
    if returns is None:
        return None
    edits = [Edit(match.document, Span(statement.start_byte, body.start_byte), head)]
    edits.extend(match.replace(found, "continue;") for found in returns)
    edits.append(Edit(match.document, Span(body.end_byte, statement.end_byte), ""))
    return Fix("Use a loop", tuple(edits), Safety.SAFE)


def _returns(module: Module, body: Node) -> list[Node] | None:
    """The `return;` statements that `continue` can stand for; None when one has a value or is in a loop."""
    found = [
        node
        for node in js.walk(body, into_functions=False, into_classes=False)
        if node.type == "return_statement"
    ]
    for node in found:
        switch = module.enclosing(node, frozenset({"switch_statement"}))
        is_in_switch = switch is not None and switch.start_byte > body.start_byte
        if node.named_child_count or is_in_switch or module.loop_around(node, body) is not None:
            return None
    return found
