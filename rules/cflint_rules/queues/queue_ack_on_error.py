"""Let a message that failed be tried again: `ack()` in a `catch` throws it away.

A message that is not acknowledged is delivered again, up to `max_retries` times, which is 3 unless the
configuration says otherwise, and goes to the dead letter queue then. A `catch` that acknowledges it ends that
at the first failure, whether the message is broken or a service was away for a second: it is gone, and the
dead letter queue stays empty.

## Incorrect

```ts
interface Env {
  HOOKS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      try {
        await env.HOOKS.put(message.id, JSON.stringify(message.body));
        message.ack();
      } catch (error) {
        console.error("not stored", error);
        message.ack();
      }
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  HOOKS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      try {
        await env.HOOKS.put(message.id, JSON.stringify(message.body));
        message.ack();
      } catch (error) {
        console.error("not stored", error);
        message.retry({ delaySeconds: 30 });
      }
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `retry()` for `ack()` (`retryAll()` for `ackAll()`): the message comes again, and goes to the dead
letter queue when it keeps failing. Only where another try cannot help (a message that is broken), keep it.

- "in a `finally`": Move the `ack()` from the `finally`, which goes, to the end of the `try`, and call
  `retry()` at the end of the `catch`: the message comes again, and goes to the dead letter queue when it
  keeps failing.

## Not reported

A `catch` that stores or sends the message or the error somewhere, or asks for how many attempts there were or
what kind of error it is; a `try` that waits for nothing, as one around `JSON.parse()`; modules that speak of
a dead letter queue.

## Fix safety

Unsafe: what failed is done again, up to `max_retries` times; where another try cannot help, keep the `ack()`.

Source: https://developers.cloudflare.com/queues/configuration/batching-retries/,
https://developers.cloudflare.com/queues/configuration/dead-letter-queues/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DEAD_LETTERS = pattern(rb"dlq|dead[-_]?letter", re.IGNORECASE)
_OF_BATCH = frozenset({ValueKind.MESSAGE, ValueKind.MESSAGE_BATCH})
_ENDS = frozenset({"catch_clause", "finally_clause"})


@rule(call("ack", "ackAll"), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver_value.kind not in _OF_BATCH or not module.is_run:
        return
    clause = _clause_around(module, match.node)
    attempt = module.parent(clause) if clause is not None else None
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    body = clause.child_by_field_name("body") if clause is not None else None
    if clause is None or attempt is None or tried is None or body is None:
        return
    of_dead = _DEAD_LETTERS.search(module.path.encode()) is not None
    if of_dead or next(module.mentions(_DEAD_LETTERS), None) is not None:
        return  # there is nowhere for it to go from a dead letter queue
    if clause.type == "finally_clause" and attempt.child_by_field_name("handler") is None:
        return  # the error goes on, and what was acknowledged before it stays so
    ends = attempt.child_by_field_name("handler") or clause
    if not _waits(module, attempt, tried) or module.is_conditional(match.node, body):
        return
    if _keeps(module, ends) or _gives_up(module, match.node, ends):
        return
    again = "retry" if match.word == "ack" else "retryAll"
    yield Finding(
        "a message that failed is acknowledged here, so that it is not tried again and no dead letter queue"
        " gets it: call `retry()` on it",
        match.at(match.node),
        fix=Fix(f"Call `{again}()`", (match.replace(match.name, again),), Safety.UNSAFE)
        if clause.type == "catch_clause"
        else None,
        words=(("in a `finally`", ""),) if clause.type == "finally_clause" else (),
    )


def _clause_around(module: Module, node: Node) -> Node | None:
    """The `catch` or `finally` around a node, in its function."""
    for above in module.ancestors(node):
        if above.type in _ENDS:
            return above
        if above.type in js.FUNCTIONS or above.type == "try_statement":
            return None
    return None


def _waits(module: Module, attempt: Node, tried: Node) -> bool:
    """Whether a `try` waits for something that may fail for a while only."""
    return any(module.try_around(node) == attempt for node in module.descendants(tried, "await_expression"))


def _keeps(module: Module, clause: Node) -> bool:
    """Whether a `catch` waits for something: it may store the message elsewhere."""
    return next(module.descendants(clause, "await_expression"), None) is not None or any(
        made.counts for made in module.service_calls(clause)
    )


def _gives_up(module: Module, ack: Node, clause: Node) -> bool:
    """Whether a `catch` asks for the attempts, or what error it is, before it acknowledges."""
    if next(module.leaves("attempts", clause), None) is not None:
        return True
    return any(
        node.start_byte < ack.start_byte and b"retry" in (node.text or b"")
        for node in module.descendants(clause, "if_statement")
    )
