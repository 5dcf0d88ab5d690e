"""Look at what `verify()` says of a token or signature.

Some functions that verify do not throw when a token is forged or has expired: `verify()` of
`@tsndr/cloudflare-worker-jwt` gives `undefined` (`false` before version 3), `crypto.subtle.verify()` and
`compare()` of bcrypt give `false`, and so do `verifyMessage()` of viem, `verifyKey()` of Discord's package
and functions of one's own that end in `return false`. Who calls them and does not look at the result lets
everybody in. Who reads `payload` of it without asking first gets a TypeError for each token that has expired,
so the client an error 500 instead of the login page.

It is a warning where nothing looks at the result, or no more is done with it than to log it, and a note where
a property of it is read.

## Incorrect

```ts
import jwt from "@tsndr/cloudflare-worker-jwt";

interface Env {
  JWT_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    await jwt.verify(token, env.JWT_SECRET);
    return new Response("welcome");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import jwt from "@tsndr/cloudflare-worker-jwt";

interface Env {
  JWT_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const verified = await jwt.verify(token, env.JWT_SECRET);
    if (!verified) return new Response("no", { status: 401 });
    return new Response("welcome");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Look at what it gives: `if (!(await …verify(…))) return new Response(null, { status: 401 })`, with this
call.

- "then this throws": Before it: `if (!verified) return new Response(null, { status: 401 })` (of a page, a
  redirect to the sign-in). As it is, that client gets an error 500.
- "`<name>()` gives": Directly behind this statement: `if (!valid) return new Response(null, { status: 401
  })`, where `valid` is what `<name>()` gives. As it is, a forged one passes.

## Not reported

`verify()` of `jose`, `jsonwebtoken` and Hono, which throw. Calls with options that may hold `throwError`. A
property that is read in a `try` with a `catch`. A password that is compared with a literal, so that an
unknown user takes as long as a known one.

## Fix safety

Unsafe: who sends what is forged gets the answer 401 then, which clients may not know yet. There is no fix in
functions that make no answers.

Source: https://github.com/tsndr/cloudflare-worker-jwt#verify,
https://developer.mozilla.org/en-US/docs/Web/API/SubtleCrypto/verify
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TOKENS = frozenset(
    ("@tsndr/cloudflare-worker-jwt", name) for name in ("verify", "default.verify", "*.verify", "default")
)
_TELLS = (
    frozenset({("", "crypto.subtle.verify")})
    | {
        (module, name)
        for module in ("node:crypto", "crypto")
        for name in ("subtle.verify", "webcrypto.subtle.verify")
    }
    | {
        (module, name)
        for module in ("bcryptjs", "bcrypt")
        for name in ("compare", "default.compare", "compareSync", "default.compareSync")
    }
    | {("discord-interactions", "verifyKey")}
    | {("tweetnacl", name) for name in ("sign.detached.verify", "default.sign.detached.verify")}
)
"""What gives a boolean."""
_OWN = (
    "verifySignature",
    "verifyWebhook",
    "verifyWebhookSignature",
    "verifyRequest",
    "verifyToken",
    "verifyJWT",
    "verifyJwt",
    "verifySession",
    "verifyPassword",
    "verifyTurnstile",
    "verifyTurnstileToken",
    "verifyCaptcha",
    "verifyAuth",
    "verifyHmac",
    "validateSignature",
    "validateToken",
    "validateSession",
    "validateApiKey",
    "checkAuth",
    "checkPassword",
    "checkToken",
    "isAuthorized",
    "isAuthenticated",
    "isValidSignature",
)
"""What projects call functions of their own that say whether somebody is who they claim to be."""
_BOOLEAN = frozenset({"true", "false", "binary_expression", "unary_expression", "await_expression"})
_OF_VIEM = ("verifyMessage", "verifyTypedData")


@rule(
    call("verify", "compare", "compareSync", "verifyKey", *_OF_VIEM, *_OWN),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.word in _OWN or match.word in _OF_VIEM:
        if _is_dropped(match) and _gives_false(match) and not _is_for_show(match):
            yield Finding(
                _message(match, "`false`"), match.at(), fix=_fix(match), words=_result(match, "valid")
            )
        return
    called = module.called_name(match.node)
    if called is None:
        return
    name = (called.module, called.name)
    is_token = name in _TOKENS
    if not is_token and name not in _TELLS:
        return
    if len(match.arguments) < 2 or any(part.type == "spread_element" for part in match.arguments):
        return
    if is_token and len(match.arguments) > 2 and _may_throw(match):
        return
    if called.module.startswith("bcrypt") and len(match.arguments) > 2:
        return  # a function that is called with the result
    if _is_dropped(match):
        if not is_token and _is_for_show(match):
            return
        what = "`undefined`" if is_token else "`false`"
        yield Finding(_message(match, what), match.at(), fix=_fix(match), words=_result(match, "valid"))
        return
    read = module.unchecked_read(match.node) if is_token else None
    if read is not None and module.try_around(read) is None:
        yield Finding(
            "`verify()` gives `undefined` for a token that is forged or has expired, and then this throws",
            module.at(read),
            (match.at(match.node, "the token is verified here"),),
            severity=Severity.NOTE,
            words=_result(match, "verified"),
        )


def _fix(match: Match) -> Fix | None:
    """The answer 401 where it is false, in a function that makes answers."""
    module, function = match.module, match.enclosing_function
    if function is None or next(module.responses_made(function), None) is None:
        return None
    result = module.awaited(match.node)
    whole = result.node if result is not None else match.node
    statement = module.own_statement(whole)
    answer = "return new Response(null, { status: 401 })"
    if statement is not None:
        text = module.text(whole)
        if result is None and not text.startswith("await") and not match.word.endswith("Sync"):
            if not js.can_await(module, match.node):
                return None
            text = f"await {text}"
        end = module.semicolon_of(statement)
        edit = module.replace(statement, f"if (!({text})) {answer}{end}")
        return Fix("Answer 401 where it is false", (edit,), Safety.UNSAFE)
    declared = result.declaration if result is not None else None
    statement = module.parent(declared.owner) if declared is not None else None
    if declared is None or statement is None or statement.type != "lexical_declaration" or declared.path:
        return None
    end = module.semicolon_of(statement)
    line = f"\n{module.indent_of(statement)}if (!{declared.name}) {answer}{end}"
    return Fix("Answer 401 where it is false", (module.insert(statement.end_byte, line),), Safety.UNSAFE)


def _result(match: Match, general: str) -> js.Words:
    """The name that holds the result of the call."""
    result = match.module.awaited(match.node)
    declared = result.declaration if result is not None else None
    return ((general, declared.name),) if declared is not None else ()


def _message(match: Match, what: str) -> str:
    return (
        f"nothing looks at the result: `{match.word}()` gives {what} for what is forged, and does not throw"
    )


def _gives_false(match: Match) -> bool:
    """Whether a call is one of viem's, which takes an object with a signature, or of a function of the
    project that says by a boolean what it has found, and throws nothing."""
    module = match.module
    if match.word in _OF_VIEM:
        first = match.arguments[0] if len(match.arguments) == 1 else None
        return first is not None and module.property_value(first, "signature") is not None
    found = js.function_called(module, match.node)
    if found is None:
        return False
    home, function = found
    if any(
        home.enclosing_function(node) == function for node in home.descendants(function, "throw_statement")
    ):
        return False
    given = [
        js.first_named(node)
        for node in home.descendants(function, "return_statement")
        if home.enclosing_function(node) == function
    ]
    values = [js.unwrap(value) for value in given if value is not None]
    return (
        bool(values)
        and len(values) == len(given)
        and all(value.type in _BOOLEAN for value in values)
        and any(value.type == "false" for value in values)
    )


def _is_for_show(match: Match) -> bool:
    """Whether a password is compared with a made-up hash, so that an unknown user takes as long as a known
    one."""
    return len(match.arguments) > 1 and match.module.string_of(match.arguments[1]) is not None


def _may_throw(match: Match) -> bool:
    """Whether the options make, or may make, `verify()` throw."""
    module, options = match.module, match.arguments[2]
    if module.string_of(options) is not None:
        return False  # the algorithm
    return module.is_open_object(options) or module.property_value(options, "throwError") is not None


def _is_dropped(match: Match) -> bool:
    """Whether nothing looks at the result of a call: it is a statement, or a constant that nobody uses."""
    module = match.module
    result = module.awaited(match.node)
    if result is None:
        if match.callee is None or not module.text(match.callee).endswith("Sync"):
            use = module.promise_use(match.node)
            return use.outcome is js.PromiseOutcome.DROPPED
        parent = module.parent(module.with_wrappers(match.node))
        return parent is not None and parent.type == "expression_statement"
    if result.declaration is not None:
        return match.enclosing_function is not None and all(
            _is_printed(module, use) for use in result.references
        )
    parent = module.parent(module.with_wrappers(result.node))
    return parent is not None and parent.type == "expression_statement"


def _is_printed(module: Module, use: Node) -> bool:
    """Whether a place only prints a value."""
    around = module.call_around(use)
    callee = around[0].callee if around is not None else None
    return callee is not None and module.text(callee).startswith("console.")
