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
from posixpath import basename, dirname

from cflint.api import PREVIEW, Documents, Finding, Project, Severity, Worker, rule, worker

_MOST = 3
"""A name that more Workers have is that of none: nobody deploys them."""


@rule(
    worker(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    config = subject.config
    name = config.top.own("name") if config is not None and _is_somebodys(subject) else None
    if config is None or name is None or not name.text:
        return
    named = project.memo.memoized("Workers that share a name", lambda: _by_name(project)).get(name.text, ())
    for other in named:
        if other is subject:
            return  # the first of them keeps the name
        first = other.config.top.own("name") if other.config is not None else None
        if other.config is None or first is None or not _are_two(subject, other):
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
        if it.config is not None and it.name and not it.is_document and _is_somebodys(it):
            found.setdefault(it.name, []).append(it)
    return {
        name: tuple(sorted(several, key=_order))
        for name, several in found.items()
        if 1 < len(several) <= _MOST
    }


def _order(it: Worker) -> tuple[bool, str]:
    assert it.config is not None
    return it.config.role.is_shown, it.config.path


def _is_somebodys(it: Worker) -> bool:
    """Whether a Worker is deployed from where it is, and is no Pages project."""
    if it.config is None or not it.config.role.is_deployed or it.config.role.name == "EXAMPLE":
        return False
    return it.config.top.value("pages_build_output_dir") is None


def _are_two(one: Worker, other: Worker) -> bool:
    """Whether two configurations with the same name are of different Workers."""
    if one.config is None or other.config is None or set(one.entries) & set(other.entries):
        return False
    folder, beside = dirname(one.config.path), dirname(other.config.path)
    if basename(folder) == basename(beside) or _is_within(folder, beside) or _is_within(beside, folder):
        return False
    accounts = {
        account.text
        for it in (one.config, other.config)
        if (account := it.top.value("account_id")) is not None
    }
    return len(accounts) < 2


def _is_within(folder: str, above: str) -> bool:
    return above == "" or f"{folder}/".startswith(f"{above}/")
