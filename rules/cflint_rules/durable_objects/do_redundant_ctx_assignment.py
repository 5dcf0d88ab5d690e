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

## Not reported

Classes that extend nothing, and fields of other names (`this.state = ctx`).

## Fix safety

Safe: the base class has set the field to the same value. No fix is offered where the class declares such a
field, which would be left without a value.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

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
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_FIELDS = ("ctx", "env")
_MODIFIERS = frozenset({"accessibility_modifier", "readonly", "override_modifier"})


@rule(class_definition(), severity=Severity.NOTE, fix=Safety.SAFE, presets=(REFERENCE, STRICT))
def check(found: ClassDefinition) -> Iterator[Finding]:
    derived = found.facts.base
    if derived is None or found.facts.member("constructor") is None or not found.kind.is_platform:
        return
    constructor = found.constructor
    body = constructor.child_by_field_name("body") if constructor is not None else None
    if constructor is None or body is None:
        return
    module = found.module
    listed = constructor.child_by_field_name("parameters")
    parameters = [
        child for child in (listed.named_children if listed is not None else ()) if child.type != "comment"
    ]
    made = next(
        (
            node
            for node in js.walk(body, into_functions=False, into_classes=False)
            if node.type == "call_expression"
            and (node.child_by_field_name("function") or node).type == "super"
        ),
        None,
    )
    base = derived.text
    for index, parameter in enumerate(parameters[:2]):
        pattern = parameter.child_by_field_name("pattern") or parameter
        name = module.text(pattern)
        modifiers = [child for child in parameter.children if child.type in _MODIFIERS]
        if modifiers and name == _FIELDS[index]:
            fix = None
            if made is not None:
                span = Span(modifiers[0].start_byte, pattern.start_byte)
                fix = Fix("Make it a plain parameter", (Edit(module.document, span, ""),), Safety.SAFE)
            yield Finding(
                f"the parameter property `{name}` hides the `{name}` that `{base}` has already",
                module.at(parameter),
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
            fix = Fix(f"Remove `{module.text(statement).rstrip(';')}`", (edit,), Safety.SAFE)
        yield Finding(
            f"`this.{field}` is set by `{base}` already, in `super()`",
            module.at(statement),
            fix=fix,
        )


def _assigned(found: ClassDefinition, statement: "Node", parameters: "list[Node]") -> str | None:
    """`ctx` of `this.ctx = ctx;`, where the right side is the parameter that `super()` wants there."""
    module = found.module
    assignment = js.first_named(statement) if statement.type == "expression_statement" else None
    if assignment is None or assignment.type != "assignment_expression":
        return None
    left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
    if left is None or right is None or left.type != "member_expression":
        return None
    target, property = left.child_by_field_name("object"), left.child_by_field_name("property")
    name = module.text(property) if property is not None else ""
    if (
        target is None
        or target.type != "this"
        or name not in _FIELDS
        or js.unwrap(right).type != "identifier"
    ):
        return None
    declaration = module.scope.resolve(js.unwrap(right))
    index = _FIELDS.index(name)
    if declaration is None or index >= len(parameters) or declaration.owner.id != parameters[index].id:
        return None
    return name
