"""Give seconds where seconds are taken: `Max-Age`, `expiresIn`, `expirationTtl`, `exp` of a token.

JavaScript's clock counts milliseconds; cookies, caches, tokens, KV and queues count seconds. A lifetime of
`1000 * 60 * 15` that is meant as 15 minutes is 10 days there, and one of a week lasts 19 years; a token with
`exp: Date.now() + …` never expires. Nothing fails, and a stolen session is good a thousand times as long.

## Incorrect

```ts
const SESSION = 1000 * 60 * 15;

export default {
  async fetch(): Promise<Response> {
    const cookie = `id=${crypto.randomUUID()}; HttpOnly; Secure; SameSite=Lax; Max-Age=${SESSION}`;
    return new Response("in", { headers: { "Set-Cookie": cookie } });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const SESSION = 1000 * 60 * 15;

export default {
  async fetch(): Promise<Response> {
    const cookie = `id=${crypto.randomUUID()}; HttpOnly; Secure; SameSite=Lax; Max-Age=${SESSION / 1000}`;
    return new Response("in", { headers: { "Set-Cookie": cookie } });
  },
} satisfies ExportedHandler;
```

## What to do

Divide by 1,000 here: `expression / 1000`. Where the number has no other use, take `1000 *` out of it.

- "a time since 1970": Write `Math.floor(Date.now() / 1000) + 900` for a token that lasts 15 minutes.

## Not reported

Numbers without a factor of 1000 beside one of 60 or 24; `maxAge` of Express, which is in milliseconds;
options of functions that are not known to take seconds.

## Fix safety

Unsafe: what was issued before keeps its long life.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#max-agenumber,
https://github.com/auth0/node-jsonwebtoken#usage, https://datatracker.ietf.org/doc/html/rfc7519#section-4.1.4,
https://developers.cloudflare.com/kv/api/write-key-value-pairs/, https://hono.dev/docs/helpers/cookie
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_AGE = pattern(rb"=(?:(?<=[Mm]ax-[Aa]ge=)|(?<=s-maxage=))")  # begins with what is quick to look for
_TAKERS = {
    "expiresIn": (("jsonwebtoken", ("sign",)), ("@aws-sdk/s3-request-presigner", ("getSignedUrl",))),
    "maxAge": (
        ("hono/cookie", ("setCookie", "setSignedCookie")),
        ("cookie", ("serialize",)),
        ("h3", ("setCookie",)),
    ),
}
"""Options in seconds, and the functions of packages that take them."""
_METHODS = {
    "expirationTtl": ("put",),
    "cacheTtl": ("get", "getWithMetadata"),
    "delaySeconds": ("send", "retry"),
}
_TOKENS = (("hono/jwt", "sign"), ("jsonwebtoken", "sign"), ("jose", "SignJWT"))
_PARTS = frozenset({60, 24, 3600, 86400})


@rule(
    module(*_TAKERS, *_METHODS, "exp", "Age", "age", "maxage"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run:
        return
    for name in (*_TAKERS, *_METHODS):
        for leaf in module.leaves(name, module.root):
            value = _option(module, leaf, name)
            found = _milliseconds(module, value) if value is not None else None
            if value is not None and found is not None:
                yield _finding(module, f"`{name}`", value, found)
    for leaf in module.mentions(_AGE):
        hole = leaf.next_named_sibling if module.text(leaf).lower().endswith("age=") else None
        value = js.first_named(hole) if hole is not None and hole.type == "template_substitution" else None
        found = _milliseconds(module, value) if value is not None else None
        if value is not None and found is not None:
            yield _finding(module, "`Max-Age`", value, found)
    for leaf in module.leaves("exp", module.root):
        value = _expiry(module, leaf)
        if value is not None and _is_now(module, value) and module.runs_in_worker(value):
            yield Finding(
                "`exp` is a time since 1970 in seconds, and this is in milliseconds: the token never expires",
                module.at(value),
            )


def _finding(module: Module, what: str, value: Node, found: js.Traced) -> Finding:
    where = found.module.at(found.node, "these are milliseconds")
    here = module.at(value)
    same = where.document is here.document and here.span.covers(where.span)
    text = module.text(value)
    is_simple = value.type in ("identifier", "member_expression")
    edit = module.replace(value, f"{text} / 1000")
    return Finding(
        f"{what} is in seconds, and this is in milliseconds: it lasts a thousand times as long",
        here,
        () if same else (where,),
        Fix("Divide it by 1000", (edit,), Safety.UNSAFE) if is_simple else None,
        words=js.word("expression", module, value),
    )


def _option(module: Module, leaf: Node, name: str) -> Node | None:
    """The value of an option of a call that takes it in seconds."""
    part = module.parent(leaf)
    if leaf.type == "shorthand_property_identifier":
        value: Node | None = leaf
        holder = part
    elif part is not None and part.type == "pair" and part.child_by_field_name("key") == leaf:
        value, holder = part.child_by_field_name("value"), module.parent(part)
    else:
        return None
    around = module.call_around(holder) if holder is not None and holder.type == "object" else None
    if around is None or not module.runs_in_worker(leaf):
        return None
    made = around[0]
    if made.name in _METHODS.get(name, ()):
        bound = module.value_of(made.receiver)
        return value if bound.is_binding("kv") or bound.is_binding("queue") else None
    is_known = any(module.is_from(made.callee, source, *names) for source, names in _TAKERS.get(name, ()))
    return value if is_known else None


def _milliseconds(module: Module, value: Node) -> js.Traced | None:
    """The number that a value comes from, where it is written as one in milliseconds."""
    return next(js.traced(module, value, _is_product), None)


def _is_product(found: js.Traced) -> bool:
    """`1000 * 60 * 15`: a product of numbers, of 1000 and a part of an hour or day."""
    if found.path:
        return False
    factors = list(_factors(found.module, found.node))
    numbers = [number for number in factors if number is not None]
    return len(numbers) == len(factors) > 1 and 1000 in numbers and not _PARTS.isdisjoint(numbers)


def _factors(module: Module, node: Node) -> Iterator[float | None]:
    node = js.unwrap(node)
    product = module.operation(node)
    if product is not None and product.operator == "*":
        for part in product.operands:
            if part is not None:
                yield from _factors(module, part)
    elif node.type == "number":
        yield module.number(node)
    else:
        yield None


def _expiry(module: Module, leaf: Node) -> Node | None:
    """The value of `exp` in what a token is made of."""
    part = module.parent(leaf)
    if part is None or part.type != "pair" or part.child_by_field_name("key") != leaf:
        return None
    holder = module.parent(part)
    around = module.call_around(holder) if holder is not None else None
    if around is None and holder is not None and (name := module.given_name(holder)) is not None:
        declaration = module.scope.resolve(name) if name.type == "identifier" else None
        for use in module.scope.references(declaration) if declaration is not None else ():
            around = around or module.call_around(use)
    if around is None or not any(module.is_from(around[0].callee, *token) for token in _TOKENS):
        return None
    return part.child_by_field_name("value")


def _is_now(module: Module, value: Node) -> bool:
    """`Date.now()`, or a sum with it, that nothing divides."""
    node = js.unwrap(module.initializer(value))
    total = module.operation(node)
    if total is not None:
        return total.operator == "+" and any(
            part is not None and _is_now(module, part) for part in total.operands
        )
    made = module.call(node)
    return made is not None and module.is_from(made.callee, "", "Date.now")
