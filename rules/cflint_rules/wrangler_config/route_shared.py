"""Give a domain or a route to one Worker.

A custom domain belongs to one Worker, and so does a route. Where two configurations claim the same, the
Worker that is deployed last takes it from the other: wrangler asks, and in CI it goes on. What the other
served under that name is gone until it is deployed again.

## Incorrect

```jsonc
// shop/wrangler.jsonc
{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "www.example.com", "custom_domain": true }]
}
```

```ts
// shop/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("shop");
  },
} satisfies ExportedHandler;
```

```jsonc
// contest/wrangler.jsonc
{
  "name": "contest",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "www.example.com", "custom_domain": true }]
}
```

```ts
// contest/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("contest");
  },
} satisfies ExportedHandler;
```

## Correct

```jsonc
// shop/wrangler.jsonc
{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "www.example.com", "custom_domain": true }]
}
```

```ts
// shop/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("shop");
  },
} satisfies ExportedHandler;
```

```jsonc
// contest/wrangler.jsonc
{
  "name": "contest",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "routes": [{ "pattern": "contest.example.com", "custom_domain": true }]
}
```

```ts
// contest/src/index.ts
export default {
  async fetch(): Promise<Response> {
    return new Response("contest");
  },
} satisfies ExportedHandler;
```

## What to do

Take the entry out of this configuration: the other Worker keeps it. If this one is to serve it, take it out
of the other.

## Not reported

Environments of different names; Workers of one name, which are one; configurations with the same `main`, and
of folders of one name (`stage-1/api`, `stage-2/api`), which are often ways to deploy the same Worker;
examples, templates and tests; those of different accounts; Pages projects; patterns that a placeholder stands
in.

There is one finding for a Worker, with the first of the names.

## Fix safety

No fix: which Worker the name is for is up to the author.

Source: https://developers.cloudflare.com/workers/configuration/routing/custom-domains/,
https://developers.cloudflare.com/workers/configuration/routing/routes/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import (
    PREVIEW,
    Documents,
    Environment,
    Finding,
    Project,
    Severity,
    Worker,
    config,
    pattern,
    rule,
    worker,
)
from cflint_rules.wrangler_config._workers import are_two, is_somebodys, order_of

_WRITTEN = pattern(r"(?:https?://)?((?:\*|[\w-]+)(?:\.[\w-]+)+(?:/[^\s<>{}$]*)?)")
_Claim = tuple[str | None, bool, str]
"""A name that an environment claims: that of the environment, whether it is a custom domain, and its own."""


@rule(
    worker(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.config is None or not is_somebodys(subject):
        return
    claims = project.memo.memoized("Workers by the routes that they claim", lambda: _by_claim(project))
    shared: dict[_Claim, Worker] = {}
    places: dict[_Claim, tuple[Environment, config.ConfigNode]] = {}
    for environment in subject.config.environments:
        for claim, node in _claims(environment):
            several = claims.get(claim, ())
            other = next((one for one in several if one is subject or _differ(subject, one)), None)
            if other is not None and other is not subject:
                shared.setdefault(claim, other)
                places.setdefault(claim, (environment, node))
    if not shared:
        return
    (first, other), *more = shared.items()
    assert other.config is not None
    what = "custom domain" if first[1] else "route"
    rest = f" (and {len(more)} more)" if more else ""
    environment, node = places[first]
    there = next(
        (
            found.location(place)
            for found in other.config.environments
            for claim, place in _claims(found)
            if claim == first
        ),
        other.config.top.place,
    )
    yield Finding(
        f"another Worker claims the {what} `{first[2]}`, too{rest}: the one that is deployed last takes it",
        environment.location(node),
        (there.saying("the other one"),),
    )


def _differ(one: Worker, other: Worker) -> bool:
    return one.name != other.name and are_two(one, other, nested=True)


def _by_claim(project: Project) -> Mapping[_Claim, tuple[Worker, ...]]:
    """The Workers that claim each name, the one that keeps it first."""
    found: dict[_Claim, dict[Worker, None]] = {}
    workers = [it for it in project.workers if it.config is not None and not it.is_document]
    for it in sorted(filter(is_somebodys, workers), key=order_of):
        assert it.config is not None
        for environment in it.config.environments:
            for claim, _ in _claims(environment):
                found.setdefault(claim, {}).setdefault(it)
    return {claim: tuple(several) for claim, several in found.items() if len(several) > 1}


def _claims(environment: Environment) -> Iterator[tuple[_Claim, config.ConfigNode]]:
    """What an environment itself claims, with the place of each."""
    several, single = environment.own("routes"), environment.own("route")
    for item in (*(several.items if several is not None else ()), *((single,) if single is not None else ())):
        node = item.get("pattern") if item.kind is config.NodeKind.OBJECT else item
        written = _WRITTEN.fullmatch(node.text or "") if node is not None else None
        if node is None or written is None:
            continue
        custom = item.get("custom_domain") if item.kind is config.NodeKind.OBJECT else None
        yield (environment.name, custom is not None and custom.value is True, written[1]), node
