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
do not come from a request. A call of `timingSafeEqual()` that stands in a `try` with a `catch`.

## Fix safety

There is no fix: the comparison becomes asynchronous.

Source: https://developers.cloudflare.com/workers/examples/protect-against-timing-attacks/
"""

from __future__ import annotations

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
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EQUAL = frozenset({"===", "==", "!==", "!="})
_JOINING = frozenset({"??", "||", "+"})
_AROUND = frozenset({"template_substitution", "template_string", "parenthesized_expression"})
_SECRET_ENDS = ("_KEY", "_AUTH", "PASSWORD", "TOKEN", "SECRET")


@rule(
    identifier("env", "environment", "bindings"),
    member_access("env"),
    destructured("env"),
    severity=Severity.WARNING,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    if node.type not in ("identifier", "member_expression") or match.value_of(node).kind is not ValueKind.ENV:
        return
    secret = _secret(module, node)
    for place in _places(module, secret) if secret is not None else ():
        comparison = _comparison(module, place)
        source = _request_source(module, comparison[1]) if comparison is not None else None
        if secret is None or comparison is None or source is None:
            continue
        whole = comparison[0]
        if _is_told_before(module, place, whole):
            continue  # one finding for a comparison with several secrets
        inside = whole.start_byte <= source.start_byte and source.end_byte <= whole.end_byte
        yield Finding(
            f"{quoted(module.text(secret))} is compared with what a client sent in a time that depends on it",
            module.at(whole),
            () if inside else (module.at(source, "the client sends it here"),),
        )


def _is_told_before(module: Module, place: Node, whole: Node) -> bool:
    """Whether another secret of `env` stands before a place in a comparison."""
    members = module.descendants(whole, "member_expression", "subscript_expression")
    return any(
        found.end_byte <= place.start_byte
        and (access := module.member(found)) is not None
        and module.value_of(access.object).kind is ValueKind.ENV
        and _secret(module, access.object) is not None
        for found in members
    )


def _secret(module: Module, env: Node) -> Node | None:
    """`env.NAME` at an `env`, when NAME is a secret's."""
    access = module.member(module.parent(module.with_wrappers(env)))
    if access is None or not (js.is_secret_name(access.name) or access.name.upper().endswith(_SECRET_ENDS)):
        return None
    known = module.value_of(access.node).binding
    return access.node if known is None or known.is_value else None


def _places(module: Module, secret: Node) -> Iterator[Node]:
    """Where a secret is used: itself, and by way of a constant that holds it."""
    yield secret
    whole = secret
    for above in module.ancestors(module.with_wrappers(secret)):
        operation = module.operation(above)
        if operation.operator not in _JOINING if operation is not None else above.type not in _AROUND:
            break
        whole = above
    name = module.given_name(whole)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if name is None or declaration is None or declaration.node.id != name.id:
        return
    if not module.scope.assignments(declaration):
        yield from module.scope.references(declaration)


def _comparison(module: Module, node: Node) -> tuple[Node, Node] | None:
    """The comparison around a value, and the other side of it."""
    child = module.with_wrappers(node)
    for above in module.ancestors(child):
        operation = module.operation(above) if above.type == "binary_expression" else None
        if operation is not None and operation.left is not None:
            if operation.operator in _EQUAL:
                is_left = child.start_byte <= operation.left.start_byte
                return above, operation.right if is_left else operation.left
            if operation.operator != "+":
                return None
        elif above.type not in _AROUND:
            return None
        child = above
    return None


def _request_source(module: Module, side: Node) -> Node | None:
    """Where a value is taken from a request; None when it does not come from one here."""
    for part in module.origins(side):
        if module.reads_request(part):
            return part
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is not None and _is_sent(module, declaration):
            return declaration.node
    return None


def _is_sent(module: Module, declaration: js.Declaration) -> bool:
    """Whether a parameter of a function gets what a client sent, at a call in this module."""
    function = declaration.scope
    if declaration.kind is not js.DeclarationKind.PARAMETER or function.type not in js.FUNCTIONS:
        return False
    given = [parameter.node.id for parameter in module.parameters(function)]
    if declaration.path or declaration.owner.id not in given:
        return False
    index = given.index(declaration.owner.id)
    arguments = (js.Call(module, made).argument(index) for made in js.calls_in_module(module, function))
    return any(
        argument is not None and any(module.reads_request(part) for part in module.origins(argument))
        for argument in arguments
    )


@check.on(call("timingSafeEqual"))
def check_lengths(match: Match) -> Iterator[Finding]:
    """`timingSafeEqual` of two texts as they are, which throws when their lengths differ."""
    module = match.module
    called = module.called_name(match.node)
    if called is None or not called.name.endswith("subtle.timingSafeEqual") or len(match.arguments) != 2:
        return
    made = [module.call(module.initializer(argument)) for argument in match.arguments]
    if any(part is None or part.name != "encode" for part in made) or module.try_around(match.node):
        return
    around = match.enclosing_function
    calls = js.calls_in_module(module, around) if around is not None else ()
    if calls and all(module.try_around(made) is not None for made in calls):
        return  # who calls the function catches what it throws
    if around is not None and any(_reads_member(module, name, around) for name in ("byteLength", "length")):
        return
    yield Finding(
        "`timingSafeEqual()` throws when the lengths differ: compare digests of the two texts", match.at()
    )


def _reads_member(module: Module, name: str, within: Node) -> bool:
    return any(leaf.type == "property_identifier" for leaf in module.leaves(name, within))
