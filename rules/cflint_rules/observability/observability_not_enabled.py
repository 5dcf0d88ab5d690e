"""Switch on observability, so that logs exist when something fails.

Without `observability` nothing keeps what a deployed Worker logs: exceptions and `console.log()` lines are
lost, unless `wrangler tail` runs at that moment.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler;
```

```jsonc
{
  "name": "hello",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
}
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("hello");
  },
} satisfies ExportedHandler;
```

```jsonc
{
  "name": "hello",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## Not reported

Configurations with no `main` (nothing runs), of Pages and of tests; those below `demos/` and `playground/`,
which run for a moment, if at all. Workers whose logs go elsewhere:
`logpush`, `tail_consumers`, `streaming_tail_consumers`, or `observability` with only its `logs` or `traces`
enabled. A named environment inherits the key, so it is only reported when it switches off what the top level
switches on; not where commands only run it locally (`wrangler dev --env local`).

## Fix safety

Unsafe: stored logs count against a quota and may cost money. An older wrangler than 3.77 ignores the key.

Source: https://developers.cloudflare.com/workers/observability/logs/workers-logs/,
https://github.com/cloudflare/workers-sdk/pull/6668 (the first wrangler that takes the key)
"""

from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    rule,
    worker,
)

_TELLING = (
    ("observability", "enabled"),
    ("observability", "logs", "enabled"),
    ("observability", "traces", "enabled"),
    ("logpush",),
    ("tail_consumers",),
    ("streaming_tail_consumers",),
)
"""What may say that somebody gets the logs."""
_TAKES = (3, 77, 0)
"""The first wrangler that takes `observability`; older ones ignore it."""
_TITLE_IF_OLDER = "Switch on observability: this needs wrangler 3.77 or newer, which the project has not yet"


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    wrangler_config = subject.config
    if wrangler_config is None or wrangler_config.is_pages or config.is_demo_path(wrangler_config.path):
        return
    dark = [found for found in subject.environments if found.is_deployed and _is_dark(found, subject)]
    if not dark:
        return
    first = dark[0]
    if first.name is not None and first.own("observability") is None:
        return  # each of these inherits from a top level that is not deployed, or says more
    fix = None
    own = first.own("observability")
    logs = own.get("logs") if own is not None else None
    key = ("logs", "enabled") if logs is not None else ("enabled",)  # what its logs say goes first
    edits = fixes.set_key(wrangler_config, first.path("observability", *key), True)
    if edits:
        is_older = config.is_older(project.workspace, wrangler_config.directory, "wrangler", _TAKES)
        title = _TITLE_IF_OLDER if is_older else "Switch on observability"
        fix = Fix(title, edits, Safety.UNSAFE)
    at = first.place if own is None else first.location(own)
    others = tuple(
        environment.location(node)
        for environment in dark[1:]
        if (node := environment.own("observability")) is not None
    )
    state = "is switched off" if own is not None else "is not enabled"
    yield Finding(
        f"observability {state}{config.in_environments(dark)}, so logs and errors are not kept",
        at,
        others,
        fix,
    )


def _is_dark(environment: Environment, subject: Worker) -> bool:
    """Whether a Worker is deployed from here and nothing gets its logs."""
    if any(environment.is_open(*path) for path in _TELLING):
        return False
    if environment.main is None:
        whole = subject.is_document and environment.name is None and environment.config.name is not None
        if not whole:
            return False  # a page may leave out `main`, but a part of a configuration says nothing
    if _is_true(environment.value("logpush")):
        return False
    if environment.tail_consumers:
        return False
    node = environment.value("observability")
    if node is None:
        return True
    parts = (node, node.get("logs"), node.get("traces"))
    return not any(part is not None and _is_true(part.get("enabled")) for part in parts)


def _is_true(node: config.ConfigNode | None) -> bool:
    return node is not None and node.kind is config.NodeKind.BOOLEAN and node.value is True
