"""Give each mode that is deployed a name of its own, when its resources are others.

Modes of `cloudflare.config.ts` are no environments of wrangler: nothing is put behind the name. Two modes
with the same `name` are one Worker, and the one that is deployed last takes the place of the other, with
its own databases, namespaces and queues: users of production read the data of staging.

## Incorrect

```ts
import { bindings, defineConfig } from "cf/config";

export default defineConfig(({ mode }) => ({
  worker: {
    name: "shop",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
    env: {
      DB: bindings.d1({ name: mode === "staging" ? "shop-staging" : "shop" }),
    },
  },
}));
```

## Correct

```ts
import { bindings, defineConfig } from "cf/config";

export default defineConfig(({ mode }) => ({
  worker: {
    name: mode === "staging" ? "shop-staging" : "shop",
    compatibilityDate: "2026-08-01",
    entrypoint: "./src/index.ts",
    observability: { enabled: true },
    env: {
      DB: bindings.d1({ name: mode === "staging" ? "shop-staging" : "shop" }),
    },
  },
}));
```

## What to do

Give the mode's configuration the `name` `FRESH`. While two share one, the deployment of one replaces the
other.

## Not reported

Previews, which are versions of their Worker. Modes that are not deployed, by their name (`development`,
`dev`, `local`, `test`), the default where a mode is called `production`, and any other mode than those
that the configuration names. Modes that differ in something else than the resources that they bind. Names
and resources that are not known before the configuration runs.

## Fix safety

No fix: the name of the other Worker is a choice.

Source: https://developers.cloudflare.com/workers/wrangler/environments/
"""

from collections.abc import Iterator

from cflint.api import Binding, Environment, Finding, Severity, WranglerConfig, configuration, rule

_NOT_DEPLOYED = frozenset({"development", "dev", "local", "test", "testing", "e2e", "ci"})

_PRODUCTION = frozenset({"production", "prod"})


@rule(configuration(), severity=Severity.WARNING, deployed=True)
def check(subject: WranglerConfig) -> Iterator[Finding]:
    if not subject.is_typescript:
        return
    deployed = [found for found in subject.environments if _is_deployed(found)]
    if any(found.name in _PRODUCTION for found in deployed):  # then the default is that of `dev`
        deployed = [found for found in deployed if found.name is not None]
    said: set[str] = set()
    for number, other in enumerate(deployed):
        name = other.own("name")
        for first in deployed[:number]:
            if name is None or name.text is None or first.worker_name != name.text or name.text in said:
                continue
            differing = _differing(first, other)
            if differing is None:
                continue
            said.add(name.text)
            old, new = differing
            fresh = f"{name.text}-{other.name or 'default'}"
            yield Finding(
                f"{first.label} and {other.label} are the same Worker `{name.text}`, with another"
                f" {new.kind.label} `{new.name}`: the one that is deployed last counts",
                other.location(name),
                (
                    old.environment.location(old.resource_node or old.node).saying(f"in {first.label}"),
                    new.environment.location(new.resource_node or new.node).saying(f"in {other.label}"),
                ),
                words=(("FRESH", fresh),),
            )


def _is_deployed(found: Environment) -> bool:
    tree = found.tree
    if tree is None or tree.is_preview:
        return False
    return tree.mode is None or (isinstance(tree.mode, str) and tree.mode not in _NOT_DEPLOYED)


def _differing(first: Environment, other: Environment) -> tuple[Binding, Binding] | None:
    """A binding of both that is another resource in each."""
    for binding in other.bindings:
        same = first.binding(binding.name)
        if same is None or same.kind is not binding.kind or binding.kind.is_value:
            continue
        if same.resource is not None and binding.resource is not None and same.resource != binding.resource:
            return same, binding
    return None
