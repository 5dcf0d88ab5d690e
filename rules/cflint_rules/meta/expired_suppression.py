"""Decide again about suppressions that have ended.

`until=2027-01-31` in a `cflint-ignore` comment is the last day on which it silences anything. From the day
after, what it silenced is reported again, and the comment only says that there was a plan. Mend the finding,
or write a later day with the reason why it waits.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    // cflint-ignore async-return-type until=2026-06-30: goes with the old client
    return new Response(request.url);
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    return new Response(request.url);
  },
};
```

## Also reported

An end that is no date (`until=soon`, `until=31.1.2027`): the suppression never ends.

## Fix safety

Safe: a comment that has ended silences nothing, so that nothing changes without it. What is no date has no
fix.

Source: docs/guides/settings.md, “Suppression comments”.
"""

from collections.abc import Iterator

from cflint.api import Edit, Finding, Fix, Location, Safety, Severity, SuppressionUse, rule, suppression


@rule(suppression(), severity=Severity.WARNING, fix=Safety.SAFE)
def check(use: SuppressionUse) -> Iterator[Finding]:
    if use.until is None:
        return
    at = Location(use.document, use.until)
    if use.last_day is None:
        written = use.document.text(use.until)
        yield Finding(
            f"`{written}` names no date, so this suppression never ends; write `until=2027-01-31`", at
        )
        return
    fix = Fix("Remove the comment", (Edit(use.document, use.whole, ""),), Safety.SAFE)
    yield Finding(f"this suppression ended on {use.last_day}", at, fix=fix)
