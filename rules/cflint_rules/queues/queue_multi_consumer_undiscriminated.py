"""Check `batch.queue` in a Worker that consumes several queues.

All queues of a Worker share one `queue()` handler. Without a check of `batch.queue`, messages of one are
handled as those of another: what failed, and was put in the dead letter queue, is tried once more and then
lost.

## Incorrect

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

```jsonc
{
  "kv_namespaces": [{ "binding": "MAILS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "queues": {
    "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }, { "queue": "mails-failed" }],
  },
}
```

## Correct

```ts
interface Env {
  MAILS: KVNamespace;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      if (batch.queue === "mails-failed") console.error("gave up", message.id);
      else await env.MAILS.put(message.id, JSON.stringify(message.body));
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "MAILS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "queues": {
    "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }, { "queue": "mails-failed" }],
  },
}
```

## What to do

Begin the handler with `switch (batch.queue)`, one case for each queue's name.

## Not reported

Handlers that hand the batch on as a whole, and those that do not look at its messages. Handlers of queues
none of which is the dead letter queue of another, when they decide anything: they may look at what the
messages are.

## Fix safety

There is no fix: only the author knows what to do with the messages of each queue.

Source: https://developers.cloudflare.com/queues/configuration/dead-letter-queues/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassKind,
    Environment,
    Finding,
    Handler,
    Module,
    Severity,
    handler,
    join_names,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_BRANCHES = frozenset({"if_statement", "switch_statement", "ternary_expression"})
_LOGIC = frozenset({"&&", "||", "??", "&&=", "||=", "??="})


@rule(handler("queue"), severity=Severity.WARNING)
def check(found: Handler) -> Iterator[Finding]:
    if found.owner is not None and found.owner.kind is not ClassKind.WORKER_ENTRYPOINT:
        return
    for environment in found.module.environments:
        names = list(
            dict.fromkeys(consumer.queue for consumer in environment.queue_consumers if consumer.queue)
        )
        if len(names) > 1 and not environment.incomplete and environment.is_deployed:
            failed = _dead_letter_queue(environment)
            if _is_blind(found, failed is not None):
                yield _finding(found, environment, names, failed)
            return


def _dead_letter_queue(environment: Environment) -> str | None:
    """A queue of the environment to which another of its queues gives up messages."""
    ends = {consumer.dead_letter_queue for consumer in environment.queue_consumers}
    return next((found.queue for found in environment.queue_consumers if found.queue in ends), None)


def _is_blind(found: Handler, has_dead_letters: bool) -> bool:
    """Whether a handler uses only properties of the batch, and not the name of the queue."""
    module, body = found.module, found.body
    parameters = module.parameters(found.function)
    name = parameters[0].name if parameters else None
    declaration = module.scope.lookup(name, body) if body is not None and name is not None else None
    if body is None or declaration is None or (not has_dead_letters and _decides(module, body)):
        return False
    uses = [use for use in module.scope.references(declaration) if use.id != declaration.node.id]
    names = [_read(module, use) for use in uses]
    return "messages" in names and None not in names and "queue" not in names


def _decides(module: Module, body: Node) -> bool:
    """Whether code does one thing or another, and so may tell the queues apart by what is in a message."""
    for node in js.walk(body):
        if node.type in _BRANCHES:
            return True
        operation, assignment = module.operation(node), module.assignment(node)
        operator = operation.operator if operation is not None else None
        if (assignment.operator if assignment is not None else operator) in _LOGIC:
            return True
    return False


def _read(module: Module, use: Node) -> str | None:
    """The property of the batch that a place reads; None when it does anything else with it."""
    member = module.member_read(use)
    return member.name if member is not None else None


def _finding(found: Handler, environment: Environment, names: list[str], failed: str | None) -> Finding:
    name = found.function.child_by_field_name("name")
    at = name if name is not None else found.function.children[0]
    queues = join_names([f"`{queue}`" for queue in names])
    what = f", of which `{failed}` holds what failed" if failed is not None else ""
    return Finding(
        f"messages of {queues} come here{what}, and the handler does not look at `batch.queue`",
        found.module.at(at),
        tuple(consumer.location.saying("consumed here") for consumer in environment.queue_consumers[:4]),
    )
