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
    ClassKind,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    class_definition,
    fixes,
    join_names,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OBJECT = {
    "constructor": ("DurableObjectState", "{env}"),
    "fetch": ("Request",),
    "alarm": ("AlarmInvocationInfo",),
    "webSocketMessage": ("WebSocket", "string | ArrayBuffer"),
    "webSocketClose": ("WebSocket", "number", "string", "boolean"),
    "webSocketError": ("WebSocket", "unknown"),
}
_ENTRYPOINT = {
    "constructor": ("ExecutionContext", "{env}"),
    "fetch": ("Request",),
    "queue": ("MessageBatch",),
    "scheduled": ("ScheduledController",),
    "email": ("ForwardableEmailMessage",),
    "tail": ("TraceItem[]",),
}
_PARTY = {
    "constructor": ("DurableObjectState", "{env}"),
    "onRequest": ("Request",),
    "onConnect": ("Connection", "ConnectionContext"),
    "onMessage": ("Connection", "WSMessage"),
    "onClose": ("Connection", "number", "string", "boolean"),
}
_HOOKS: dict[ClassKind, dict[str, tuple[str, ...]]] = {
    ClassKind.DURABLE_OBJECT: _OBJECT,
    ClassKind.WORKER_ENTRYPOINT: _ENTRYPOINT,
    ClassKind.WORKFLOW: {
        "constructor": ("ExecutionContext", "{env}"),
        "run": ("WorkflowEvent<{parameters}>", "WorkflowStep"),
    },
    ClassKind.AGENT: {
        **_PARTY,
        "onStateUpdate": ("{state}", 'Connection | "server"'),
        "onStateChanged": ("{state}", 'Connection | "server"'),
    },
    ClassKind.PARTY_SERVER: _PARTY,
    ClassKind.CONTAINER: {"fetch": ("Request",)},
}
_NAMES = frozenset(name for hooks in _HOOKS.values() for name in hooks)
_IMPORTED = pattern(r"\b(?:Connection|ConnectionContext|WSMessage|WorkflowEvent|WorkflowStep)\b")


@rule(class_definition(), severity=Severity.NOTE, fix=Safety.SAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    if not owner.module.is_typescript or not any(found.name in _NAMES for found in owner.facts.members):
        return
    for name, types in _HOOKS.get(owner.kind, {}).items():
        method = owner.method(name)
        if method is None or method.type != "method_definition":
            continue
        untyped = list(_untyped(method, types))
        if not untyped:
            continue
        if _allows_implicit_any(owner.module):
            return
        names = join_names([f"`{owner.module.text(parameter)}`" for parameter, _ in untyped])
        verb = "has" if len(untyped) == 1 else "have"
        yield Finding(
            f"{names} of `{name}()` {verb} no type, and a class method takes none from its base",
            owner.module.at(untyped[0][0]),
            fix=_fix(owner, untyped),
        )


def _untyped(method: Node, types: tuple[str, ...]) -> Iterator[tuple[Node, str]]:
    parameters = method.child_by_field_name("parameters")
    given = [c for c in parameters.named_children if c.type != "comment"] if parameters is not None else []
    for parameter, wanted in zip(given, types, strict=False):
        pattern = parameter.child_by_field_name("pattern")
        is_plain = pattern is not None and pattern.type == "identifier"
        has_more = any(parameter.child_by_field_name(field) is not None for field in ("type", "value"))
        if is_plain and pattern is not None and not has_more:
            yield pattern, wanted


def _fix(owner: ClassDefinition, untyped: list[tuple[Node, str]]) -> Fix | None:
    module = owner.module
    edits: list[Edit] = []
    needed: dict[str, None] = {}
    for parameter, wanted in untyped:
        text = _filled(owner, wanted)
        if text is None:
            continue
        needed.update(dict.fromkeys(_IMPORTED.findall(text)))
        is_optional = module.document.data[parameter.end_byte : parameter.end_byte + 1] == b"?"
        mark = "?" if text == "AlarmInvocationInfo" and not is_optional else ""
        edits.append(module.insert(parameter.end_byte + is_optional, f"{mark}: {text}"))
    source = owner.facts.base.imported.module if owner.facts.base and owner.facts.base.imported else None
    if needed and source is not None:
        sdk = "agents" if source.startswith(("agents", "@cloudflare/")) else source
        imports = fixes.add_imports(module, needed, sdk, types=True)
        if imports is None:
            return None
        edits.extend(imports)
    elif needed:
        return None
    return Fix("Type the parameters", tuple(edits), Safety.SAFE) if edits else None


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
