"""Let something take what arrives in a dead letter queue: without a consumer it is deleted after four days.

A dead letter queue is a queue like any other: it keeps its messages for four days, unless it is set up
otherwise, and drops them then. Where no Worker consumes it, what failed is lost as it would be without the
queue, only later, unless somebody looks into the dashboard in time.

## Incorrect

```ts title="src/index.ts"
export default {
  async queue(batch): Promise<void> {
    for (const message of batch.messages) {
      console.log(message.body);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "queues": { "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }] },
}
```

## Correct

```ts title="src/index.ts"
export default {
  async queue(batch): Promise<void> {
    for (const message of batch.messages) {
      if (batch.queue === "orders-failed") console.error("given up", message.id, message.body);
      else console.log(message.body);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "queues": {
    "consumers": [
      { "queue": "orders", "dead_letter_queue": "orders-failed" },
      { "queue": "orders-failed" },
    ],
  },
}
```

## What to do

Add a consumer of the queue that says what failed, and acknowledges it. Only if another repository, a pull
consumer or a person takes the messages, keep it as it is.

- "consumes `<queue>`": Add it to the consumers of this Worker, `"queues": { "consumers": [{ "queue":
  "<queue>" }] }` behind those that are there, and begin `queue()` with `if (batch.queue === "<queue>") { for
  (const message of batch.messages) { console.error("failed for good", message.id, message.body);
  message.ack(); } return; }`, or with what keeps them (a row of D1, an object in R2) in place of
  `console.error()`. Only if another repository, a pull consumer or a person takes the messages, keep it as it
  is.

## Not reported

Queues that a Worker of the project consumes, in any environment; configurations of tests; projects of which a
configuration could not be read.

## Fix safety

There is no fix: what is to happen to messages that failed is up to you.

Source: https://developers.cloudflare.com/queues/configuration/dead-letter-queues/
"""

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Project,
    Severity,
    Worker,
    config,
    join_names,
    rule,
    worker,
)

_MOST_NAMES = 4


@rule(worker(), severity=Severity.NOTE, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    taken = project.memo.memoized("queues that are consumed", lambda: _consumed(project))
    if taken is None:
        return  # somebody takes messages of queues that are not known
    unread: dict[str, config.QueueConsumer] = {}
    for environment in subject.environments:
        for consumer in environment.queue_consumers:
            queue = consumer.dead_letter_queue
            if queue and queue not in taken:
                unread.setdefault(queue, consumer)
    if not unread:
        return
    names = join_names([f"`{queue}`" for queue in unread], _MOST_NAMES)
    first, *others = (
        found.environment.location(found.node.get("dead_letter_queue") or found.node)
        for found in unread.values()
    )
    yield Finding(
        f"no Worker of the project consumes {names}: what fails is deleted there unseen, by default after"
        " four days",
        first,
        tuple(others),
    )


def _consumed(project: Project) -> frozenset[str] | None:
    """The queues of which a Worker takes the messages; None where they are not all known."""
    found: set[str] = set()
    for one in project.workers:
        for environment in one.environments:
            if environment.is_open("queues", "consumers"):
                return None
            found.update(consumer.queue for consumer in environment.queue_consumers if consumer.queue)
    return frozenset(found)
