"""Name a Worker that exists, and an entrypoint that it exports.

A service binding, the `script_name` of a Durable Object or Workflow, and a tail consumer name another Worker.
wrangler refuses to deploy when there is none of that name, or when it does not export the `entrypoint`; in
development nothing is connected.

## Incorrect

```ts
import { WorkerEntrypoint } from "cloudflare:workers";

export class Accounts extends WorkerEntrypoint {
  async find(name: string): Promise<string> {
    return name.toLowerCase();
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.ACCOUNTS.find(request.url));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "name": "accounts",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "ACCOUNTS", "service": "accounts", "entrypoint": "Account" }],
}
```

## Correct

```ts
import { WorkerEntrypoint } from "cloudflare:workers";

export class Accounts extends WorkerEntrypoint {
  async find(name: string): Promise<string> {
    return name.toLowerCase();
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    return new Response(await env.ACCOUNTS.find(request.url));
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "name": "accounts",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "ACCOUNTS", "service": "accounts", "entrypoint": "Accounts" }],
}
```

## Not reported

Names that do not resemble any Worker in the workspace: that Worker may live in another repository.
Entrypoints of Workers whose exports are not all known, or of which there are several with one name.

## Errors

```text title="Cloudflare"
Service binding '…' references Worker '…' which was not found. Verify the Worker exists in your account and
  that the service name in your configuration is correct. [code: 10143]
Could not resolve service binding '…'. Target script '…' not found. Please verify the target script and try
  again. [code: 10143]
Could not resolve service binding '…'. Target environment '…' not found for target script '…'. … [code:
  10144]
```

Seen in https://github.com/heroui-inc/heroui-mcp/pull/75, https://github.com/jonbeckman/solstatus/issues/24,
https://github.com/cloudflare/workers-sdk/issues/10168.

## Fix safety

Unsafe: the name is replaced with the closest existing one, which may not be the intended Worker.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import (
    ClassKind,
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    Worker,
    config,
    fixes,
    rule,
    worker,
)

_SHORTEST = 4
"""Of shorter names, two that differ in a letter are two names."""


@rule(worker(), severity=Severity.WARNING, fix=Safety.UNSAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for environment in subject.environments:
        if environment.incomplete:
            continue
        for name, entrypoint in _targets(environment):
            workers = project.memo.memoized("Workers by name", lambda: _by_name(project))
            place = (name.span.start, name.span.end)
            if place in seen or name.text is None:
                continue
            seen.add(place)
            named = workers.get(name.text, ())
            if not named:
                near = _meant(name.text, workers)
                if near is not None and not subject.is_document:
                    yield Finding(
                        f"there is no Worker `{name.text}` in this workspace: is `{near}` meant?",
                        environment.location(name),
                        fix=_fix(environment, name, near),
                    )
            elif entrypoint is not None and entrypoint.text not in (None, "default"):
                target = subject if subject in named else named[0]
                if target is subject or len(named) == 1:
                    yield from _entrypoint(environment, entrypoint, target, project)


def _targets(environment: Environment) -> Iterator[tuple[config.ConfigNode, config.ConfigNode | None]]:
    """The names of other Workers, each with the entrypoint that is wanted of it."""
    for binding in environment.bindings_of("service"):
        name = binding.field("service")
        if name is not None:
            yield name, binding.field("entrypoint")
    for kind in ("durable_object", "workflow"):
        for binding in environment.bindings_of(kind):
            name = binding.field("script_name")
            if name is not None:
                yield name, None
    for consumer in environment.tail_consumers:
        name = consumer.node.get("service")
        if name is not None and name.text:
            yield name, None


def _by_name(project: Project) -> Mapping[str, tuple[Worker, ...]]:
    """The Workers of the workspace by all names that they are deployed under."""
    found: dict[str, list[Worker]] = {}
    for each in project.workers:
        for name in each.names:
            found.setdefault(name, []).append(each)
    return {name: tuple(workers) for name, workers in found.items()}


def _meant(name: str, workers: Mapping[str, tuple[Worker, ...]]) -> str | None:
    """The one name that is the same but for a slip: a letter too many, too few, changed, or two swapped."""
    if len(name) < _SHORTEST:
        return None
    near = [other for other in workers if _is_slip(name.lower(), other.lower())]
    return near[0] if len(near) == 1 else None


def _is_slip(name: str, other: str) -> bool:
    if len(other) < _SHORTEST or abs(len(name) - len(other)) > 1:
        return False
    if len(name) > len(other):
        name, other = other, name
    at = next((i for i, (one, two) in enumerate(zip(name, other, strict=False)) if one != two), len(name))
    if len(name) == len(other):
        swapped = name[at : at + 2] == other[at : at + 2][::-1] and name[at + 2 :] == other[at + 2 :]
        differ = name[at : at + 1] + other[at : at + 1]
        return swapped or (name[at + 1 :] == other[at + 1 :] and differ.isalpha() and at > 0)
    return name[at:] == other[at + 1 :] and other[at].isalpha()


def _entrypoint(
    environment: Environment, entrypoint: config.ConfigNode, target: Worker, project: Project
) -> Iterator[Finding]:
    name = entrypoint.text or ""
    if project.exports.has(target, name):
        owner = project.exports.find_class(target, name)
        kind = owner is not None and project.classes.kind(owner)
        if kind in (ClassKind.DURABLE_OBJECT, ClassKind.WORKFLOW, ClassKind.AGENT):
            yield Finding(
                f"`{name}` of the Worker `{target.name}` is no `WorkerEntrypoint`, and no service",
                environment.location(entrypoint),
            )
        return
    exports = project.exports.of_worker(target)
    if target.unresolved or not exports.complete:
        return
    near = _meant(name, {other: (target,) for other in exports.names if other != "default"})
    hint = f": is `{near}` meant?" if near is not None else ""
    yield Finding(
        f"the Worker `{target.name}` exports no `{name}`{hint}",
        environment.location(entrypoint),
        fix=_fix(environment, entrypoint, near) if near is not None else None,
    )


def _fix(environment: Environment, node: config.ConfigNode, name: str) -> Fix | None:
    return Fix.of(f"Name `{name}`", fixes.replace_text(environment.config, node, text=name), Safety.UNSAFE)
