"""Send to the queue that a consumer handles under a condition only: else one message keeps it busy for ever.

A consumer that sends a message to its own queue for each that it gets, or to a queue whose consumer sends it
back, never comes to an end. One message in the queue is enough, each turn is billed as a write, a read and a
delete, and where more is sent than came the queue grows until it is full.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "poller",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "queues": {
    "producers": [{ "binding": "POLLS", "queue": "polls" }],
    "consumers": [{ "queue": "polls", "dead_letter_queue": "polls-failed" }],
  },
}
```

```ts title="index.ts"
interface Env {
  POLLS: Queue;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      console.log(message.id);
      await env.POLLS.send(message.body);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "poller",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "queues": {
    "producers": [{ "binding": "POLLS", "queue": "polls" }],
    "consumers": [{ "queue": "polls", "dead_letter_queue": "polls-failed" }, { "queue": "polls-failed" }],
  },
}
```

```ts title="index.ts"
interface Poll {
  left: number;
}

interface Env {
  POLLS: Queue<Poll>;
}

export default {
  async queue(batch: MessageBatch<Poll>, env): Promise<void> {
    if (batch.queue === "polls-failed") return console.error("given up", batch.messages);
    for (const message of batch.messages) {
      const { left } = message.body;
      if (left > 0) await env.POLLS.send({ left: left - 1 });
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Count the rounds in the message, and stop: `if (round < 10) await queue.send({ ...message.body, round: round +
1 })`, with `const round = message.body.round ?? 0` before it. Where a message is to be tried again as it is,
`message.retry({ delaySeconds: 60 })` in its place: that ends after `max_retries`.

## Not reported

Messages that are sent under any condition, in a loop over something else than the batch, or behind a
statement that may leave, and batches that may be empty. Two queues that send to each other count when both
consumers are in the workspace. With options (`delaySeconds`) it may be a clock that is meant: a note.

## Fix safety

No fix: when to stop is up to you. `message.retry({ delaySeconds })` has the same message come again, so many
times as `max_retries` says.

Source: https://developers.cloudflare.com/queues/platform/pricing/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Worker,
    js,
    quoted,
    rule,
    worker,
)


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    own = {consumer.queue for environment in subject.environments for consumer in environment.queue_consumers}
    if not own:
        return
    steps = js.queue_steps(project)
    seen: set[Location] = set()
    for step in steps:
        if step.source[0] not in own or step.at in seen or step.at.document.path not in subject.modules:
            continue
        chain = js.way_back(steps, step)
        if chain is None:
            continue
        seen.add(step.at)
        others = [one for one in chain[1:] if one.at != step.at]
        way = f", whose consumer sends to {quoted(step.source[0])} again" if others else ""
        which = quoted(step.target[0])
        yield Finding(
            f"each message of {quoted(step.source[0])} sends one to {which}{way}: it never ends",
            step.at,
            (*_consumers(subject, step.source[0]), *(one.at.saying("sent back here") for one in others[:3])),
            severity=Severity.NOTE if any(one.is_delayed for one in chain) else None,
        )


def _consumers(subject: Worker, queue: str) -> tuple[Location, ...]:
    found = (
        consumer.location.saying("consumed here")
        for environment in subject.environments
        for consumer in environment.queue_consumers
        if consumer.queue == queue
    )
    return tuple(dict.fromkeys(found))[:1]
