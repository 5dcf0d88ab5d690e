"""Verify a token's signature with its issuer's key: decoding it only reads what the client wrote.

Anyone can write a JWT with any claims. A function that decodes one takes the payload as it is; who the user
is may only be read from what `verify()` returns.

## Incorrect

```ts
import { decodeJwt } from "jose";

export default {
  async fetch(request): Promise<Response> {
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const { sub } = decodeJwt(token);
    return new Response(`hello ${sub}`);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL("https://auth.example.com/.well-known/jwks.json"));

export default {
  async fetch(request): Promise<Response> {
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const { payload } = await jwtVerify(token, keys, { audience: "example" });
    return new Response(`hello ${payload.sub}`);
  },
} satisfies ExportedHandler;
```

## What to do

- "of Cloudflare Access": Verify it with `jose` (`npm install jose`): at the top level of the module `const
  keys = createRemoteJWKSet(new URL("https://TEAM.cloudflareaccess.com/cdn-cgi/access/certs"));`, and in an
  `async` function `(await jwtVerify(token, keys, { audience: "AUD" })).payload` for what is decoded here,
  with the team's name for `TEAM` and the application's audience tag for `AUD` (both in Zero Trust, at the
  application). It throws for a forged token: answer 401 in a `catch`.

Verify it before it is believed, with the key of who signed it. A token that this project signs:
`jwt.verify(token, secret)` for the decoding, with the secret that it is signed with. A provider's
(Supabase, Auth0, Google): with `const keys = createRemoteJWKSet(new
URL("https://ISSUER/.well-known/jwks.json"))` of `jose` at the top level, `(await jwtVerify(token, keys, {
issuer, audience })).payload`. Both throw for a forged token: answer 401 in a `catch`.

## Not reported

Tokens that do not come from the request: one that the token endpoint of an identity provider has just sent
over TLS needs no verification. Workers in which anything is called `verify`, other than own functions that
wait for nothing, use no cryptography and call no package: these verify nothing. Functions whose name says
that nothing was verified (`decodeUnverified`): whoever calls them knows.

## Fix safety

There is no fix: the key has to be known.

Source: https://github.com/panva/jose/blob/main/docs/util/decode_jwt/functions/decodeJwt.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_UNSURE = pattern(r"unsafe|un(?:verified|trusted|checked)|insecure|without_?verif|no_?verif", re.IGNORECASE)
_DECODERS = frozenset(
    {
        ("jose", "decodeJwt"),
        ("jwt-decode", "jwtDecode"),
        ("jwt-decode", "default"),
        ("jsonwebtoken", "decode"),
        ("jsonwebtoken", "default.decode"),
        ("hono", "decode"),
        ("@tsndr/cloudflare-worker-jwt", "decode"),
        ("@tsndr/cloudflare-worker-jwt", "default.decode"),
    }
)
_COOKIE = pattern(r"auth|session|token|jwt", re.IGNORECASE)
_VERIFIES = pattern(rb"verif(?:y|ied|ies)|\bjwk\(|\bjwt\(", re.IGNORECASE)

_BASE64 = pattern(rb"\batob\b|base64", re.IGNORECASE)
_CRYPTO = pattern(rb"subtle|createHmac|timingSafeEqual|\bawait\b|\basync\b|hmac|\bsign|ecdsa|rsa|\bfetch\b")
_SAYS = frozenset({"comment", "string_fragment", "template_string", "jsx_text"})
"""Words that people read, and that run nothing."""


@rule(call("decodeJwt", "jwtDecode", "jwt_decode", "decode"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    name = match.module.called_name(match.node)
    token = match.call.argument(0)
    if name is not None and token is not None and (name.module, name.name) in _DECODERS:
        yield from _finding(match, token)


@check.on(call("parse"))
def check_by_hand(match: Match) -> Iterator[Finding]:
    """`JSON.parse(atob(token.split(".")[1]))`; the parts may have names, and a helper may decode."""
    module, text = match.module, match.call.argument(0)
    if text is None or not module.is_from(match.callee, "", "JSON.parse"):
        return
    parts = list(module.origins(text))
    decoded = [part for part in parts if _decodes(module, part)]
    for part in decoded:
        parts.extend(module.origins(js.Call(module, part).arguments[0]))
    for part in parts if decoded else ():
        made = module.call(_taken_from(module, part))
        if made is None or made.name != "split" or made.receiver is None or not made.arguments:
            continue
        if module.string_of(made.arguments[0]) == ".":
            yield from _finding(match, made.receiver)
            return


def _taken_from(module: Module, node: Node) -> Node:
    """What a name in a pattern is a part of: `token.split(".")` of `const [header, payload] = …`."""
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.value is None or len(declaration.path) != 1:
        return node
    return js.unwrap(declaration.value) if declaration.path[0] == 1 else node


def _decodes(module: Module, node: Node) -> bool:
    """Whether a call makes text of Base64: `atob(part)`, `Buffer.from(part, "base64")`."""
    made = module.call(node)
    if made is None or not made.arguments:
        return False
    if module.is_global(made.callee, "atob"):
        return True
    called = js.function_called(module, made.node)
    if called is not None:
        return next(called[0].mentions(_BASE64, called[1]), None) is not None
    kind = made.argument(1)
    is_base64 = kind is not None and (module.string_of(kind) or "").startswith("base64")
    return made.name == "from" and is_base64


def _finding(match: Match, token: Node) -> Iterator[Finding]:
    module = match.module
    if not module.runs_in_worker(match.node) or _verifies(module) or _says_so(module, match.node):
        return
    source, home = _credential(module, token), module
    if source is None:
        afar = _credential_afar(module, token)
        if afar is None:
            return
        source, home = afar.node, afar.module
    is_here = home is module and js.span_of(match.node).covers(js.span_of(source))
    text = home.text(source).lower()
    yield Finding(
        "this token is only decoded: whoever sends it decides what it says",
        match.at(),
        () if is_here else (home.at(source, "it is sent here"),),
        words=(
            *((("of Cloudflare Access", ""),) if "cf-access" in text or "cf_authorization" in text else ()),
            *js.word("token", module, token),
        ),
    )


def _says_so(module: Module, node: Node) -> bool:
    """Whether a function says by its name, or by that of one around, that nothing was verified: whoever calls
    it knows."""
    return any(
        _UNSURE.search(js.name_of_function(module, above)) is not None
        for above in module.ancestors(node)
        if above.type in js.FUNCTIONS
    )


def _credential(module: Module, token: Node) -> Node | None:
    """Where a token is read from the request, also by way of a parameter."""
    for part in module.origins(token):
        if module.reads_credential(part) or module.header_read(part) is not None:
            return part
        declaration = module.scope.resolve(part) if part.type == "identifier" else None
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            continue
        for site in js.calls_in_module(module, declaration.scope):
            for argument in js.arguments_of(site):
                given = module.parameter_for(argument)
                if given is declaration and any(
                    module.reads_credential(origin) or module.header_read(origin) is not None
                    for origin in module.origins(argument)
                ):
                    return argument
    return None


def _credential_afar(module: Module, token: Node) -> js.Traced | None:
    """The same through helpers and other modules."""
    return next(js.traced(module, token, _is_credential, derived=True), None)


def _is_credential(found: js.Traced) -> bool:
    module, node = found.module, found.node
    if module.reads_credential(node) or module.header_read(node) is not None:
        return True
    made = module.call(node)
    if made is None or made.name != "get" or made.receiver is None or len(made.arguments) != 1:
        return False
    access = module.member(made.receiver)
    owner = access.name if access is not None else module.text(made.receiver)
    name = module.string_of(made.arguments[0])
    return owner == "cookies" and name is not None and _COOKIE.search(name) is not None


def _verifies(module: Module) -> bool:
    """Whether any code of the Worker verifies something."""
    found = js.leaves_matching(module.project, js.paths_around(module), _VERIFIES, at_hand=module)
    return any(leaf.type not in _SAYS and not _is_name_alone(home, leaf) for home, leaf in found)


def _is_name_alone(module: Module, leaf: Node) -> bool:
    """Whether a word is the name of a function of the project that cannot verify anything: it waits for
    nothing, uses no cryptography, and calls nothing of a package."""
    if leaf.type != "identifier":
        return False
    declaration = module.scope.resolve(leaf)
    function = module.function_of(declaration) if declaration is not None else None
    if function is None:
        called = module.call_of(leaf)
        found = js.function_called(module, called.node) if called is not None else None
        if found is None:
            return declaration is not None and _is_of_project(module, declaration)
        module, function = found
    if next(module.mentions(_CRYPTO, function), None) is not None:
        return False
    return all(_is_own(module, call) for call in module.descendants(function, "call_expression"))


def _is_of_project(module: Module, declaration: js.Declaration) -> bool:
    """Whether a name is imported from a module of the project, whose function is looked at there."""
    ref = module.scope.origin(declaration)
    return ref is not None and ref.module.startswith(".") and module.is_own(ref)


def _is_own(module: Module, call: Node) -> bool:
    """Whether a call is of the language, or of a function of the project: not of what is imported from
    elsewhere."""
    root = js.Call(module, call).callee
    while root is not None and root.type == "member_expression":
        root = root.child_by_field_name("object")
    declaration = module.scope.resolve(root) if root is not None and root.type == "identifier" else None
    ref = module.scope.origin(declaration) if declaration is not None else None
    return ref is None or js.function_called(module, call) is not None
