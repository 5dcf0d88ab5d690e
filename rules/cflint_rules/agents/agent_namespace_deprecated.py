"""Use the names that the Agents SDK has today.

`AgentNamespace` is another name of `DurableObjectNamespace`, `unstable_callable` of `callable`; both go with
the next major version. `getSchedule()` and `getSchedules()` are synchronous, so they cannot call another
object and throw inside a sub-agent. `agents-sdk` is the former name of the package.

## Incorrect

```ts
import { Agent, type AgentNamespace, unstable_callable } from "agents";

interface Env {
  HELPER: AgentNamespace<Helper>;
}

export class Helper extends Agent<Env> {
  @unstable_callable()
  hello(): string {
    return "hello";
  }
}
```

## Correct

```ts
import { Agent, callable } from "agents";

interface Env {
  HELPER: DurableObjectNamespace<Helper>;
}

export class Helper extends Agent<Env> {
  @callable()
  hello(): string {
    return "hello";
  }
}
```

## What to do

Write `await this.listSchedules()` for `getSchedules()`, `await this.getScheduleById(id)` for
`getSchedule(id)`, in an `async` method, whose callers await it.

## Not reported

Names that a version of the package does not have yet, when the project's own version is known; a class's own
`getSchedule()`.

## Fix safety

Safe for names that only changed. Unsafe for a package's name: it has to be installed (`npm install
agents`), and the old one goes once nothing imports it (`@cloudflare/agents/react` is `agents/react`). There
is no fix for `getSchedule()`, whose successor has to be awaited.

Source: https://github.com/cloudflare/agents/blob/main/packages/agents/src/index.ts
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassKind,
    Edit,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    call,
    config,
    fixes,
    import_of,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_RENAMED = {
    "unstable_callable": "callable",
    "unstable_getSchedulePrompt": "getSchedulePrompt",
    "unstable_scheduleSchema": "scheduleSchema",
    "unstable_getAITools": "getAITools",
}
_PACKAGES = {
    "agents-sdk": "agents",
    "agents-sdk/react": "agents/react",
    "agents-sdk/client": "agents/client",
    "@cloudflare/agents": "agents",
    "@cloudflare/agents/react": "agents/react",
    "@cloudflare/agents/client": "agents/client",
}
_SUCCESSORS = {"getSchedule": "getScheduleById", "getSchedules": "listSchedules"}
_UNPREFIXED_SINCE = (0, 1, 0)
_ASYNC_SCHEDULES_SINCE = (0, 12, 0)


@rule(
    import_of("agents", "agents/schedule", "agents/ai-react", *_PACKAGES),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    if match.word in _PACKAGES:
        yield from _package(match)
    elif match.node.type == "import_statement":
        yield from _names(match)


@check.on(call(*_SUCCESSORS))
def check_schedule(match: Match) -> Iterator[Finding]:
    """Calls of `this.getSchedule()`, at the first of a class."""
    module, receiver = match.module, match.receiver
    if receiver is None or receiver.type != "this" or _may_be_older(match, _ASYNC_SCHEDULES_SINCE):
        return
    owner = module.this_class(receiver)
    if owner is None or owner.kind is not ClassKind.AGENT or owner.has(match.word):
        return
    wanted = _SUCCESSORS[match.word]
    names = [
        member.name_node
        for found in module.calls(match.word, owner.body)
        if (member := module.member(found.callee)) is not None and member.object.type == "this"
    ]
    if names and names[0].id == match.name.id:
        yield Finding(
            f"`{match.word}()` is deprecated and throws inside a sub-agent: use `await this.{wanted}()`",
            match.at(match.name),
            tuple(match.at(name, "and here") for name in names[1:]),
        )


def _may_be_older(match: Match, version: tuple[int, int, int]) -> bool:
    folder = posixpath.dirname(match.module.path)
    return config.may_be_older(match.project.workspace, folder, "agents", version)


def _package(match: Match) -> Iterator[Finding]:
    wanted = _PACKAGES[match.word]
    source = match.node.child_by_field_name("source") or match.node
    edit = fixes.set_import_source(match.module, match.node, wanted)
    fix = Fix(f'Import from "{wanted}"', (edit,), Safety.UNSAFE) if edit is not None else None
    yield Finding(f'the package "{match.word}" is now called "{wanted}"', match.at(source), fix=fix)


def _names(match: Match) -> Iterator[Finding]:
    declared = {found.owner.id: found for found in match.module.scope.imports}
    for part in fixes.imported_parts(match.node):
        found = declared.get(part.id)
        name = found.imported.name if found is not None and found.imported is not None else ""
        if found is None:
            continue
        if name == "AgentNamespace":
            yield from _namespace(match, found)
        elif name in _RENAMED and not _may_be_older(match, _UNPREFIXED_SINCE):
            yield _renamed(match, found, name, _RENAMED[name])


def _namespace(match: Match, declared: js.Declaration) -> Iterator[Finding]:
    """Every use of the type, or the import when there is none."""
    references = match.module.scope.references(declared)
    edits = (
        *(match.replace(node, "DurableObjectNamespace") for node in references),
        *fixes.remove_imports(match.module, [declared.owner]),
    )
    fix = Fix("Use `DurableObjectNamespace`", edits, Safety.SAFE)
    for node in references or (declared.node,):
        message = "`AgentNamespace` is a name of `DurableObjectNamespace` that the next major version drops"
        yield Finding(message, match.at(node), fix=fix)


def _renamed(match: Match, declared: js.Declaration, name: str, wanted: str) -> Finding:
    module = match.module
    taken = wanted in module.scope.top_level
    fix = None
    if not taken:
        exported = declared.owner.child_by_field_name("name") or declared.node
        edits: list[Edit] = [match.replace(exported, wanted)]
        if declared.name == name:
            edits.extend(_renamed_uses(match, module.scope.references(declared), wanted))
        fix = Fix(f"Use `{wanted}`", tuple(edits), Safety.SAFE)
    return Finding(
        f"`{name}` is a name of `{wanted}` that the next major version drops",
        match.at(declared.owner),
        fix=fix,
    )


def _renamed_uses(match: Match, references: tuple[Node, ...], wanted: str) -> Iterator[Edit]:
    for node in references:
        if node.type == "shorthand_property_identifier":  # `{ unstable_callable }` keeps its key
            yield match.replace(node, f"{match.text(node)}: {wanted}")
        else:
            yield match.replace(node, wanted)
