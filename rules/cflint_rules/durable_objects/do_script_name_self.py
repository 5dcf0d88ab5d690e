"""Leave `script_name` out of the binding of a Worker's own Durable Objects.

`script_name` names the Worker whose objects are bound. Where that is the Worker of the top level, an
environment to which the binding was copied goes on using the objects of the top level: `env.staging` deploys
a Worker of its own, with classes of its own, and reads and writes the data of production.

## Incorrect

```jsonc
{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "durable_objects": {
    "bindings": [{ "name": "ROOMS", "class_name": "Room", "script_name": "chat" }],
  },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
  "env": {
    "staging": {
      "durable_objects": {
        "bindings": [{ "name": "ROOMS", "class_name": "Room", "script_name": "chat" }],
      },
    },
  },
}
```

## Correct

```jsonc
{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
  "env": {
    "staging": {
      "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
    },
  },
}
```

## What to do

Unless that environment was deployed and the data there has to stay, delete `script_name`: it gets objects of
its own, which begin empty. If the data has to stay, keep the key and suppress this: the objects lie with the
Worker that is named.

## Not reported

Objects of another Worker; the top level, where it makes no difference: environments do not inherit bindings.

## Fix safety

There is no fix: an environment that has been deployed has its data in the other Worker's objects.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#durable-objects
"""

from collections.abc import Iterator

from cflint.api import Binding, Finding, Severity, binding, quoted, rule


@rule(binding("durable_object"), severity=Severity.NOTE, deployed=True)
def check(subject: Binding) -> Iterator[Finding]:
    environment = subject.environment
    config = environment.config
    if subject.script_name is None or config.is_typescript or environment is config.top:
        return  # bindings are not inherited: what the top level says there is harmless
    top = config.top.worker_name
    if top is None or subject.script_name != top:
        return
    if environment.worker_name != top and config.top.binding(subject.name) is not None:
        yield Finding(
            f"{quoted(environment.label)} uses the objects of the top level, and their data: leave"
            " `script_name` out",
            subject.place("script_name"),
        )
