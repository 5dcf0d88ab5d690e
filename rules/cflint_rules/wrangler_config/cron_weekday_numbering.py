"""Name the weekdays of cron expressions.

Cron Triggers count as Quartz does: 1 is Sunday and 7 is Saturday. On Unix, and nearly everywhere else, 1 is
Monday. `0 9 * * 1-5` therefore runs from Sunday to Thursday, not from Monday to Friday. Names mean the same
everywhere.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "triggers": { "crons": ["0 9 * * 1-5"] },
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "triggers": { "crons": ["0 9 * * MON-FRI"] },
}
```

## Not reported

Names; `2-6`, and `1` together with `7`, which only make sense to someone who knows; expressions with a
comment beside them that names the days as Cron Triggers read them. What is no cron expression at all is
reported by `cron-invalid`.

## Errors

```text title="Cloudflare"
invalid cron string [code: 10100]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/8923.

## Fix safety

Unsafe: the numbers become the names that they stand for elsewhere, so that the Worker runs on other days.
Texts of the Worker's code that are the expression (`controller.cron === "0 9 * * 1"`) change along.

Source: https://developers.cloudflare.com/workers/configuration/cron-triggers/
"""

import re
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
    join_names,
    pattern,
    rule,
)

_NAMES = {
    "SUN": "Sunday",
    "MON": "Monday",
    "TUE": "Tuesday",
    "WED": "Wednesday",
    "THU": "Thursday",
    "FRI": "Friday",
    "SAT": "Saturday",
}
_DAY = pattern(r"\b(sun|mon|tue|wed|thu|fri|sat)", re.IGNORECASE)
_WORKING_DAYS = ("MON", "TUE", "WED", "THU", "FRI")
_WEEKEND = ("SUN", "SAT")


@rule(configuration(), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    groups: dict[str, list[tuple[Environment, config.ConfigNode]]] = {}
    for environment in subject.environments:
        for node in environment.own_schedules:
            if node.text and config.cron_error(node.text) is None:
                groups.setdefault(node.text, []).append((environment, node))
    for text, places in groups.items():
        numbers = config.weekday_numbers(text)
        if numbers is None or numbers.here in (_WORKING_DAYS, _WEEKEND):
            continue
        said = [_days_said(subject, node) for _, node in places]
        if any(days and days <= set(numbers.here) for days in said):
            continue
        instead = "not Monday" if numbers.written == "1" else "where 1 is Sunday"
        first, *others = (found.location(node) for found, node in places)
        edits = fixes.replace_text(subject, *(node for _, node in places), text=numbers.renamed)
        compared = tuple(config.schedule_texts(project, subject, text))
        yield Finding(
            f"the weekday `{numbers.written}` means {_days(numbers.here)} to Cron Triggers"
            f"{config.in_environments([environment for environment, _ in places])}, {instead}",
            first,
            (*others, *(place.saying("the code compares it here") for place in compared)),
            Fix.of(
                f"Write `{numbers.renamed}`",
                (*edits, *(Edit(it.document, it.span, numbers.renamed) for it in compared))
                if edits
                else None,
                Safety.UNSAFE,
            ),
        )


def _days_said(subject: WranglerConfig, node: config.ConfigNode) -> set[str]:
    """The weekdays that a comment on the line of an expression, or on the one above, names."""
    document = subject.document
    line = document.line_of(node.span.start)
    found: set[str] = set()
    for comment in subject.comments:
        if document.line_of(comment.start) in (line - 1, line):
            found.update(day.upper() for day in _DAY.findall(document.text(comment)))
    return found


def _days(days: tuple[str, ...]) -> str:
    order = list(_NAMES)
    places = [order.index(day) for day in days]
    if len(days) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{_NAMES[days[0]]} to {_NAMES[days[-1]]}"
    return join_names([_NAMES[day] for day in days])
