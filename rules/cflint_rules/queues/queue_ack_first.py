"""Acknowledge a message when the work is done, not before it: what fails afterwards is lost.

`ack()` says that a message is done with. What throws after it, in the same turn or later in the batch, cannot
take that back: the queue delivers the message no more, and the work is half done.

## Incorrect

```ts
interface Env {
  EVENTS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      message.ack();
      await env.EVENTS.put(message.id, JSON.stringify(message.body));
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  EVENTS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      await env.EVENTS.put(message.id, JSON.stringify(message.body));
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Move `message.ack()` behind the last `await` of the work, in its own `try`: `catch (error) {
console.error(error); message.retry(); }`. An early `return` calls it first. What fails in between is done
again.

## Not reported

What follows in another branch, or after code has noted that the work is done (`await completeJob(id)`), or is
no call of a service or of a function of the project that may throw; what stands in a `try` of its own; a
message that is skipped, where `continue` or `return` comes right after.

## Fix safety

There is no fix: what else depends on the order is up to the author.

Source: https://developers.cloudflare.com/queues/configuration/batching-retries/#explicit-acknowledgement-and-retries
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_FINALLY = frozenset({"finally_clause"})
_OF_BATCH = frozenset({ValueKind.MESSAGE, ValueKind.MESSAGE_BATCH})

_ENDS_WORK = pattern(
    r"^(?:complete|finish|finali[sz]e|mark(?:As)?(?:Done|Complete|Processed|Finished))(?=[A-Z]|$)"
)
"""Names of functions that note that the work for a message is done."""


@rule(call("ack", "ackAll"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or match.receiver_value.kind not in _OF_BATCH or not module.is_run:
        return
    if match.arguments:
        return
    loop = module.loop_around(match.node)
    if _is_done(module, match.node, loop if loop is not None else function):
        return
    within = loop if loop is not None else function
    for node in module.descendants(within, "await_expression"):
        if node.start_byte < match.node.end_byte or not _is_work(module, node):
            continue
        if module.enclosing_function(node) != function or module.loop_around(node) != loop:
            continue
        if module.enclosing(node, _FINALLY) is not None:
            continue  # which tidies up after the work
        if module.try_around(node, function) != module.try_around(match.node, function):
            continue
        if js.can_reach(module, match.node, node):
            yield Finding(
                "this is acknowledged before the work: when that fails, the message is lost",
                match.at(match.node),
                (module.at(node, "this may still fail"),),
            )
            return


def _is_done(module: Module, ack: Node, within: Node) -> bool:
    """Whether code has said before that the work is done (`await completeJob(…)`): what follows only tells of
    it."""
    for node in module.descendants(within, "await_expression"):
        if node.end_byte > ack.start_byte:
            return False
        made = module.call(node.named_children[0]) if node.named_children else None
        if made is not None and _ENDS_WORK.search(made.name or "") and js.can_reach(module, node, ack):
            return True
    return False


def _is_work(module: Module, node: Node) -> bool:
    """Whether what is awaited is a call of a service, of an ORM, or of a function of the project."""
    made = module.call(node.named_children[0]) if node.named_children else None
    if made is None or made.is_new:
        return False
    if module.service_call(made.node) is not None or module.orm_statement(made.node) is not None:
        return True
    called = js.function_called(module, made.node)
    return called is not None and not called[0].catches_everything(called[1])
