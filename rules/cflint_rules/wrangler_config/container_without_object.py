"""Make a Durable Object of the class that a container belongs to.

A container is started by a Durable Object. wrangler refuses a `class_name` that neither a binding, nor a
migration, nor an entry of `exports` of the same Worker knows: "The container class_name … does not match
any durable object class_name defined in your Wrangler config file". A class that is bound from another
Worker (`script_name`) cannot have one either.

## Incorrect

```jsonc
{
  "name": "render",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "containers": [{ "class_name": "Renderer", "image": "./Dockerfile" }],
}
```

## Correct

```jsonc
{
  "name": "render",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-10",
  "observability": { "enabled": true },
  "containers": [{ "class_name": "Renderer", "image": "./Dockerfile" }],
  "durable_objects": { "bindings": [{ "name": "RENDERER", "class_name": "Renderer" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Renderer"] }],
}
```

## What to do

Add `"migrations": [{ "tag": "v1", "new_sqlite_classes": ["CLASS"] }]` with the class of the container for
`CLASS`, and a `tag` that is not there yet: wrangler refuses the configuration as it is.

- "its container belongs there": Move the entry to `containers` of the configuration of the Worker that
  `script_name` names, with the Dockerfile that it names: this one is refused with it.

## Not reported

Configurations of which a part could not be read or is generated, those in TypeScript (their loader has a
check of its own), and excerpts in documentation.

## Errors

```text title="wrangler"
The container class_name … does not match any durable object class_name defined in your Wrangler config file
```

## Fix safety

Unsafe: the fix adds a migration that creates the class, which is right where it was never deployed.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/wrangler/src/containers/config.ts
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Environment, Finding, Fix, Safety, Severity, environment, fixes, rule


@rule(environment(), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,), deployed=True)
def check(subject: Environment) -> Iterator[Finding]:
    items = subject.own_items("containers")
    if not items or subject.config.is_typescript or subject.config.is_excerpt:
        return
    lifecycle = subject.lifecycle
    if subject.incomplete or subject.has_open_bindings or not lifecycle.complete:
        return
    bindings = {bound.class_name: bound for bound in subject.bindings_of("durable_object")}
    for item in items:
        node = item.get("class_name")
        name = node.text if node is not None else None
        if node is None or not name:
            continue
        bound = bindings.get(name)
        if bound is not None and bound.script_name is not None and not bound.is_local:
            yield Finding(
                f"`{name}` is a class of the Worker `{bound.script_name}`: its container belongs there",
                subject.location(node),
                (bound.place("script_name"),),
            )
        elif bound is None and name not in lifecycle.classes and name not in _exported(subject):
            edits = fixes.add_durable_object_class(subject, name)
            yield Finding(
                "wrangler refuses this container: neither a binding, nor a migration, nor `exports` says"
                f" that `{name}` is a Durable Object",
                subject.location(node),
                fix=Fix.of(f"Create the class `{name}` by a migration", edits, Safety.UNSAFE),
            )


def _exported(subject: Environment) -> frozenset[str]:
    return frozenset(export.name for export in subject.exports)
