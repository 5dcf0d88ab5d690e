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

## What to do

Set a changed copy: `this.setState({ ...this.state, names: [...this.state.names, name] })`. Clients get it at
once, and `onStateChanged()` is called.

- "kept as JSON": Keep what JSON has: an object for a `Map`, an array for a `Set`, `toISOString()` for a
  `Date`, and make the other of it where it is read. As it is, it comes back empty or as text.

## Not reported

A change after which the same function calls `setState()`; classes with a `state` of their own.

## Fix safety

Unsafe: the assignment becomes a `setState()`, which also runs `onStateChanged()` and notifies all clients.

Source: https://developers.cloudflare.com/agents/api-reference/store-and-sync-state/
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import ClassKind, Finding, Fix, Match, Safety, Severity, call, js, member_access, quoted, rule

_NOT_JSON = ("Map", "Set", "WeakMap")
_ARITHMETIC = frozenset({"+=", "-=", "*=", "/="})


@rule(member_access("state"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    if not _is_of_agent(match):
        return
    change = match.module.mutation_of(match.node)
    if change is None or _is_stored_later(match):
        return
    changed = js.unwrap(change.place.whole)
    yield Finding(
        f"{quoted(match.text(changed))} is changed, but neither stored nor sent to clients: "
        "use `this.setState()`",
        match.at(change.node),
        fix=_fix(match, change),
    )


@check.on(call("setState"))
def check_value(match: Match) -> Iterator[Finding]:
    """What JSON cannot hold, among the properties of a new state."""
    if not _is_of_agent(match) or not match.arguments:
        return
    module = match.module
    value = module.initializer(match.arguments[0])
    for part in value.named_children if value.type == "object" else ():
        given = part.child_by_field_name("value") if part.type == "pair" else part
        if given is None or module.key(part) is None:
            continue
        node = js.unwrap(given)
        made = module.call(node)
        what = None
        if node.type in js.FUNCTIONS:
            what = "a function"
        elif made is not None and made.is_new and module.is_global(made.callee, *_NOT_JSON):
            what = f"a `{made.name}`"
        if what is not None:
            yield Finding(f"the state is kept as JSON, which cannot hold {what}", match.at(node))


def _is_of_agent(match: Match) -> bool:
    """Whether a member is one of an Agent that has the SDK's state."""
    this = js.unwrap(match.receiver) if match.receiver is not None else None
    owner = match.module.this_class(this) if this is not None and this.type == "this" else None
    return owner is not None and owner.kind is ClassKind.AGENT and not owner.declares("state")


def _is_stored_later(match: Match) -> bool:
    function = match.enclosing_function
    return function is not None and any(
        found.node.start_byte >= match.node.end_byte for found in match.module.calls("setState", function)
    )


def _fix(match: Match, change: js.Mutation) -> Fix | None:
    """`this.state.name = value` as a `setState()`."""
    module, changed = match.module, js.unwrap(change.place.whole)
    member = module.member(changed)
    is_plain = changed.type == "member_expression" and member is not None
    if module.own_statement(change.node) is None or member is None or not is_plain:
        return None
    if member.object.id != match.node.id:
        return None
    old = match.text(changed)
    setting = module.assignment(change.node)
    if change.node.type == "update_expression":
        operator = change.node.child_by_field_name("operator")
        value = f"{old} {'+' if operator is not None and operator.type == '++' else '-'} 1"
    elif change.method in ("push", "unshift") and (made := module.call(change.node)) is not None:
        added = ", ".join(match.text(it) for it in made.arguments)
        value = f"[...{old}, {added}]" if change.method == "push" else f"[{added}, ...{old}]"
    elif setting is None:
        return None
    elif setting.operator == "=":
        value = match.text(setting.value)
    elif setting.operator in _ARITHMETIC:
        operand = match.text(setting.value)
        if js.unwrap(setting.value).type in ("binary_expression", "ternary_expression"):
            operand = f"({operand})"
        value = f"{old} {setting.operator[:-1]} {operand}"
    else:
        return None
    text = f"this.setState({{ ...this.state, {member.name}: {value} }})"
    return Fix("Set the state", (match.replace(change.node, text),), Safety.UNSAFE)
