"""Hand on the cookie that Better Auth sets when its API signs somebody in on the server.

`auth.api.signInEmail()` and its like give the session as an object. The `Set-Cookie` header, by which the
browser is signed in, is in the response that nobody asked for: `asResponse: true` or `returnHeaders: true`
gives it. Without, the call succeeds, and the next request comes from a stranger.

## Incorrect

```ts
import { betterAuth } from "better-auth";

const auth = betterAuth({ emailAndPassword: { enabled: true }, rateLimit: { storage: "database" } });

export default {
  async fetch(request): Promise<Response> {
    const body = { email: "me@example.com", password: request.headers.get("x-password") ?? "" };
    await auth.api.signInEmail({ body });
    return Response.redirect("https://example.com/account");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
import { betterAuth } from "better-auth";

const auth = betterAuth({ emailAndPassword: { enabled: true }, rateLimit: { storage: "database" } });

export default {
  async fetch(request): Promise<Response> {
    const body = { email: "me@example.com", password: request.headers.get("x-password") ?? "" };
    return await auth.api.signInEmail({ body, asResponse: true });
  },
} satisfies ExportedHandler;
```

## What to do

Write `const { headers, response: data } = await` for what the call's result is put into, and
`returnHeaders: true` beside its `body`. Then put the cookies on the answer that is sent: `for (const cookie
of headers.getSetCookie()) answer.headers.append("Set-Cookie", cookie)` (a redirect is made by `new
Response()` for that). As it is, the user is not signed in.

- "in Hono": Write `const { headers, response: data } = await` for what the call's result is put into, and
  `returnHeaders: true` beside its `body`. Before the answer: `for (const cookie of headers.getSetCookie())
  c.header("Set-Cookie", cookie, { append: true })`. As it is, the user is not signed in.

## Not reported

Projects with a plugin that sets cookies itself (`nextCookies()`, `tanstackStartCookies()`,
`sveltekitCookies()`); calls whose options are not seen whole; results that are read (a token, a user), which
may be all that is wanted; signing up with `autoSignIn: false` or `requireEmailVerification: true`, which
begins no session; signing out, which ends the session on the server in any case; tests and scripts.

## Fix safety

There is no fix: which headers the answer has is up to the author.

Source: https://www.better-auth.com/docs/concepts/api
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Finding, Match, Module, Severity, call, js, pattern, rule

_SIGNS = ("signInEmail", "signUpEmail", "signInUsername", "signInPhoneNumber", "signInEmailOTP")
_NO_SESSION = pattern(rb"\bautoSignIn\s{0,9}:\s{0,9}false\b|\brequireEmailVerification\s{0,9}:\s{0,9}true\b")
_KEEPS = ("asResponse", "returnHeaders")
_PLUGINS = (
    b"nextCookies",
    b"tanstackStartCookies",
    b"reactStartCookies",
    b"sveltekitCookies",
    b"solidStartCookies",
)


@rule(call(*_SIGNS), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    access = module.member(match.receiver) if match.receiver is not None else None
    if access is None or access.name != "api" or len(match.arguments) != 1:
        return
    options = js.unwrap(match.arguments[0])
    if options.type != "object" or module.is_open_object(options):
        return
    if any(module.property_value(options, name) is not None for name in _KEEPS):
        return
    if not module.runs_in_worker(match.node) or _is_read(module, match) or _has_plugin(module):
        return
    if match.word.startswith("signUp") and _signs_up_only(module):
        return
    yield Finding(
        f"`{match.word}()` sets a cookie that nobody sends to the browser: ask for it with `returnHeaders`",
        match.at(match.node),
    )


def _is_read(module: Module, match: Match) -> bool:
    """Whether something is read of what a call gives, or it is handed on; logging it does not count."""
    result = module.awaited(match.node)
    if result is None:
        return True
    if result.pattern is not None:
        return True
    for use in result.references:
        around = module.call_around(use)
        if around is None or module.log_at(around[0].node) is None:
            parent = module.parent(module.with_wrappers(use))
            if parent is None or parent.type not in (
                "if_statement",
                "parenthesized_expression",
                "unary_expression",
            ):
                return True
    return False


def _has_plugin(module: Module) -> bool:
    """Whether a module of a Worker that runs this names a plugin which sets cookies."""
    return any(name in data for data in _texts(module) for name in _PLUGINS)


def _signs_up_only(module: Module) -> bool:
    """Whether a module of a Worker that runs this has options by which who signs up is not signed in: it is
    off, or an address has to be verified first."""
    return any(_NO_SESSION.search(data) is not None for data in _texts(module))


def _texts(module: Module) -> Iterator[bytes]:
    for worker in module.workers:
        for path in js.running_paths(worker):
            document = module.project.sources.document(path)
            if document is not None:
                yield document.data
