"""Let sessions and one-time codes in KV expire: without `expirationTtl` they are good for ever.

What proves who somebody is for a while (a session, a code that was sent by mail, a link to set a password, a
challenge) stays in the namespace until it is deleted. Most of it is never asked for again, so that nothing
deletes it: an old link still works when it is found years later, and the namespace only grows.

## Incorrect

```ts
interface Env {
  AUTH: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const email = new URL(request.url).searchParams.get("email") ?? "";
    const code = crypto.randomUUID();
    await env.AUTH.put(`reset:${code}`, email);
    return new Response("look into your mail");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  AUTH: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const email = new URL(request.url).searchParams.get("email") ?? "";
    const code = crypto.randomUUID();
    await env.AUTH.put(`reset:${code}`, email, { expirationTtl: 3600 });
    return new Response("look into your mail");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Give `put()` a third argument: `{ expirationTtl: 604800 }` for a session or a refresh token (a week), `{
expirationTtl: 600 }` for a code, a state or a link (ten minutes), unless you know a better time.

## Not reported

Keys whose beginning does not say what they are; a function that speaks of an end (`expires`, `ttl`), or
options that are not in sight.

## Fix safety

Unsafe: unless you know a better time, sessions and tokens end after a week, codes, states and links after ten
minutes; what is stored already stays.

Source: https://developers.cloudflare.com/kv/api/write-key-value-pairs/#expiring-keys
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Fix, Match, Safety, Severity, call, pattern, quoted, rule

_PASSES = pattern(
    r"^[`\"'](?:\w*[_:-])?(?:sess(?:ion)?s?|otp|nonce|csrf|magic(?:[_-]?link)?|(?:password[_-]?)?reset|verif\w*"
    r"|pkce|challenge|oauth[_-]?state|auth[_-]?state|auth[_-]?code|login[_-]?(?:code|token)"
    r"|(?:refresh|access)[_-]?tokens?|tokens|invite[_-]?token|state)[:_/-]?(?:\$\{|[`\"'])",
    re.IGNORECASE,
)
"""How the keys begin of what proves for a while who somebody is."""
_LONG = pattern(r"sess|refresh|tokens", re.IGNORECASE)
"""Keys of what a user keeps for days."""
_WEEK = 604_800
_MINUTES = 600
_ENDS = pattern(rb"expir|ttl|maxAge|max_age|valid_?until", re.IGNORECASE)
_STATE = pattern(r"^[`\"'](?:\w*[_:-])?state[:_/-]?\$\{")


@rule(call("put"), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if len(match.arguments) != 2 or function is None or not match.receiver_value.is_binding("kv"):
        return
    key = module.initializer(match.arguments[0])
    written = module.text(key)
    if _PASSES.search(written) is None or not module.is_run:
        return
    if _STATE.search(written) is not None and b"oauth" not in module.document.data.lower():
        return  # the state of something else
    if next(module.mentions(_ENDS, function), None) is not None:
        return
    seconds = _WEEK if _LONG.search(written) is not None else _MINUTES
    edit = match.insert(match.arguments[1].end_byte, f", {{ expirationTtl: {seconds} }}")
    yield Finding(
        f"{quoted(written, 40)} is good for ever: store it with an `expirationTtl`",
        match.at(match.node),
        fix=Fix(
            f"Let it end after {'a week' if seconds == _WEEK else 'ten minutes'}", (edit,), Safety.UNSAFE
        ),
    )
