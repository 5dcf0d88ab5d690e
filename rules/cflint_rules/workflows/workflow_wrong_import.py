"""Import `NonRetryableError` from `cloudflare:workflows`, the rest of Workflows from `cloudflare:workers`.

The two modules are easily mixed up. `cloudflare:workflows` exports the one error, `cloudflare:workers` the
entrypoint and the types of its parameters; a name imported from the wrong one does not exist, and the Worker
does not start.

## Incorrect

```ts
import { NonRetryableError, WorkflowEntrypoint } from "cloudflare:workers";

export class Import extends WorkflowEntrypoint<Env> {
  async run(): Promise<void> {
    throw new NonRetryableError("nothing to import");
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

export class Import extends WorkflowEntrypoint<Env> {
  async run(): Promise<void> {
    throw new NonRetryableError("nothing to import");
  }
}
```

## Not reported

A class of one's own called `NonRetryableError`, and what another package exports under that name.

## Fix safety

Safe: each name is exported by one module only.

Source: https://developers.cloudflare.com/workflows/build/workers-api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, fixes, import_of, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HOMES = {
    "NonRetryableError": "cloudflare:workflows",
    "WorkflowEntrypoint": "cloudflare:workers",
    "WorkflowStep": "cloudflare:workers",
    "WorkflowEvent": "cloudflare:workers",
    "WorkflowStepConfig": "cloudflare:workers",
}


@rule(
    import_of("cloudflare:workers", "cloudflare:workflows", "@cloudflare/workers-types"),
    severity=Severity.ERROR,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    source = match.word
    if match.node.type != "import_statement":
        return
    parts = list(fixes.imported_parts(match.node))
    only_types = any(child.type == "type" for child in match.node.children)
    wrong: list[tuple[Node, str]] = []
    for part in parts:
        node = part.child_by_field_name("name")
        name = match.text(node) if node is not None and part.type == "import_specifier" else ""
        if name not in _HOMES or _HOMES[name] == source:
            continue
        is_type = only_types or any(child.type == "type" for child in part.children)
        if source == "@cloudflare/workers-types" and (is_type or not _is_value(match, part, name)):
            continue  # its types are right
        wrong.append((part, name))
    for part, name in wrong:
        home = _HOMES[name]
        edits = _edits(match, part, name, whole=len(parts) == 1, types=only_types)
        fix = Fix(f'Import `{name}` from "{home}"', edits, Safety.SAFE) if edits else None
        message = f'"{source}" does not export `{name}`: it is in "{home}"'
        yield Finding(message, match.at(part), fix=fix)


def _is_value(match: Match, part: Node, name: str) -> bool:
    """Whether the import is used as a value: thrown, or extended."""
    declared = next((found for found in match.module.scope.imports if found.owner.id == part.id), None)
    if declared is None or name not in ("NonRetryableError", "WorkflowEntrypoint"):
        return False
    return any(node.type == "identifier" for node in match.module.scope.references(declared))


def _edits(match: Match, part: Node, name: str, *, whole: bool, types: bool) -> tuple[Edit, ...]:
    if whole:
        edit = fixes.set_import_source(match.module, match.node, _HOMES[name])
        return (edit,) if edit is not None else ()
    if part.child_by_field_name("alias") is not None:
        return ()
    is_type = types or any(child.type == "type" for child in part.children)
    return fixes.move_import(match.module, part, name, _HOMES[name], types=is_type)
