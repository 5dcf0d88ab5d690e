"""Reject a request without an object name instead of falling back to a random one.

A Durable Object is found again by the name that its id was made from. Where a missing name falls back to a
random one that is kept nowhere, every such request makes a new object that nothing can ever reach again:
what it stores stays, and its alarms go on.

## Incorrect

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const cart = new URL(request.url).searchParams.get("cart") || crypto.randomUUID();
    return env.CART.get(env.CART.idFromName(cart)).fetch(request);
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const cart = new URL(request.url).searchParams.get("cart");
    if (!cart) return new Response("which cart?", { status: 400 });
    return env.CART.get(env.CART.idFromName(cart)).fetch(request);
  },
};
```

## What to do

Without a name answer 400: `if (!name) return new Response("a name is missing", { status: 400 })`. A new
object of its own is right only where its id is given back to the client.

## Not reported

A random name that goes anywhere else, too: into a response, a cookie, a log, another call. A name that is
meant to be random (`idFromName(crypto.randomUUID())`, `newUniqueId()`).

## Fix safety

There is no fix: what to do without a name is up to the application.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOSE = js.STRING_CUTS | {"toString", "replace", "replaceAll"}


@rule(call("idFromName", "getByName"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    arguments, module = match.arguments, match.module
    if not arguments or match.receiver is None or match.enclosing_function is None:
        return
    receiver = match.receiver_value
    if receiver.kind is not ValueKind.BINDING or (
        receiver.binding is not None and receiver.binding.id != "durable_object"
    ):
        return
    fallback, carriers = _fallback(module, arguments[0])
    if fallback is None:
        return
    for carrier in carriers:
        declaration = module.scope.resolve(carrier)
        if declaration is None or len(module.scope.references(declaration)) > 1:
            return  # the name goes elsewhere, too, where it may be kept
    if match.word != "getByName" and _id_goes_on(module, match.node):
        return
    yield Finding(
        f"without a name the request gets a random object of {quoted(match.text(match.receiver))}, "
        "which nothing can find again",
        match.at(fallback),
        related=(match.at(match.node, "the object is found by that name"),),
    )


def _fallback(module: Module, node: Node) -> tuple[Node | None, list[Node]]:
    """The random value on the right of `??` or `||` that a name may be, and the variables that carry it."""
    carriers: list[Node] = []
    for _ in range(8):
        node = js.unwrap(node)
        choice = module.operation(node)
        if node.type == "identifier":
            carriers.append(node)
            declared = module.initializer(node)
            if declared.id == node.id or declared.type == "identifier":
                return None, carriers
            node = declared
        elif choice is not None and choice.operator in ("??", "||"):
            if _is_random(module, choice.right):
                return choice.right, carriers
            node = choice.right
        else:
            return None, carriers
    return None, carriers


def _is_random(module: Module, node: Node) -> bool:
    """Whether a text is another one each time: a random value or the time, or a piece of one."""
    for _ in range(6):
        if module.entropy_at(node) is not None:
            return True
        made = module.call(node)
        if made is None or made.receiver is None or made.name not in _LOOSE:
            return False
        node = js.unwrap(made.receiver)
    return False


def _id_goes_on(module: Module, made: Node) -> bool:
    """Whether an id is used for anything but finding the object."""
    name = module.given_name(made)
    if name is None:
        return module.member_read(made) is not None
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None:
        return True
    uses = (module.call_around(reference) for reference in module.scope.references(declaration))
    return any(around is None or around[0].receiver is None or around[0].name != "get" for around in uses)
