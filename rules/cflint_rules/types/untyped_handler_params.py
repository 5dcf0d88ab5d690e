"""Type the parameters of the methods that the runtime calls on a class.

A method of a class takes no types from its base: `fetch(request)` of a Durable Object is
`fetch(request: any)`, an error under `noImplicitAny`, and unchecked without it.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request) {
    return new Response(request.url);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request) {
    return new Response(request.url);
  }
}
```

## Not reported

JavaScript; methods that only your own code calls; projects whose `tsconfig.json` has
`"noImplicitAny": false`; parameters with a default value, or that are taken apart.

## Fix safety

Safe: types are gone at run time. What an SDK exports is imported as a type.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    class_definition,
    fixes,
    join_names,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_TYPE = pattern(r"\b[A-Z]\w+")
_IMPORTED = frozenset(name for names in js.EXPORTED_TYPES.values() for name in names)


@rule(class_definition(), severity=Severity.NOTE, fix=Safety.SAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    handlers = js.handlers_of(owner.kind) if owner.module.is_typescript else {}
    if not any(found.name in handlers for found in owner.facts.members):
        return
    for name, signature in handlers.items():
        method = owner.method(name)
        if method is None or method.type != "method_definition":
            continue
        untyped = list(_untyped(owner.module, method, signature))
        if not untyped:
            continue
        if _allows_implicit_any(owner.module):
            return
        names = join_names([f"`{given.name}`" for given, _ in untyped])
        verb = "has" if len(untyped) == 1 else "have"
        yield Finding(
            f"{names} of `{name}()` {verb} no type, and a class method takes none from its base: nothing"
            " checks what is done with them",
            owner.module.at(untyped[0][0].pattern),
            fix=_fix(owner, untyped),
        )


Untyped = tuple[js.Parameter, js.HandlerParameter]


def _untyped(module: Module, method: Node, signature: js.HandlerSignature) -> Iterator[Untyped]:
    for given, wanted in zip(module.parameters(method), signature.parameters, strict=False):
        if given.name is not None and not given.is_rest and given.type is None and given.default is None:
            yield given, wanted


def _fix(owner: ClassDefinition, untyped: list[Untyped]) -> Fix | None:
    module = owner.module
    edits: list[Edit] = []
    needed: dict[str, None] = {}
    for given, wanted in untyped:
        text = _filled(owner, wanted.type)
        if text is None:
            continue
        needed.update(dict.fromkeys(name for name in _TYPE.findall(text) if name in _IMPORTED))
        mark = "?" if wanted.is_optional and not given.is_optional else ""
        edits.append(module.insert(given.node.end_byte, f"{mark}: {text}"))
    base = owner.facts.base
    source = base.imported.module if base is not None and base.imported is not None else None
    if needed and source is not None:
        sdk = "agents" if source.startswith(("agents", "@cloudflare/")) else source
        imports = fixes.add_imports(module, needed, sdk, types=True)
        if imports is None:
            return None
        edits.extend(imports)
    elif needed:
        return None
    return Fix.of("Type the parameters", tuple(edits), Safety.SAFE)


def _filled(owner: ClassDefinition, wanted: str) -> str | None:
    """The type with the class's own type arguments filled in; None when they are not known."""
    if "{" not in wanted:
        return wanted
    arguments = _split(owner.facts.type_arguments or "")
    index = 0 if wanted == "{env}" else 1
    given = arguments[index] if len(arguments) > index else None
    if given is None and wanted == "{env}":
        scope = owner.module.scope
        given = "Env" if "Env" in scope.top_level_types or "Env" in scope.top_level else None
    if given is None and "{parameters}" in wanted:
        given = "unknown"
    return (
        wanted.replace("{env}", given).replace("{state}", given).replace("{parameters}", given)
        if given
        else None
    )


def _split(arguments: str) -> list[str]:
    """`["Env", "State"]` of `<Env, State>`."""
    parts, depth = [""], 0
    for char in arguments.strip()[1:-1]:
        depth += (char in "<{[(") - (char in ">}])")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


_OFF = pattern(rb'"noImplicitAny"\s*:\s*false')
_LOOSE = pattern(rb'"strict"\s*:\s*false')


def _allows_implicit_any(module: Module) -> bool:
    """Whether the nearest `tsconfig.json` switches the check off."""
    folder = posixpath.dirname(module.path)
    while True:
        document = module.project.workspace.read(posixpath.join(folder, "tsconfig.json"))
        if document is not None:
            data = document.data
            return _OFF.search(data) is not None or (
                _LOOSE.search(data) is not None and b'"noImplicitAny"' not in data
            )
        if not folder:
            return False
        folder = posixpath.dirname(folder)
