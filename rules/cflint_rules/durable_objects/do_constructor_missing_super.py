"""Call `super(ctx, env)` in the constructor of a platform class, first and with both arguments.

A class that extends another has no `this` before `super()` has returned: touching it, or leaving the
constructor without that call, throws a ReferenceError, so every request to the object fails. The base classes
of `cloudflare:workers`, and those of packages that extend them (`Agent`), take the two arguments that the
constructor was given, and throw a TypeError when they get something else, or the two in another order; they
are what sets `this.ctx` and `this.env`.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Inbox extends DurableObject<Env> {
  private storage: DurableObjectStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    this.storage = ctx.storage;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Inbox extends DurableObject<Env> {
  private storage: DurableObjectStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.storage = ctx.storage;
  }
}
```

## What to do

Write the constructor as `constructor(ctx: DurableObjectState, env: Env) { super(ctx, env); … }`, with the
type that the class has for `env` and what it does today besides in place of `…`; what the call was given
goes into fields of the class. As it is, no object of the class can be made.

## Not reported

Classes whose base cannot be resolved (a mixin, a factory). A constructor that only throws, or returns another
object.

## Errors

```text title="workerd"
ReferenceError: Must call super constructor in derived class before accessing 'this' or returning from
  derived constructor
TypeError: Failed to construct 'DurableObjectBase': constructor parameter 1 is not of type
  'DurableObjectState'.
```

## Fix safety

Safe where the call is missing or lacks an argument: without it the class cannot be constructed at all.
Unsafe for a call that comes too late: its arguments may be made by the statements before it. There is no
fix where something else stands in place of an argument: where it belongs is up to you.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    Edit,
    Finding,
    Fix,
    Safety,
    Severity,
    class_definition,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_OBJECT = frozenset({"null", "undefined", "string", "template_string", "number", "true", "false"})
_NO_CONTEXT = _NO_OBJECT | {"object", "array", "regex", "arrow_function", "function_expression"}
"""Expressions that are no `env`, and that are no context."""


@rule(class_definition(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(found: ClassDefinition) -> Iterator[Finding]:
    base = found.facts.base
    if (
        base is None
        or base.wrapped is not None
        or found.facts.member("constructor") is None
        or not found.kind.is_platform
    ):
        return
    constructor = found.constructor
    body = js.body_of(constructor) if constructor is not None else None
    if constructor is None or body is None or body.has_error or _ends_otherwise(found, constructor, body):
        return
    module = found.module
    first = next(iter(module.super_calls(found)), None)
    if first is None:
        yield Finding(
            f"the constructor of `{found.name}` never calls `super()`, so no `{found.name}` can be made: "
            f"`{base.text}` has to be constructed first",
            module.at(constructor.child_by_field_name("name") or constructor),
            related=(found.at.saying(f"`{found.name}` extends `{base.text}`"),),
            fix=_with_call(found, constructor, body),
        )
        return
    this = _this_before(body, first)
    if this is not None:
        yield Finding(
            "`this` is used before `super()` is called, which throws a ReferenceError",
            module.at(this),
            related=(module.at(first, "`super()` is called here"),),
            fix=_moved_up(found, constructor, body, first, this),
        )
    given = js.arguments_of(first)
    if any(argument.type == "spread_element" for argument in given):
        return
    if module.project.classes.base(found.facts) is not None:
        return  # a base of the project has a constructor of its own
    if len(given) >= 2:
        yield from _wrong_arguments(found, constructor, first, base.text)
        return
    yield Finding(
        f"`super()` of `{base.text}` takes two arguments, the context and `env`, and throws without them",
        module.at(first),
        fix=_with_arguments(found, constructor, first),
    )


def _wrong_arguments(found: ClassDefinition, constructor: Node, call: Node, base: str) -> Iterator[Finding]:
    """`super()` with values that are neither the context nor `env`, or with the two in the wrong order."""
    module = found.module
    context, env = map(js.unwrap, js.arguments_of(call)[:2])
    names = [parameter.name for parameter in module.parameters(constructor)[:2]]
    if len(names) == 2 and None not in names and [module.text(env), module.text(context)] == names:
        if any(module.scope.resolve(argument) is None for argument in (context, env)) or names[0] == names[1]:
            return
        swapped = f"super({names[0]}, {names[1]})"
        edits = (
            module.replace(context, module.text(env)),
            module.replace(env, module.text(context)),
        )
        yield Finding(
            f"`super()` of `{base}` takes the context first and then `env`, and throws otherwise",
            module.at(call),
            fix=None if names[0] == "env" else Fix(f"Call `{swapped}`", edits, Safety.SAFE),
        )
        return
    wrong = context if context.type in _NO_CONTEXT else env if env.type in _NO_OBJECT else None
    if wrong is not None:
        what = "the context" if wrong.id == context.id else "`env`"
        yield Finding(
            f"`super()` of `{base}` is not given {what} of the constructor, and throws without it",
            module.at(wrong),
            words=(("ctx", "ctx"), ("env", "env")),
        )


def _ends_otherwise(found: ClassDefinition, constructor: Node, body: Node) -> bool:
    """Whether a constructor returns something else, or does nothing but throw."""
    statements = [node for node in body.named_children if node.type != "comment"]
    if len(statements) == 1 and statements[0].type == "throw_statement":
        return True
    return any(node.named_child_count for node in found.module.returns_of(constructor))


def _this_before(body: Node, call: Node) -> Node | None:
    """The first `this` that is evaluated before `super()` returns."""
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.start_byte >= call.end_byte:
            return None
        if node.type == "this":
            return node
    return None


def _with_call(found: ClassDefinition, constructor: Node, body: Node) -> Fix | None:
    arguments = _arguments(found, constructor)
    if arguments is None:
        return None
    call, edits = arguments
    edit = found.module.prepend_statement(body, f"{call};")
    return Fix(f"Call `{call}` first", (*edits, edit), Safety.SAFE)


def _with_arguments(found: ClassDefinition, constructor: Node, call: Node) -> Fix | None:
    arguments = _arguments(found, constructor)
    given = js.arguments_of(call)
    if arguments is None:
        return None
    text, edits = arguments
    if given and not text.startswith(f"super({found.module.text(given[0])},"):
        return None
    return Fix(f"Call `{text}`", (*edits, found.module.replace(call, text)), Safety.SAFE)


def _arguments(found: ClassDefinition, constructor: Node) -> tuple[str, tuple[Edit, ...]] | None:
    """`super(…)` with the constructor's own parameters, and the edits that add those that are missing."""
    module = found.module
    parameters = module.parameters(constructor)
    names: list[str] = []
    for parameter in parameters[:2]:
        if parameter.name is None:
            return None
        if parameter.is_rest:
            return f"super({', '.join((*names, f'...{parameter.name}'))})", ()
        names.append(parameter.name)
    signature = js.handler_signature(found.kind, "constructor")
    wanted = signature.parameters if signature is not None else ()
    missing = [one for one in wanted[len(names) :] if one.name not in names]
    body = js.body_of(constructor) or constructor
    if len(names) + len(missing) != 2 or any(
        True for one in missing for _ in module.scope.named(one.name, body)
    ):
        return None  # it means something else there
    call = f"super({', '.join((*names, *(one.name for one in missing)))})"
    if not missing:
        return call, ()
    env = _env_type(found)
    if module.is_typescript and env is None:
        return None
    added = ", ".join(
        f"{one.name}: {one.type.replace('{env}', env or '')}" if module.is_typescript else one.name
        for one in missing
    )
    if parameters:
        return call, (module.insert(parameters[-1].node.end_byte, f", {added}"),)
    listed = constructor.child_by_field_name("parameters") or constructor
    return call, (module.replace(listed, f"({added})"),)


def _env_type(found: ClassDefinition) -> str | None:
    """The type of `env` as the class's base is given it: `Env` of `DurableObject<Env>`."""
    given = found.module.type_arguments(found)
    text = found.module.text(given[0]) if given else ""
    return text if text.isidentifier() else None


def _moved_up(found: ClassDefinition, constructor: Node, body: Node, call: Node, this: Node) -> Fix | None:
    """A fix that makes a late `super(…)` the first statement."""
    module = found.module
    statement = module.own_statement(call)
    parent = module.parent(statement) if statement is not None else None
    if statement is None or parent is None or parent.id != body.id or this.start_byte > call.start_byte:
        return None
    for argument in map(js.unwrap, js.arguments_of(call)):
        declaration = module.scope.resolve(argument) if argument.type == "identifier" else None
        if declaration is None or declaration.scope.id != constructor.id:
            return None
    removed = Edit(module.document, module.whole_lines(statement), "")
    added = module.prepend_statement(body, f"{module.text(call)};")
    return Fix("Call `super()` first", (added, removed), Safety.UNSAFE)
