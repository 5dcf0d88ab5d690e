"""Derive keys with at most 100,000 iterations of PBKDF2: Cloudflare refuses more.

`wrangler dev` and Node.js have no such limit, so that tests pass; deployed, each call throws, and with it
each sign-up and each login. A stored hash should say with how many iterations it was made, so that a later
limit can be used. Where more is wanted, a slower function has to come from a package (Argon2 in
WebAssembly), or the password goes through an HMAC with a secret of the Worker first.

## Incorrect

```ts
export async function hash(password: string, salt: Uint8Array): Promise<ArrayBuffer> {
  const material = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", material, "PBKDF2", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 600_000 }, key, 256);
}
```

## Correct

```ts
export async function hash(password: string, salt: Uint8Array): Promise<ArrayBuffer> {
  const material = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", material, "PBKDF2", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 }, key, 256);
}
```

## What to do

Write `100_000` for the number, which is the most that Cloudflare does. As it is, each call throws once it
is deployed: no hash of a deployment has more, and whoever has one that was made elsewhere needs a new
password.

## Not reported

Iterations that are no literal and no constant, and code that does not run in a Worker.

## Errors

```text title="workerd"
NotSupportedError: Pbkdf2 failed: iteration counts above … are not supported (requested …).
```

## Fix safety

Unsafe: hashes that were made elsewhere with the other number do not match any more, if nothing says with how
many each was made. There is no fix where the number is not written in the module.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/io/limit-enforcer.h,
https://github.com/cloudflare/workerd/issues/1346
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 100_000
_DERIVERS = frozenset({("", "crypto.subtle.deriveBits"), ("", "crypto.subtle.deriveKey")}) | {
    (module, f"{owner}subtle.{name}")
    for module in ("node:crypto", "crypto")
    for owner in ("", "webcrypto.", "default.webcrypto.")
    for name in ("deriveBits", "deriveKey")
}
_NODE = frozenset(
    (module, f"{owner}{name}")
    for module in ("node:crypto", "crypto")
    for owner in ("", "default.")
    for name in ("pbkdf2", "pbkdf2Sync")
)


@rule(call("deriveBits", "deriveKey", "pbkdf2", "pbkdf2Sync"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_run or not module.workers:
        return
    given = _iterations(match)
    count = module.number(given) if given is not None else None
    if given is None or count is None or count <= _MOST:
        return
    at = js.unwrap(given)
    made = module.initializer(at)
    yield Finding(
        f"Cloudflare refuses more than 100,000 iterations of PBKDF2, and these are {count:,.0f}: it throws"
        " once it is deployed, and a hash that was made with them cannot be checked there",
        module.at(at),
        (module.at(made, "the number"),) if made.id != at.id else (),
        fix=Fix("Use 100,000 iterations", (module.replace(made, "100_000"),), Safety.UNSAFE)
        if made.type == "number"
        else None,
    )


def _iterations(match: Match) -> Node | None:
    """What a call says of the iterations of PBKDF2."""
    called = match.module.called_name(match.node)
    if called is None:
        return None
    if (called.module, called.name) in _NODE:
        return match.arguments[2] if len(match.arguments) > 2 else None
    if (called.module, called.name) not in _DERIVERS or not match.arguments:
        return None
    return _of_algorithm(match.module, match.arguments[0])


def _of_algorithm(module: Module, algorithm: Node) -> Node | None:
    name = module.property_value(algorithm, "name")
    text = module.string_of(name) if name is not None else None
    if text is None or text.upper() != "PBKDF2":
        return None
    return module.property_value(algorithm, "iterations")
