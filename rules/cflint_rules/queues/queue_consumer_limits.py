"""Keep the settings of queue consumers within the limits of the platform.

A consumer gets 1 to 100 messages at a time, waits up to 60 seconds for them, and tries each up to 100 times
more; up to 250 of it run at the same time, and a message can be delayed by 12 hours. A value beyond these
limits is refused when the Worker is deployed, or when the message is sent. A queue whose dead letter queue is
itself never gets rid of a message that fails.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "queues": {
    "consumers": [{ "queue": "mail", "max_batch_size": 500, "dead_letter_queue": "mail" }]
  }
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "queues": {
    "consumers": [{ "queue": "mail", "max_batch_size": 100, "dead_letter_queue": "mail-failed" }]
  }
}
```

## What to do

It is refused when the Worker is deployed, or the message sent.

- "in milliseconds": Write seconds: the number divided by 1,000.
- "12 hours": Write 43200 at most. For later, keep the time in the message, and send it on with another delay
  when it comes.
- "the queue itself": Name another queue, and make it with `npx wrangler queues create NAME`: what fails for
  good goes round for ever otherwise.
- "two entries": Delete one of the two, and keep the settings that are meant.

## Not reported

A delay between 12 and 24 hours gets a note: the documentation allows 12, the local simulator 24.

## Fix safety

Safe: the number becomes the nearest one that is allowed.

Source: https://developers.cloudflare.com/queues/platform/limits/
"""

from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    ValueKind,
    call,
    config,
    environment,
    fixes,
    rule,
)

_RANGES = {
    "max_batch_size": (1, 100, "messages"),
    "max_batch_timeout": (0, 60, "seconds"),
    "max_retries": (0, 100, "retries"),
    "max_concurrency": (1, 250, "invocations"),
    "retry_delay": (0, 86_400, "seconds"),
}
_DOCUMENTED_DELAY = 43_200
_LONGEST_DELAY = 86_400


@rule(environment(), severity=Severity.WARNING, fix=Safety.SAFE)
def check(found: Environment) -> Iterator[Finding]:
    seen: dict[str, config.ConfigNode] = {}
    for index, consumer in enumerate(found.queue_consumers):
        queue = consumer.node.get("queue")
        for key, (least, most, unit) in _RANGES.items():
            node = consumer.node.get(key)
            number = node.number if node is not None else None
            if node is None or number is None:
                continue
            name = found.spelled("queues", "consumers", index, key).rpartition(".")[2]
            if least <= number <= most:
                if key == "retry_delay" and number > _DOCUMENTED_DELAY:
                    yield Finding(
                        f"`{name}` of {number} seconds is more than the 12 hours that are documented",
                        found.location(node),
                        severity=Severity.NOTE,
                    )
                continue
            nearest = most if number > most else least
            path = _path(found, index)
            edits = fixes.set_key(found.config, (*path, key), nearest) if path is not None else None
            yield Finding(
                f"`{name}` is {number}, and has to be from {least} to {most} {unit}",
                found.location(node),
                fix=Fix.of(f"Set `{name}` to {nearest}", edits, Safety.SAFE),
            )
        if queue is None or not queue.text:
            continue
        letters = consumer.node.get("dead_letter_queue")
        if letters is not None and letters.text == queue.text:
            yield Finding(
                f"the dead letter queue of `{queue.text}` is the queue itself: what fails never leaves it",
                found.location(letters),
            )
        if queue.text in seen:
            yield Finding(
                f"`{queue.text}` has two entries as consumer of this Worker; a queue has one",
                found.location(queue),
                (found.location(seen[queue.text]).saying("the other one"),),
            )
        seen.setdefault(queue.text, queue)


def _path(found: Environment, index: int) -> tuple[str | int, ...] | None:
    """The path of a consumer; None when the list holds something else before it."""
    consumers = found.own_items("queues", "consumers")
    if not consumers or any(item.kind is not config.NodeKind.OBJECT for item in consumers):
        return None
    return found.path("queues", "consumers", index)


@check.on(call("send", "sendBatch", "retry", "retryAll"))
def check_delays(match: Match) -> Iterator[Finding]:
    """`delaySeconds` in code."""
    value = match.receiver_value
    sends = match.word in ("send", "sendBatch") and value.is_binding("queue")
    retries = match.word == "retry" and value.kind is ValueKind.MESSAGE
    retries = retries or (match.word == "retryAll" and value.kind is ValueKind.MESSAGE_BATCH)
    if not (sends or retries) or len(match.arguments) <= sends:
        return
    module = match.module
    written = module.property_value(match.arguments[1 if sends else 0], "delaySeconds")
    seconds = module.number(written) if written is not None else None
    if written is None or seconds is None or 0 <= seconds <= _DOCUMENTED_DELAY:
        return
    if seconds < 0:
        yield Finding("`delaySeconds` cannot be negative", match.at(written))
        return
    hint = "; is it in milliseconds?" if seconds % 1000 == 0 and seconds > _LONGEST_DELAY else ""
    yield Finding(
        f"`delaySeconds` of {seconds:g} is more than 12 hours{hint}",
        match.at(written),
        severity=Severity.NOTE if seconds <= _LONGEST_DELAY else None,
    )
