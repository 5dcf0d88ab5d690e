"""Call `ctx.waitUntil()` and the methods of bindings on their object.

Methods of runtime objects need their object: taken out of it and called alone, they throw `TypeError: Illegal
invocation`. That goes for `waitUntil` and `passThroughOnException` of `ctx`, for the methods of a Durable
Object's `ctx`, and for those of bindings; those of D1, which are written in JavaScript, fail with `Cannot
read properties of undefined`.

## Incorrect

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const { waitUntil } = ctx;
    waitUntil(fetch("https://metrics.example/hit"));
    return new Response("ok");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request, env, ctx): Promise<Response> {
    ctx.waitUntil(fetch("https://metrics.example/hit"));
    return new Response("ok");
  },
} satisfies ExportedHandler;
```

## What to do

Call it on its object: `ctx.waitUntil(…)`; to hand it on, `(promise) => ctx.waitUntil(promise)`.

## Not reported

Properties (`const { props, exports } = ctx`); methods that are bound (`ctx.waitUntil.bind(ctx)`) or only
looked at; `waitUntil` imported from `cloudflare:workers`, and that of Pages Functions, which is bound.

## Errors

```text title="workerd"
TypeError: Illegal invocation
TypeError: Illegal invocation: function called with incorrect `this` reference. …
```

## Fix safety

Safe: the method is bound to the object that it was taken from.

Source: https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    destructured,
    js,
    member_access,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_CONTEXT = ("waitUntil", "passThroughOnException")
_OF_STATE = ("acceptWebSocket", "blockConcurrencyWhile", "getWebSockets", "setWebSocketAutoResponse")
_OF_BINDINGS = ("put", "getWithMetadata", "prepare", "batch", "sendBatch", "idFromName", "getByName", "list")
_KINDS = {"kv", "d1", "r2", "queue", "durable_object"}
_BINDING_CALLS = frozenset({"bind", "call", "apply"})


@rule(
    destructured(*_OF_CONTEXT, *_OF_STATE, *_OF_BINDINGS),
    member_access(*_OF_CONTEXT, *_OF_STATE),
    severity=Severity.ERROR,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    if match.node.type == "member_expression":
        yield from _taken(match)
    else:
        yield from _destructured(match)


def _destructured(match: Match) -> Iterator[Finding]:
    module = match.module
    key = match.node
    part = module.parent(key) if key.type != "shorthand_property_identifier_pattern" else key
    target = key if part is key else (part.child_by_field_name("value") if part is not None else None)
    if part is None or target is None:
        return
    wrapper = module.parent(part)
    if wrapper is not None and wrapper.type == "object_assignment_pattern":
        part, wrapper = wrapper, module.parent(wrapper)
    declaration = module.scope.resolve(target)
    if declaration is None or wrapper is None or declaration.path != (match.word,):
        return
    if not _is_used_bare(module, target):
        return
    if declaration.kind is js.DeclarationKind.PARAMETER:
        kinds = module.parameter_kinds(declaration.scope) or ()
        listed = module.parameters(declaration.scope)
        index = next((i for i, one in enumerate(listed) if one.node.id == declaration.owner.id), len(kinds))
        kind = kinds[index] if index < len(kinds) else ValueKind.UNKNOWN
        if _needs_object(kind, match.word):
            yield Finding(_message(match.word, "its object"), match.at(key))
        return
    owner = declaration.value
    if owner is None:
        return
    value = match.value_of(owner)
    is_binding = value.kind is ValueKind.BINDING and value.binding is not None and value.binding.id in _KINDS
    if is_binding and value.binding is not None and match.word in value.binding.methods:
        yield Finding(
            _message(match.word, f"{quoted(module.text(owner))}"),
            match.at(key),
            fix=_fix(module, declaration.owner, part, target, owner),
        )
    elif _needs_object(value.kind, match.word):
        fix = _fix(module, declaration.owner, part, target, owner)
        yield Finding(_message(match.word, f"{quoted(module.text(owner))}"), match.at(key), fix=fix)


def _needs_object(kind: ValueKind, name: str) -> bool:
    if name in _OF_CONTEXT:
        return kind in (ValueKind.EXECUTION_CONTEXT, ValueKind.DURABLE_OBJECT_STATE)
    return kind is ValueKind.DURABLE_OBJECT_STATE and name in _OF_STATE


def _message(name: str, owner: str) -> str:
    return f"`{name}` is taken out of {owner}: calling it alone throws a TypeError"


def _is_used_bare(module: Module, name: "Node") -> bool:
    """Whether a variable is used otherwise than by `.call(…)`, `.apply(…)` and `.bind(…)`."""
    declaration = module.scope.resolve(name)
    if declaration is None:
        return False
    for use in module.scope.references(declaration):
        read = module.member_read(use)
        if read is None or read.name not in _BINDING_CALLS:
            return True
    return False


def _fix(module: Module, declarator: "Node", part: "Node", target: "Node", owner: "Node") -> Fix | None:
    if declarator.type != "variable_declarator" or part.type == "object_assignment_pattern":
        return None
    if js.unwrap(owner).type not in ("identifier", "member_expression", "this"):
        return None
    pattern = declarator.child_by_field_name("name")
    held = module.text(owner)
    name = module.text(target).split("=")[0].strip()
    method = module.text(part).split(":")[0].strip()
    bound = f"{name} = {held}.{method}.bind({held})"
    title = f"Bind `{method}` to `{held}`"
    if pattern is None or pattern.type != "object_pattern":
        return None
    parts = [child for child in pattern.named_children if child.type != "comment"]
    if any(child.type == "rest_pattern" for child in parts):
        return None
    if len(parts) == 1:
        return Fix(title, (module.replace(declarator, bound),), Safety.SAFE)
    index = next(i for i, child in enumerate(parts) if child.id == part.id)
    rest = ", ".join(module.text(child) for i, child in enumerate(parts) if i != index)
    return Fix(title, (module.replace(declarator, f"{{ {rest} }} = {held}, {bound}"),), Safety.SAFE)


def _taken(match: Match) -> Iterator[Finding]:
    module = match.module
    owner = match.receiver
    if owner is None or not _needs_object(match.receiver_value.kind, match.word):
        return
    node = module.with_wrappers(match.node)
    parent = module.parent(node)
    if parent is None:
        return
    kind = parent.type
    match kind:
        case "variable_declarator":
            name = parent.child_by_field_name("name")
            if name is None or name.type != "identifier" or not _is_used_bare(module, name):
                return
        case "pair" | "arguments" | "return_statement" | "arrow_function" | "array":
            pass
        case "assignment_expression":
            right = parent.child_by_field_name("right")
            if right is None or right.id != node.id:
                return
        case _:
            return
    held = module.text(owner)
    simple = js.unwrap(owner).type in ("identifier", "this") or held in (
        "this.ctx",
        "this.state",
        "c.executionCtx",
    )
    fix = Fix(
        f"Bind `{match.word}` to `{held}`",
        (module.insert(match.node.end_byte, f".bind({held})"),),
        Safety.SAFE,
    )
    yield Finding(_message(match.word, f"`{held}`"), match.at(match.node), fix=fix if simple else None)
