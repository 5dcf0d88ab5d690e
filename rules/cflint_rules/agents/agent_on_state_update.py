"""Name an Agent's hook for changes of its state `onStateChanged()`.

The Agents SDK renamed `onStateUpdate()` to `onStateChanged()` in 0.4. The old name still works, with a
warning, until the next major version. A class that has both throws.

## Incorrect

```ts
import { Agent } from "agents";

export class Counter extends Agent<Env, { count: number }> {
  initialState = { count: 0 };

  onStateUpdate(state: { count: number }): void {
    console.log("count", state.count);
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Counter extends Agent<Env, { count: number }> {
  initialState = { count: 0 };

  onStateChanged(state: { count: number }): void {
    console.log("count", state.count);
  }
}
```

## What to do

Move what `onStateUpdate()` does into `onStateChanged()`, and delete it.

## Not reported

Projects whose version of `agents` is known to be older than 0.4; `onStateUpdate` of the client
(`useAgent({ onStateUpdate })`), which keeps its name.

## Errors

```text title="Agents SDK"
[Agent] Cannot override both onStateChanged and onStateUpdate. …
```

## Fix safety

Safe: the method is renamed, unless the class calls it, or has `onStateChanged()` too.

Source: https://github.com/cloudflare/agents/blob/main/packages/agents/CHANGELOG.md
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Finding,
    Fix,
    Safety,
    Severity,
    class_definition,
    config,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_SINCE = (0, 4, 0)


@rule(class_definition(), severity=Severity.WARNING, fix=Safety.SAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    body = owner.facts.body
    if module.document.data.find(b"onStateUpdate", body.start, body.end) == -1:
        return
    if owner.kind is not ClassKind.AGENT:
        return
    method = owner.method("onStateUpdate")
    name = method.child_by_field_name("name") if method is not None else None
    if name is None:
        return
    if config.may_be_older(module.project.workspace, posixpath.dirname(module.path), "agents", _SINCE):
        return
    if owner.declares("onStateChanged"):
        yield Finding(
            f"{owner.label} has `onStateChanged()` and its old name `onStateUpdate()`: that throws",
            module.at(name),
        )
        return
    used = any(_is_own(owner, leaf) for leaf in module.leaves("onStateUpdate", owner.body))
    fix = Fix("Rename it to `onStateChanged`", (module.replace(name, "onStateChanged"),), Safety.SAFE)
    yield Finding(
        "`onStateUpdate()` is the old name of `onStateChanged()`, and goes with the next major version",
        module.at(name),
        fix=None if used else fix,
    )


def _is_own(owner: ClassDefinition, name: Node) -> bool:
    """Whether a place is the name in `this.onStateUpdate` or `super.onStateUpdate`."""
    member = owner.module.member(owner.module.parent(name))
    return member is not None and js.unwrap(member.object).type in ("this", "super")
