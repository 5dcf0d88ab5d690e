"""Leave `this.ctx` and `this.env` to the base class.

`super(ctx, env)` sets both. Setting them again has no effect, and a parameter property (`constructor(private
ctx: DurableObjectState)`) declares a second field of that name, with its own visibility.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.ctx = ctx;
    this.env = env;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
  }
}
```

## What to do

Delete the line, and the field's declaration if there is one; a constructor that then only calls
`super(ctx, env)` goes, too. Nothing else changes.

## Not reported

Classes that extend nothing, and fields of other names (`this.state = ctx`).

## Fix safety

Safe: the base class has set the field to the same value. No fix is offered where the class declares such a
field, which would be left without a value.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    REFERENCE,
    STRICT,
    ClassDefinition,
    Edit,
    Finding,
    Fix,
    Safety,
    Severity,
    Span,
    class_definition,
    js,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_FIELDS = ("ctx", "env")


@rule(class_definition(), severity=Severity.NOTE, fix=Safety.SAFE, presets=(REFERENCE, STRICT))
def check(found: ClassDefinition) -> Iterator[Finding]:
    base = found.facts.base
    if base is None or found.facts.member("constructor") is None or not found.kind.is_platform:
        return
    constructor = found.constructor
    body = js.body_of(constructor) if constructor is not None else None
    if constructor is None or body is None:
        return
    module = found.module
    parameters = module.parameters(constructor)
    made = next(iter(module.super_calls(found)), None)
    for own, parameter in zip(_FIELDS, parameters, strict=False):
        modifiers = parameter.modifiers
        if not modifiers or parameter.name != own:
            continue
        fix = None
        if made is not None:
            span = Span(modifiers[0].start_byte, parameter.pattern.start_byte)
            fix = Fix("Make it a plain parameter", (Edit(module.document, span, ""),), Safety.SAFE)
        yield Finding(
            f"the parameter property `{own}` hides the `{own}` that `{base.text}` has already",
            module.at(parameter.node),
            fix=fix,
        )
    for statement in body.named_children:
        field = _assigned(found, statement, parameters)
        if field is None:
            continue
        declared = any(
            member.name == field and member.kind is js.MemberKind.FIELD for member in found.facts.members
        )
        fix = None
        if made is not None and made.end_byte < statement.start_byte and not declared:
            edit = Edit(module.document, module.whole_lines(statement), "")
            fix = Fix(f"Remove {quoted(module.text(statement).rstrip(';'))}", (edit,), Safety.SAFE)
        yield Finding(
            f"`this.{field}` is set by `{base.text}` already, in `super()`",
            module.at(statement),
            fix=fix,
        )


def _assigned(found: ClassDefinition, statement: Node, parameters: tuple[js.Parameter, ...]) -> str | None:
    """`ctx` of `this.ctx = ctx;`, where the right side is the parameter that `super()` wants there."""
    module = found.module
    assignment = module.assignment(js.first_named(statement))
    if assignment is None or statement.type != "expression_statement" or assignment.operator != "=":
        return None
    target, value = module.member(assignment.target), js.unwrap(assignment.value)
    if target is None or target.object.type != "this" or target.name not in _FIELDS:
        return None
    declaration = module.scope.resolve(value) if value.type == "identifier" else None
    index = _FIELDS.index(target.name)
    if declaration is None or index >= len(parameters) or declaration.owner.id != parameters[index].node.id:
        return None
    return target.name
