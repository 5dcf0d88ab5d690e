"""Leave `script_name` out of the binding of a Worker's own Durable Objects.

`script_name` names the Worker whose objects are bound. Where that is the Worker itself, each environment that
copies the binding goes on using the objects of the top level: `env.staging` deploys a Worker of its own, with
classes of its own, and reads and writes the data of production.

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

## Not reported

Objects of another Worker; configurations without environments, or whose environments all have the name of the
top level, where it makes no difference.

## Fix safety

There is no fix: an environment that has been deployed has its data in the other Worker's objects.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/#durable-objects
"""

from collections.abc import Iterator

from cflint.api import Binding, Finding, Severity, binding, join_names, quoted, rule


@rule(binding("durable_object"), severity=Severity.NOTE, deployed=True)
def check(subject: Binding) -> Iterator[Finding]:
    environment = subject.environment
    config = environment.config
    top = config.top.worker_name
    if subject.script_name is None or subject.script_name != top or config.is_typescript:
        return
    others = [quoted(found.label) for found in config.environments[1:] if found.worker_name != top]
    if environment is config.top and others:
        yield Finding(
            f"`script_name` is this Worker itself, and {join_names(others, 3)}"
            f" {'are' if len(others) > 1 else 'is'} not: leave it out",
            subject.place("script_name"),
        )
    elif environment.worker_name != top and config.top.binding(subject.name) is not None:
        yield Finding(
            f"{quoted(environment.label)} uses the objects of the top level, and their data: leave"
            " `script_name` out",
            subject.place("script_name"),
        )
