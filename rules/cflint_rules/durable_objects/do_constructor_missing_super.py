"""Call `super(ctx, env)` in the constructor of a platform class, first and with both arguments.

A class that extends another has no `this` before `super()` has returned: touching it, or leaving the
constructor without that call, throws a ReferenceError, so every request to the object fails. The base classes
of `cloudflare:workers` take the two arguments that the constructor was given, and throw a TypeError without
them; they are what sets `this.ctx` and `this.env`.

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

## Not reported

Classes whose base cannot be resolved (a mixin, a factory). A constructor that only throws, or returns another
object.

## Fix safety

Safe where the call is missing or lacks an argument: without it the class cannot be constructed at all. Moving
a call that comes too late is unsafe, since its arguments may be made by the statements before it.

Source: https://developers.cloudflare.com/durable-objects/api/base/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    Span,
    class_definition,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CONTEXTS = {
    ClassKind.WORKER_ENTRYPOINT: "ExecutionContext",
    ClassKind.WORKFLOW: "ExecutionContext",
}


@rule(class_definition(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(found: ClassDefinition) -> Iterator[Finding]:
    derived = found.facts.base
    if derived is None or found.facts.member("constructor") is None or not found.kind.is_platform:
        return
    constructor = found.constructor
    body = constructor.child_by_field_name("body") if constructor is not None else None
    if constructor is None or body is None or body.has_error or _ends_otherwise(body):
        return
    module = found.module
    name = constructor.child_by_field_name("name") or constructor
    calls = [*_super_calls(module, found, body)]
    base = derived.text
    if not calls:
        arguments = _arguments(found, constructor)
        fix = None
        if arguments is not None:
            call, edits = arguments
            fix = Fix(
                f"Call `{call}` first", (*edits, _first_statement(found, body, f"{call};")), Safety.SAFE
            )
        yield Finding(
            f"the constructor of `{found.name}` never calls `super()`, so no `{found.name}` can be made: "
            f"`{base}` has to be constructed first",
            module.at(name),
            related=(found.at.saying(f"`{found.name}` extends `{base}`"),),
            fix=fix,
        )
        return
    first = min(calls, key=lambda node: node.start_byte)
    this = _this_before(found, body, first)
    if this is not None:
        yield Finding(
            "`this` is used before `super()` is called, which throws a ReferenceError",
            module.at(this),
            related=(module.at(first, "`super()` is called here"),),
            fix=_moved_up(found, body, first, this),
        )
    yield from _too_few(found, constructor, first)


def _super_calls(module: Module, found: ClassDefinition, body: "Node") -> Iterator["Node"]:
    """The calls of `super` in a class's own code."""
    for word in module.leaves("super", body):
        node = module.parent(word)
        if node is not None and node.type == "call_expression" and word.type == "super":
            around = module.enclosing(node, js.CLASSES)
            if around is not None and around.id == found.node.id:
                yield node


def _too_few(found: ClassDefinition, constructor: "Node", call: "Node") -> Iterator[Finding]:
    given = js.arguments_of(call)
    if len(given) >= 2 or any(argument.type == "spread_element" for argument in given):
        return
    if found.module.project.classes.base(found.facts) is not None:
        return  # a base of the project has a constructor of its own
    fix = None
    arguments = _arguments(found, constructor)
    if arguments is not None and (
        not given or arguments[0].startswith(f"super({found.module.text(given[0])},")
    ):
        fix = Fix(
            f"Call `{arguments[0]}`",
            (*arguments[1], found.module.replace(call, arguments[0])),
            Safety.SAFE,
        )
    yield Finding(
        f"`super()` of `{found.facts.base.text if found.facts.base else ''}` takes two arguments, "
        f"the context and `env`, and throws without them",
        found.module.at(call),
        fix=fix,
    )


def _ends_otherwise(body: "Node") -> bool:
    """Whether a constructor returns something else, or does nothing but throw."""
    statements = [node for node in body.named_children if node.type != "comment"]
    if len(statements) == 1 and statements[0].type == "throw_statement":
        return True
    return any(
        node.type == "return_statement" and node.named_child_count
        for node in js.walk(body, into_functions=False, into_classes=False)
    )


