"""Compare secrets in constant time, with `crypto.subtle.timingSafeEqual()` of their digests.

`===` stops at the first character that differs, so that the response time reveals how much of a guess is
right. `timingSafeEqual()` takes the same time for all guesses; it throws when the two lengths differ, which
is why both sides are hashed before.

## Incorrect

```ts
interface Env {
  ADMIN_TOKEN: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (request.headers.get("X-Admin-Token") === env.ADMIN_TOKEN) {
      return new Response("welcome");
    }
    return new Response("no", { status: 401 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  ADMIN_TOKEN: string;
}

async function same(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return crypto.subtle.timingSafeEqual(a, b);
}

export default {
  async fetch(request, env): Promise<Response> {
    if (await same(request.headers.get("X-Admin-Token") ?? "", env.ADMIN_TOKEN)) {
      return new Response("welcome");
    }
    return new Response("no", { status: 401 });
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Comparisons with literals, `null` or an empty text; variables that hold no secret by their name; values that
do not come from a request.

## Fix safety

There is no fix: the comparison becomes asynchronous.

Source: https://developers.cloudflare.com/workers/examples/protect-against-timing-attacks/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Severity,
    ValueKind,
    call,
    destructured,
    identifier,
    js,
    member_access,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EQUAL = frozenset({"===", "==", "!==", "!="})
_AROUND = frozenset({"template_substitution", "template_string", "parenthesized_expression"})


@rule(
    identifier("env", "environment", "bindings"),
    member_access("env"),
    destructured("env"),
    call("timingSafeEqual"),
    severity=Severity.WARNING,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    if match.word == "timingSafeEqual":
        yield from _lengths(match)
        return
    if node.type not in ("identifier", "member_expression") or match.value_of(node).kind is not ValueKind.ENV:
        return
    secret = _secret(module, node)
    if secret is None:
        return
    for place in _places(module, secret):
        comparison, side = _comparison(module, place)
        if comparison is None or side is None:
            continue
        source = _request_source(module, side)
        if source is not None:
            yield Finding(
                f"`{module.text(secret)}` is compared with what a client sent in a time that depends on it",
                module.at(comparison),
                (module.at(source, "the client sends it here"),) if not _is_in(comparison, source) else (),
            )


def _secret(module: Module, env: "Node") -> "Node | None":
    """`env.NAME` at an `env`, when NAME is a secret's."""
    access = module.parent(module.with_wrappers(env))
    if access is None or access.type != "member_expression":
        return None
    name = access.child_by_field_name("property")
    if name is None or not _is_secret(module.text(name)):
        return None
    value = module.value_of(access)
    known = value.binding
    return access if known is None or known.is_value else None


def _is_secret(name: str) -> bool:
    return js.is_secret_name(name) or name.upper().endswith(("_KEY", "_AUTH", "PASSWORD", "TOKEN", "SECRET"))


def _places(module: Module, secret: "Node") -> Iterator["Node"]:
    """Where a secret is used: itself, and by way of a constant that holds it."""
    yield secret
    held = module.parent(module.with_wrappers(secret))
    while held is not None and held.type in (*_AROUND, "binary_expression"):
        operator = held.child_by_field_name("operator")
        if operator is not None and operator.type not in ("??", "||", "+"):
            return
        held = module.parent(held)
    name = (
        held.child_by_field_name("name") if held is not None and held.type == "variable_declarator" else None
    )
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is not None and not module.scope.assignments(declaration):
        yield from module.scope.references(declaration)


def _comparison(module: Module, node: "Node") -> "tuple[Node | None, Node | None]":
    """The comparison around a value, and the other side of it."""
    child = module.with_wrappers(node)
    above = module.parent(child)
    while above is not None:
        if above.type == "binary_expression":
            operator = above.child_by_field_name("operator")
            left, right = above.child_by_field_name("left"), above.child_by_field_name("right")
            if operator is None or left is None or right is None:
                return None, None
            if operator.type in _EQUAL:
                return above, right if left.id == child.id else left
            if operator.type != "+":
                return None, None
        elif above.type not in _AROUND:
            return None, None
        child, above = above, module.parent(above)
    return None, None


def _request_source(module: Module, side: "Node") -> "Node | None":
    """Where a value is taken from a request; None when it does not come from one here."""
    for part in module.origins(side):
        if module.reads_request(part):
            return part
        if part.type == "identifier":
            declaration = module.scope.resolve(part)
            if declaration is not None and _is_sent(module, declaration):
                return declaration.node
    return None


def _is_sent(module: Module, declaration: js.Declaration) -> bool:
    """Whether a parameter of a function gets what a client sent, at a call in this module."""
    function = declaration.scope
    if (
        declaration.kind is not js.DeclarationKind.PARAMETER
        or declaration.path
        or function.type not in js.FUNCTIONS
    ):
        return False
    name = function.child_by_field_name("name")
    listed = function.child_by_field_name("parameters")
    if name is None or listed is None or name.type != "identifier":
        return False
    index = next((i for i, n in enumerate(listed.named_children) if n.id == declaration.owner.id), None)
    own = module.scope.resolve(name)
    if index is None or own is None:
        return False
    for use in module.scope.references(own):
        called = module.parent(use)
        arguments = js.arguments_of(called) if called is not None and called.type == "call_expression" else ()
        if len(arguments) > index and any(
            module.reads_request(part) for part in module.origins(arguments[index])
        ):
            return True
    return False


def _is_in(outer: "Node", inner: "Node") -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _lengths(match: Match) -> Iterator[Finding]:
    """`timingSafeEqual` of two texts as they are, which throws when their lengths differ."""
    module = match.module
    owner = match.receiver
    if owner is None or not module.text(owner).endswith("subtle") or len(match.arguments) != 2:
        return
    made = [module.initializer(argument) for argument in match.arguments]
    if not all(part.type == "call_expression" and module.callee_name(part) == "encode" for part in made):
        return
    around = match.enclosing_function
    if around is not None and any(word in module.text(around) for word in (".byteLength", ".length")):
        return
    yield Finding(
        "`timingSafeEqual()` throws when the lengths differ: compare digests of the two texts", match.at()
    )
