"""Move the compatibility date forward from time to time.

Behind the date, fixes and new defaults of the runtime stay off. The longer one waits, the more of them come
at once. The date can be moved at any time, and single changes can be switched off by their flags.

## Incorrect

```jsonc
{
  "compatibility_date": "2023-05-01",
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
}
```

## Not reported

Dates of the last 365 days (of the last two years in folders of examples, demonstrations and templates, which
are seldom updated; for the others the option `days` sets the number), and configurations of tests, which
often need an old date. The environment variable `CFLINT_TODAY` (`2026-09-01`, say) sets the day that counts
as today, so that a run can be repeated.

## Fix safety

Unsafe: the fix sets the date to today, or to that of the installed runtime (workerd), which knows no later
one, and all changes since then take effect.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-dates/
"""

from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Option,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    rule,
)

_DAYS = Option(__name__, "days", 365, "A compatibility date may be this many days old.", least=30)
_DAYS_OF_EXAMPLES = 730
_WELL_KNOWN = (
    "nodejs_compat",
    "streams_enable_constructors",
    "web_socket_auto_reply_to_close",
    "nodejs_compat_populate_process_env",
    "rpc",
    "enable_ctx_exports",
    "url_standard",
    "queues_json_messages",
    "http_headers_getsetcookie",
)


@rule(configuration(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True, options=[_DAYS])
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    now = config.today()
    newest = config.newest_date(project.workspace, subject.directory)
    days = _DAYS_OF_EXAMPLES if config.is_example_path(subject.path) else _DAYS.value(project, subject.path)
    old: dict[str, list[Environment]] = {}
    for environment in subject.environments:
        when = environment.compatibility_date
        node = environment.own("compatibility_date")
        if node is not None and when is not None and (now - when).days > days:
            old.setdefault(when.isoformat(), []).append(environment)
    for text, environments in old.items():
        when = environments[0].compatibility_date
        nodes = [node for found in environments if (node := found.own("compatibility_date")) is not None]
        if when is None or not nodes:
            continue
        said = {name for found in environments for name in found.compatibility_flags}
        since = [
            flag.enable for flag in config.changes(when, now) if said.isdisjoint((flag.enable, flag.disable))
        ]
        known = next((name for name in _WELL_KNOWN if name in since), since[0] if since else None)
        # the text is the same tomorrow: baselines and code scanning know a finding by it
        effect = f": the runtime has changed since, `{known}` is the default" if known else ""
        where = config.in_environments(environments)
        first, *others = (environments[0].location(node) for node in nodes)
        edits = fixes.replace_text(subject, *nodes, text=newest.isoformat())
        yield Finding(
            f"the compatibility date `{text}`{where} is more than {days} days old{effect}",
            first,
            tuple(others),
            Fix.of(f"Set the compatibility date to {newest.isoformat()}", edits, Safety.UNSAFE)
            if newest > when
            else None,
        )
