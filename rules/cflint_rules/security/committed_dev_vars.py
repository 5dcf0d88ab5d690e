"""Keep files with local secrets out of git.

`.dev.vars` and `.env` hold the secrets of local development, which are often real. What git has once, every
clone has for good: a later commit that takes the file away does not take it out of the history.

## Incorrect

```sh title=".dev.vars"
STRIPE_SECRET_KEY=sk_live_4eC39HqLyjWDarjtT1zdp7dcQ2x9
```

```jsonc title="wrangler.jsonc"
{ "name": "shop" }
```

## Correct

```sh title=".dev.vars.example"
STRIPE_SECRET_KEY=
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

## What to do

`git rm --cached FILE`, add the name to `.gitignore`, and replace each value where it was issued: the
history keeps it.

## Not reported

Files that git does not track, files for examples (`.env.example`, `.dev.vars.sample`), values that are
placeholders, are empty or belong to one's own machine, and names that are no secret's. In folders of tests
and examples nothing is said. With a base (`cflint check --base REV`, `cflint diff`), only what the change
adds is said, and, once, what it takes away; what was taken away earlier is not looked for.

## Fix safety

No fix: the file has to leave the index (`git rm --cached`), `.gitignore` has to name it, and the values have
to be replaced where they come from.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

import posixpath
import re
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Change,
    Documents,
    Finding,
    Project,
    Severity,
    Worker,
    change,
    config,
    js,
    pattern,
    quoted,
    rule,
    worker,
)

_EXAMPLE = pattern(r"example|sample|template|dist$|default|test|\.md$", re.IGNORECASE)
_LOCAL = pattern(r"local|127\.0\.0\.1|0\.0\.0\.0|\b(?:dev|test)\b", re.IGNORECASE)


@rule(worker(), severity=Severity.WARNING, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.config is None:
        return
    for found in config.dev_vars_of(project.workspace, subject.config.directory):
        if _is_example(found.path) or not project.workspace.is_committed(found.path):
            continue
        known = _names_in(project.base, found.path)
        secrets = [one for one in found.variables if one.name not in known and _is_secret(one)]
        if secrets:
            others = tuple(one.location.saying("and here") for one in secrets[1:])
            yield Finding(
                f"git tracks this file, and {quoted(secrets[0].name)} in it {_what(secrets[0])}",
                secrets[0].location,
                others,
            )


@check.on(change())
def removed(subject: Change, project: Project) -> Iterator[Finding]:
    """Files that the base has and the change takes away."""
    after = subject.after.config
    if subject.before.config is None or after is None:
        return
    before = subject.base.workspace
    for found in config.dev_vars_of(before, subject.before.config.directory):
        if _is_example(found.path) or not before.is_committed(found.path):
            continue
        if project.workspace.is_committed(found.path):
            continue
        secrets = [one for one in found.variables if _is_secret(one)]
        if secrets:
            yield Finding(
                f"git has {quoted(found.path)} no longer, but its history goes on having"
                f" {quoted(secrets[0].name)}: replace the value where it comes from",
                after.top.place,
                severity=Severity.NOTE,
            )


def _names_in(base: Project | None, path: str) -> frozenset[str]:
    """The variables that a file had in the base, where git had it."""
    if base is None or not base.workspace.is_committed(path):
        return frozenset()
    files = config.dev_vars_of(base.workspace, posixpath.dirname(path))
    return frozenset(one.name for file in files if file.path == path for one in file.variables)


def _is_example(path: str) -> bool:
    """Whether the name of a file says that its values are none; what folders say is the configuration's."""
    return _EXAMPLE.search(posixpath.basename(path)) is not None


def _is_secret(variable: config.DevVariable) -> bool:
    """Whether a variable holds what nobody else should have."""
    if js.known_secret(variable.value) is not None:
        return True
    value = variable.value
    if not js.is_secret_name(variable.name) or js.is_example(value) or _LOCAL.search(value):
        return False
    return js.is_random(value) and not config.is_placeholder(value)


def _what(variable: config.DevVariable) -> str:
    label = js.known_secret(variable.value)
    return f"holds {label}" if label is not None else "seems to hold a secret"
