"""Use `this.env` in a class, and the `env` parameter in a handler object.

A method of a Durable Object, an entrypoint or a Workflow has no `env` in scope: the bare name throws a
ReferenceError when the line is reached. In a handler of an object `this` is not a Worker, and `this.env` is
undefined.

## Incorrect

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Import extends WorkflowEntrypoint<Env, string> {
  async run(event: WorkflowEvent<string>, step: WorkflowStep): Promise<void> {
    await step.do("store", async () => {
      await env.CACHE.put("last", event.payload);
    });
  }
}
```

## Correct

```ts
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class Import extends WorkflowEntrypoint<Env, string> {
  async run(event: WorkflowEvent<string>, step: WorkflowStep): Promise<void> {
    await step.do("store", async () => {
      await this.env.CACHE.put("last", event.payload);
    });
  }
}
```

## Not reported

`env` that is a parameter, a variable or an import from `cloudflare:workers`; functions with a `this` of their
own; names that the project declares globally; blocks of a document that leave their imports out.

## Errors

```text title="workerd"
ReferenceError: env is not defined
TypeError: Cannot read properties of undefined (reading 'env')
```

## Fix safety

Safe: `env` and `this.env` become the one that exists there.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, identifier, js, member_access, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(identifier("env"), member_access("env", "ctx"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    if match.node.type == "identifier":
        yield from _bare(match)
    elif match.node.type == "member_expression":
        yield from _of_this(match)


def _bare(match: Match) -> Iterator[Finding]:
    """`env.X` in a method of a platform class, where nothing is called `env`."""
    node = match.node
    above = match.module.parent(node)
    if above is None or above.type != "member_expression" or above.child_by_field_name("object") != node:
        return
    if match.module.scope.resolve(node) is not None or js.suffixes.is_declaration_file(match.module.path):
        return
    owner = match.module.this_class(node)
    if owner is None or not owner.kind.is_platform or owner.node.has_error:
        return
    if match.module.method_around(node) is None and not _in_field_arrow(match, node):
        return
    if _may_be_global(match.module) or match.module.leaves_out_imports:
        return
    fix = Fix("Write `this.env`", (match.insert(node.start_byte, "this."),), Safety.SAFE)
    what = f"a {owner.kind.value}" if owner.kind.value[0] not in "AEIOU" else f"an {owner.kind.value}"
    yield Finding(f"`env` is not in scope in a method of {what}: it is `this.env`", match.at(node), fix=fix)


def _in_field_arrow(match: Match, node: Node) -> bool:
    function = match.module.enclosing_function(node)
    return function is not None and function.type == "arrow_function"


def _may_be_global(module: Module) -> bool:
    """Whether the module declares names globally, or `typeof env` asks whether there is such a name."""
    for leaf in (*module.leaves("global", module.root), *module.leaves("typeof", module.root)):
        parent = module.parent(leaf)
        if leaf.type == "global" and parent is not None and parent.type == "ambient_declaration":
            return True
        tested = module.operation(parent) if leaf.type == "typeof" else None
        if tested is not None and module.text(tested.right) == "env":
            return True
    return False


def _of_this(match: Match) -> Iterator[Finding]:
    """`this.env.X` in a handler of the default export's object."""
    module, node = match.module, match.node
    target = match.receiver
    if target is None or target.type != "this" or module.this_class(target) is not None:
        return
    handler = match.handler
    if handler is None or handler.owner is not None or not _has_no_this(match, target, handler.function):
        return
    above = module.parent(node)
    if above is None or above.type != "member_expression" or _is_defined(match, handler.function):
        return
    index = 1 if match.word == "env" else 2
    parameters = module.parameters(handler.function)
    name = parameters[index].name if len(parameters) > index else None
    fix = Fix(f"Write `{name}`", (match.replace(node, name),), Safety.SAFE) if name is not None else None
    hint = f"it is the parameter `{name}`" if name is not None else f"it is parameter {index + 1}"
    message = f"`this.{match.word}` is undefined in `{handler.name}()` of a handler object: {hint}"
    yield Finding(message, match.at(node), fix=fix)


def _has_no_this(match: Match, this: Node, function: Node) -> bool:
    """Whether `this` is the handler's own, through arrow functions only."""
    for above in match.module.ancestors(this):
        if above.id == function.id:
            return above.type in ("method_definition", "arrow_function", "function_expression")
        if above.type in js.FUNCTIONS and above.type != "arrow_function":
            return False
    return False


def _is_defined(match: Match, function: Node) -> bool:
    """Whether the object that the handler is of has a member of that name, or is handed to a call."""
    owner = match.module.parent(function)
    if owner is not None and owner.type == "pair":
        owner = match.module.parent(owner)
    if owner is None or owner.type != "object":
        return True
    keys = {match.module.key(part) for part in owner.named_children}
    if match.word in keys or any(part.type == "spread_element" for part in owner.named_children):
        return True
    return match.module.call_around(owner) is not None
