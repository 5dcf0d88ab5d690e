"""Import the class that a class extends.

`DurableObject`, `WorkerEntrypoint` and their kin are exports of modules, not globals. Without the import the
module throws a ReferenceError when it is loaded; in TypeScript `DurableObject` is also an interface, which a
class cannot extend.

## Incorrect

```ts
export class Room extends DurableObject<Env> {
  async visitors(): Promise<number> {
    return this.ctx.getWebSockets().length;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async visitors(): Promise<number> {
    return this.ctx.getWebSockets().length;
  }
}
```

## Not reported

Names that the module declares or imports, whatever they mean there. In documentation, where imports are often
left out, it is a note, only for the classes of `cloudflare:workers`, and for none that another block of the
section imports.

## Errors

```text title="workerd"
ReferenceError: DurableObject is not defined
ReferenceError: WorkerEntrypoint is not defined
ReferenceError: WorkflowEntrypoint is not defined
ReferenceError: RpcTarget is not defined
```

```text title="TypeScript"
error TS2304: Cannot find name 'DurableObject'.
error TS2689: Cannot extend an interface 'DurableObject'. Did you mean 'implements'?
```

## Fix safety

Safe: the name cannot mean anything else.

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
    fixes,
    js,
    rule,
)

_CLASSES = frozenset(
    {"DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint", "RpcTarget"}
    | {"Agent", "McpAgent", "AIChatAgent"}
)
_IN_DOCUMENTS = frozenset({"DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint"})
"""What documentation should show the import of: other names may be another library's there."""


@rule(class_definition(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    base = owner.facts.base
    module = owner.module
    if base is None or base.imported is not None or base.local is not None or base.text not in _CLASSES:
        return
    if js.suffixes.is_declaration_file(module.path) or module.scope.lookup(base.text, owner.node) is not None:
        return
    value = owner.base_expression
    home = js.home_of(base.text) or "cloudflare:workers"
    in_document = module.document.is_block
    if in_document and (base.text not in _IN_DOCUMENTS or _is_imported_beside(module, base.text)):
        return
    edits = fixes.add_imports(module, [base.text], home)
    fix = Fix(f'Import `{base.text}` from "{home}"', edits, Safety.SAFE) if edits else None
    at = module.at(value) if value is not None else owner.at
    severity = Severity.NOTE if in_document else None
    message = f'`{base.text}` is not defined here: it has to be imported from "{home}"'
    yield Finding(message, at, fix=fix, severity=severity)


def _is_imported_beside(module: Module, name: str) -> bool:
    """Whether another block of the section imports or declares the name."""
    for worker in module.workers:
        for path in worker.modules:
            facts = module.project.facts.of(path) if path != module.path else None
            if facts is not None and (name in facts.imports or name in facts.classes):
                return True
    return False
