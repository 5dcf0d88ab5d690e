"""Take `env` and `ctx` from `this` in the handlers of a class.

The handlers of a class (`fetch`, `alarm`, `queue`, `scheduled`, …) are given the event, and nothing else: the
context and `env` went to the constructor. A further parameter is `undefined`, so `env.DB` throws. Only the
handlers of a default export that is an object get `(event, env, ctx)`.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Stock extends DurableObject<Env> {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const price = await env.PRICES.get(new URL(request.url).pathname);
    return new Response(price, { status: price === null ? 404 : 200 });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Stock extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const price = await this.env.PRICES.get(new URL(request.url).pathname);
    return new Response(price, { status: price === null ? 404 : 200 });
  }
}
```

## Not reported

A parameter with a default, or an optional one (`env?: Env`). A handler that the class calls itself with more
arguments. A parameter that is declared but never used is only a warning.

## Fix safety

Unsafe: the parameters go, and their uses become `this.env` and `this.ctx`.

Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/reserved-methods/
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Edit,
    Finding,
    Fix,
    Handler,
    Safety,
    Severity,
    Span,
    handler,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_GIVEN = {
    ClassKind.DURABLE_OBJECT: {"fetch": 1, "alarm": 1, "webSocketMessage": 2, "webSocketError": 2},
    ClassKind.WORKER_ENTRYPOINT: {"fetch": 1, "queue": 1, "scheduled": 1},
    ClassKind.WORKFLOW: {"run": 2},
    ClassKind.AGENT: {"onRequest": 1},
    ClassKind.PARTY_SERVER: {"onRequest": 1},
}
_NAMES = ("fetch", "alarm", "queue", "scheduled", "run", "onRequest", "webSocketMessage", "webSocketError")
_ENV = pattern(r"_?(?:env|environment|bindings)", re.IGNORECASE)
_CONTEXT = pattern(r"_?(?:ctx|context|state|executionctx|executioncontext)", re.IGNORECASE)


@rule(handler(*_NAMES), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(found: Handler) -> Iterator[Finding]:
    owner = found.owner
    given = _GIVEN.get(owner.kind, {}).get(found.name) if owner is not None else None
    if owner is None or given is None:
        return
    extra = found.parameters[given:]
    if not extra or not all(_is_plain(parameter) for parameter in extra):
        return
    if _called_with_more(owner, found.name, given):
        return  # it is called by hand, too
    module = found.module
    declared = [_declaration(found, parameter) for parameter in extra]
    used = [
        declaration
        for declaration in declared
        if declaration is not None and module.scope.references(declaration)
    ]
    names = [module.text(parameter.child_by_field_name("pattern") or parameter) for parameter in extra]
    listed = " and ".join(f"`{name}`" for name in names)
    several = len(names) > 1
    places = dict.fromkeys(place for name in names if (place := _place(owner, name)) is not None)
    instead = f", use {' and '.join(f'`{place}`' for place in places)}" if places else ""
    yield Finding(
        f"`{found.name}()` of `{owner.name}` is never given {listed}: "
        f"{'they are' if several else 'it is'} `undefined`"
        f"{instead}",
        module.at(extra[0]),
        related=tuple(
            module.at(module.scope.references(declaration)[0], f"`{declaration.name}` is used here")
            for declaration in used[:3]
        ),
        fix=_fix(found, owner, given, declared),
        severity=None if used else Severity.WARNING,
    )


def _is_plain(parameter: "Node") -> bool:
    """Whether a parameter has to be given: no default, no `?`, no rest."""
    if parameter.type == "optional_parameter" or parameter.child_by_field_name("value") is not None:
        return False
    pattern = parameter.child_by_field_name("pattern") or parameter
    return pattern.type in ("identifier", "object_pattern")


def _called_with_more(owner: ClassDefinition, name: str, given: int) -> bool:
    """Whether the class calls the handler of `this` or `super` with more arguments than the runtime does."""
    for call in owner.module.descendants(owner.body, "call_expression"):
        callee = call.child_by_field_name("function")
        callee = js.unwrap(callee) if callee is not None else None
        if callee is None or callee.type != "member_expression":
            continue
        target, property = callee.child_by_field_name("object"), callee.child_by_field_name("property")
        if target is None or property is None or js.unwrap(target).type not in ("this", "super"):
            continue
        if owner.module.text(property) == name and len(js.arguments_of(call)) > given:
            return True
    return False


def _declaration(found: Handler, parameter: "Node") -> js.Declaration | None:
    pattern = parameter.child_by_field_name("pattern") or parameter
    if pattern.type != "identifier":
        return None
    return found.module.scope.declared_in(found.function).get(found.module.text(pattern))


def _place(owner: ClassDefinition, name: str) -> str | None:
    """Where the class has what a parameter of such a name is meant to be."""
    if owner.facts.base is None:
        return owner.state if _CONTEXT.fullmatch(name) else None
    if _ENV.fullmatch(name):
        return "this.env"
    return "this.ctx" if _CONTEXT.fullmatch(name) else None


def _fix(
    found: Handler, owner: ClassDefinition, given: int, declared: list[js.Declaration | None]
) -> Fix | None:
    module = found.module
    edits: list[Edit] = []
    for declaration in declared:
        if declaration is None:
            return None
        place = _place(owner, declaration.name)
        for reference in module.scope.references(declaration):
            if place is None or module.this_class(reference) is not owner:
                return None
            text = place
            if reference.type == "shorthand_property_identifier":
                text = f"{declaration.name}: {place}"
            edits.append(module.replace(reference, text))
        if module.scope.assignments(declaration):
            return None
    parameters = found.parameters
    start = parameters[given - 1].end_byte if given else parameters[0].start_byte
    edits.append(Edit(module.document, Span(start, parameters[-1].end_byte), ""))
    names = " and ".join(f"`{declaration.name}`" for declaration in declared if declaration is not None)
    used = any(module.scope.references(declaration) for declaration in declared if declaration is not None)
    title = f"Drop {names}, and read {'them' if len(declared) > 1 else 'it'} from `this`"
    return Fix(title if used else f"Drop {names}", tuple(edits), Safety.UNSAFE)
