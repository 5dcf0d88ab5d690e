"""Go on with the next message of a batch: `return` in the loop acknowledges all that were not looked at.

When `queue()` returns, every message that was neither acknowledged nor retried counts as delivered. A
`return` or `break` in the loop over the messages, after a `retry()` of one or because of what is in it,
throws those after it away.

## Incorrect

```ts
interface Env {
  JOBS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      try {
        await env.JOBS.put(message.id, JSON.stringify(message.body));
      } catch (error) {
        console.error("stored later", error);
        message.retry();
        return;
      }
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  JOBS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      try {
        await env.JOBS.put(message.id, JSON.stringify(message.body));
      } catch (error) {
        console.error("stored later", error);
        message.retry();
        continue;
      }
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `continue` for it: the other messages are handled then. This one counts as delivered, unless `retry()`
is called on it. Where none of them can be handled now (the service behind is down), `batch.retryAll();
return;` instead: then all that were not acknowledged come again.

## Not reported

A loop that is left after `retryAll()` or `ackAll()`, that looks for a message, or whose consumer gets one
message at a time (`max_batch_size` of 1).

## Fix safety

Unsafe: where none of the messages can be handled now, `batch.retryAll()` is meant, before the `return`. No
fix is offered in a loop or a `switch` within the loop over the messages.

Source: https://developers.cloudflare.com/queues/configuration/batching-retries/#explicit-acknowledgement-and-retries
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Handler, Module, Safety, Severity, ValueKind, handler, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ALL = ("retryAll", "ackAll")
_AROUND = frozenset(
    {"for_in_statement", "for_statement", "while_statement", "do_statement", "switch_statement"}
)
_LEAVES = ("return_statement", "break_statement")


@rule(handler("queue"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(found: Handler) -> Iterator[Finding]:
    module, body = found.module, found.body
    if body is None or not module.is_run or js.gets_one_message(module):
        return
    for loop in module.descendants(body, "for_in_statement"):
        right = loop.child_by_field_name("right")
        if right is None or module.value_of(right).kind is not ValueKind.MESSAGES:
            continue
        turn = loop.child_by_field_name("body")
        left = next(_left(module, loop, turn, found.function), None) if turn is not None else None
        if left is not None and turn is not None and _handles(module, turn):
            yield Finding(
                "the messages after this one are not looked at, and count as delivered: go on with the next",
                module.at(left),
                (module.at(loop.children[0], "the loop over the messages"),),
                _fix(module, left, loop),
            )
            return


def _fix(module: Module, left: Node, loop: Node) -> Fix | None:
    """`continue` in the place of what leaves the loop."""
    nearest = next((it for it in module.ancestors(left) if it.type in _AROUND), None)
    if nearest is None or nearest.id != loop.id or left.named_children:
        return None
    end = module.semicolon_of(left)
    return Fix("Go on with the next", (module.replace(left, f"continue{end}"),), Safety.UNSAFE)


def _left(module: Module, loop: Node, turn: Node, function: Node) -> Iterator[Node]:
    """The statements that leave a loop before its end, but for those that come after an answer for all."""
    answered = [made.node.start_byte for name in _ALL for made in module.calls(name, function)]
    for node in module.descendants(turn, *_LEAVES):
        if module.enclosing_function(node) != function or any(at < node.start_byte for at in answered):
            continue
        if module.leaves_loop(node, loop):
            yield node


def _handles(module: Module, turn: Node) -> bool:
    """Whether a turn does the work of a message: it acknowledges or retries, or waits for something."""
    return any(next(module.calls(name, turn), None) is not None for name in ("ack", "retry")) or (
        next(module.descendants(turn, "await_expression"), None) is not None
    )
