"""Import each name of the platform from the module that exports it.

A name that a `cloudflare:` module does not export stops the Worker at deployment or when it starts, and so
does a module that does not exist. `@cloudflare/workers-types` holds types only: it has no classes to extend
at run time.

## Incorrect

```ts
import { DurableObject, EmailMessage } from "cloudflare:workers";
import { env } from "cloudflare:env";

export class Mailer extends DurableObject {
  async send(raw: string): Promise<void> {
    await env.MAIL.send(new EmailMessage("a@example.com", "b@example.com", raw));
  }
}
```

## Correct

```ts
import { DurableObject, env } from "cloudflare:workers";
import { EmailMessage } from "cloudflare:email";

export class Mailer extends DurableObject {
  async send(raw: string): Promise<void> {
    await env.MAIL.send(new EmailMessage("a@example.com", "b@example.com", raw));
  }
}
```

## What to do

Move what needs the import into a module that only tests load: the Worker is refused with it.

## Not reported

Types imported from `@cloudflare/workers-types`; names that cflint does not know; `cloudflare:test` in tests.

## Errors

```text title="esbuild"
No matching export in "…" for import "…"
```

```text title="workerd"
SyntaxError: The requested module 'cloudflare:workers' does not provide an export named '…'
```

## Fix safety

Safe: the name is exported by one module only.

Source: https://github.com/cloudflare/workerd/tree/main/src/cloudflare
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, fixes, import_of, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_WORKFLOWS = frozenset({"WorkflowEntrypoint", "WorkflowStep", "WorkflowEvent", "NonRetryableError"})
_REAL = ("cloudflare:workers", "cloudflare:email", "cloudflare:sockets", "cloudflare:durable-objects")
_HOMES = {name: module for module in _REAL for name in js.EXPORTS[module] if name not in _WORKFLOWS}
"""Values of the platform by name; those of Workflows are another rule's."""


@rule(
    import_of(*_REAL, "cloudflare:workflows", *js.MISSPELLED_MODULES, js.RUNTIME_TYPES, js.TEST_MODULE),
    severity=Severity.ERROR,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    source = match.word
    if source == js.TEST_MODULE:
        yield from _test_module(match)
        return
    if match.node.type != "import_statement":
        return
    if source in js.MISSPELLED_MODULES:
        yield from _misspelled(match, source)
        return
    only_types = any(child.type == "type" for child in match.node.children)
    wrong = [
        (part, name, _HOMES[name])
        for part, name in _named(match)
        if name in _HOMES and _HOMES[name] != source and not only_types and not _is_type(part)
    ]
    if source == js.RUNTIME_TYPES:
        wrong = [entry for entry in wrong if _is_extended(match, entry[0])]
    for part, name, home in wrong:
        fix = _fix(match, part, name, home, alone=len(wrong) == 1)
        what = "has types only" if source == js.RUNTIME_TYPES else f"does not export `{name}`"
        message = f'"{source}" {what}: import `{name}` from "{home}"'
        yield Finding(message, match.at(part), fix=fix)


def _named(match: Match) -> Iterator[tuple[Node, str]]:
    """The specifiers of the statement and the names that they import."""
    for part in fixes.imported_parts(match.node):
        name = part.child_by_field_name("name")
        if part.type == "import_specifier" and name is not None:
            yield part, match.text(name)


def _is_type(part: Node) -> bool:
    return any(child.type == "type" for child in part.children)


def _is_extended(match: Match, part: Node) -> bool:
    """Whether a class of the module extends what is imported."""
    declared = next(
        (found for found in match.module.imported_by(match.node) if found.owner.id == part.id), None
    )
    facts = match.project.facts.of(match.module.path)
    if declared is None or facts is None:
        return False
    return any(
        found.base is not None and found.base.text == declared.name for found in facts.classes.values()
    )


def _fix(match: Match, part: Node, name: str, home: str, *, alone: bool) -> Fix | None:
    title = f'Import `{name}` from "{home}"'
    if alone and len(list(fixes.imported_parts(match.node))) == 1:
        edit = fixes.set_import_source(match.module, match.node, home)
        return Fix(title, (edit,), Safety.SAFE) if edit is not None else None
    if part.child_by_field_name("alias") is not None:
        return None
    edits = fixes.move_import(match.module, part, name, home)
    return Fix(title, edits, Safety.SAFE) if edits else None


def _misspelled(match: Match, source: str) -> Iterator[Finding]:
    names = {name for _, name in _named(match)}
    homes = {_HOMES.get(name) for name in names}
    home = next(iter(homes)) if len(homes) == 1 else None
    wanted = home or js.MISSPELLED_MODULES[source]
    node = match.node.child_by_field_name("source") or match.node
    edit = fixes.set_import_source(match.module, match.node, wanted)
    is_sure = names <= {name for name, known in _HOMES.items() if known == wanted} | _WORKFLOWS
    fix = (
        Fix(f'Import from "{wanted}"', (edit,), Safety.SAFE)
        if edit is not None and is_sure and names
        else None
    )
    yield Finding(f'there is no module "{source}": this is in "{wanted}"', match.at(node), fix=fix)


def _test_module(match: Match) -> Iterator[Finding]:
    """`cloudflare:test` exists in tests alone: a Worker that reaches it does not start."""
    path = match.module.path
    if not any(path in worker.modules and worker.entries for worker in match.module.workers):
        return
    if any(child.type == "type" for child in match.node.children) or match.module.document.is_block:
        return
    node = match.node.child_by_field_name("source") or match.node
    yield Finding(
        '"cloudflare:test" exists in tests only, and this module is part of the Worker', match.at(node)
    )
