"""See to it that nothing is sent any more to a route, domain, schedule or queue that is removed.

A deployment removes what the configuration no longer has: requests to the route go elsewhere, the schedule
ends. Messages stay in a queue without a consumer until they expire.

## Incorrect

```jsonc title="base/wrangler.jsonc"
{
  "name": "shop",
  "queues": { "consumers": [{ "queue": "orders", "dead_letter_queue": "dead" }, { "queue": "dead" }] },
}
```

```jsonc title="wrangler.jsonc"
{ "name": "shop" }
```

## Correct

```jsonc title="base/wrangler.jsonc"
{
  "name": "shop",
  "queues": { "consumers": [{ "queue": "orders", "dead_letter_queue": "dead" }, { "queue": "dead" }] },
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "queues": { "consumers": [{ "queue": "orders", "dead_letter_queue": "dead" }, { "queue": "dead" }] },
}
```

## Not reported

What another Worker of the project has taken over. Needs a base: `cflint check --base REV`, or `cflint diff`.

## Fix safety

No fix: it is for information.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/
"""

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Change,
    Documents,
    Environment,
    Finding,
    Project,
    Severity,
    change,
    config,
    quoted,
    rule,
)


@rule(change(), severity=Severity.NOTE, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change, project: Project) -> Iterator[Finding]:
    for before, after in subject.environments:
        if after.is_open("routes") or after.is_open("triggers") or after.is_open("queues"):
            continue  # there may be more than is known
        for kind, name in config.incoming_of(before) - config.incoming_of(after):
            if kind == "schedule" or not _has_taken_over(project, after, kind, name):
                yield Finding(f"the {kind} {quoted(name)} of the base is no longer there", after.place)


def _has_taken_over(project: Project, mine: Environment, kind: str, name: str) -> bool:
    return any(
        (kind, name) in config.incoming_of(environment)
        for worker in project.workers
        for environment in worker.environments
        if environment is not mine
    )
