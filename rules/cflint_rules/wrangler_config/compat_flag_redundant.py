"""Leave out compatibility flags that the compatibility date turns on.

A flag that the date already implies says nothing more. Some versions of workerd (1.20260811 and around)
refuse it, so that tests and other tools which start them by themselves stop with "The compatibility flag …
became the default as of …"; older and newer ones take it, and wrangler leaves `nodejs_compat`, which dates
from 2026-08-04 on imply, out since 4.122.

## Incorrect

```jsonc
{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "compatibility_flags": ["nodejs_compat"],
}
```

## Correct

```jsonc
{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "observability": { "enabled": true },
}
```

## Not reported

A list that an environment with an earlier date inherits, flags that switch something off, and flags without
a date.

`nodejs_als` beside `nodejs_compat`, which includes it, is reported as well.

## Errors

```text title="workerd"
The compatibility flag … became the default as of … so does not need to be specified anymore.
```

## Fix safety

Safe: the date goes on saying the same.

Source: workers-sdk, changelog of wrangler 4.122.0; workerd, `src/workerd/io/compatibility-date.c++` (the
check) and `compatibility-date.capnp` (the dates, in the table of version 2026-11-17);
https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Environment, Finding, Fix, Safety, Severity, config, environment, fixes, rule


@rule(environment(), severity=Severity.NOTE, fix=Safety.SAFE, presets=(PREVIEW,))
def check(subject: Environment) -> Iterator[Finding]:
    items = subject.own_items("compatibility_flags")
    if not items:
        return
    names = {item.text for item in items}
    seen: set[str] = set()
    for index, item in enumerate(items):
        name = item.text
        if not name or name in seen:
            continue
        seen.add(name)
        flag = config.find_flag(name)
        message = None
        if flag is not None and name == flag.enable and flag.default_from is not None:
            dates = [found.compatibility_date for found in _users(subject, item)]
            if all(date is not None and date >= flag.default_from for date in dates):
                message = f"dates from {flag.default_from.isoformat()} on turn `{name}` on by themselves"
        if message is None and name == "nodejs_als" and "nodejs_compat" in names:
            message = "`nodejs_compat` includes `nodejs_als`"
        if message is not None:
            edits = fixes.remove_key(subject.config, subject.path("compatibility_flags", index))
            fix = Fix.of(f"Remove `{name}`", edits, Safety.SAFE)
            yield Finding(message, subject.location(item), fix=fix)


def _users(subject: Environment, item: config.ConfigNode) -> Iterator[Environment]:
    """The environments that get a flag from where it stands."""
    for found in subject.config.environments:
        flags = found.value("compatibility_flags")
        if flags is not None and any(other.span == item.span for other in flags.items):
            yield found
