"""Look at what a new compatibility date switches on before it is deployed.

With the date, all changes of the runtime between the old date and the new one take effect at once. Each of
them can be switched off by its flag.

## Incorrect

```jsonc title="base/wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2024-01-01",
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2026-08-01",
}
```

## Correct

```jsonc title="base/wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2026-08-01",
}
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2026-08-01",
}
```

## Not reported

Dates between which no default changes. Needs a base: `cflint check --base REV`, or `cflint diff`.

## Fix safety

No fix: it is for information.

Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Change, Documents, Finding, Severity, change, config, join_names, rule

_MOST = 6
"""Flags that are named; `cflint diff` names all."""


@rule(change(), severity=Severity.NOTE, presets=(PREVIEW,), deployed=True, documents=Documents.NOTHING)
def check(subject: Change) -> Iterator[Finding]:
    for before, after in subject.environments:
        node = after.own("compatibility_date")
        was, now = before.compatibility_date, after.compatibility_date
        if node is None or was is None or now is None or was == now:
            continue
        on, off = config.flipped(before, after)
        parts = [
            f"{word} {join_names([f'`{name}`' for name in sorted(names)], _MOST)}"
            for word, names in (("on", on), ("off", off))
            if names
        ]
        if parts:
            yield Finding(
                f"the date moves from {was} to {now}, which switches {' and '.join(parts)}",
                after.location(node),
            )
