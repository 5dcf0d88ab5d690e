"""Make the key set of `createRemoteJWKSet()` once, and not for each request: it forgets the keys it fetched.

What jose's `createRemoteJWKSet()` returns keeps the keys that it fetched, for ten minutes. One that is made
while a request is answered is thrown away with what it kept: each login and each API call waits for the
issuer first, fails with it, and counts as a subrequest.

## Incorrect

```ts
import { createRemoteJWKSet, jwtVerify } from "jose";

export default {
  async fetch(request): Promise<Response> {
    const token = request.headers.get("Cf-Access-Jwt-Assertion") ?? "";
    const keys = createRemoteJWKSet(new URL("https://issuer.example.com/jwks.json"));
    const { payload } = await jwtVerify(token, keys, { audience: "app" });
    return new Response(payload.sub);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL("https://issuer.example.com/jwks.json"));

export default {
  async fetch(request): Promise<Response> {
    const token = request.headers.get("Cf-Access-Jwt-Assertion") ?? "";
    const { payload } = await jwtVerify(token, keys, { audience: "app" });
    return new Response(payload.sub);
  },
} satisfies ExportedHandler;
```

## What to do

Move the call to the top level of the module: it fetches nothing before the first token. Where the address
comes from `env`, keep the set in a variable of the module: `let keys: ReturnType<typeof createRemoteJWKSet> |
undefined;`, and in the function `keys ??= createRemoteJWKSet(new URL(env.JWKS_URL))`.

## Not reported

Sets that are kept in a variable of the module, in a Map or in an object, returned, or handed to code other
than jose's; functions that no request calls.

## Fix safety

There is no fix: where the set is kept depends on where its address comes from.

Source: https://github.com/panva/jose/blob/main/docs/jwks/remote/functions/createRemoteJWKSet.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_VERIFIES = frozenset({"jwtVerify", "compactVerify", "flattenedVerify", "generalVerify"})


@rule(call("createRemoteJWKSet"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.enclosing_function is None or not module.is_from(match.callee, "jose", "createRemoteJWKSet"):
        return
    if js.Invocation.REQUEST not in js.invocations_of(module, match.node):
        return
    if all(_is_verified_with(module, use) for use in _uses(module, match.node)):
        yield Finding("the keys are fetched for each request: nothing keeps this set", match.at())


def _uses(module: Module, made: Node) -> list[Node]:
    """The places in which a set is used: where it is made, or those of the constant that it is put into."""
    name = module.given_name(made)
    if name is None:
        return [made]
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    function = module.enclosing_function(made)
    if declaration is None or function is None or declaration.scope.type == "program":
        return [name]
    return list(module.scope.references(declaration)) or [name]


def _is_verified_with(module: Module, use: Node) -> bool:
    around = module.call_around(use)
    return around is not None and around[0].name in _VERIFIES and around[1] == 1
