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
    Severity,
    config,
    handler,
    join_names,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DECIDES = pattern(rb"\b(?:if|switch)\b|\?\?|&&|\|\||\s\?\s")


@rule(handler("queue"), severity=Severity.WARNING)
def check(found: Handler) -> Iterator[Finding]:
    if found.owner is not None and found.owner.kind is not ClassKind.WORKER_ENTRYPOINT:
        return
    for environment in found.module.environments:
        names = list(
            dict.fromkeys(consumer.queue for consumer in environment.queue_consumers if consumer.queue)
        )
        if (
            len(names) > 1
            and not environment.incomplete
            and not config.is_test_config(environment.config.path)
        ):
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
    parameter = found.parameters[0] if found.parameters else None
    name = parameter.child_by_field_name("pattern") or parameter if parameter is not None else None
    if body is None or name is None or name.type != "identifier":
        return False
    if not has_dead_letters and _DECIDES.search(module.document.data, body.start_byte, body.end_byte):
        return False
    declaration = module.scope.lookup(module.text(name), body)
    if declaration is None:
        return False
    names = [_read(found, use) for use in module.scope.references(declaration) if use.id != name.id]
    return "messages" in names and None not in names and "queue" not in names


def _read(found: Handler, use: Node) -> str | None:
    """The property of the batch that a place reads; None when it does anything else with it."""
    access = found.module.parent(found.module.with_wrappers(use))
    name = access.child_by_field_name("property") if access is not None else None
    if access is None or name is None or access.type != "member_expression":
        return None
    return found.module.text(name)


def _finding(found: Handler, environment: Environment, names: list[str], failed: str | None) -> Finding:
    name = found.function.child_by_field_name("name")
    at = name if name is not None else found.function.children[0]
    quoted = join_names([f"`{queue}`" for queue in names])
    what = f", of which `{failed}` holds what failed" if failed is not None else ""
    return Finding(
        f"messages of {quoted} come here{what}, and the handler does not look at `batch.queue`",
        found.module.at(at),
        tuple(consumer.location.saying("consumed here") for consumer in environment.queue_consumers[:4]),
    )
