"""Name the class that is bound as the type argument of its namespace.

`DurableObjectNamespace<Room>` types the methods of a stub. With another class there, calls are checked
against methods that the object does not have; with a base such as `Agent`, its own methods are missing.

## Incorrect

```jsonc
{
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room", "Lobby"] }]
}
```

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOM: DurableObjectNamespace<Lobby>;
}

export class Lobby extends DurableObject<Env> {}

export class Room extends DurableObject<Env> {
  async visitors(): Promise<number> {
    return 3;
  }
}
```

## Correct

```jsonc
{
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room", "Lobby"] }]
}
```

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOM: DurableObjectNamespace<Room>;
}

export class Lobby extends DurableObject<Env> {}

export class Room extends DurableObject<Env> {
  async visitors(): Promise<number> {
    return 3;
  }
}
```

## Not reported

Interfaces, which the class may have the shape of; another class of the same name, which stands in for it; a
base class of the project; classes of other Workers.

## Fix safety

Safe: types are gone at run time.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from collections.abc import Iterator

from cflint.api import ClassKind, Finding, Fix, Location, Module, Safety, Severity, js, module, rule

_NAMESPACES = frozenset({"DurableObjectNamespace", "AgentNamespace"})


@rule(module(), severity=Severity.WARNING, fix=Safety.SAFE, both=True)
def check(module: Module) -> Iterator[Finding]:
    for member in module.env_members():
        if member.base not in _NAMESPACES or member.arguments is None:
            continue
        bound = _bound(module, member)
        if bound is None:
            continue
        named = module.class_of_type(member.arguments)
        if named is not None:
            line = (bound, *module.project.classes.bases(bound))
            if any(named.is_same(found) or _is_called(found.base, named.name) for found in line):
                continue
            if named.name == bound.name:
                continue  # `declare class` of that name stands in for it, or another copy of it
            yield _finding(module, member, bound, None)
        elif _is_platform_base(module, member.arguments):
            yield _finding(module, member, bound, Severity.NOTE)


def _is_called(base: js.BaseRef | None, name: str) -> bool:
    """Whether a base class is imported under a name: that of an SDK, whose code need not be at hand."""
    return base is not None and base.imported is not None and base.imported.name == name


def _bound(module: Module, member: js.EnvMember) -> js.ClassFacts | None:
    """The class that is bound: as the configuration says, or where there is none, by its name."""
    if member.bindings:
        return member.bound_class
    if any(worker.config is not None for worker in module.workers):
        return None
    return member.class_like


_BASES = frozenset(
    {("cloudflare:workers", "DurableObject"), ("agents", "Agent"), ("agents/mcp", "McpAgent")}
    | {("partyserver", "Server"), ("@cloudflare/containers", "Container")}
)


def _is_platform_base(module: Module, name: str) -> bool:
    declared = module.scope.top_level.get(name)
    found = module.platform_name(declared.node) if declared is not None else None
    return found is not None and (found.module, found.name) in _BASES


def _finding(
    module: Module, member: js.EnvMember, bound: js.ClassFacts, severity: Severity | None
) -> Finding:
    name = module.type_of_class(bound)
    related: list[Location] = [
        found.place("class_name").saying("the configuration binds it here") for found in member.bindings[:1]
    ]
    document = module.project.sources.document(bound.path)
    if document is not None:
        related.append(Location(document, bound.name_span, "the class is declared here"))
    fix = None
    if name is not None:
        edit = member.retyped(f"{member.base}<{name}>")
        fix = Fix(f"Write `{member.base}<{name}>`", (edit,), Safety.SAFE)
    kind = module.project.classes.kind(bound)
    what = "Agent" if kind is ClassKind.AGENT else "Durable Object"
    return Finding(
        f"`{member.name}` is the namespace of the {what} `{bound.name}`, not of `{member.arguments}`",
        member.at_type,
        tuple(related),
        fix,
        severity,
    )
