"""Limit rates with a binding or a Durable Object, not with a variable of the module.

A Worker runs in many isolates in many places, each with variables of its own, which end with it. A counter
in a `Map` of the module counts what this isolate has seen: a client that is limited in one place goes on in
the next, and after a deployment all counts are gone.

## Incorrect

```ts
const attempts = new Map<string, number>();

export default {
  async fetch(request): Promise<Response> {
    const ip = request.headers.get("cf-connecting-ip") ?? "";
    const count = (attempts.get(ip) ?? 0) + 1;
    attempts.set(ip, count);
    if (count > 10) return new Response("too many requests", { status: 429 });
    return new Response("hello");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
interface Env {
  LIMITER: RateLimit;
}

export default {
  async fetch(request, env): Promise<Response> {
    const ip = request.headers.get("cf-connecting-ip") ?? "";
    const { success } = await env.LIMITER.limit({ key: ip });
    if (!success) return new Response("too many requests", { status: 429 });
    return new Response("hello");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Maps of which neither the name nor a function that fills them, nor the module, says anything of limits or
attempts, fields of a Durable Object, and modules that also use a
binding of rate limits: the variable may only spare its calls.

## Fix safety

No fix: which limit holds is up to you.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/,
https://developers.cloudflare.com/workers/reference/how-workers-works/#isolates
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, js, new, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LIMITS = pattern(
    r"rate_?limit|limiter|throttl|attempts|(?:request|hit|call)_?(?:counts?|counters?|log|times?)|ip_?(?:requests|hits|counts?)",
    re.IGNORECASE,
)


_LIMITER = pattern(r"rate_?limit|throttl", re.IGNORECASE)
_COUNTS = pattern(
    r"time_?stamp|count|hits|requests|bucket|window|store|entries|clients|map\b|cache", re.IGNORECASE
)


@rule(new("Map"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    name = module.given_name(match.node)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.scope.type != "program" or not module.is_run:
        return
    if module.runs_per_request or not _may_limit(module, declaration):
        return
    if any(environment.bindings_of("ratelimit") for environment in module.environments):
        return
    changed = next((node for node in _counted(module, declaration) if module.runs_in_worker(node)), None)
    if changed is not None and not module.may_be_durable(changed):
        yield Finding(
            f"`{declaration.name}` counts what this isolate has seen: the next one begins at nothing",
            match.at(name),
            (module.at(changed, "it is counted here"),),
        )


def _may_limit(module: Module, declaration: js.Declaration) -> bool:
    """Whether a map may be that of a limit: by its name, or by that of a function that fills it, or of the
    module."""
    if _LIMITS.search(declaration.name) is not None:
        return True
    if _LIMITER.search(module.path.rpartition("/")[2].replace("-", "_")) is not None:
        return _COUNTS.search(declaration.name) is not None
    for node in _counted(module, declaration):
        function = module.enclosing_function(node)
        name = module.function_name(function) if function is not None else None
        if name is not None and _LIMITER.search(module.text(name)) is not None:
            return True
    return False


def _counted(module: Module, declaration: js.Declaration) -> Iterator[Node]:
    """Where functions put something into a map of the module."""
    for mutation in module.mutations(declaration):
        if mutation.method == "set" and module.enclosing_function(mutation.node) is not None:
            yield mutation.node
