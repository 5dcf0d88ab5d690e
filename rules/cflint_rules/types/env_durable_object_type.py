"""Type a Durable Object binding in `Env` as a `DurableObjectNamespace`.

What `env` holds is the namespace, which makes ids and stubs (`getByName()`, `idFromName()`, `get()`).
`DurableObject` is the type of the objects themselves, which has none of the methods of a namespace.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOM: DurableObject<Env>;
}

export class Room extends DurableObject<Env> {}

export default {
  async fetch(request, env): Promise<Response> {
    return env.ROOM.getByName("lobby").fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOM: DurableObjectNamespace<Room>;
}

export class Room extends DurableObject<Env> {}

export default {
  async fetch(request, env): Promise<Response> {
    return env.ROOM.getByName("lobby").fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Members that neither the configuration nor the code shows to be a namespace; names that an import gives to
another type.

## Fix safety

Safe: types are gone at run time. The class becomes the type argument when it is known.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

import re
from collections.abc import Iterator

from cflint.api import Finding, Fix, Location, Module, Safety, Severity, module, rule
from cflint_rules.types._env import (
    EnvMember,
    at_type,
    bindings_named,
    bound_class,
    class_like,
    class_named,
    env_members,
    is_runtime_type,
    reference_to,
    retyped,
)

_NAMESPACE_METHODS = rb"(?:idFromName|idFromString|newUniqueId|getByName)\b"
_OBJECTS = frozenset({"DurableObject", "DurableObjectStub", "DurableObjectState"})


@rule(module(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(module: Module) -> Iterator[Finding]:
    for member in env_members(module):
        if not _is_object_type(module, member):
            continue
        bindings = bindings_named(module, member.name)
        if bindings and any(found.kind.id != "durable_object" for found in bindings):
            continue
        if not bindings and not _used_as_namespace(module, member.name):
            continue
        yield _finding(module, member)


def _is_object_type(module: Module, member: EnvMember) -> bool:
    """Whether the type is that of an object, a stub or its state, or the class itself."""
    if member.base in _OBJECTS:
        return is_runtime_type(module, member.base)
    if not member.base or member.arguments is not None:
        return False
    found = class_named(module, member.base)
    return found is not None and module.project.classes.kind(found).runs_as_durable_object


def _used_as_namespace(module: Module, name: str) -> bool:
    """Whether code of the Worker calls what only a namespace has on a member of that name."""
    pattern = re.compile(rb"\.\s*" + re.escape(name.encode()) + rb"\s*[!?]?\s*\.\s*" + _NAMESPACE_METHODS)
    paths = {module.path, *(path for worker in module.workers for path in worker.modules)}
    for path in sorted(paths):
        document = module.project.sources.document(path)
        if document is not None and pattern.search(document.data) is not None:
            return True
    return False


def _finding(module: Module, member: EnvMember) -> Finding:
    found = bound_class(module, member.name) or class_like(module, member.name)
    name = reference_to(module, found) if found is not None else None
    wanted = f"DurableObjectNamespace<{name}>" if name is not None else "DurableObjectNamespace"
    related: tuple[Location, ...] = ()
    for binding in bindings_named(module, member.name)[:1]:
        related = (binding.location.saying("it is bound here"),)
    at = at_type(module, member.member)
    written = member.base if member.arguments is None else f"{member.base}<{member.arguments}>"
    message = f"`{member.name}` in `env` is the namespace of a Durable Object, not a `{written}`"
    edit = retyped(module, member.member, wanted)
    return Finding(message, at, related, Fix(f"Type it as `{wanted}`", (edit,), Safety.SAFE))
