"""Give every environment its own routes and crons, if only empty ones.

Routes and triggers are inherited. An environment `staging` without its own inherits those of the top level:
its deployment moves a custom domain to the staging Worker, and the crons of production run there as well.
wrangler warns of custom domains only.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "routes": [{ "pattern": "billing.acme.dev", "custom_domain": true }],
  "triggers": { "crons": ["0 3 1 * *"] },
  "env": { "staging": { "vars": { "STAGE": "staging" } } },
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "routes": [{ "pattern": "billing.acme.dev", "custom_domain": true }],
  "triggers": { "crons": ["0 3 1 * *"] },
  "env": { "staging": { "vars": { "STAGE": "staging" }, "routes": [], "triggers": { "crons": [] } } },
}
```

## Not reported

Environments called `production` and their like, which are meant to own what they inherit. Where there is
one, the top level is for development, and only inherited custom domains are reported. Environments that
commands only run locally (`wrangler dev --env local`).

## Errors

```text title="wrangler"
The "env.…" environment inherits the top-level `routes` configuration, which includes the custom domain(s):
  …
```

## Fix safety

Unsafe: the environments get empty lists, so that they have no routes or crons from the next deployment on.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#inheritable-keys
"""

import re
from collections.abc import Iterator, Sequence

from cflint.api import (
    Environment,
    Finding,
    Fix,
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

_PRODUCTION = pattern(r"(?:^|[-_])(?:production|prod|prd|live|release|main)(?:$|[-_])", re.IGNORECASE)


@rule(configuration(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True)
def check(subject: WranglerConfig) -> Iterator[Finding]:
    if subject.top.incomplete or subject.is_pages or subject.is_typescript:
        return  # in TypeScript nothing is inherited
    named = [found for found in subject.environments[1:] if not _PRODUCTION.search(found.name or "")]
    has_production = len(named) < len(subject.environments) - 1
    named = [found for found in named if found.is_deployed]
    yield from _routes(subject, named, has_production)
    if not has_production:
        yield from _crons(subject, named)


def _routes(subject: WranglerConfig, named: Sequence[Environment], has_production: bool) -> Iterator[Finding]:
    top = subject.top
    heirs = [found for found in named if found.own("routes") is None and found.own("route") is None]
    listed_routes = top.own("routes")
    single = top.own("route")
    items = list(listed_routes.items) if listed_routes is not None else [single] if single is not None else []
    domains = [item for item in items if _is_true(item.get("custom_domain"))]
    patterns = [text for item in domains or items if (text := _pattern(item))]
    if not heirs or not patterns or (has_production and not domains):
        return
    names = join_names([f"`{text}`" for text in patterns[:3]] + (["others"] if len(patterns) > 3 else []))
    noun = "the custom domain" if domains else "the route"
    noun += "s" if len(patterns) > 1 else ""
    effect = "whose deployment takes them from the top level" if domains else "so that both claim them"
    if len(patterns) == 1:
        effect = effect.replace("them", "it")
    first, *others = (found.place for found in heirs)
    source = listed_routes or single
    related = [subject.location(source).saying("inherited from here")] if source is not None else []
    yield Finding(
        f"{_environments(heirs)} {_inherit(heirs)} {noun} {names}, {effect}",
        first,
        (*related, *others),
        _empty(subject, heirs, ("routes",), "routes"),
    )


def _crons(subject: WranglerConfig, named: Sequence[Environment]) -> Iterator[Finding]:
    triggers = subject.top.own("triggers")
    crons = subject.top.crons
    heirs = [found for found in named if found.own("triggers") is None]
    if not heirs or not crons or triggers is None:
        return
    first, *others = (found.place for found in heirs)
    names = join_names([f"`{node.text}`" for node in crons[:3]] + (["others"] if len(crons) > 3 else []))
    noun = "crons" if len(crons) > 1 else "cron"
    yield Finding(
        f"{_environments(heirs)} {_inherit(heirs)} the {noun} {names}, which then run there as well",
        first,
        (subject.location(triggers).saying("inherited from here"), *others),
        _empty(subject, heirs, ("triggers", "crons"), "crons"),
    )


def _empty(
    subject: WranglerConfig, heirs: Sequence[Environment], path: tuple[str, ...], noun: str
) -> Fix | None:
    edits = [fixes.set_key(subject, found.path(*path), []) for found in heirs]
    if any(found is None for found in edits):
        return None
    flat = tuple(edit for found in edits if found for edit in found)
    return Fix(f"Give{config.in_environments(heirs).removeprefix(' in')} no {noun}", flat, Safety.UNSAFE)


def _environments(heirs: Sequence[Environment]) -> str:
    return config.in_environments(heirs).removeprefix(" in ")


def _inherit(heirs: Sequence[Environment]) -> str:
    return "inherits" if len(heirs) == 1 else "inherit"


def _is_true(node: config.ConfigNode | None) -> bool:
    return node is not None and node.value is True


def _pattern(item: config.ConfigNode) -> str | None:
    if item.text:
        return item.text
    pattern = item.get("pattern")
    return pattern.text if pattern is not None else None
