"""Define every method that a class calls on `this`.

A class that extends `Agent`, `DurableObject` or another class of the platform has its own methods and the
base's. Calling any other on `this` throws "is not a function" when the line is reached.

## Incorrect

```ts
import { Agent, type Connection, type WSMessage } from "agents";

export class Helper extends Agent<Env> {
  async onMessage(connection: Connection, message: WSMessage) {
    connection.send(await this.answer(message));
  }
}
```

## Correct

```ts
import { Agent, type Connection, type WSMessage } from "agents";

export class Helper extends Agent<Env> {
  async onMessage(connection: Connection, message: WSMessage) {
    connection.send(await this.answer(message));
  }

  private async answer(message: WSMessage): Promise<string> {
    return `you said ${String(message)}`;
  }
}
```

## What to do

Write the method in the class: as it is, the call throws that it is no function.

- "did you mean": Write the name that the class has, as the message says: as it is, the call throws that it is
  no function.

## Not reported

Classes whose base is the project's own or made by a call, that are decorated, merged with an interface of
their name, or given members by `Object.assign(this, …)`; calls behind `?.`, an `in` check or a cast; names
with an underscore in front.

## Errors

```text title="workerd"
TypeError: this.… is not a function
```

```text title="TypeScript"
error TS2339: Property '…' does not exist on type '…'.
```

## Fix safety

Unsafe: a method that is spelled nearly so is called, which may not be the one that is meant. There is no fix
for other names: only you know what the method does.

Source: https://developers.cloudflare.com/agents/api-reference/agents-api/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    class_definition,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node


_THIS = pattern(rb"this\b(?:\.([A-Za-z_$][\w$]*)(?![\w$\x80-\xff]))?")


@rule(class_definition(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    base = owner.facts.base
    if base is None or base.imported is None or owner.facts.decorated or owner.node.has_error:
        return
    inherited = js.base_members(base.imported.module, base.imported.name)
    if inherited is None:
        return
    calls: dict[str, list[Node]] = {}
    others: set[str] = set()
    syntax = owner.module.syntax
    body = owner.facts.body
    for word in _THIS.finditer(owner.module.document.data, body.start, body.end):
        if word[1] is not None and ((plain := word[1].decode()) in inherited or owner.declares(plain)):
            continue
        this = syntax.node_at(word.start(), word.start() + len("this"))
        node = syntax.parent(this) if this is not None else None
        if this is None or this.type != "this" or node is None or node.type != "member_expression":
            continue
        name = node.child_by_field_name("property")
        if name is None or name.type != "property_identifier":
            continue
        text = owner.module.text(name)
        if text in inherited or owner.declares(text) or not _is_of(owner, this):
            continue
        if _is_called(owner, node):
            calls.setdefault(text, []).append(name)
        else:
            others.add(text)
    unknown = {
        name: places
        for name, places in calls.items()
        if name not in others and not name.startswith("_") and owner.facts.member(name) is None
    }
    if not unknown or _has_hidden_members(owner):
        return
    for name_text, places in unknown.items():
        more = tuple(owner.module.at(place, "and is called here") for place in places[1:])
        near = _near(owner, name_text, inherited)
        hint = f"; did you mean `{near}`?" if near is not None else ""
        edits = tuple(owner.module.replace(place, near) for place in places) if near is not None else None
        yield Finding(
            f"`this.{name_text}()` is called, but neither {owner.label} nor `{base.text}` has such a method"
            f"{hint}",
            owner.module.at(places[0]),
            (owner.at.saying("the class is declared here"), *more),
            fix=Fix.of(f"Write `{near}`", edits, Safety.UNSAFE),
        )


def _near(owner: ClassDefinition, name: str, inherited: Iterable[str]) -> str | None:
    """The one method that is spelled nearly so."""
    # Imported where used: few findings ask for it.
    from difflib import get_close_matches

    own = [member.name for member in owner.facts.members if owner.method(member.name) is not None]
    found = get_close_matches(name, sorted({*own, *inherited}), n=2, cutoff=_ALIKE)
    return found[0] if len(found) == 1 else None


_ALIKE = 0.85


def _is_of(owner: ClassDefinition, this: Node) -> bool:
    found = owner.module.this_class(this)
    return found is not None and found.node.id == owner.node.id


def _is_called(owner: ClassDefinition, member: Node) -> bool:
    call = owner.module.call_of(member)
    if call is None or call.is_new:
        return False
    return not any(
        child.type in ("optional_chain", "?.") for child in (*member.children, *call.node.children)
    )


_SETTERS = ("Object.assign", "Object.defineProperty", "Object.defineProperties", "Reflect.set")


def _has_hidden_members(owner: ClassDefinition) -> bool:
    """Whether the class may have members that its body does not list."""
    module = owner.module
    if owner.name in module.scope.top_level_types:
        return True  # an interface of the same name adds members to it
    if any(child.type == "index_signature" for child in owner.body.named_children):
        return True
    for this in module.leaves("this", owner.body):
        if this.type == "this" and _may_gain_members(module, this):
            return True
    named = (module.member_read(leaf) for leaf in module.leaves(owner.name, module.root))
    return any(read is not None and read.name == "prototype" for read in named)


def _may_gain_members(module: Module, this: Node) -> bool:
    """Whether `this` is given members where it stands (`Object.assign(this, …)`, `this[name] = …`), or asked
    for one (`name in this`)."""
    around = module.call_around(this)
    if around is not None:
        return around[1] == 0 and module.is_from(around[0].callee, "", *_SETTERS)
    parent = module.parent(this)
    asked = module.operation(parent)
    if parent is None or (asked is not None and asked.operator == "in" and asked.right.id == this.id):
        return parent is not None
    given = module.assignment(module.parent(parent)) if parent.type == "subscript_expression" else None
    return given is not None and given.target.id == parent.id
