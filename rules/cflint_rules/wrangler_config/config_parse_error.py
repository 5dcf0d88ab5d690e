"""Keep the configuration readable for wrangler.

wrangler refuses a configuration that does not parse: a missing comma, a table that is defined twice, single
quotes in JSON, a value that is no object at all. A date without quotes is a date to TOML, and no setting of
wrangler takes one. Equal keys in JSON do parse, but all except the last are dropped silently.

## Incorrect

```toml
compatibility_date = "2026-08-01"

[vars]
OPENS = 2026-12-19
```

## Correct

```toml
compatibility_date = "2026-08-01"

[vars]
OPENS = "2026-12-19"
```

## What to do

wrangler stops here: write what the message says is missing or wrong.

- "double quotes": Put the key into double quotes; letters that stand before them by mistake go. wrangler
  stops as it is.
- "the last one counts": Delete all but the last one, which is used today: the others have no effect.
- "is defined twice": Move what the second has and the first has not to the first, and delete the second.
  wrangler stops as it is.

## Not reported

Comments, trailing commas and a byte order mark in JSON: wrangler takes them in `wrangler.json`, too. In
documentation, configurations that leave something out with `...`.

## Fix safety

Safe: a date gets its quotes. Nothing else has a fix.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation.ts
"""

from collections.abc import Iterator

from cflint.api import Finding, Fix, Safety, Severity, WranglerConfig, config, configuration, fixes, rule


@rule(configuration(), severity=Severity.ERROR, fix=Safety.SAFE, unread=True)
def check(subject: WranglerConfig) -> Iterator[Finding]:
    if subject.document.origin is not None and subject.leaves_out:
        return
    for problem in subject.problems:
        at = subject.location(problem.span)
        related = (subject.location(problem.related).saying("the first one"),) if problem.related else ()
        if problem.kind is config.ProblemKind.SYNTAX:
            yield Finding(problem.message, at, related)
        elif problem.kind is config.ProblemKind.DUPLICATE_KEY:
            yield Finding(problem.message, at, related, severity=Severity.WARNING)
        elif problem.kind is config.ProblemKind.WRONG_TYPE and not problem.path:
            yield Finding(problem.message, at)
    for fault in subject.unreadable:
        if fault.place.document is not subject.document:
            yield Finding(fault.message, fault.place)
    yield from _dates(subject)


def _dates(subject: WranglerConfig) -> Iterator[Finding]:
    for node in subject.root.walk():
        if node.kind is config.NodeKind.DATE:
            text = subject.document.text(node.span)
            edits = fixes.replace_text(subject, node, text=text)
            yield Finding(
                f"`{text}` is a date to TOML, which wrangler does not take: it has to be in quotes",
                subject.location(node),
                fix=Fix.of("Put the date in quotes", edits, Safety.SAFE),
            )
