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

A secret is a variable of `env` by its name, and a constant of the module that is called like one and holds a
text.

The secret, and what the client sent, may come by way of variables, fields, options, constructors, helpers
and their callers, in other modules, too. A signature that the code makes itself (`crypto.subtle.sign()`,
`createHmac()`) is as good as a secret: `crypto.subtle.verify()` compares it. In Python
`hmac.compare_digest()` takes the same time for all guesses.

## What to do

Compare digests: `const digest = (it: string) => crypto.subtle.digest("SHA-256", new
TextEncoder().encode(it))`, and `!crypto.subtle.timingSafeEqual(await digest(given ?? ""), await
digest(expected))` for `given !== expected`. The function around it has to be
`async`, and its callers await it.

- "asks whether they are equal": Compare digests: `const digest = (it: string) =>
  crypto.subtle.digest("SHA-256", new TextEncoder().encode(it))`, and `expected &&
  crypto.subtle.timingSafeEqual(await digest(given ?? ""), await digest(expected))` for `given !== expected`,
  so that nobody gets in while the secret is not set. The function around it has to be `async`, and its
  callers await it.
- "hmac.compare_digest": Write `hmac.compare_digest(given.encode(), secret.encode())`, with `import hmac`.
  As it is, the time tells how much of the beginning was right.
- "throws when the lengths differ": Compare digests, which are of one length: `const digest = (it: string)
  => crypto.subtle.digest("SHA-256", new TextEncoder().encode(it))`, and
  `crypto.subtle.timingSafeEqual(await digest(given), await digest(expected))` with the two texts. The
  function around it has to be `async`, and its callers await it.

## Not reported

A secret that only clears a cache (`CACHE_BUST_SECRET`, `PURGE_TOKEN`) where who does not know it gets an
answer as well: it gives little away. Comparisons with literals, `null` or an empty text; variables that hold
no secret by their name; values that do not come from a request, as far as one can see. A call of
`timingSafeEqual()` that stands in a `try` with a `catch`.

## Errors

```text title="workerd"
TypeError: Input buffers must have the same byte length
```

## Fix safety

Unsafe: nobody gets in any more while the secret is not set or empty; and tests that call a function that
becomes asynchronous have to wait for it. There is no fix where a function that cannot wait is around, or
where TypeScript needs the comparison to know that a value is not `null`.

Source: https://developers.cloudflare.com/workers/examples/protect-against-timing-attacks/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    hint,
    js,
    module,
    pattern,
    python,
    python_module,
    quoted,
    rule,
)
from cflint_rules.security._constant_time import fix_by_digests

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_COMPARED = pattern(
    rb"=(?<=[!=]=)(?<![=!<>][!=]=)=?(?!=)\s{0,40}+"
    rb"(?!(?:\"[^\"\\\n]*\"|'[^'\\\n]*'|\d+|(?:null|undefined|true|false|void 0)\b)"
    rb"\s*+(?:[)\];,?:}]|&&|\|\|))"
)
"""An operator whose right side is no literal, from its second character on: a pattern that starts with one
character is found without a look at each byte."""
_SOUNDS = (
    *(b"secret", b"token", b"key", b"pass", b"pwd", b"auth", b"sign", b"hmac"),
    *(b"digest", b"hash", b"expect", b"credential", b"bearer"),
)
"""What stands in a comparison of a secret, in small letters: a cheap first look."""
_ENDS = pattern(rb"(?:sig|mac)\b")
"""What else does, at the end of a word."""
_CODE = pattern(rb"sig|mac|digest|hash|expect|comput|calc|correct|valid|good", re.IGNORECASE)
"""What a signature is called that code makes to compare it."""
_AROUND = 100
"""Bytes on either side of an operator that are looked at first."""
_CLEARS = pattern(r"BUST|PURGE|CACHE|REVALIDAT|INVALIDAT", re.IGNORECASE)
_REFUSED = (401, 403)
_CODES = ("AUTH_CODE", "ACCESS_CODE", "ADMIN_CODE", "AUTHCODE", "PASSCODE", "PASSPHRASE")
_SECRET_ENDS = ("_KEY", "_AUTH", "PASSWORD", "TOKEN", "SECRET")
_NEVER = frozenset(
    {"string", "number", "null", "undefined", "true", "false", "unary_expression", "regex", "object", "array"}
)
"""Expressions that are no secret, and that no client sends."""


