"""Name a custom domain by its host alone.

A custom domain takes every path of its host, so its pattern has neither a path nor a `*`. wrangler refuses
others when it deploys, and only then: previews upload a version without its routes, and stay green.

## Incorrect

```jsonc
// wrangler.jsonc
{
  "name": "notes",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "notes.acme.dev/*", "custom_domain": true }]
}
```

## Correct

```jsonc
// wrangler.jsonc
{
  "name": "notes",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "notes.acme.dev", "custom_domain": true }]
}
```

## What to do

Write an entry for each host (`{ "pattern": "a.example.com", "custom_domain": true }`); for all hosts, a route
instead: `{ "pattern": "*.example.com/*", "zone_name": "example.com" }`, which needs a DNS record with proxy.
The deployment is refused as it is.

## Not reported

Routes without `custom_domain`, whose pattern has both, and patterns with placeholders.

## Errors

```text title="wrangler"
Wildcard operators (*) are not allowed in Custom Domains
Paths are not allowed in Custom Domains
```

## Fix safety

Safe: the path `/*` is taken away, which a custom domain means anyway. Unsafe for another path: the Worker
gets requests of all paths then. None for a `*` in the host: each host is a custom domain of its own.

Source: `packages/wrangler/src/__tests__/deploy` of workers-sdk ("should throw if an invalid custom domain is
requested"), https://developers.cloudflare.com/workers/configuration/routing/custom-domains/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Location,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    rule,
)


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE, deployed=True)
def check(subject: WranglerConfig) -> Iterator[Finding]:
    if subject.is_pages:
        return
    seen: set[Location] = set()  # the modes of a configuration in TypeScript share what is written once
    for environment in subject.environments:
        single = environment.own("route")
        for item in (*environment.own_items("routes"), *([single] if single is not None else [])):
            for found in _route(environment, item):
                if found.at not in seen:
                    seen.add(found.at)
                    yield found


def _route(environment: Environment, item: config.ConfigNode) -> Iterator[Finding]:
    is_custom, pattern = item.get("custom_domain"), item.get("pattern")
    if is_custom is None or is_custom.plain is not True or pattern is None:
        return
    at, text = environment.location(pattern), pattern.text or ""
    host, slash, path = text.partition("/")
    if not host or not set(text).isdisjoint("<>{}$ ") or "://" in text:
        return
    if "*" in host:
        yield Finding("a `*` is refused in the pattern of a custom domain: name each host", at)
    elif slash:
        yield Finding(
            f"a path is refused in the pattern of a custom domain, which takes all of `{host}`",
            at,
            fix=_fix(at, text, host, Safety.SAFE if path in ("", "*") else Safety.UNSAFE),
        )


def _fix(at: Location, text: str, host: str, safety: Safety) -> Fix | None:
    written = at.document.text(at.span)
    if written[1:-1] != text:
        return None  # it is no literal, or has escapes
    quote = written[0]
    return Fix(f"Write `{host}`", (Edit(at.document, at.span, f"{quote}{host}{quote}"),), safety)
