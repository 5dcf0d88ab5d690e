"""Hash passwords with PBKDF2 or scrypt, not with a digest.

SHA-256 is made to be fast: a graphics card computes billions a second, so that whoever gets the table of
hashes has most of the passwords within hours. PBKDF2, which Workers have in Web Crypto, repeats it thousands
of times; scrypt and bcrypt, of packages, take memory as well.

## Incorrect

```ts
export async function hashPassword(password: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(password));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
```

## Correct

```ts
export async function hashPassword(password: string, salt: Uint8Array): Promise<ArrayBuffer> {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, [
    "deriveBits",
  ]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 }, key, 256);
}
```

## What to do

Use PBKDF2 with a salt for each password: `const key = await crypto.subtle.importKey("raw", new
TextEncoder().encode(password), "PBKDF2", false, ["deriveBits"])`, then `await crypto.subtle.deriveBits({
name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 }, key, 256)`. `salt = crypto.getRandomValues(new
Uint8Array(16))` is stored beside it. Old hashes are made anew when their users next sign in.

## Not reported

Digests of passwords that are compared with what stands in `env` (both sides are hashed only to compare them
in constant time), those that are given to a breach service or are the key of a further function, and what is
no password by its name.

## Fix safety

No fix: hashes that are stored already have to go on working.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PASSWORD = pattern(
    r"(?:.*_|.*(?=P)|plain_?|new_?|raw_?|user_?)?(?:pass(?:word|phrase|wd)|pwd)", re.IGNORECASE
)
_HASHES = pattern(
    r"(?:hash|digest|sha\d*)_?pass(?:word|wd)?|pass(?:word|wd)?_?(?:hash|digest)", re.IGNORECASE
)
_OTHER_USES = pattern(
    rb"pwned|haveibeen|api\.pwned|\brange/|timingSafeEqual|timing_?safe|constant_?time|safe_?equal|deriveBits"
    rb"|deriveKey|AES-|importKey|encrypt",
    re.IGNORECASE,
)
_OWN = pattern(r"secret|pepper|(?<![a-z])env(?![a-z])|config|site_?pass|signing|expected", re.IGNORECASE)
_NAMES = frozenset({"identifier", "member_expression", "call_expression"})
_STORED = pattern(rb"(?i)password_?hash|hashed_?password|insert|update|select|users")
_STEPS = 6


@rule(call("digest", "createHash", "sha256", "sha1", "md5"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    hashed = _hashed(match)
    if hashed is None or function is None or not module.is_run:
        return
    password = next((part for part in _made_of(module, hashed) if _is_password(module, part)), None)
    if password is None or _is_secret(module, hashed):
        return
    if next(module.mentions(_OTHER_USES, function), None) is not None:
        return  # hashed to compare or to ask a list of breaches, or the key of something
    yield Finding(
        "a password is hashed with a fast digest: whoever gets the hashes finds most passwords in hours",
        match.at(),
        (module.at(password, "the password"),) if not js.contains(match.node, password) else (),
    )


def _hashed(match: Match) -> Node | None:
    """What a call makes the digest of."""
    module = match.module
    called = module.called_name(match.node)
    if called is None:
        return None
    owner, _, method = called.name.rpartition(".")
    if method == "digest" and owner in ("crypto.subtle", "webcrypto.subtle"):
        return match.call.argument(1)
    if method == "createHash" and called.module in ("node:crypto", "crypto"):
        return _updated(module, match.node)
    is_library = "crypto-js" in called.module or "noble/hashes" in called.module or "js-sha" in called.module
    return match.call.argument(0) if is_library else None


def _updated(module: Module, made: Node) -> Node | None:
    """The argument of `createHash(…).update(…)`."""
    used = js.method_called_on(module, made)
    return js.Call(module, used[1]).argument(0) if used is not None and used[0] == "update" else None


def _made_of(module: Module, node: Node) -> Iterator[Node]:
    """The expressions that the bytes of a digest are made of, through what encodes a text."""
    todo = [node]
    for _ in range(_STEPS):
        if not todo:
            return
        for origin in module.origins(todo.pop()):
            yield origin
            made = module.call(origin)
            if made is not None and made.name in ("encode", "from", "concat"):
                todo.extend(made.arguments[:2])


def _is_password(module: Module, node: Node) -> bool:
    access = module.member(node)
    if access is not None:
        return _PASSWORD.fullmatch(access.name) is not None
    if node.type not in ("identifier", "shorthand_property_identifier"):
        return False
    if _PASSWORD.fullmatch(module.text(node)) is not None:
        return True
    declaration = module.scope.resolve(node)
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    named = js.name_of_function(module, declaration.scope)
    first = next(iter(module.parameters(declaration.scope)), None)
    if _HASHES.fullmatch(named.strip("`()")) is not None and first is not None:
        return js.contains(first.node, declaration.node)
    # `hash(text)` that is only called with passwords
    callers = js.callers_of(module, declaration.scope)
    sites = js.calls_in_module(module, declaration.scope) if callers.complete else ()
    if not all(_stores(module, site) for site in sites):
        return False
    given = [
        argument
        for site in sites
        for argument in js.arguments_of(site)
        if module.parameter_for(argument) is declaration
    ]
    return bool(given) and all(
        _PASSWORD.fullmatch(_last_name(module, argument)) is not None for argument in given
    )


def _stores(module: Module, site: Node) -> bool:
    """Whether the function around a call is about what is stored of users."""
    around = module.enclosing_function(site)
    return around is not None and next(module.mentions(_STORED, around), None) is not None


def _last_name(module: Module, node: Node) -> str:
    node = js.unwrap(node)
    access = module.member(node)
    return access.name if access is not None else module.text(node)


def _is_secret(module: Module, node: Node) -> bool:
    """Whether what is hashed is, or goes together with, a secret of the Worker's own."""
    return any(
        module.secret_at(part) is not None
        or (part.type in _NAMES and _OWN.search(module.text(part)) is not None)
        for part in _made_of(module, node)
    )
