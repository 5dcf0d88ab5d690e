"""Give tokens an end: a signed token without `exp` is valid until the secret changes.

A token that was copied out of a log, a proxy or a lost device lets its bearer in for ever, as nothing but a
new secret, which signs everybody out, takes it back. With `exp` it is worth something for minutes or days.

## Incorrect

```ts
import { sign } from "hono/jwt";

export async function tokenFor(user: string, secret: string): Promise<string> {
  return sign({ sub: user }, secret, "HS256");
}
```

## Correct

```ts
import { sign } from "hono/jwt";

export async function tokenFor(user: string, secret: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return sign({ sub: user, iat: now, exp: now + 3600 }, secret, "HS256");
}
```

## What to do

Put `exp` into what is signed, in seconds since 1970: `exp: Math.floor(Date.now() / 1000) + 3600`, an hour, or
as long as a stolen token may be of use: clients have to log in, or refresh it, after that. Tokens
that were given out before stay valid until the secret is changed.

## Not reported

Claims that are not all in sight.

## Fix safety

No fix: how long a token is good is up to the author.

Source: https://hono.dev/docs/helpers/jwt, https://datatracker.ietf.org/doc/html/rfc8725
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, new, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SIGNERS = {
    "hono/jwt": ("sign", "Jwt.sign"),
    "@tsndr/cloudflare-worker-jwt": ("sign", "default.sign", "*.sign"),
    "jsonwebtoken": ("sign", "default.sign", "*.sign"),
}
_MESSAGE = "this token never expires: whoever gets a copy is let in for as long as the secret stays"
_MOST = 12


@rule(call("sign"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    package = next(
        (name for name, names in _SIGNERS.items() if module.is_from(match.callee, name, *names)), None
    )
    claims = match.call.argument(0)
    if package is None or claims is None or not module.is_run or _has_end(module, claims, "exp"):
        return
    options = match.call.argument(2)
    if package == "jsonwebtoken" and options is not None and _has_end(module, options, "expiresIn"):
        return
    yield Finding(_MESSAGE, match.at())


@check.on(new("SignJWT"))
def check_jose(match: Match) -> Iterator[Finding]:
    """`new SignJWT(claims).setProtectedHeader(…).sign(key)` of jose."""
    module = match.module
    if not module.is_from(match.callee, "jose", "SignJWT") or not module.is_run:
        return
    claims = match.call.argument(0)
    if claims is not None and _has_end(module, claims, "exp"):
        return
    node, names = match.node, []
    for _ in range(_MOST):
        used = js.method_called_on(module, node)
        if used is None:
            break
        names.append(used[0])
        node = used[1]
    if "sign" in names and "setExpirationTime" not in names:
        yield Finding(_MESSAGE, match.at())


def _has_end(module: Module, claims: Node, name: str) -> bool:
    """Whether an object has a property, or may have."""
    return module.is_open_object(claims) or module.property_value(claims, name) is not None
