"""Give lifetimes of cookies and tokens in seconds.

`Max-Age` and `maxAge` of a cookie, `exp` and `expiresIn` of a JSON Web Token, and `expirationTtl` of KV count
seconds. Milliseconds, which `Date.now()` and timers use, are taken for a thousand times as long: a token of
15 minutes is good for ten days, a session of a week for 19 years, and who has stolen one keeps it.

## Incorrect

```ts
const WEEK = 7 * 24 * 60 * 60 * 1000;

export default {
  async fetch(): Promise<Response> {
    const headers = new Headers();
    headers.set("Set-Cookie", `session=${crypto.randomUUID()}; HttpOnly; Secure; Max-Age=${WEEK}`);
    return new Response("welcome", { headers });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const WEEK = 7 * 24 * 60 * 60;

export default {
  async fetch(): Promise<Response> {
    const headers = new Headers();
    headers.set("Set-Cookie", `session=${crypto.randomUUID()}; HttpOnly; Secure; Max-Age=${WEEK}`);
    return new Response("welcome", { headers });
  },
} satisfies ExportedHandler;
```

## What to do

Leave out the factor 1000, or divide where it is used: `Math.floor(lifetime / 1000)`. What was given out with
the long lifetime stays good: change the secret that signs it, or end the sessions.

- "counted from `Date.now()`": Write `exp: Math.floor(Date.now() / 1000) + 15 * 60`, with the lifetime in
  seconds. Tokens that were given out never expire: change the secret that signs them.

## Not reported

Numbers that are not seen to be milliseconds: that have no factor 1000 beside minutes or hours.

## Fix safety

No fix: the constant may be used where milliseconds are meant, too.

Source: https://datatracker.ietf.org/doc/html/rfc6265#section-5.2.2,
https://datatracker.ietf.org/doc/html/rfc7519#section-2, https://github.com/auth0/node-jsonwebtoken#usage,
https://developers.cloudflare.com/kv/api/write-key-value-pairs/#create-expiring-keys
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, module, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_AGE = pattern(rb"(?i)max-age=")
_ENDS = pattern(r".*\bmax-age=", re.IGNORECASE | re.DOTALL)
_MILLISECONDS = pattern(
    r"(?=.*\b(?:60|3600|60_000|24)\b)(?:.*\*\s*|\(*)1_?000\b(?!\s*/)(?:\s*\*.*|\)*)", re.DOTALL
)
"""A product of 1000 and of minutes or hours, with nothing that divides it."""
_NOW = pattern(r"(?:new )?Date(?:\.now\(\)|\(\)\.getTime\(\))\s*\+.*|.*\+\s*Date\.now\(\)", re.DOTALL)
_OPTIONS: dict[tuple[str, str], tuple[int, str]] = {
    ("hono/cookie", "setCookie"): (3, "maxAge"),
    ("hono/cookie", "setSignedCookie"): (4, "maxAge"),
    ("cookie", "serialize"): (2, "maxAge"),
    ("cookie", "*.serialize"): (2, "maxAge"),
    ("react-router", "createCookie"): (1, "maxAge"),
    ("@remix-run/cloudflare", "createCookie"): (1, "maxAge"),
    ("h3", "setCookie"): (3, "maxAge"),
    **{("jsonwebtoken", f"{prefix}sign"): (2, "expiresIn") for prefix in ("", "default.", "*.")},
}
_SIGNS = frozenset({"hono/jwt", "jsonwebtoken", "@tsndr/cloudflare-worker-jwt"})
_LONGEST = 300


@rule(module("Max-Age", "max-age"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(module: Module) -> Iterator[Finding]:
    for leaf in module.mentions(_AGE):
        if leaf.type != "string_fragment" or _ENDS.fullmatch(module.text(leaf)) is None:
            continue
        part = leaf.next_named_sibling
        age = js.first_named(part) if part is not None and part.type == "template_substitution" else None
        if age is not None and module.runs_in_worker(leaf):
            yield from _finding(module, age, "Max-Age")


@check.on(call("setCookie", "setSignedCookie", "serialize", "createCookie", "sign"))
def check_options(match: Match) -> Iterator[Finding]:
    """`setCookie(c, name, value, { maxAge })`, `sign(payload, secret, { expiresIn })`, `sign({ exp })`."""
    module = match.module
    called = module.called_name(match.node)
    if called is None or not module.is_run:
        return
    where = _OPTIONS.get((called.module, called.name))
    given = match.call.argument(where[0]) if where is not None else None
    age = module.property_value(given, where[1]) if given is not None and where is not None else None
    if age is not None and where is not None:
        yield from _finding(module, age, where[1])
    payload = match.call.argument(0) if called.module in _SIGNS and match.call.name == "sign" else None
    end = module.property_value(payload, "exp") if payload is not None else None
    written = js.unwrap(module.initializer(end)) if end is not None else None
    if end is None or written is None or written.end_byte - written.start_byte > _LONGEST:
        return
    if _NOW.fullmatch(module.text(written)) is not None and "/" not in module.text(written):
        yield Finding(
            "`exp` is counted from `Date.now()`, in milliseconds, and read as seconds: this never expires",
            module.at(written),
        )


@check.on(call("put"))
def check_ttl(match: Match) -> Iterator[Finding]:
    options = match.call.argument(2)
    if options is None or not match.receiver_value.is_binding("kv"):
        return
    age = match.module.property_value(options, "expirationTtl")
    if age is not None:
        yield from _finding(match.module, age, "expirationTtl")


def _finding(module: Module, age: Node, name: str) -> Iterator[Finding]:
    found = next(js.traced(module, age, _is_in_milliseconds), None)
    if found is None:
        return
    place = found.module.at(found.node, "milliseconds")
    at = module.at(age)
    yield Finding(
        f"{quoted(name)} counts seconds, and this is in milliseconds: it lasts a thousand times as long",
        at,
        () if at.span.covers(place.span) and found.module is module else (place,),
    )


def _is_in_milliseconds(found: js.Traced) -> bool:
    node = js.unwrap(found.node)
    if found.path or node.type != "binary_expression" or node.end_byte - node.start_byte > _LONGEST:
        return False
    return _MILLISECONDS.fullmatch(found.module.text(node)) is not None
