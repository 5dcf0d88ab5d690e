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

## Not reported

A random name that goes anywhere else, too: into a response, a cookie, a log, another call. A name that is
meant to be random (`idFromName(crypto.randomUUID())`, `newUniqueId()`).

## Fix safety

There is no fix: what to do without a name is up to the application.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_RANDOM = pattern(
    r"(?:(?:self|globalThis)\.)?crypto\.randomUUID|Math\.random|Date\.now|nanoid|uuid(?:v4|v7)?|createId|ulid|cuid2?"
)
_LOOSE = frozenset({"toString", "slice", "substring", "substr", "replace", "replaceAll", "toUpperCase"})


@rule(call("idFromName", "getByName"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    arguments, module = match.arguments, match.module
    if not arguments or match.enclosing_function is None:
        return
    receiver = match.receiver_value
    if receiver.kind is not ValueKind.BINDING or (
        receiver.binding is not None and receiver.binding.id != "durable_object"
    ):
        return
    fallback, named = _fallback(module, arguments[0])
    if fallback is None:
        return
    for declaration_node in named:
        declaration = module.scope.resolve(declaration_node)
        if declaration is None or len(module.scope.references(declaration)) > 1:
            return  # the name goes elsewhere, too, where it may be kept
    if _id_goes_on(match):
        return
    yield Finding(
        f"without a name the request gets a random object of `{match.text(match.receiver)}`, "
        "which nothing can find again",
        match.at(fallback),
        related=(match.at(match.node, "the object is found by that name"),),
    )


def _fallback(module: Module, node: "Node") -> "tuple[Node | None, list[Node]]":
    """The random value on the right of `??` or `||` that a name may be, and the variables that carry it."""
    carriers: list[Node] = []
    for _ in range(8):
        node = js.unwrap(node)
        if node.type == "identifier":
            carriers.append(node)
            declared = module.initializer(node)
            if declared.id == node.id or declared.type == "identifier":
                return None, carriers
            node = declared
        elif node.type == "binary_expression":
            operator = node.child_by_field_name("operator")
            right = node.child_by_field_name("right")
            if operator is None or operator.type not in ("??", "||") or right is None:
                return None, carriers
            if _is_random(module, js.unwrap(right)):
                return right, carriers
            node = right
        else:
            return None, carriers
    return None, carriers


def _is_random(module: Module, node: "Node") -> bool:
    for _ in range(6):
        if node.type != "call_expression":
            return False
        callee = node.child_by_field_name("function")
        if callee is None:
            return False
        if _RANDOM.fullmatch(module.text(callee)):
            return True
        name = callee.child_by_field_name("property")
        inner = callee.child_by_field_name("object")
        if inner is None or name is None or module.text(name) not in _LOOSE:
            return False
        node = js.unwrap(inner)
    return False


def _id_goes_on(match: Match) -> bool:
    """Whether the id is used for anything but finding the object."""
    module = match.module
    if match.word == "getByName":
        return False
    above = module.parent(match.node)
    if above is None or above.type != "variable_declarator":
        return above is not None and above.type == "member_expression"
    name = above.child_by_field_name("name")
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None:
        return True
    for reference in module.scope.references(declaration):
        listed = module.parent(reference)
        call_node = module.parent(listed) if listed is not None and listed.type == "arguments" else None
        callee = call_node.child_by_field_name("function") if call_node is not None else None
        method = callee.child_by_field_name("property") if callee is not None else None
        if method is None or module.text(method) != "get":
            return True
    return False
