"""Limit how often a client can have mail sent to an address that it names.

A sign-up, an invitation or a reset sends a mail to whatever address stands in the request. Without a limit a
script has thousands sent to strangers in your name: it is paid by you, and the provider and the mail servers
of others stop taking your mail. A rate limiting binding or Turnstile in front of it is enough.

## Incorrect

```ts
// src/index.ts
interface Env {
  RESEND_API_KEY: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const to = new URL(request.url).searchParams.get("email") ?? "";
    const sent = await fetch("https://api.resend.com/emails", {
      method: "POST",
      headers: { Authorization: `Bearer ${env.RESEND_API_KEY}`, "Content-Type": "application/json" },
      body: JSON.stringify({ from: "news@example.com", to, subject: "Confirm", text: "Follow this link" }),
      signal: AbortSignal.timeout(10_000),
    });
    if (sent.status === 401) console.error("the key of Resend is wrong");
    return new Response(null, { status: sent.ok ? 202 : 502 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "secrets": { "required": ["RESEND_API_KEY"] }
}
```

## Correct

```ts
// src/index.ts
interface Env {
  RESEND_API_KEY: string;
  MAILS: RateLimit;
}

export default {
  async fetch(request, env): Promise<Response> {
    const key = request.headers.get("CF-Connecting-IP") ?? "";
    if (!(await env.MAILS.limit({ key })).success) return new Response("too often", { status: 429 });
    const to = new URL(request.url).searchParams.get("email") ?? "";
    const sent = await fetch("https://api.resend.com/emails", {
      method: "POST",
      headers: { Authorization: `Bearer ${env.RESEND_API_KEY}`, "Content-Type": "application/json" },
      body: JSON.stringify({ from: "news@example.com", to, subject: "Confirm", text: "Follow this link" }),
      signal: AbortSignal.timeout(10_000),
    });
    return new Response(null, { status: sent.ok ? 202 : 502 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "ratelimits": [{ "name": "MAILS", "namespace_id": "1001", "simple": { "limit": 3, "period": 60 } }],
  "secrets": { "required": ["RESEND_API_KEY"] }
}
```

## What to do

Add to the configuration `"ratelimits": [{ "name": "MAILS", "namespace_id": "1001", "simple": { "limit": 3,
"period": 60 } }]`, and before the mail is sent: `if (!(await env.MAILS.limit({ key })).success) return new
Response("too often", { status: 429 })`, with the client's address as the key, and once more with that of the
mail. Of a form on a page, verify a Turnstile token.

## Not reported

Mails to addresses of the code, of the configuration or of a database; Workers in whose code or
configuration anything speaks of limits, attempts or CAPTCHAs, or nothing asks who sends a request (`api-
without-auth`); functions before which anything looks as if it asked who sends the request, and Workers that
only others of the same account reach.

## Fix safety

No fix: what counts as too often is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/,
https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, call, js, pattern, rule
from cflint_rules.security._routes import is_asked_around, is_private
from cflint_rules.security._signs import LIMITS, SIGNS, is_sign

if TYPE_CHECKING:
    from tree_sitter import Node

_PROVIDERS = pattern(
    r"//api\.(?:resend|brevo|sendgrid|mailgun|mailjet|sparkpost|postmarkapp|mailchannels|eu\.mailgun|useplunk|smtp2go)\."
    r"|zeptomail\.|sendinblue\.com|postmarkapp\.com|mailchannels\.net",
    re.IGNORECASE,
)
_TO = pattern(r"[\"']?(?:to|To|recipients?|recipient_?email)[\"']?")


@rule(call("fetch", "send"), severity=Severity.NOTE, documents=Documents.NOTHING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    given = _mail(match)
    if given is None or not module.runs_in_worker(match.node) or not module.workers:
        return
    if all(map(is_private, module.workers)) or any(
        one.bindings_of("ratelimit") for one in module.environments
    ):
        return
    for content in module.contents(given, lambda node: _is_recipient(module, node)):
        sent = js.request_behind(module, content.node)
        if sent is None:
            continue
        if is_asked_around(module, match.node) or is_asked_around(sent.module, sent.node):
            return
        paths = js.paths_around(module)
        if next(js.leaves_matching(module.project, paths, LIMITS), None) is not None:
            return
        if not js.has_leaf(module.project, paths, SIGNS, is_sign):
            return  # `api-without-auth` says it of the whole Worker
        yield Finding(
            "anyone can have mail sent to any address, as often as they like",
            match.at(),
            (sent.module.at(sent.node, "the client names it here"),),
        )
        return


def _mail(match: Match) -> Node | None:
    """What is handed to a provider of mail: the options of a request to it, or those of its client."""
    module = match.module
    first = match.call.argument(0)
    if match.call.name == "send":
        owner = module.member(match.receiver) if match.receiver is not None else None
        return first if owner is not None and owner.name == "emails" else None
    if first is None or not js.is_global(module, match.call.callee, "fetch"):
        return None
    return match.call.argument(1) if _PROVIDERS.search(module.text(module.initializer(first))) else None


def _is_recipient(module: Module, node: Node) -> bool:
    """Whether an expression is the value of `to` in an object."""
    pair = module.parent(module.with_wrappers(node))
    if node.type == "shorthand_property_identifier":
        return _TO.fullmatch(module.text(node)) is not None
    if pair is None or pair.type != "pair":
        return False
    key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
    is_value = value is not None and js.contains(value, node)
    return is_value and key is not None and _TO.fullmatch(module.text(key)) is not None
