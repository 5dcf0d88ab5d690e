"""Configure what calls a `queue()` or `scheduled()` handler.

A `queue()` handler runs only when the configuration makes this Worker a consumer of a queue, and
`scheduled()` only when it sets cron triggers. With neither the handler is dead code, and what is sent to the
queue piles up.

## Incorrect

```ts
export default {
  async fetch(request, env): Promise<Response> {
    await env.MAILS.send({ path: new URL(request.url).pathname });
    return new Response(null, { status: 202 });
  },
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
  "queues": {
    "producers": [{ "binding": "MAILS", "queue": "mails" }],
  },
}
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    await env.MAILS.send({ path: new URL(request.url).pathname });
    return new Response(null, { status: 202 });
  },
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
  "queues": {
    "producers": [{ "binding": "MAILS", "queue": "mails" }],
    "consumers": [{ "queue": "mails", "dead_letter_queue": "mails-failed" }],
  },
}
```

## What to do

- "`scheduled()`": Decide whether the job is to run. Unless something says so, delete the handler: nothing
  calls it today. To have it run, add `"triggers": { "crons": ["0 * * * *"] }` with your schedule to the
  configuration: it starts with the next deployment.
- "`queue()`": Decide whether the queue is to be consumed. Unless something sends to one for this Worker,
  delete the handler: nothing calls it today. To have it run, add `"queues": { "consumers": [{ "queue":
  "QUEUE" }] }` with its name to the configuration: it gets what was sent, from the next deployment on.

## Not reported

Workers without a configuration; those whose configuration has the consumer or the cron trigger in a comment:
it is off on purpose. Where the configuration has no `queues` (or `triggers`) at all, the consumer
or the cron trigger may have been added elsewhere: this is only a note. Documentation that shows such a
handler and no configuration gets one note per section.

## Fix safety

Unsafe: the Worker becomes a consumer of the one queue that it sends to. A queue can have only one consumer.

Source: https://developers.cloudflare.com/queues/configuration/configure-queues/
"""

import re
from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Section,
    Severity,
    Worker,
    config,
    fixes,
    pattern,
    rule,
    section,
    worker,
)

_CRONS = pattern(rb"^[ \t]*(?:#|//)[^\n]*\bcrons\b", re.MULTILINE)
_QUEUES = pattern(rb"^[ \t]*(?:#|//)[^\n]*\b(?:queues\.)?consumers\b", re.MULTILINE)
"""Entries of a configuration that are commented out."""


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    entrypoint = project.entrypoints.of(subject)
    if entrypoint is None:
        return
    environments = _environments(subject, project)
    has_queues = any(found.queue_consumers or found.is_open("queues", "consumers") for found in environments)
    if "queue" in entrypoint.handlers and not has_queues and not _is_switched_off(subject, _QUEUES):
        is_named = any(found.own("queues") is not None for found in environments)
        yield _queue(subject, entrypoint, None if is_named else Severity.NOTE)
    has_crons = any(found.crons or found.is_open("triggers", "crons") for found in environments)
    if "scheduled" in entrypoint.handlers and not has_crons and not _is_switched_off(subject, _CRONS):
        yield Finding(
            "`scheduled()` is never called: no environment has cron triggers"
            f" (`{_spelled(subject, 'triggers', 'crons')}`)",
            entrypoint.places.get("scheduled", entrypoint.at),
            (subject.config.top.place.saying("its configuration"),) if subject.config is not None else (),
            severity=None
            if any(found.own("triggers") is not None for found in environments)
            else Severity.NOTE,
        )


def _is_switched_off(subject: Worker, entry: re.Pattern[bytes]) -> bool:
    """Whether a comment of the configuration has the entry that calls the handler: it is off on purpose, or
    there to be switched on by who copies the Worker."""
    return subject.config is not None and entry.search(subject.config.document.data) is not None


def _environments(subject: Worker, project: Project) -> list[Environment]:
    """The environments of all configurations that deploy the code of a Worker: one may be for tests alone."""
    same = (found for found in project.workers if not set(found.entries).isdisjoint(subject.entries))
    return [environment for found in same for environment in found.environments]


def _spelled(subject: Worker, *path: str) -> str:
    return subject.config.spelled(*path) if subject.config is not None else ".".join(path)


def _queue(subject: Worker, entrypoint: config.Entrypoint, severity: Severity | None) -> Finding:
    configuration = subject.config
    assert configuration is not None
    producers = [found for environment in subject.environments for found in environment.bindings_of("queue")]
    top = {found.queue for found in configuration.top.bindings_of("queue") if found.queue}
    edits = None
    if len(top) == 1:
        edits = fixes.append_item(configuration, ("queues", "consumers"), {"queue": next(iter(top))})
    return Finding(
        "`queue()` is never called: this Worker is no consumer of a queue"
        f" (`{_spelled(subject, 'queues', 'consumers')}`)",
        entrypoint.places.get("queue", entrypoint.at),
        tuple(Location(found.location.document, found.name_span, "it sends here") for found in producers)
        or (configuration.top.place.saying("its configuration"),),
        Fix(f"Consume the queue `{next(iter(top))}`", edits, Safety.UNSAFE) if edits else None,
        severity,
    )


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """Documentation that shows such a handler has to say what calls it."""
    entrypoint = project.entrypoints.of(shown.worker)
    if entrypoint is None:
        return
    needed = []
    if "queue" in entrypoint.handlers and not any(found.queue_consumers for found in shown.elsewhere):
        needed.append(("queue", "make this Worker a consumer of its queue (`queues.consumers`)"))
    if "scheduled" in entrypoint.handlers and not any(found.crons for found in shown.elsewhere):
        needed.append(("scheduled", "set the cron triggers (`triggers.crons`)"))
    if needed:
        what = " and ".join(text for _, text in needed)
        yield Finding(
            f"no configuration is shown: it has to {what}",
            entrypoint.places.get(needed[0][0], entrypoint.at),
            severity=Severity.NOTE,
        )
