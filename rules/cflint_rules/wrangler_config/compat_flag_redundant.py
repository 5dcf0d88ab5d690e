"""Leave out compatibility flags that the compatibility date turns on.

A flag that the date already implies is an error for runtimes: `wrangler dev` and tests fail to start with
"The compatibility flag … became the default as of …", and so do deployments to Pages, in their last step.
`nodejs_compat` is such a flag from 2026-08-04 on. Newer versions of workerd only print it.

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

`nodejs_als` beside `nodejs_compat`, which includes it, is a note: it does no harm.

## Errors

```text title="workerd"
The compatibility flag … became the default as of … so does not need to be specified anymore.
```

## Fix safety

Safe: the date goes on saying the same.

Source: workerd, `src/workerd/io/compatibility-date.c++` (the check) and `compatibility-date.capnp` (the
dates, in the table of version 2026-11-17);
https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Environment, Finding, Fix, Safety, Severity, config, environment, fixes, rule


@rule(environment(), severity=Severity.WARNING, fix=Safety.SAFE, presets=(PREVIEW,))
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
                message = (
                    f"dates from {flag.default_from.isoformat()} on turn `{name}` on by themselves, and "
                    "runtimes that check flags refuse to start"
                )
        severity = None
        if message is None and name == "nodejs_als" and "nodejs_compat" in names:
            message, severity = "`nodejs_compat` includes `nodejs_als`", Severity.NOTE
        if message is not None:
            edits = fixes.remove_key(subject.config, subject.path("compatibility_flags", index))
            fix = Fix.of(f"Remove `{name}`", edits, Safety.SAFE)
            yield Finding(message, subject.location(item), fix=fix, severity=severity)


def _users(subject: Environment, item: config.ConfigNode) -> Iterator[Environment]:
    """The environments that get a flag from where it stands."""
    for found in subject.config.environments:
        flags = found.value("compatibility_flags")
        if flags is not None and any(other.span == item.span for other in flags.items):
            yield found
