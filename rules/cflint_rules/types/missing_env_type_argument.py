"""Give a platform class the type of its `env`.

Without the argument, `this.env` has the type that is global, or none at all: a misspelled binding is only
found at run time. `extends DurableObject<Env>` makes it an error in the editor.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  CACHE: KVNamespace;
}

export class Room extends DurableObject {
  async load(key: string): Promise<string | null> {
    return this.env.CACHE.get(key);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  CACHE: KVNamespace;
}

export class Room extends DurableObject<Env> {
  async load(key: string): Promise<string | null> {
    return this.env.CACHE.get(key);
  }
}
```

## Not reported

JavaScript; a Worker with a generated `worker-configuration.d.ts`, or a module that declares
`namespace Cloudflare`: there the global type is the right one.

## Fix safety

Safe: types are gone at run time.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from collections.abc import Iterator

from cflint.api import (
    ClassDefinition,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    class_definition,
    pattern,
    rule,
)

_READS = pattern(rb"\bthis\s*\??\.\s*env\b|\benv\b[^;\n]{0,200}=\s*this\b")
_BASES = {
    ("cloudflare:workers", "DurableObject"),
    ("cloudflare:workers", "WorkerEntrypoint"),
    ("cloudflare:workers", "WorkflowEntrypoint"),
    ("agents", "Agent"),
    ("agents/mcp", "McpAgent"),
    ("agents/ai-chat-agent", "AIChatAgent"),
    ("@cloudflare/ai-chat", "AIChatAgent"),
    ("partyserver", "Server"),
    ("@cloudflare/containers", "Container"),
    ("@cloudflare/sandbox", "Sandbox"),
}
"""Classes whose first type argument is that of `env`, and can be left out."""


@rule(class_definition(), severity=Severity.NOTE, fix=Safety.SAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    base = owner.facts.base
    if not module.is_typescript or base is None or owner.facts.type_arguments is not None:
        return
    if not _is_platform_base(owner):
        return
    if owner.field_type("env") is not None or owner.declares("env") or module.has_global_env():
        return
    is_whole = module.document.origin is None
    if is_whole and next(module.mentions(_READS, owner.node), None) is None:
        return  # nobody reads it; a document may show that elsewhere
    name = _env_name(module)
    value = owner.base_expression
    if name is None or value is None:
        return
    edit = module.insert(value.end_byte, f"<{name}>")
    yield Finding(
        f"`this.env` of {owner.label} does not have the type `{name}`: write `extends {base.text}<{name}>`",
        module.at(value),
        fix=Fix(f"Write `{base.text}<{name}>`", (edit,), Safety.SAFE),
    )


def _is_platform_base(owner: ClassDefinition) -> bool:
    base = owner.facts.base
    if base is None:
        return False
    if base.imported is not None:
        return (base.imported.module, base.imported.name) in _BASES
    # where the import was forgotten (another rule's to say), the name still means the platform's
    return base.local is None and base.text in ("DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint")


def _env_name(module: Module) -> str | None:
    """The one type of `env` that the module declares or imports."""
    names = {found.name for found in module.env_types()}
    for declared in module.scope.imports:
        ref = declared.imported
        if ref is not None and ref.name == "Env":
            names.add(declared.name)
    return next(iter(names)) if len(names) == 1 else None
