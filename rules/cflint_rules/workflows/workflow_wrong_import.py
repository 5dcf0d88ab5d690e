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

## Errors

```text title="esbuild"
No matching export in "…" for import "NonRetryableError"
```

```text title="workerd"
SyntaxError: The requested module 'cloudflare:workers' does not provide an export named 'NonRetryableError'
SyntaxError: The requested module 'cloudflare:workflows' does not provide an export named
  'WorkflowEntrypoint'
```

## Fix safety

Safe: each name is exported by one module only.

Source: https://developers.cloudflare.com/workflows/build/workers-api/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, fixes, import_of, js, rule

_VALUES = ("NonRetryableError", "WorkflowEntrypoint")
_NAMES = frozenset({*_VALUES, "WorkflowStep", "WorkflowEvent", "WorkflowStepConfig"})


@rule(
    import_of("cloudflare:workers", "cloudflare:workflows", js.RUNTIME_TYPES),
    severity=Severity.ERROR,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    source = match.word
    parts = {part.id for part in fixes.imported_parts(match.node)}
    for declaration in match.module.imported_by(match.node):
        part, ref = declaration.owner, declaration.imported
        if ref is None or ref.name not in _NAMES or part.id not in parts:
            continue
        home = js.home_of(ref.name)
        if home is None or home == source or (source == js.RUNTIME_TYPES and _is_type(match, declaration)):
            continue
        edits = _edits(match, declaration, home, is_whole=len(parts) == 1)
        fix = Fix(f'Import `{ref.name}` from "{home}"', edits, Safety.SAFE) if edits else None
        message = f'"{source}" does not export `{ref.name}`: it is in "{home}"'
        yield Finding(message, match.at(part), fix=fix)


def _is_type(match: Match, declaration: js.Declaration) -> bool:
    """Whether only the type is meant: what is imported is neither thrown nor extended."""
    ref = declaration.imported
    if ref is None or ref.type_only or ref.name not in _VALUES:
        return True
    return all(use.type != "identifier" for use in match.module.scope.references(declaration))


def _edits(match: Match, declaration: js.Declaration, home: str, *, is_whole: bool) -> tuple[Edit, ...]:
    part, ref = declaration.owner, declaration.imported
    if is_whole:
        edit = fixes.set_import_source(match.module, match.node, home)
        return (edit,) if edit is not None else ()
    if ref is None or part.child_by_field_name("alias") is not None:
        return ()
    return fixes.move_import(match.module, part, ref.name, home, types=ref.type_only)
