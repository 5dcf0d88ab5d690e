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
  Until then local development differs from what is deployed.

## Not reported

A date of tomorrow: it is counted in UTC, and the clock here may be behind. A date that the runtime of the
lock file does not know yet is a note, since only local development is affected; it is the runtime that
wrangler gets, whichever other ones the tools for tests have.

## Errors

```text title="workerd"
Can't set compatibility date in the future: …
Invalid compatibility date: …
This Worker requires compatibility date "…", but the newest date supported by this server binary is "…".
```

## Fix safety

Safe: long dashes become hyphens. Other wrong dates have no fix.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-dates/
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
    pattern,
    quoted,
    rule,
)

_DATE = pattern(r"(2\d{3})-(\d{2})-(\d{2})", re.ASCII)
_LONGEST = 40
_DASHES = pattern("[\u2010-\u2015\u2212]")  # hyphens, en and em dashes, minus


@rule(configuration(), severity=Severity.ERROR, fix=Safety.SAFE)
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
            yield Finding(f"the compatibility date {shown} is not written `YYYY-MM-DD`", at)
        return
    year, month, day = map(int, match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        yield Finding(f"the compatibility date {shown} is no day of the calendar", at)
        return
    try:
        when = date(year, month, day)
    except ValueError:  # 30 February: the runtime only compares the numbers
        yield Finding(
            f"the compatibility date {shown} is no day of the calendar", at, severity=Severity.WARNING
        )
        return
    if when > config.today() + timedelta(days=1):
        yield Finding(f"the compatibility date {shown} is in the future, which the runtime refuses", at)
        return
    workerd = None
    if environment.config.document.origin is None:
        workerd = config.newest_locked(project.workspace, environment.config.directory, "workerd")
    known = when - timedelta(days=7)  # a release of workerd also takes the dates until the next one
    if workerd is not None and workerd[1] < int(known.strftime("%Y%m%d")):
        yield Finding(
            f"the compatibility date {shown} is newer than the runtime of the lock file (workerd "
            f"{'.'.join(map(str, workerd))}): local development uses an older one"
            " until wrangler is updated",
            at,
            severity=Severity.NOTE,
        )
