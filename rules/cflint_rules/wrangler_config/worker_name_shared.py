"""Give each Worker of a repository a name of its own.

A Worker is known to its account by its name. Two configurations with one `name` are two versions of one
Worker: whichever is deployed last takes the place of the other, with its routes and its bindings.

## Incorrect

```jsonc
// mailer/wrangler.jsonc
{
  "name": "jobs",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

```ts
// mailer/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("mail");
  },
} satisfies ExportedHandler;
```

```jsonc
// reports/wrangler.jsonc
{
  "name": "jobs",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

```ts
// reports/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("report");
  },
} satisfies ExportedHandler;
```

## Correct

```jsonc
// mailer/wrangler.jsonc
{
  "name": "jobs-mailer",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

```ts
// mailer/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("mail");
  },
} satisfies ExportedHandler;
```

```jsonc
// reports/wrangler.jsonc
{
  "name": "jobs-reports",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true }
}
```

```ts
// reports/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("report");
  },
} satisfies ExportedHandler;
```

## What to do

Give the Worker another `name`, and the same name in the `services`, `script_name` and `tail_consumers` of
those that mean it.

## Not reported

Configurations of one folder or of folders within each other, which are often ways to deploy the same Worker,
and those of folders with the same name (`stage-1/api`, `stage-2/api`); examples, templates and tests; those
of different accounts or with the same `main`; Pages projects, which have names of their own; names that more
than three Workers have.

## Fix safety

No fix: the name is a choice, and others may refer to it.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#inheritable-keys
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import Documents, Finding, Project, Severity, Worker, rule, worker
from cflint_rules.wrangler_config._workers import are_two, is_somebodys, order_of

_MOST = 3
"""A name that more Workers have is that of none: nobody deploys them."""


@rule(
    worker(),
    severity=Severity.WARNING,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    config = subject.config
    name = config.top.own("name") if config is not None and is_somebodys(subject) else None
    if config is None or name is None or not name.text:
        return
    named = project.memo.memoized("Workers that share a name", lambda: _by_name(project)).get(name.text, ())
    for other in named:
        if other is subject:
            return  # the first of them keeps the name
        first = other.config.top.own("name") if other.config is not None else None
        if other.config is None or first is None or not are_two(subject, other):
            continue
        yield Finding(
            f"another Worker is called `{name.text}`, too: the one that is deployed last takes the place of"
            " the other",
            config.top.location(name),
            (other.config.top.location(first).saying("the other one"),),
        )
        return


def _by_name(project: Project) -> Mapping[str, tuple[Worker, ...]]:
    """The Workers that have a configuration each, by their names; what is there to be shown comes last."""
    found: dict[str, list[Worker]] = {}
    for it in project.workers:
        if it.config is not None and it.name and not it.is_document and is_somebodys(it):
            found.setdefault(it.name, []).append(it)
    return {
        name: tuple(sorted(several, key=order_of))
        for name, several in found.items()
        if 1 < len(several) <= _MOST
    }
