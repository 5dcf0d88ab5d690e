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

## Not reported

Callbacks that are not asynchronous, and `await Promise.all(batch.messages.map(async …))`.

## Fix safety

Safe for `forEach()`: a loop does the same for one message after the other. `map()` is unsafe: the promises
are awaited with `Promise.all()`, which fails the whole batch when one message fails.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, Span, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("forEach", "map"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    callback = _function(match, match.arguments[0]) if match.arguments else None
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


def _function(match: Match, argument: Node) -> Node | None:
    argument = js.unwrap(argument)
    if argument.type in js.FUNCTIONS:
        return argument
    if argument.type == "identifier":
        declaration = match.module.scope.resolve(argument)
        return match.module.function_of(declaration) if declaration is not None else None
    return None


def _await_all(match: Match) -> Fix | None:
    node = match.node
    parent = match.module.parent(node)
    if parent is None or parent.type != "expression_statement" or not match.module.can_await(node):
        return None
    edits = (match.insert(node.start_byte, "await Promise.all("), match.insert(node.end_byte, ")"))
    return Fix("Await all promises", edits, Safety.UNSAFE)


def _as_loop(match: Match) -> Fix | None:
    """`messages.forEach(async (m) => { … })` as `for (const m of messages) { … }`."""
    module, node = match.module, match.node
    statement = module.parent(node)
    if statement is None or statement.type != "expression_statement" or not module.can_await(node):
        return None
    callback, receiver = js.unwrap(match.arguments[0]), match.receiver
    name = _only_parameter(callback)
    body = callback.child_by_field_name("body")
    if callback.type != "arrow_function" or len(match.arguments) != 1 or name is None or body is None:
        return None
    head = f"for (const {match.text(name)} of {match.text(receiver)}) "
    if body.type != "statement_block":
        return Fix(
            "Use a loop", (match.replace(statement, f"{head}{{ await {match.text(body)}; }}"),), Safety.SAFE
        )
    returns = _returns(body)
    if returns is None:
        return None
    edits = [Edit(match.document, Span(statement.start_byte, body.start_byte), head)]
    edits.extend(match.replace(found, "continue;") for found in returns)
    edits.append(Edit(match.document, Span(body.end_byte, statement.end_byte), ""))
    return Fix("Use a loop", tuple(edits), Safety.SAFE)


def _only_parameter(callback: Node) -> Node | None:
    single = callback.child_by_field_name("parameter")
    if single is not None:
        return single
    listed = callback.child_by_field_name("parameters")
    given = [part for part in listed.named_children if part.type != "comment"] if listed is not None else []
    if len(given) != 1:
        return None
    return given[0].child_by_field_name("pattern")


_LOOPS = frozenset(
    {"for_statement", "for_in_statement", "while_statement", "do_statement", "switch_statement"}
)


def _returns(body: Node) -> list[Node] | None:
    """The `return;` statements that `continue` can stand for; None when one has a value or is in a loop."""
    found: list[Node] = []
    loops: list[Node] = []
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.type in _LOOPS:
            loops.append(node)
        elif node.type == "return_statement":
            if node.named_child_count or any(loop.end_byte > node.start_byte for loop in loops):
                return None
            found.append(node)
    return found