def _arguments(found: ClassDefinition, constructor: "Node") -> tuple[str, tuple[Edit, ...]] | None:
    """`super(…)` with the constructor's own parameters, and the edits that add those that are missing."""
    module = found.module
    listed = constructor.child_by_field_name("parameters")
    if listed is None:
        return None
    parameters = [child for child in listed.named_children if child.type != "comment"]
    names: list[str] = []
    for parameter in parameters[:2]:
        pattern = parameter.child_by_field_name("pattern") or parameter
        if pattern.type == "rest_pattern":
            names.append(module.text(pattern))
            return f"super({', '.join(names)})", ()
        if pattern.type != "identifier":
            return None
        names.append(module.text(pattern))
    missing = [name for name in ("ctx", "env")[len(names) :] if name not in names]
    if len(names) + len(missing) != 2:
        return None
    body = constructor.child_by_field_name("body") or constructor
    if any(True for name in missing for _ in module.scope.named(name, body)):
        return None  # it means something else there
    if not missing:
        return f"super({', '.join(names)})", ()
    types = {"ctx": _CONTEXTS.get(found.kind, "DurableObjectState"), "env": _env_type(found)}
    if module.is_typescript and types["env"] is None:
        return None
    added = ", ".join(f"{name}: {types[name]}" if module.is_typescript else name for name in missing)
    if not parameters:
        return f"super({', '.join((*names, *missing))})", (module.replace(listed, f"({added})"),)
    return (
        f"super({', '.join((*names, *missing))})",
        (module.insert(parameters[-1].end_byte, f", {added}"),),
    )


def _env_type(found: ClassDefinition) -> str | None:
    """The type of `env` as the class's base is given it: `Env` of `DurableObject<Env>`."""
    text = (found.facts.type_arguments or "").strip()
    inner = text[1:-1].split(",")[0].strip() if text.startswith("<") and text.endswith(">") else ""
    return inner if inner.isidentifier() else None


def _first_statement(found: ClassDefinition, body: "Node", text: str) -> Edit:
    module = found.module
    line_of = module.document.line_of
    below = [node for node in body.named_children if line_of(node.start_byte) > line_of(body.start_byte)]
    line = module.document.line_span(line_of(body.start_byte))
    rest = module.document.data[body.start_byte + 1 : line.end].strip()
    if below and (not rest or rest.startswith(b"//")):
        return module.insert(below[0].start_byte, f"{text}\n{module.indent_of(below[0])}")
    inside = module.document.data[body.start_byte + 1 : js.block_end(body) - 1]
    if not inside.strip():
        inner = found.member_indent + module.indent_unit
        whole = Span(body.start_byte, js.block_end(body))
        return Edit(module.document, whole, f"{{\n{inner}{text}\n{found.member_indent}}}")
    return module.insert(body.start_byte + 1, f" {text}")


def _this_before(found: ClassDefinition, body: "Node", call: "Node") -> "Node | None":
    """The first `this` that is evaluated before `super()` returns."""
    inside_call = (call.start_byte, call.end_byte)
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.start_byte >= inside_call[1]:
            return None
        if node.type == "this":
            return node
    return None


def _moved_up(found: ClassDefinition, body: "Node", call: "Node", this: "Node") -> Fix | None:
    """A fix that makes a late `super(…)` the first statement."""
    module = found.module
    statement = module.parent(call)
    if statement is None or statement.type != "expression_statement" or this.start_byte > call.start_byte:
        return None
    parent = module.parent(statement)
    if parent is None or parent.id != body.id:
        return None
    constructor = module.enclosing(call, js.FUNCTIONS)
    for argument in js.arguments_of(call):
        declaration = (
            module.scope.resolve(js.unwrap(argument)) if js.unwrap(argument).type == "identifier" else None
        )
        if declaration is None or constructor is None or declaration.scope.id != constructor.id:
            return None
    removed = Edit(module.document, module.whole_lines(statement), "")
    added = _first_statement(found, body, f"{module.text(call)};")
    return Fix("Call `super()` first", (added, removed), Safety.UNSAFE)
