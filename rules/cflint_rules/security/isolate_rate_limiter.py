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

## What to do

Add a rate limit to the configuration, `"ratelimits": [{ "name": "LIMITER", "namespace_id": "1001",
"simple": { "limit": 10, "period": 60 } }]`, and where requests are counted ask `(await env.LIMITER.limit({
key })).success`, with the key that the variable has; `false` is answered as today, and the variable goes.
How many in how long is yours to say: unless you know better, what the code has, with a period of 10 or 60
seconds. It counts for each location; as it is, each isolate begins anew, and hardly anybody is limited.

- "on Pages": Pages takes no rate limits in its configuration. Add a rate limiting rule to the zone (Security,
  WAF), or count in a Durable Object of a Worker that is bound (`durable_objects` with `script_name`), whose
  `fetch()` or method says whether there is room; then the variable goes.

## Not reported

Maps of which neither the name nor a function that fills them, nor the module, says anything of limits or
attempts, fields of a Durable Object, what a Workflow counts of its steps, and modules that also use a
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

from cflint.api import (
    ClassKind,
    Finding,
    Match,
    Module,
    Severity,
    js,
    module,
    new,
    pattern,
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_LIMITS = pattern(
    r"rate_?limit|limiter|throttl|attempts|(?:request|hit|call)_?(?:counts?|counters?|log|times?)|ip_?(?:requests|hits|counts?)",
    re.IGNORECASE,
)


_LIMITER = pattern(r"rate_?limit|throttl", re.IGNORECASE)
_COUNTS = pattern(
    r"time_?stamp|count|hits|requests|bucket|window|store|entries|clients|map\b|cache", re.IGNORECASE
)


def _is_on_pages(module: Module) -> bool:
    """Whether a module is of a Pages project, with a configuration or without one."""
    return all(
        one.config.is_pages if one.config is not None else "functions/" in module.path
        for one in module.workers
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
    owner = module.enclosing_class(changed) if changed is not None else None
    if owner is not None and owner.kind is ClassKind.WORKFLOW:
        return  # the tries of a step: no client is limited
    if changed is not None and not module.may_be_durable(changed):
        yield Finding(
            f"`{declaration.name}` counts what this isolate has seen: the next one begins at nothing",
            match.at(name),
            (
                module.at(changed, "it is counted here"),
                *(
                    it.config.top.place.saying("its configuration")
                    for it in module.workers
                    if it.config is not None
                ),
            ),
            words=(*js.words_at(module, changed), *((("on Pages", ""),) if _is_on_pages(module) else ())),
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


@check.on(module("rateLimit", "rateLimiter", "rateLimits", "rate_limit", "rateLimitState", "rateState"))
def check_object(module: Module) -> Iterator[Finding]:
    """`const rateLimit = { count: 0, windowStart: 0 }`, and a function that counts in it."""
    if not module.is_run or module.runs_per_request:
        return
    if any(environment.bindings_of("ratelimit") for environment in module.environments):
        return
    for name, declaration in module.scope.top_level.items():
        if _LIMITS.search(name) is None or declaration.value is None:
            continue
        value = js.unwrap(declaration.value)
        if value.type != "object" or not any(
            _COUNTS.search(module.text(part)) for part in value.named_children
        ):
            continue
        counted = next(
            (
                change.node
                for change in module.mutations(declaration)
                if module.enclosing_function(change.node) is not None and module.runs_in_worker(change.node)
            ),
            None,
        )
        if counted is not None and not module.may_be_durable(counted):
            yield Finding(
                f"`{name}` counts what this isolate has seen: the next one begins at nothing",
                module.at(declaration.node),
                (module.at(counted, "it is counted here"),),
            )


_CHANGES = frozenset({"append", "add", "setdefault", "update", "pop"})


@check.on(python_module())
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    text = module.document.data
    if not module.workers or (b"Limiter" not in text and _LIMITS.search(text.decode("latin-1")) is None):
        return
    if any(environment.bindings_of("ratelimit") for environment in module.environments):
        return
    import libcst as cst

    for made in module.calls_of("slowapi.Limiter", "slowapi.extension.Limiter"):
        if module.keyword(made, "storage_uri") is None:
            yield Finding(
                "`slowapi` counts in the memory of this isolate: the next one begins at nothing",
                module.at(made),
            )
    for assigned in module.find(cst.Assign):
        name = assigned.targets[0].target
        if not isinstance(name, cst.Name) or _LIMITS.search(name.value) is None:
            continue
        if not module.runs_at_import(assigned) or not _is_table(module, assigned.value):
            continue
        counted = next((use for use in module.references(name) if _is_changed(module, use)), None)
        if counted is not None:
            yield Finding(
                f"`{name.value}` counts what this isolate has seen: the next one begins at nothing",
                module.at(name),
                (module.at(counted, "it is counted here"),),
            )


def _is_table(module: python.PythonModule, value: cst.BaseExpression) -> bool:
    """Whether a value is an empty dictionary, also one with defaults."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    if isinstance(value, cst.Dict):
        return not value.elements
    return isinstance(value, cst.Call) and module.called_name(value) in ("defaultdict", "dict", "Counter")


def _is_changed(module: python.PythonModule, use: cst.Name) -> bool:
    """Whether a function writes to an entry: `table[key] = …`, `table[key].append(…)`."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    entry = module.parent(use)
    if not isinstance(entry, cst.Subscript) or entry.value is not use or module.runs_at_import(use):
        return False
    above = module.parent(entry)
    if isinstance(above, cst.AugAssign):
        return above.target is entry
    return isinstance(above, cst.AssignTarget) or (
        isinstance(above, cst.Attribute) and above.attr.value in _CHANGES
    )
