"""Write cron expressions that Cron Triggers accept.

wrangler sends them to the API unchecked, and an invalid one fails the deployment after the code is uploaded.
There are five fields. Weekdays are 1 (Sunday) to 7 (Saturday) or names, so `0` is invalid; there are no
seconds and no `@daily`; a step cannot be as long as its field (`*/60`).

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "triggers": { "crons": ["0 7 * * 0", "@hourly", "*/60 * * * *"] },
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "triggers": { "crons": ["0 7 * * SUN", "0 * * * *"] },
}
```

## What to do

The deployment fails as it is. Write five fields (minute, hour, day of the month, month, weekday) within the
range that the message names; weekdays as names (`MON-FRI`).

- "has 6 fields": Write `CRON`, without the first field: elsewhere that counts seconds, and Cron Triggers
  have none. What the others say stays. The deployment fails as it is.
- "a step of": Write `0` for the field (`0 * * * *` for once an hour), or a shorter step.
- "never fires": Write a day that the month has, or `L` for the last one.
- "written twice": Delete one of the two: nothing else changes.

## Not reported

`L`, `W` and `#` where Cron Triggers know them, names in any case, and ranges that wrap around. An expression
that is right, but names a day that its month does not have, or is written twice, is a warning.

## Errors

```text title="Cloudflare"
invalid cron string [code: 10100]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/8923.

## Fix safety

Safe where it is clear what is meant: a name like `@daily`, a leading `0` for the second, a weekday `0`.
Unsafe when the code compares the expression itself (`controller.cron`): it changes there, too, and what else
says it (tests, documentation) has to follow.

Source: https://developers.cloudflare.com/workers/configuration/cron-triggers/
"""

from collections.abc import Iterator

from cflint.api import (
    Edit,
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
    quoted,
    rule,
)

_MOST = 250  # per account; more in one Worker cannot be deployed


@rule(configuration(), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    wrong: dict[tuple[str, str], list[tuple[Environment, config.ConfigNode]]] = {}
    for environment in subject.environments:
        seen: dict[str, config.ConfigNode] = {}
        for node in environment.own_schedules:
            text = node.text or ""
            fault = config.cron_error(text)
            if fault is not None:
                wrong.setdefault((text, fault), []).append((environment, node))
            elif (earlier := seen.setdefault(" ".join(text.split()), node)) is not node:
                yield Finding(
                    f"the cron expression `{text}` is written twice",
                    environment.location(node),
                    (environment.location(earlier).saying("the first one"),),
                    severity=Severity.NOTE,
                )
            elif config.cron_never_fires(text):
                yield Finding(
                    f"the cron expression `{text}` never fires: its months do not have that day",
                    environment.location(node),
                    severity=Severity.NOTE,
                )
        crons = [node for node in environment.own_items("triggers", "crons") if node.text is not None]
        if len(crons) > _MOST:
            yield Finding(
                f"{len(crons)} cron expressions are more than an account can have ({_MOST})",
                environment.location(crons[_MOST]),
                severity=Severity.NOTE,
            )
    for (text, fault), places in wrong.items():
        environments = config.in_environments([environment for environment, _ in places])
        first, *others = (found.location(node) for found, node in places)
        yield Finding(
            f"the cron expression {quoted(text)}{environments} {fault}",
            first,
            tuple(others),
            _fix(subject, project, text, [node for _, node in places]),
            words=(("CRON", " ".join(text.split()[1:])),),
        )


def _fix(subject: WranglerConfig, project: Project, text: str, nodes: list[config.ConfigNode]) -> Fix | None:
    meant = config.cron_suggestion(text)
    if meant is None:
        return None
    edits = fixes.replace_text(subject, *nodes, text=meant)
    compared = [Edit(it.document, it.span, meant) for it in config.schedule_texts(project, subject, text)]
    safety = Safety.UNSAFE if compared else Safety.SAFE
    return Fix.of(f"Write `{meant}`", (*edits, *compared) if edits else None, safety)
