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
    return env.ROOM.getByName(new URL(request.url).pathname).fetch(request);
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
    return env.ROOM.getByName(new URL(request.url).pathname).fetch(request);
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

from cflint.api import Finding, Fix, Location, Module, Safety, Severity, js, module, rule

_NAMESPACE_METHODS = rb"(?:idFromName|idFromString|newUniqueId|getByName)\b"
_OBJECTS = frozenset({"DurableObject", "DurableObjectStub", "DurableObjectState"})


@rule(module(), severity=Severity.ERROR, fix=Safety.SAFE, both=True)
def check(module: Module) -> Iterator[Finding]:
    for member in module.env_members():
        if not _is_object_type(module, member):
            continue
        bindings = member.bindings
        if bindings and any(found.kind.id != "durable_object" for found in bindings):
            continue
        if not bindings and not _used_as_namespace(module, member.name):
            continue
        yield _finding(module, member)


def _is_object_type(module: Module, member: js.EnvMember) -> bool:
    """Whether the type is that of an object, a stub or its state, or the class itself."""
    if member.base in _OBJECTS:
        return member.has_runtime_type
    if not member.base or member.arguments is not None:
        return False
    found = module.class_of_type(member.base)
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


def _finding(module: Module, member: js.EnvMember) -> Finding:
    found = member.bound_class or member.class_like
    name = module.type_of_class(found) if found is not None else None
    wanted = f"DurableObjectNamespace<{name}>" if name is not None else "DurableObjectNamespace"
    related: tuple[Location, ...] = ()
    for binding in member.bindings[:1]:
        related = (binding.location.saying("it is bound here"),)
    written = member.base if member.arguments is None else f"{member.base}<{member.arguments}>"
    message = f"`{member.name}` in `env` is the namespace of a Durable Object, not a `{written}`"
    edit = member.retyped(wanted)
    return Finding(message, member.at_type, related, Fix(f"Type it as `{wanted}`", (edit,), Safety.SAFE))
