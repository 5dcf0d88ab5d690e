"""Use a compatibility date that is valid and not in the future.

It has to be written `YYYY-MM-DD`. The runtime refuses a date in the future. wrangler accepts such a date,
even in a dry run, and the deployment fails.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-13-01",
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
}
```

## What to do

Write a date of the form `YYYY-MM-DD`, today's at the latest: the deployment is refused as it is.

- "newer than the runtime": Update wrangler, and with it the runtime: `npm install -D wrangler@latest`.
  Until then local development does not start, or differs from what is deployed.

## Not reported

A date of tomorrow: it is counted in UTC, and the clock here may be behind.

A date that the runtime of the lock file does not know yet is no error, since only local development is
affected, and none where the Worker is nothing but static assets, which no script serves with wrangler or
Cloudflare's plugin for Vite; it is the runtime that wrangler gets, whichever other ones the tools for tests
have. From wrangler 4.80.0 on that runtime refuses a date of more than a week after its own, and `wrangler
dev` ends with this error: a warning. Older ones fall back to the date of their runtime: a note where a flag
becomes the default between the two dates, and nothing where they mean the same. Up to a week is never
reported.

## Errors

```text title="workerd"
Can't set compatibility date in the future: …
Invalid compatibility date: …
This Worker requires compatibility date "…", but the newest date supported by this server binary is "…".
```

## Fix safety

Safe: long dashes become hyphens. Unsafe for other wrong dates: today's date, or that of the runtime in the
lock file, takes their place, and with it all changes of the runtime up to then. None for one that only the
runtime of the lock file does not know.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-dates/,
https://github.com/cloudflare/workers-sdk/pull/13051
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    join_names,
    pattern,
    quoted,
    rule,
)

_DATE = pattern(r"(2\d{3})-(\d{2})-(\d{2})", re.ASCII)
_LONGEST = 40
_MOST = 3
_AHEAD = timedelta(days=7)
"""How far ahead of its own date the runtime takes others."""
_PLUGIN = "@cloudflare/vite-plugin"
_REFUSES_SINCE = date(2026, 4, 1)
"""The date of the runtime of wrangler 4.80.0, the first that falls back to no older date."""
_DASHES = pattern("[\u2010-\u2015\u2212]")  # hyphens, en and em dashes, minus


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    for environment in subject.environments:
        node = environment.own("compatibility_date")
        if node is not None and node.text is not None:
            yield from _date(environment, node, node.text, project)


def _date(
    environment: Environment, node: config.ConfigNode, text: str, project: Project
) -> Iterator[Finding]:
    at = environment.location(node)
    shown = quoted(text, _LONGEST)
    match = _DATE.fullmatch(text)
    if match is None:
        plain = _DASHES.sub("-", text).strip()
        if _DATE.fullmatch(plain):
            why = "has long dashes" if _DASHES.search(text) else "has spaces around it"
            edits = fixes.replace_text(environment.config, node, text=plain)
            fix = Fix.of(f"Write `{plain}`", edits, Safety.SAFE)
            yield Finding(f"the compatibility date {shown} {why}; it has to be `{plain}`", at, fix=fix)
        else:
            message = f"the compatibility date {shown} is not written `YYYY-MM-DD`"
            yield Finding(message, at, fix=_newest(environment, node, project))
        return
    year, month, day = map(int, match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        message = f"the compatibility date {shown} is no day of the calendar"
        yield Finding(message, at, fix=_newest(environment, node, project))
        return
    try:
        when = date(year, month, day)
    except ValueError:  # 30 February: the runtime only compares the numbers
        yield Finding(
            f"the compatibility date {shown} is no day of the calendar",
            at,
            fix=_newest(environment, node, project),
            severity=Severity.WARNING,
        )
        return
    if when > config.today() + timedelta(days=1):
        message = f"the compatibility date {shown} is in the future, which the runtime refuses"
        yield Finding(message, at, fix=_newest(environment, node, project))
        return
    if environment.config.document.origin is None:
        yield from _of_runtime(environment, node, when, project)


def _newest(environment: Environment, node: config.ConfigNode, project: Project) -> Fix | None:
    """The fix that writes the newest date that the project can have."""
    newest = config.newest_date(project.workspace, environment.config.directory).isoformat()
    edits = fixes.replace_text(environment.config, node, text=newest)
    return Fix.of(f"Set the compatibility date to {newest}", edits, Safety.UNSAFE)


def _of_runtime(
    environment: Environment, node: config.ConfigNode, when: date, project: Project
) -> Iterator[Finding]:
    """What local development makes of a date that is newer than its runtime."""
    workspace, folder = project.workspace, environment.config.directory
    workerd = config.newest_locked(workspace, folder, "workerd")
    runtime = config.runtime_date(workspace, folder)
    if workerd is None or runtime is None or when <= runtime + _AHEAD:
        return
    if _never_runs_here(environment.config, project):
        return
    newer = (
        f"the compatibility date {quoted(node.text or '', _LONGEST)} is newer than the runtime of the lock"
        f" file (workerd {'.'.join(map(str, workerd))})"
    )
    at = environment.location(node)
    if runtime >= _REFUSES_SINCE:
        yield Finding(
            f"{newer} by more than a week: `wrangler dev` does not start until wrangler is updated",
            at,
            severity=Severity.WARNING,
        )
        return
    own_flags = frozenset(environment.compatibility_flags)
    missing = [
        f"`{flag.enable}`"
        for flag in config.changes(runtime, when)
        if not {flag.enable, flag.disable} & own_flags and not flag.enable.startswith("python_")
    ]
    if missing:
        more = f" and {len(missing) - _MOST} more" if len(missing) > _MOST else ""
        without = ", ".join(missing[:_MOST]) + more if more else join_names(missing)
        yield Finding(
            f"{newer}: local development falls back to an older date, without {without}, until"
            " wrangler is updated",
            at,
            severity=Severity.NOTE,
        )


def _never_runs_here(subject: WranglerConfig, project: Project) -> bool:
    """Whether a Worker is nothing but static assets, which no script serves by the runtime: Vite alone does,
    say."""
    if subject.assets is None or any(each.value("main") is not None for each in subject.environments):
        return False
    if any(worker.config is subject and worker.app is not None for worker in project.workers):
        return False
    manifest = config.manifest_above(project.workspace, subject.directory)
    if manifest is None or _PLUGIN in manifest.dependencies:
        return False
    calls = list(config.wrangler_calls_of(project.workspace, subject.directory))
    return any(call.deploys for call in calls) and not any(call.command == "dev" for call in calls)
