"""Read of a message what is sent: a property that no producer of the queue gives is undefined.

A queue takes any object, and nothing compares what is sent with what `queue()` reads of it. After a property
was renamed on one side the consumer gets `undefined`: the message fails until it is given up, or is handled
without the value.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "mailer",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "queues": {
    "producers": [{ "binding": "MAILS", "queue": "mails" }],
    "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }, { "queue": "mails-failed" }],
  },
}
```

```ts title="index.ts"
interface Env {
  MAILS: Queue;
}

interface Mail {
  to: string;
  subject: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.MAILS.send({ to: new URL(request.url).pathname, title: "Welcome" });
    return new Response("sent");
  },
  async queue(batch): Promise<void> {
    if (batch.queue === "mails-failed") return console.error("given up", batch.messages);
    for (const message of batch.messages) {
      const mail = message.body as Mail;
      console.log(mail.to, mail.subject);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "mailer",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "queues": {
    "producers": [{ "binding": "MAILS", "queue": "mails" }],
    "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }, { "queue": "mails-failed" }],
  },
}
```

```ts title="index.ts"
interface Mail {
  to: string;
  subject: string;
}

interface Env {
  MAILS: Queue<Mail>;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.MAILS.send({ to: new URL(request.url).pathname, subject: "Welcome" });
    return new Response("sent");
  },
  async queue(batch): Promise<void> {
    if (batch.queue === "mails-failed") return console.error("given up", batch.messages);
    for (const message of batch.messages) {
      const mail = message.body as Mail;
      console.log(mail.to, mail.subject);
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Have the producer send the property that is read, at each place that is shown: what the consumer does needs
it. Only if the producer has it under another name already, read that name here.

## Not reported

Queues to which something is sent that is not written out where it is sent (a spread, a parameter, a binding
that is handed on), those without a producer in the workspace, and Workers of which not all code is seen.
Properties that the code asks for (`mail.note ?? ""`, `if (mail.note)`), that the type says may be absent, or
that events of the platform have (`object`, `payload`, …). Behind `switch (mail.kind)` and the like only
messages of that kind count; behind a condition of another sort nothing is said. Messages that come from
other repositories or over HTTP are not known: they may have what is missing here.

## Fix safety

No fix: which of the two is to change is not known.

Source: https://developers.cloudflare.com/queues/configuration/javascript-apis/#message
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Module,
    Project,
    Severity,
    Worker,
    join_names,
    js,
    quoted,
    rule,
    worker,
)


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    consumed = _consumed(subject)
    if not consumed:
        return
    failing = project.memo.memoized("queues by their dead letter queue", lambda: _failing(project))
    feeding = {queue: _with_failing(queue, failing) for queue in consumed}
    found = {queue: js.sent_to_queues(project, queues) for queue, queues in feeding.items()}
    if not all(senders.complete and senders.sent for senders in found.values()):
        return  # somebody else sends, or something else is sent
    sent = tuple(one for senders in found.values() for one in senders.sent)
    paths = js.running_paths(subject)
    reads = [
        read
        for module, bodies in js.message_bodies(project, paths)
        if _is_its_own(module, subject)
        for read in js.reads_of(module, bodies)
        if read.name not in js.QUEUE_EVENT_KEYS
    ]
    names = join_names([quoted(queue) for queue in consumed], 3)
    for read, senders in js.unsent(project, subject, reads, sent):
        yield Finding(
            f"nothing that is sent to {names} has {quoted(read.name)}: it is undefined here",
            read.module.at(read.node),
            tuple(one.module.at(one.node or one.call, "sent here") for one in senders[:3]),
        )


def _consumed(subject: Worker) -> tuple[str, ...]:
    """The queues whose messages come to a Worker; none where that is not all known."""
    queues: dict[str, None] = {}
    for environment in subject.environments:
        if environment.is_open("queues", "consumers"):
            return ()
        for consumer in environment.queue_consumers:
            type = consumer.node.get("type")
            if consumer.queue is None:
                return ()
            if type is None or type.text != "http_pull":
                queues[consumer.queue] = None
    return tuple(queues)


def _failing(project: Project) -> Mapping[str, frozenset[str]]:
    """The queues whose messages end in a dead letter queue, by its name."""
    found: dict[str, set[str]] = {}
    for each in project.workers:
        for environment in each.environments:
            for consumer in environment.queue_consumers:
                if consumer.queue and consumer.dead_letter_queue:
                    found.setdefault(consumer.dead_letter_queue, set()).add(consumer.queue)
    return {queue: frozenset(others) for queue, others in found.items()}


def _with_failing(queue: str, failing: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """A queue, and those of which it gets messages that failed."""
    found, todo = {queue}, [queue]
    while todo:
        for other in failing.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return frozenset(found)


def _is_its_own(module: Module, subject: Worker) -> bool:
    """Whether no other Worker that consumes queues runs a module: what that gets is another matter."""
    others = (other for other in module.workers if other is not subject)
    return not any(environment.queue_consumers for other in others for environment in other.environments)
