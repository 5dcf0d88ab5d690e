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

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading '…')
```

## Fix safety

Unsafe: the parameters go, and their uses become `this.env` and `this.ctx`, which are not what another
method of the class may have given.

Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/reserved-methods/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    quoted,
    rule,
)

_NAMES = ("fetch", "alarm", "queue", "scheduled", "run", "onRequest", "webSocketMessage", "webSocketError")
_SDK = frozenset({ClassKind.AGENT, ClassKind.PARTY_SERVER})
"""Classes of which an SDK calls the other handlers."""
_ENV = pattern(r"_?(?:env|environment|bindings)", re.IGNORECASE)
_CONTEXT = pattern(r"_?(?:ctx|context|state|executionctx|executioncontext)", re.IGNORECASE)


@rule(handler(*_NAMES), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(found: Handler) -> Iterator[Finding]:
    owner, module = found.owner, found.module
    given = _given(owner, found.name) if owner is not None else None
    if owner is None or given is None:
        return
    extra = module.parameters(found.function)[given:]
    if not extra or any(parameter.is_optional for parameter in extra):
        return
    if _called_with_more(owner, found.name, given):
        return  # it is called by hand, too
    declared = [_declaration(found, parameter) for parameter in extra]
    used = [
        declaration
        for declaration in declared
        if declaration is not None and module.scope.references(declaration)
    ]
    names = [module.text(parameter.pattern) for parameter in extra]
    listed = " and ".join(map(quoted, names))
    places = dict.fromkeys(place for name in names if (place := _place(owner, name)) is not None)
    instead = f", use {' and '.join(f'`{place}`' for place in places)}" if places else ""
    yield Finding(
        f"`{found.name}()` of {owner.label} is never given {listed}: "
        f"{'they are' if len(names) > 1 else 'it is'} `undefined`"
        f"{instead}",
        module.at(extra[0].node),
        related=tuple(
            module.at(module.scope.references(declaration)[0], f"`{declaration.name}` is used here")
            for declaration in used[:3]
        ),
        fix=_fix(found, owner, given, declared),
        severity=None if used else Severity.WARNING,
    )


def _given(owner: ClassDefinition, name: str) -> int | None:
    """How many arguments the runtime gives a handler of the class; None when it is not the one that calls."""
    if owner.kind is ClassKind.CONTAINER or (owner.kind in _SDK and name != "onRequest"):
        return None
    signature = js.handler_signature(owner.kind, name)
    return len(signature.parameters) if signature is not None else None


def _called_with_more(owner: ClassDefinition, name: str, given: int) -> bool:
    """Whether the class calls the handler of `this` or `super` with more arguments than the runtime does."""
    return any(
        len(call.arguments) > given
        and call.receiver is not None
        and js.unwrap(call.receiver).type in ("this", "super")
        for call in owner.module.calls(name, owner.body)
    )


def _declaration(found: Handler, parameter: js.Parameter) -> js.Declaration | None:
    if parameter.name is None:
        return None
    return found.module.scope.declared_in(found.function).get(parameter.name)


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
