"""Let sessions and tokens in Workers KV expire, with `expirationTtl`.

Without it a key stays for ever: a session that was copied once is good for ever, unless the code compares a
date each time, and the store grows by every sign-in, as nothing removes the old ones.

## Incorrect

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export async function begin(env: Env, user: string): Promise<string> {
  const id = crypto.randomUUID();
  await env.SESSIONS.put(`session:${id}`, user);
  return id;
}
```

## Correct

```ts
interface Env {
  SESSIONS: KVNamespace;
}

export async function begin(env: Env, user: string): Promise<string> {
  const id = crypto.randomUUID();
  await env.SESSIONS.put(`session:${id}`, user, { expirationTtl: 604_800 });
  return id;
}
```

## Not reported

Keys that do not begin with what says that they are a session or a token; options that are not in sight.

## Fix safety

No fix: how long a session lasts is up to the author.

Source: https://developers.cloudflare.com/kv/api/write-key-value-pairs/#expiring-keys
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_KEY = pattern(
    r"[`\"']?(?:auth|user|admin|login|o_?auth)?[:_/-]?(?:sess(?:ion)?s?|(?:access|refresh|session|auth|reset)_?tokens?"
    r"|otp|magic_?link|nonce|password_?reset)[:/_-][`\"'$\w{].*",
    re.IGNORECASE | re.DOTALL,
)


@rule(call("put"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, arguments = match.module, match.arguments
    if len(arguments) not in (2, 3) or not match.receiver_value.is_binding("kv") or not module.is_run:
        return
    if not _is_session(module, arguments[0]):
        return
    if len(arguments) == 3:
        options = arguments[2]
        ends = (module.property_value(options, name) for name in ("expirationTtl", "expiration"))
        if module.is_open_object(options) or any(end is not None for end in ends):
            return
    yield Finding("this key never expires: a copied session stays good, and the store grows", match.at())


def _is_session(module: Module, key: Node) -> bool:
    """Whether a key is a template or a sum that begins with what a session or a token is called."""
    found = js.unwrap(module.initializer(key))
    if found.type not in ("template_string", "binary_expression"):
        return False
    return _KEY.fullmatch(module.text(found)) is not None
