"""Use up one-time codes in a Durable Object or in D1, not in Workers KV.

`get()` and a `delete()` after it are two requests, and KV serves a value that it has cached for up to a
minute after it was deleted elsewhere. An authorization code, a `state`, a magic link that is made one-time so
this can be used twice: by two requests at once, and by one at another place within that minute.
`DELETE … RETURNING` of D1 reads and removes in one step, and so does a Durable Object for each code.

## Incorrect

```ts
interface Env {
  LOGINS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const code = new URL(request.url).searchParams.get("code") ?? "";
    const email = await env.LOGINS.get(`code:${code}`);
    if (email === null) return new Response("used or unknown", { status: 403 });
    await env.LOGINS.delete(`code:${code}`);
    return new Response(`hello ${email.length}`);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const code = new URL(request.url).searchParams.get("code") ?? "";
    const taken = env.DB.prepare("DELETE FROM logins WHERE code = ? RETURNING email").bind(code);
    const found = await taken.first<{ email: string }>();
    return new Response(found === null ? "used or unknown" : "hello", { status: found === null ? 403 : 200 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Keep the codes in a table of D1, and take one by the statement that reads it: `const row = await
env.DB.prepare("DELETE FROM codes WHERE code = ? AND expires > unixepoch() RETURNING
value").bind(code).first()` in place of `get()` and `delete()`: of two requests one gets the row, the other
`null`. Where a code is made, `INSERT INTO codes (code, value, expires) VALUES (?, ?, ?)` takes the place of
`put()`. As it is, a code may be used twice within a minute.

## Not reported

Keys that do not say that they are of one use; what is deleted since it has expired, since too many attempts
were made, or when somebody logs out.

## Fix safety

No fix: what is used up moves to another store.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ONCE = pattern(
    r"(?<![a-z])(?:auth(?:orization)?_?|o_?auth_?|verification_?|login_?|magic_?|invite_?|reset_?|pair(?:ing)?_?|link_?)?"
    r"(?:code|state|nonce|otp|challenge|magic|one_?time|single_?use|invit(?:e|ation)|ticket|reset)(?![a-z])",
    re.IGNORECASE,
)
_WORDS = pattern(r"(?<=[a-z])(?=[A-Z])")
_AGAIN = pattern(rb"expire|attempt|Date\.now|retries|failures|tries|max_?age", re.IGNORECASE)
_ENDS = pattern(
    r"log_?out|sign_?out|revoke|clean|remove|purge|clear|reset|delete|cancel|expire", re.IGNORECASE
)


@rule(call("delete"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function, arguments = match.module, match.enclosing_function, match.arguments
    if function is None or len(arguments) != 1 or not match.receiver_value.is_binding("kv"):
        return
    if not module.is_run or not _is_once(module, arguments[0]) or _ends(module, function):
        return
    if any(
        _AGAIN.search(module.text(condition).encode()) is not None
        for condition in module.conditions_around(match.node, function)
    ):
        return
    if any(
        other.node.start_byte > match.node.end_byte
        and other.arguments
        and module.is_same(other.arguments[0], arguments[0])
        for other in module.calls("delete", function)
    ):
        return  # that one comes last, where all went well
    for read in js.reads_before(module, match.call, "get", function):
        result = module.awaited(read.node)
        if result is None or not js.can_reach(module, read.node, match.node):
            continue
        yield Finding(
            "this can be used more than once: KV answers with what it has cached after the `delete()`, too",
            match.at(),
            (module.at(read.node, "it is read here"),),
        )
        return


def _is_once(module: Module, key: Node) -> bool:
    """Whether a key says that it is for one use, by its text or by the name that it has."""
    parts = (key, module.initializer(key))
    return any(_ONCE.search(_WORDS.sub("_", module.text(part)).replace("_", " ")) for part in parts)


def _ends(module: Module, function: Node) -> bool:
    """Whether a function is there to remove something."""
    return _ENDS.match(js.name_of_function(module, function).strip("`")) is not None
