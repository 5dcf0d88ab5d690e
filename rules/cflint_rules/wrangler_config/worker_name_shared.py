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

If one of the two is an older state of the other, delete its folder. Otherwise both are meant: write the
`name` `FRESH` here, and the same name in the `services`, `script_name` and `tail_consumers` of those that
mean this one, and set its secrets again.

## Not reported

Configurations of one folder or of folders within each other, which are often ways to deploy the same Worker,
and those of folders with the same name (`stage-1/api`, `stage-2/api`); examples, templates and tests; those
of different accounts or with the same `main`; Pages projects, which have names of their own; names that more
than three Workers have.

## Fix safety

Unsafe: a new Worker is deployed under the new name, without the secrets and the Durable Objects of the old
one; if one of the two is an older state of the other, delete its folder instead. There is no fix where
another configuration speaks of the name.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#inheritable-keys
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import dirname

from cflint.api import (
    Documents,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    pattern,
    rule,
    worker,
)
from cflint_rules.wrangler_config._workers import are_two, is_somebodys, order_of

_MOST = 3
"""A name that more Workers have is that of none: nobody deploys them."""
_LONGEST = 63
"""Characters of a name that is part of an address."""
_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_SAYS_NOTHING = frozenset({"app", "api", "backend", "cloudflare", "server", "src", "worker", "workers"})
"""What many packages are called."""
_WORD = pattern(r"[a-z0-9]+", re.IGNORECASE)


@rule(
    worker(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    found = subject.config
    name = found.top.own("name") if found is not None and is_somebodys(subject) else None
    if found is None or name is None or not name.text:
        return
    sharing = project.memo.memoized("Workers that share a name", lambda: _by_name(project))
    for other in sharing.get(name.text, ()):
        if other is subject:
            return  # the first of them keeps the name
        first = other.config.top.own("name") if other.config is not None else None
        if other.config is None or first is None or not are_two(subject, other):
            continue
        fresh = _fresh_name(name.text, found, project)
        fix = None
        if not _is_spoken_of(name.text, {found.path, other.config.path}, project):
            edits = fixes.replace_text(found, name, text=fresh)
            fix = Fix.of(f"Call this one `{fresh}`", edits, Safety.UNSAFE)
        yield Finding(
            f"another Worker is called `{name.text}`, too: the one that is deployed last takes the place of"
            " the other",
            found.top.location(name),
            (other.config.top.location(first).saying("the other one"),),
            fix=fix,
            words=(("FRESH", fresh),),
        )
        return


def _by_name(project: Project) -> Mapping[str, tuple[Worker, ...]]:
    """The Workers that have a configuration each, by their names: first the one whose folder the name speaks
    of, which keeps it; what is there to be shown comes last."""
    found: dict[str, list[Worker]] = {}
    for it in project.workers:
        if it.config is not None and it.name and not it.is_document and is_somebodys(it):
            found.setdefault(it.name, []).append(it)
    return {
        name: tuple(sorted(several, key=lambda it: (_unlike(name, it), order_of(it))))
        for name, several in found.items()
        if 1 < len(several) <= _MOST
    }


def _unlike(name: str, it: Worker) -> tuple[bool, int]:
    """How little the folder of a Worker says what its name says; more for what is there to be shown."""
    assert it.config is not None
    said = {word.lower() for word in _WORD.findall(it.config.directory)}
    return it.config.role.is_shown, -len(said & {word.lower() for word in _WORD.findall(name)})


def _fresh_name(name: str, found: WranglerConfig, project: Project) -> str:
    """A name that no other Worker has: that of the package, or the old one with the folder's."""
    manifest = config.manifest_above(project.workspace, found.directory)
    is_own = manifest is not None and dirname(manifest.document.path) == found.directory
    package = (manifest.name or "").rpartition("/")[2] if manifest is not None and is_own else ""
    parts = (part.lower() for part in reversed(found.directory.split("/")))
    folder = next((part for part in parts if part not in name.split("-")), "2")
    wanted = (package, f"{name}-{folder}", f"{name}-2")
    taken = {it.name for it in project.workers}
    return next(
        it
        for it in (*wanted, *(f"{name}-{number}" for number in range(3, len(taken) + 4)))
        if it not in taken and len(it) <= _LONGEST and it not in _SAYS_NOTHING and _NAME.fullmatch(it)
    )


def _is_spoken_of(name: str, own: set[str], project: Project) -> bool:
    """Whether another configuration than some has a name in it."""
    return any(
        it.config is not None and it.config.path not in own and name.encode() in it.config.document.data
        for it in project.workers
    )
