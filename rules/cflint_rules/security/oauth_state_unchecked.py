"""Compare the `state` that comes back from a sign-in with the one that this browser was given.

The callback of OAuth takes a code out of its address, and anyone can make such an address: a visitor who
follows one with the code of somebody else's account is signed in to that account, or has it connected to the
own one, and what they enter there is the attacker's to read. A random `state`, kept in a cookie when the
sign-in begins and compared when it returns, shows that the same browser began it. PKCE does as well.

## Incorrect

```ts
interface Env {
  CLIENT_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const code = new URL(request.url).searchParams.get("code");
    if (code === null) return new Response("no code", { status: 400 });
    const response = await fetch("https://github.com/login/oauth/access_token", {
      method: "POST",
      body: JSON.stringify({ client_id: "abc", client_secret: env.CLIENT_SECRET, code }),
      signal: AbortSignal.timeout(5_000),
    });
    return new Response(response.ok ? "hello" : "refused", { status: response.ok ? 200 : 401 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  CLIENT_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const code = searchParams.get("code");
    const state = searchParams.get("state");
    const began = /(?:^|; )state=([^;]+)/.exec(request.headers.get("Cookie") ?? "")?.[1];
    if (code === null || state === null || state !== began) return new Response("no", { status: 400 });
    const response = await fetch("https://github.com/login/oauth/access_token", {
      method: "POST",
      body: JSON.stringify({ client_id: "abc", client_secret: env.CLIENT_SECRET, code }),
      signal: AbortSignal.timeout(5_000),
    });
    return new Response(response.ok ? "hello" : "refused", { status: response.ok ? 200 : 401 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Where the sign-in begins (shown, if it is in the code), send `state = crypto.randomUUID()` along as the
parameter `state`, and set it as a cookie of that redirect: `state=${state}; HttpOnly; Secure; SameSite=Lax;
Path=/; Max-Age=600`. Here, first: `const began =
/(?:^|; )state=([^;]+)/.exec(request.headers.get("Cookie") ?? "")?.[1]`, and `if (!began || new
URL(request.url).searchParams.get("state") !== began) return new Response("no", { status: 400 })`.

## Not reported

Callbacks in which the state is used for anything, handed on, or looked up; those with a verifier of PKCE,
and Supabase's `exchangeCodeForSession()`, which has one; codes that are not exchanged for a token.

## Fix safety

No fix: where the state is kept is up to the author.

Source: https://datatracker.ietf.org/doc/html/rfc6749#section-10.12,
https://datatracker.ietf.org/doc/html/rfc9700#section-4.7
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Location, Match, Module, Severity, ValueKind, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_STATE = pattern(rb"(?i)state|nonce|csrf|verifier|pkce|challenge|exchangeCodeForSession")
_EXCHANGES = pattern(
    rb"authorization_code|client_?secret|access_token|exchange_?code|code_?for_?token|validateAuthorizationCode"
    rb"|get_?(?:access_?)?tokens?\b|oauth",
    re.IGNORECASE,
)
_SIGN_IN = pattern(
    r"callback|o_?auth|github|gitlab|google|discord|twitch|slack|microsoft|facebook|linkedin|spotify",
    re.IGNORECASE,
)
"""Files that are about signing in with another service, by their paths."""
_BEGINS = pattern(rb"\bresponse_type\b|/authorize\b|/o/oauth2/(?:v2/)?auth\b")
_OTHER_CODES = pattern(
    rb"(?i)device|poll|otp|coupon|invite|pair(?:ing)?[_C]|pin\b|verif(?:y|ication)_?(?:code|email)"
)
_TEXTS = frozenset({"comment", "string_fragment", "template_string"})


@rule(call("get", "query"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or not module.is_run:
        return
    code = _code(match)
    if code is None:
        return
    exchanged = _exchange(module, code, function)
    if exchanged is None or _asks_for_state(module, function):
        return
    yield Finding(
        "the code is exchanged without a look at `state`: anyone can sign a visitor in to another account",
        match.at(),
        (module.at(exchanged, "it is exchanged here"), *_begin(module)),
    )


def _begin(module: Module) -> Iterator[Location]:
    """Where code sends visitors to the other service, which the state has to go along with."""
    for home, leaf in js.leaves_matching(module.project, js.paths_around(module), _BEGINS, at_hand=module):
        if leaf.type != "comment":
            yield home.at(leaf, "the sign-in begins here")
            return


def _code(match: Match) -> js.Declaration | None:
    """The constant that holds the `code` of a request's query."""
    module, node = match.module, match.node
    first = match.call.argument(0)
    if first is None:
        whole = module.parent(module.with_wrappers(node))
        taken = whole.child_by_field_name("name") if whole is not None else None
        is_query = match.word == "query" and match.receiver_value.kind is ValueKind.HONO_REQUEST
        if whole is None or taken is None or whole.type != "variable_declarator" or not is_query:
            return None
        for name in module.descendants(taken, "shorthand_property_identifier_pattern"):
            if module.text(name) == "code":
                return module.scope.resolve(name)
        return None
    if module.string_of(first) != "code" or not module.reads_query(node):
        return None
    return module.result_of(node).declaration


def _exchange(module: Module, code: js.Declaration, function: Node) -> Node | None:
    """The place where a code goes to a server that gives a token for it."""
    is_known = next(module.mentions(_EXCHANGES, function), None) is not None
    if not is_known and _SIGN_IN.search(module.path) is None:
        return None
    if next(module.mentions(_OTHER_CODES, function), None) is not None:
        return None
    for use in module.scope.references(code):
        if use.id == code.node.id:
            continue
        for above in module.ancestors(use):
            if above.type in ("call_expression", "new_expression"):
                made = js.Call(module, above)
                if made.name in ("fetch", "URLSearchParams", "append", "set", "stringify"):
                    return use
                if not is_known and _is_field(module, use):
                    return use
                if _EXCHANGES.search(module.text(made.callee).encode() if made.callee is not None else b""):
                    return use
                break
            if above.type == "if_statement" or above.type.endswith("_declaration"):
                break
    return None


def _is_field(module: Module, use: Node) -> bool:
    """Whether a use is the field `code` of an object that is sent."""
    above = module.parent(module.with_wrappers(use))
    if use.type == "shorthand_property_identifier":
        return True
    return above is not None and above.type == "pair" and module.key(above) == "code"


def _asks_for_state(module: Module, outer: Node) -> bool:
    """Whether a function does anything with a state: more than to take it from the query."""
    for found in module.mentions(_STATE, outer):
        if found.type == "comment":
            continue
        if found.type == "shorthand_property_identifier_pattern":
            declaration = module.scope.resolve(found)
            if declaration is not None and module.scope.references(declaration):
                return True
            continue
        if found.type in _TEXTS:
            text = module.text(found)
            if text in ("state",) and _is_only_taken(module, found):
                continue
            return True
        declaration = module.scope.resolve(found) if found.type == "identifier" else None
        if declaration is None or declaration.node.id != found.id:
            return True
        if module.scope.references(declaration):
            return True
    return False


def _is_only_taken(module: Module, text: Node) -> bool:
    """Whether `"state"` is the name of a parameter of the query whose value goes nowhere."""
    around = module.call_around(module.parent(text) or text)
    if around is None or around[0].name not in ("get", "query"):
        return False
    declaration = module.result_of(around[0].node).declaration
    return declaration is not None and not module.scope.references(declaration)
