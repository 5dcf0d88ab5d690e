"""Keep the two configurations of one Worker alike.

A wrangler file that stays beside `cloudflare.config.ts`, for `wrangler types`, for tests or for commands of
D1, says the same Worker once more. `cf` and Vite read the one, wrangler and its test pool the other, and
nothing compares them: what is added to one is missing in local runs, types and tests, or where it is
deployed. A template (`wrangler.toml.example`) that lacks a binding makes deployments without it.

## Incorrect

```ts title="cloudflare.config.ts"
import { bindings, defineConfig } from "cf/config";

export default defineConfig({
  worker: {
    name: "shop",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
    env: { ORDERS: bindings.d1({ name: "orders" }), CACHE: bindings.kv() },
  },
});
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "d1_databases": [{ "binding": "ORDERS", "database_name": "orders" }],
}
```

```json title="package.json"
{ "type": "module", "scripts": { "dev": "cf dev", "types": "wrangler types" } }
```

```ts title="src/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    const row = await env.ORDERS.prepare("SELECT 1").first();
    return Response.json({ row, hit: await env.CACHE.get("a") });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts title="cloudflare.config.ts"
import { bindings, defineConfig } from "cf/config";

export default defineConfig({
  worker: {
    name: "shop",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
    env: { ORDERS: bindings.d1({ name: "orders" }), CACHE: bindings.kv() },
  },
});
```

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "d1_databases": [{ "binding": "ORDERS", "database_name": "orders" }],
  "kv_namespaces": [{ "binding": "CACHE" }],
}
```

```json title="package.json"
{ "type": "module", "scripts": { "dev": "cf dev", "types": "wrangler types" } }
```

```ts title="src/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    const row = await env.ORDERS.prepare("SELECT 1").first();
    return Response.json({ row, hit: await env.CACHE.get("a") });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write the same entry into the configuration that lacks it, with ids of that one's own where they differ.

- "the Worker is called": Write the `name` of this configuration in the other one, too.
- "is a": Write the entry of this configuration in the other one, in the place of its own.

## Not reported

A wrangler file that no command and no test reads (`cf migrate` leaves it in place), or without `main` and
assets; values, variables and secrets; what stands in any mode or environment of the other file; what a
template has in a comment, or has more. A configuration of which not all is known.

## Fix safety

By hand: the fix adds the binding to the configuration that lacks it; that it is to go from the other one
instead, the author alone knows. None for Durable Objects and Workflows, which need a class, for templates,
and where several are missing.

Source: https://developers.cloudflare.com/workers/vite-plugin/v2-beta/ (version 2 does not load wrangler's
files), and the code of the packages (wrangler 4.164.0, `findWranglerConfig`: it reads `cloudflare.config.ts`
only with `--experimental-new-config`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cflint.api import (
    PREVIEW,
    Binding,
    Documents,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    rule,
)

_VALUES = frozenset({"var", "secret", "assets", "text_blob", "data_blob", "wasm_module"})
"""Kinds that say how a Worker is set up in one place, and not what it is made of."""
_OF_CLASSES = frozenset({"durable_object", "workflow"})
"""Kinds that say nothing without a class."""
_MOST_NAMED = 5


@rule(
    configuration(),
    severity=Severity.NOTE,
    fix=Safety.MANUAL,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if any(found.has_open_bindings for found in subject.environments):
        return
    for mirror in config.mirrors_of(project, subject):
        other = mirror.config
        own, others = _bindings(subject), _bindings(other)
        beside = f"`{other.file_name}`"
        if mirror.reader:
            beside += f", which {mirror.reader} reads"
        lacking = [
            one for name, one in own.items() if name not in others and not other.is_commented_out(name)
        ]
        if lacking:
            what = f"{_listed(lacking)} in this configuration alone"
            if mirror.reader:
                message = (
                    f"{what}: {mirror.reader} reads `{other.file_name}` and does not know {_them(lacking)}"
                )
                yield Finding(message, lacking[0].location, (), _added(other, lacking))
            else:
                message = f"{what}: who deploys by the template {beside} goes without {_them(lacking)}"
                yield Finding(message, lacking[0].location)
        if not mirror.reader:
            continue
        more = [one for name, one in others.items() if name not in own and not subject.is_commented_out(name)]
        if more:
            undefined = "they are undefined" if len(more) > 1 else "it is undefined"
            yield Finding(
                f"{_listed(more)} in {beside}, and not here: where this is deployed, {undefined}",
                subject.top.place,
                tuple(_labelled(one) for one in more[:_MOST_NAMED]),
                _added(subject, more),
            )
        for name, one in own.items():
            found = others.get(name)
            if found is not None and found.kind is not one.kind:
                message = f"`{name}` is a {one.kind.label} here and a {found.kind.label} in {beside}"
                yield Finding(message, one.location, (_labelled(found),))
        yield from _names(subject, other, beside)


def _bindings(subject: WranglerConfig) -> Mapping[str, Binding]:
    """The bindings of all modes and environments by name, the first of each."""
    found: dict[str, Binding] = {}
    for environment in subject.environments:
        for binding in environment.bindings:
            if binding.kind.id not in _VALUES:
                found.setdefault(binding.name, binding)
    return found


def _names(subject: WranglerConfig, other: WranglerConfig, beside: str) -> Iterator[Finding]:
    own = {found.worker_name for found in subject.environments}
    others = {found.worker_name for found in other.environments}
    if None in own or None in others or not own.isdisjoint(others):
        return
    name = other.top.text("name")
    if name is not None:
        message = f"the Worker is called `{subject.top.worker_name}` here and `{name.text}` in {beside}"
        yield Finding(message, subject.top.place, (other.location(name),))


def _listed(bindings: list[Binding]) -> str:
    names = [f"`{one.name}`" for one in bindings]
    more = len(names) - _MOST_NAMED
    listed = ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{listed} {'are' if len(names) > 1 else 'is'}"


def _them(bindings: list[Binding]) -> str:
    return "them" if len(bindings) > 1 else "it"


def _added(into: WranglerConfig, bindings: list[Binding]) -> Fix | None:
    """The fix that writes what is missing in a configuration as the other one has it."""
    binding = bindings[0]
    if len(bindings) > 1 or binding.kind.id in _OF_CLASSES or binding.environment.name is not None:
        return None
    if any(part.kind.value in ("unknown", "null", "invalid", "date") for part in binding.node.walk()):
        return None
    add = {"array": fixes.append_item, "object": fixes.set_key}.get(binding.kind.shape.value)
    edits = add(into.data, binding.kind.path, binding.node.plain) if add is not None else None
    return Fix.of(f"Add `{binding.name}` to `{into.file_name}`", edits, Safety.MANUAL)


def _labelled(binding: Binding) -> Location:
    at = binding.location
    return Location(at.document, at.span, f"a {binding.kind.label}")
