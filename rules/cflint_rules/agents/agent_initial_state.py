"""Give an Agent whose state is read an `initialState`.

Until `setState()` is called for the first time, `this.state` of an Agent without `initialState` is
`undefined`, and reading a property of it throws.

## Incorrect

```ts
import { Agent } from "agents";

export class Counter extends Agent<Env, { count: number }> {
  add(): void {
    this.setState({ count: this.state.count + 1 });
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Counter extends Agent<Env, { count: number }> {
  initialState = { count: 0 };

  add(): void {
    this.setState({ count: this.state.count + 1 });
  }
}
```

## Not reported

Classes that look whether there is a state (`this.state?.count`, `if (!this.state)`), or that set one in their
constructor or in `onStart()`.

## Fix safety

No fix: what an Agent starts with is up to you.

Source: https://developers.cloudflare.com/agents/api-reference/store-and-sync-state/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, ClassKind, Finding, Severity, class_definition, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOKS = pattern(
    r"this\.state\s*(?:\?\.|\?\?|\|\||&&|===|!==|==|!=|\?[^.])|!\s*this\.state\b(?!\s*[.\[])|"
    r"\(\s*this\.state\s*\)|typeof this\.state|this\.state\s+as\b[^.;]*undefined"
)


@rule(class_definition(), severity=Severity.NOTE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    body = owner.facts.body
    if module.document.data.find(b"this.state", body.start, body.end) == -1:
        return
    if owner.kind is not ClassKind.AGENT:
        return
    if _LOOKS.search(module.text(owner.body)) is not None:
        return
    for name in ("constructor", "onStart"):
        method = owner.method(name)
        if method is not None and "setState" in module.text(method):
            return
    read = next((node for node in _around_state(owner) if _reads_state(owner, node)), None)
    if read is not None and not _has_state(owner):
        yield Finding(
            f"`this.state` is `undefined` at first: `{owner.name}` has no `initialState`",
            module.at(read),
            related=(owner.at.saying("the class is declared here"),),
        )


def _around_state(owner: ClassDefinition) -> Iterator[Node]:
    """What stands around each `….state`."""
    syntax = owner.module.syntax
    for leaf in syntax.leaves("state", owner.body):
        member = syntax.parent(leaf)
        above = syntax.parent(member) if member is not None else None
        if above is not None:
            yield above


def _has_state(owner: ClassDefinition) -> bool:
    if owner.declares("initialState") or owner.declares("state"):
        return True
    bases = owner.module.project.bases_of(owner.facts)
    names = ("initialState", "state", "onStart")
    return any(member.name in names for base in bases for member in base.members)


def _reads_state(owner: ClassDefinition, node: Node) -> bool:
    """Whether an expression is `this.state.something` of the class."""
    if node.type not in ("member_expression", "subscript_expression"):
        return False
    module = owner.module
    target = node.child_by_field_name("object")
    if target is None or target.type != "member_expression" or module.text(target) != "this.state":
        return False
    if any(child.type == "optional_chain" for child in node.children):
        return False
    this = target.child_by_field_name("object")
    around = module.this_class(this) if this is not None else None
    return around is not None and around.node.id == owner.node.id
