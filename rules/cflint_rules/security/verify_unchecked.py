"""Look at what `verify()` says of a token or signature.

Some functions that verify do not throw when a token is forged or has expired: `verify()` of
`@tsndr/cloudflare-worker-jwt` gives `undefined` (`false` before version 3), `crypto.subtle.verify()` and
`compare()` of bcrypt give `false`. Who calls them and does not look at the result lets everybody in. Who
reads `payload` of it without asking first gets a TypeError for each token that has expired, so the client an
error 500 instead of the login page.

It is a warning where nothing looks at the result, and a note where a property of it is read.

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

Look at what it gives: `if (!(await …verify(…))) return new Response(null, { status: 401 })`.

- "gives `undefined`": Ask before it is used: `if (!verified)`, and answer as to one who is not signed in
  (401, or a redirect to the sign-in). As it is, that client gets an error 500.

## Not reported

`verify()` of `jose`, `jsonwebtoken` and Hono, which throw. Calls with options that may hold `throwError`. A
property that is read in a `try` with a `catch`.

## Fix safety

There is no fix: what to answer to whom is up to the author.

Source: https://github.com/tsndr/cloudflare-worker-jwt#verify,
https://developer.mozilla.org/en-US/docs/Web/API/SubtleCrypto/verify
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, js, rule

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
)
"""What gives a boolean."""


@rule(call("verify", "compare", "compareSync"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
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
        what = "`undefined`" if is_token else "`false`"
        yield Finding(
            f"nothing looks at the result: `{match.word}()` gives {what} for what is"
            " forged, and does not throw",
            match.at(),
        )
        return
    read = module.unchecked_read(match.node) if is_token else None
    if read is not None and module.try_around(read) is None:
        yield Finding(
            "`verify()` gives `undefined` for a token that is forged or has expired, and then this throws",
            module.at(read),
            (match.at(match.node, "the token is verified here"),),
            severity=Severity.NOTE,
        )


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
        return not result.references and match.enclosing_function is not None
    parent = module.parent(module.with_wrappers(result.node))
    return parent is not None and parent.type == "expression_statement"
