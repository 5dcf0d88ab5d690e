"""Give an email binding one destination, or a list of those allowed, not both.

wrangler refuses a binding of `send_email` with `destination_address` and `allowed_destination_addresses`.
With one address the binding sends to that and to no other; with a list to those; without either to every
verified address of the account.

## Incorrect

```jsonc
{
  "name": "alerts",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "send_email": [
    {
      "name": "MAIL",
      "destination_address": "ops@example.com",
      "allowed_destination_addresses": ["ops@example.com", "dev@example.com"],
    },
  ],
}
```

## Correct

```jsonc
{
  "name": "alerts",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "observability": { "enabled": true },
  "send_email": [
    { "name": "MAIL", "allowed_destination_addresses": ["ops@example.com", "dev@example.com"] },
  ],
}
```

## Not reported

Configurations in TypeScript, whose loader has a check of its own (`cloudflare-config-invalid`).

## Fix safety

No fix: which of the two is meant is up to you.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation.ts
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Environment, Finding, Severity, environment, rule


@rule(environment(), severity=Severity.ERROR, presets=(PREVIEW,))
def check(subject: Environment) -> Iterator[Finding]:
    if subject.config.is_typescript:
        return
    for item in subject.own_items("send_email"):
        one, several = item.get("destination_address"), item.get("allowed_destination_addresses")
        if one is not None and several is not None:
            yield Finding(
                "`destination_address` and `allowed_destination_addresses` cannot be used together",
                subject.location(one),
                (subject.location(several).saying("the list is here"),),
            )
