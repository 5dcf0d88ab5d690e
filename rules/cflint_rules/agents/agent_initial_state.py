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

## What to do

Add the field `initialState = { … }` to the class, with all that is read: until the first `setState()` what is
read of it throws, or is `undefined`. Only where it means something that there is no state yet, read
`this.state?.name` instead.

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

from cflint.api import ClassDefinition, ClassKind, Finding, Severity, class_definition, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPARISONS = frozenset({"===", "!==", "==", "!="})
_LOOKS = _COMPARISONS | {"??", "||", "&&"}


@rule(class_definition(), severity=Severity.NOTE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    body = owner.facts.body
    if module.document.data.find(b"this.state", body.start, body.end) == -1:
        return
    if owner.kind is not ClassKind.AGENT:
        return
    uses = tuple(_uses(owner))
    if any(_is_looked_at(owner, use) for use in uses):
        return
    for name in ("constructor", "onStart"):
        method = owner.method(name)
        if method is not None and next(module.leaves("setState", method), None) is not None:
            return
    read = next((found for use in uses if (found := _read_of(owner, use)) is not None), None)
    if read is not None and not _has_state(owner):
        yield Finding(
            f"`this.state` is `undefined` at first: {owner.label} has no `initialState`",
            module.at(read),
            related=(owner.at.saying("the class is declared here"),),
        )


def _uses(owner: ClassDefinition) -> Iterator[Node]:
    """The places of `this.state`."""
    module = owner.module
    for leaf in module.leaves("state", owner.body):
        member = module.member(module.parent(leaf))
        if member is None or member.name_node.id != leaf.id or member.object.type != "this":
            continue
        if module.this_class(member.object) is owner:
            yield member.node


def _is_looked_at(owner: ClassDefinition, use: Node) -> bool:
    """Whether code asks there if there is a state: by `?.`, a test, a default, or as an argument alone."""
    module = owner.module
    node = use
    above = module.parent(node)
    while above is not None and above.type in ("as_expression", "satisfies_expression"):
        if next(module.leaves("undefined", above), None) is not None:
            return True
        node, above = above, module.parent(above)
    if above is None or node.id != use.id:
        return False
    match above.type:
        case "parenthesized_expression":
            return True
        case "member_expression" | "subscript_expression":
            return any(part.type == "optional_chain" for part in above.children)
        case "arguments":
            return above.named_child_count == 1
        case "ternary_expression":
            return above.child_by_field_name("condition") == node
        case "unary_expression":
            operator = above.child_by_field_name("operator")
            return operator is not None and operator.type in ("!", "typeof")
        case "binary_expression":
            operator = above.child_by_field_name("operator")
            word = operator.type if operator is not None else ""
            is_left = above.child_by_field_name("left") == node
            return word in _COMPARISONS or (is_left and word in _LOOKS)
    return False


def _read_of(owner: ClassDefinition, use: Node) -> Node | None:
    """The whole of `this.state.something`."""
    above = owner.module.parent(use)
    is_member = above is not None and above.type in ("member_expression", "subscript_expression")
    return above if is_member and above is not None and above.child_by_field_name("object") == use else None


def _has_state(owner: ClassDefinition) -> bool:
    if owner.declares("initialState") or owner.declares("state"):
        return True
    bases = owner.module.project.classes.bases(owner.facts)
    names = ("initialState", "state", "onStart")
    return any(member.name in names for base in bases for member in base.members)
