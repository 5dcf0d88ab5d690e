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

## Not reported

`L`, `W` and `#` where Cron Triggers know them, names in any case, and ranges that wrap around. An expression
that is right, but names a day that its month does not have, or is written twice, is a warning.

## Fix safety

Safe where it is clear what is meant: a name like `@daily`, a leading `0` for the second, a weekday `0`.
Unsafe when the code compares the expression itself (`controller.cron`), since it has to change there too.

Source: https://developers.cloudflare.com/workers/configuration/cron-triggers/
"""

import json
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
    rule,
)

_MOST = 250  # per account; more in one Worker cannot be deployed


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    wrong: dict[tuple[str, str], list[tuple[Environment, config.ConfigNode]]] = {}
    for environment in subject.environments:
        seen: dict[str, config.ConfigNode] = {}
        for node in _expressions(environment):
            text = node.text or ""
            fault = config.cron_error(text)
            if fault is not None:
                wrong.setdefault((text, fault), []).append((environment, node))
            elif (earlier := seen.setdefault(" ".join(text.split()), node)) is not node:
                yield Finding(
                    f"the cron expression `{text}` is written twice",
                    environment.location(node),
                    (environment.location(earlier).saying("the first one"),),
                    severity=Severity.WARNING,
                )
            elif config.cron_never_fires(text):
                yield Finding(
                    f"the cron expression `{text}` never fires: its months do not have that day",
                    environment.location(node),
                    severity=Severity.WARNING,
                )
        crons = _crons(environment)
        if len(crons) > _MOST:
            yield Finding(
                f"{len(crons)} cron expressions are more than an account can have ({_MOST})",
                environment.location(crons[_MOST]),
                severity=Severity.NOTE,
            )
    for (text, fault), places in wrong.items():
        environments = config.in_environments([environment for environment, _ in places])
        first, *others = (found.location(node) for found, node in places)
        shown = text if len(text) < 60 else text[:57] + "…"
        yield Finding(
            f"the cron expression `{shown}`{environments} {fault}",
            first,
            tuple(others),
            _fix(subject, project, text, [node for _, node in places]),
        )


def _crons(environment: Environment) -> tuple[config.ConfigNode, ...]:
    triggers = environment.own("triggers")
    crons = triggers.get("crons") if triggers is not None else None
    return tuple(node for node in (crons.items if crons is not None else ()) if node.text is not None)


def _expressions(environment: Environment) -> Iterator[config.ConfigNode]:
    """The cron expressions that the environment itself writes: of its triggers, then of each Workflow."""
    yield from _crons(environment)
    workflows = environment.own("workflows")
    for entry in workflows.items if workflows is not None else ():
        schedules = entry.get("schedules")
        if schedules is not None and schedules.text:
            yield schedules
        yield from (node for node in (schedules.items if schedules is not None else ()) if node.text)


def _fix(subject: WranglerConfig, project: Project, text: str, nodes: list[config.ConfigNode]) -> Fix | None:
    meant = config.cron_suggestion(text)
    if meant is None:
        return None
    edits = tuple(Edit(subject.document, node.span, json.dumps(meant)) for node in nodes)
    compared = any(
        text.encode() in document.data
        for worker in project.workers
        if worker.config is subject
        for path in worker.modules
        if (document := project.document(path)) is not None
    )
    return Fix(f"Write `{meant}`", edits, Safety.UNSAFE if compared else Safety.SAFE)
