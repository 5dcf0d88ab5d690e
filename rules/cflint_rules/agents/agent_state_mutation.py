"""Change an Agent's state with `setState()`.

Only `setState()` stores the state and sends it to the connected clients. A direct change of `this.state`
reaches no client and is lost when the Agent is evicted.

## Incorrect

```ts
import { Agent } from "agents";

export class Counter extends Agent<Env, { count: number }> {
  initialState = { count: 0 };

  add(): void {
    this.state.count += 1;
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Counter extends Agent<Env, { count: number }> {
  initialState = { count: 0 };

  add(): void {
    this.setState({ ...this.state, count: this.state.count + 1 });
  }
}
```

## Not reported

A change after which the same function calls `setState()`; classes with a `state` of their own.

## Fix safety

Unsafe: the assignment becomes a `setState()`, which also runs `onStateChanged()` and notifies all clients.

Source: https://developers.cloudflare.com/agents/api-reference/store-and-sync-state/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassKind, Finding, Fix, Match, Safety, Severity, call, js, member_access, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGES = frozenset({"push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"})


@rule(member_access("state"), call("setState"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    receiver = match.receiver
    if receiver is None or js.unwrap(receiver).type != "this":
        return
    owner = match.module.this_class(js.unwrap(receiver))
    if owner is None or owner.kind is not ClassKind.AGENT or owner.declares("state"):
        return
    if match.word == "setState":
        yield from _check_value(match)
        return
    place, changed = _chain(match)
    at = _change(match, place)
    if at is None or _is_stored_later(match):
        return
    yield Finding(
        f"`{match.text(changed)}` is changed, but neither stored nor sent to clients: use `this.setState()`",
        match.at(at),
        fix=_fix(match, changed, at),
    )


def _check_value(match: Match) -> Iterator[Finding]:
    """What JSON cannot hold, among the properties of a new state."""
    value = match.module.initializer(match.arguments[0]) if match.arguments else None
    for part in value.named_children if value is not None and value.type == "object" else ():
        given = part.child_by_field_name("value") if part.type == "pair" else part
        if given is None or match.module.key(part) is None:
            continue
        node = js.unwrap(given)
        what = None
        if node.type in js.FUNCTIONS:
            what = "a function"
        elif node.type == "new_expression" and match.module.callee_name(node) in (
            "Map",
            "Set",
            "WeakMap",
        ):
            what = f"a `{match.module.callee_name(node)}`"
        if what is not None:
            yield Finding(f"the state is kept as JSON, which cannot hold {what}", match.at(node))


def _chain(match: Match) -> tuple[Node, Node]:
    """The longest chain of members from `this.state` on, with and without the casts around it."""
    syntax = match.module.syntax
    node = match.node
    while True:
        whole = js.with_wrappers(syntax, node)
        parent = syntax.parent(whole)
        if parent is None or parent.type not in ("member_expression", "subscript_expression"):
            return whole, node
        target = parent.child_by_field_name("object")
        if target is None or target.id != whole.id:
            return whole, node
        name = parent.child_by_field_name("property")
        above = syntax.parent(js.with_wrappers(syntax, parent))
        if name is not None and above is not None and above.type == "call_expression":
            function = above.child_by_field_name("function")
            if function is not None and js.unwrap(function).id == parent.id:
                return whole, node
        node = parent


def _change(match: Match, place: Node) -> Node | None:
    """The expression that changes what stands at a place."""
    parent = match.module.parent(place)
    if parent is None:
        return None
    match parent.type:
        case "assignment_expression" | "augmented_assignment_expression":
            left = parent.child_by_field_name("left")
            return parent if left is not None and left.id == place.id else None
        case "update_expression":
            return parent
        case "unary_expression":
            operator = parent.child_by_field_name("operator")
            return parent if operator is not None and operator.type == "delete" else None
        case "member_expression":
            above = match.module.parent(parent)
            is_call = above is not None and above.type == "call_expression"
            return (
                above
                if is_call and above is not None and match.module.callee_name(above) in _CHANGES
                else None
            )
        case "arguments":
            above = match.module.parent(parent)
            first = parent.named_children[0] if parent.named_children else None
            function = above.child_by_field_name("function") if above is not None else None
            assigns = function is not None and match.text(function) == "Object.assign"
            return above if assigns and first is not None and first.id == place.id else None
    return None


def _is_stored_later(match: Match) -> bool:
    function = match.enclosing_function
    end = function.end_byte if function is not None else match.node.end_byte
    return b"setState(" in match.document.data[match.node.end_byte : end]


def _fix(match: Match, changed: Node, at: Node) -> Fix | None:
    """`this.state.name = value` as a `setState()`."""
    statement = match.module.parent(match.module.with_wrappers(at))
    target = changed.child_by_field_name("object")
    name = changed.child_by_field_name("property")
    if statement is None or statement.type != "expression_statement" or target is None or name is None:
        return None
    if changed.type != "member_expression" or target.id != match.node.id:
        return None
    right = at.child_by_field_name("right")
    operator = at.child_by_field_name("operator")
    word = operator.type if operator is not None else ""
    old = match.text(changed)
    if at.type == "assignment_expression" and right is not None:
        value = match.text(right)
    elif (
        at.type == "augmented_assignment_expression"
        and right is not None
        and word in ("+=", "-=", "*=", "/=")
    ):
        operand = match.text(right)
        operand = (
            f"({operand})"
            if js.unwrap(right).type in ("binary_expression", "ternary_expression")
            else operand
        )
        value = f"{old} {word[:-1]} {operand}"
    elif at.type == "update_expression":
        value = f"{old} {'+' if word == '++' else '-'} 1"
    else:
        return None
    text = f"this.setState({{ ...this.state, {match.text(name)}: {value} }})"
    return Fix("Set the state", (match.replace(at, text),), Safety.UNSAFE)