@rule(
    module(),
    hint("env", "secret", "token", "password", "apiKey", "signature", "timingSafeEqual"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
)
def check(found: Module) -> Iterator[Finding]:
    data = found.document.data
    for match in _COMPARED.finditer(data):
        at = match.start() - 1
        if not _sounds_secret(data[max(0, at - _AROUND) : match.end() + _AROUND]):
            continue
        operator = found.node_at(at, at + 2)
        compared = found.operation(found.parent(operator)) if operator is not None else None
        if compared is None or compared.node.type != "binary_expression" or compared.left is None:
            continue
        whole = compared.node
        if not _sounds_secret(data[whole.start_byte : whole.end_byte]):
            continue
        told = _told(found, compared.left, compared.right) or _told(found, compared.right, compared.left)
        if told is None:
            continue
        what, places = told
        if _CLEARS.search(what) is not None and not _refuses(found, whole):
            continue
        yield Finding(
            f"{what} is compared with what a client sent in a time that depends on it",
            found.at(whole),
            related=tuple(
                place for place in places if place.document != found.document or not _is_in(whole, place)
            ),
            fix=_fix(found, compared),
            words=(
                *((("asks whether they are equal", ""),) if compared.operator in ("===", "==") else ()),
                *js.word("given !== expected", found, whole),
                *js.word("given", found, compared.left),
                *js.word("expected", found, compared.right),
            ),
        )


def _fix(module: Module, compared: js.Operation) -> Fix | None:
    if compared.left is None or compared.operator not in ("===", "!=="):
        return None
    is_equal = compared.operator == "==="
    return fix_by_digests(module, compared.node, compared.left, compared.right, is_equal)


def _refuses(module: Module, compared: Node) -> bool:
    """Whether a comparison decides that a client is refused: it is all that guards a route."""
    for above in module.ancestors(compared):
        if above.type in js.FUNCTIONS:
            return False
        condition = above.child_by_field_name("condition")
        if condition is not None and js.contains(condition, compared):
            return any(made.status in _REFUSED for made in module.responses_made(above))
    return False


def _sounds_secret(text: bytes) -> bool:
    low = text.lower()
    return any(word in low for word in _SOUNDS) or _ENDS.search(low) is not None


def _told(module: Module, secret: Node, sent: Node) -> tuple[str, tuple[Location, ...]] | None:
    """What to say of a comparison, and where both sides come from; None when they are not such sides."""
    if secret.type in _NEVER or sent.type in _NEVER:
        return None
    if not js.may_be_sent(module, sent):
        return None
    found = js.secret_behind(module, secret, _SECRET_ENDS) or _constant_behind(module, secret)
    what = _name(found) if found is not None else ""
    start, end = min(secret.start_byte, sent.start_byte), max(secret.end_byte, sent.end_byte)
    if found is None and _CODE.search(module.document.data, start, end) is not None:
        found = js.code_behind(module, secret)
        what = "a signature that only the key can make"
    source = js.request_behind(module, sent) if found is not None else None
    if found is None or source is None:
        return None
    made = found.module.at(found.node, "it comes from here")
    return what, (made, source.module.at(source.node, "the client sends it here"))


def _constant_behind(module: Module, secret: Node) -> js.Traced | None:
    """The constant of the module, called like a secret and holding a text, that a value is."""
    return next(js.traced(module, secret, _is_constant, local=True), None)


def _is_constant(found: js.Traced) -> bool:
    declaration = found.module.scope.resolve(found.node) if found.node.type == "identifier" else None
    if declaration is None or declaration.scope.type != "program" or declaration.path or found.path:
        return False
    value = js.unwrap(declaration.value) if declaration.value is not None else None
    if value is None or value.type != "string" or not found.module.string_of(value):
        return False
    name = declaration.name
    return js.is_secret_name(name) or name.upper().endswith((*_SECRET_ENDS, *_CODES))


def _name(secret: js.Traced) -> str:
    """What a secret is called in a message: `env.NAME`, whatever variable holds it."""
    module = secret.module
    node = secret.node
    if not secret.path and not _is_constant(secret):
        node = module.taken_from(node) or node
    return quoted(".".join((module.text(node), *secret.path)))


def _is_in(whole: Node, place: Location) -> bool:
    return whole.start_byte <= place.span.start and place.span.end <= whole.end_byte


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


@check.on(python_module("env"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not module.workers or _COMPARED.search(module.document.data) is None:
        return
    import libcst as cst

    for comparison in module.find(cst.Comparison):
        target = comparison.comparisons[0]
        if len(comparison.comparisons) != 1 or not isinstance(target.operator, (cst.Equal, cst.NotEqual)):
            continue
        sides = (comparison.left, target.comparator)
        for secret, sent in (sides, sides[::-1]):
            what = _python_secret(module, secret)
            made = python.provenance_of(module, sent) if what is not None else None
            if what is not None and made is not None and made.trust is js.Trust.REQUEST:
                yield Finding(
                    f"{quoted(what)} is compared with what a client sent in a time that depends on it: use"
                    " `hmac.compare_digest()`",
                    module.at(comparison),
                )
                break


def _python_secret(module: python.PythonModule, node: cst.BaseExpression) -> str | None:
    """`env.NAME` when an expression is a secret variable of `env`, by way of variables, too."""
    import libcst as cst

    if isinstance(node, cst.FormattedString):
        parts = [part for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
        return _python_secret(module, parts[0].expression) if len(parts) == 1 else None
    value = module.value_of(node)
    name = value.name or ""
    if value.kind is not ValueKind.BINDING or (value.binding is not None and not value.binding.is_value):
        return None
    is_secret = js.is_secret_name(name) or name.upper().endswith(_SECRET_ENDS)
    return f"env.{name}" if is_secret else None
