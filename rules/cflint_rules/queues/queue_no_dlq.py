"""Give every queue consumer a dead letter queue, which has to be created, too.

A message that fails more often than `max_retries` (3 by default) is deleted for good. With a
`dead_letter_queue` it goes there instead, where it can be looked at and sent again.

## Incorrect

```ts
export default {
  async queue(batch): Promise<void> {
    for (const message of batch.messages) {
      console.log(message.body);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "queues": { "consumers": [{ "queue": "mails" }] },
}
```

## Correct

```ts
export default {
  async queue(batch): Promise<void> {
    for (const message of batch.messages) {
      console.log(message.body);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "queues": { "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }] },
}
```

## Not reported

The consumer of a queue that is a dead letter queue itself, and configurations of tests. Documentation that
shows a `queue()` handler and no configuration gets one note per section.

## Fix safety

Unsafe: each dead letter queue has to be made before the deployment (`npx wrangler queues create QUEUE`),
and somebody has to look at what is in it: what no consumer takes is deleted after four days. Without one,
what keeps failing is gone, as today.

- "messages of the queue `<queue>`": `npx wrangler queues create <queue>-dlq` has to be run before the
  deployment, and somebody has to look at what is in it (what no consumer takes is deleted after four days)

Source: https://developers.cloudflare.com/queues/configuration/dead-letter-queues/
"""

from collections.abc import Iterator

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Project,
    Safety,
    Section,
    Severity,
    Worker,
    config,
    fixes,
    join_names,
    rule,
    section,
    worker,
)

_SHOWN = 4


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    ends = project.memo.memoized("dead letter queues", lambda: _dead_letter_queues(project))
    by_queue: dict[str, list[config.QueueConsumer]] = {}
    for environment in subject.environments:
        if environment.is_open("queues", "consumers"):
            continue
        for consumer in environment.queue_consumers:
            if consumer.node.is_unknown("dead_letter_queue"):
                return  # whose messages end where is not known
            if consumer.queue and consumer.dead_letter_queue is None and consumer.queue not in ends:
                by_queue.setdefault(consumer.queue, []).append(consumer)
    if not by_queue:
        return
    consumers = [consumer for found in by_queue.values() for consumer in found]
    edits = _edits(consumers)
    names = [f"`{queue}`" for queue in by_queue][:_SHOWN]
    if len(by_queue) > _SHOWN:
        names.append(f"{len(by_queue) - _SHOWN} more")
    where = config.in_environments([consumer.environment for consumer in consumers])
    one = len(by_queue) == 1
    whose = "its consumer has" if one else "their consumers have"
    title = f"Send them to `{next(iter(by_queue))}-dlq`" if one else "Give each a dead letter queue"
    yield Finding(
        f"messages of the queue{'' if one else 's'} {join_names(names)} that keep failing are deleted:"
        f" {whose} no `{_key(subject)}`{where}",
        consumers[0].location,
        tuple(found.location for found in consumers[1:]),
        Fix.of(title, edits, Safety.UNSAFE),
    )


def _key(subject: Worker) -> str:
    written = "dead_letter_queue"
    if subject.config is None:
        return written
    return subject.config.spelled("queues", "consumers", 0, written).rpartition(".")[2]


def _dead_letter_queues(project: Project) -> frozenset[str | None]:
    """The dead letter queues of all Workers."""
    return frozenset(
        consumer.dead_letter_queue
        for worker in project.workers
        for environment in worker.environments
        for consumer in environment.queue_consumers
    )


def _edits(consumers: list[config.QueueConsumer]) -> tuple[Edit, ...] | None:
    edits: list[Edit] = []
    for consumer in consumers:
        environment = consumer.environment
        items = environment.source_of("queues").own_items("queues", "consumers")
        index = next(i for i, item in enumerate(items) if item is consumer.node)
        path = environment.path("queues", "consumers", index, "dead_letter_queue")
        made = fixes.set_key(environment.config, path, f"{consumer.queue}-dlq")
        if made is None:
            return None
        edits += made
    return tuple(edits)


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """Documentation that shows a consumer and nothing of how it is configured."""
    entrypoint = project.entrypoints.of(shown.worker)
    if entrypoint is None or "queue" not in entrypoint.handlers:
        return
    if not any(found.queue_consumers for found in shown.elsewhere):
        yield Finding(
            "no configuration is shown: without a `dead_letter_queue`, messages that keep failing are lost",
            entrypoint.places.get("queue", entrypoint.at),
            severity=Severity.NOTE,
        )
