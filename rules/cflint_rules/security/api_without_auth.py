"""Ask who sends a request before it writes, or costs money.

A Worker has an address that everybody can reach. Where nothing in its code asks who sends a request, and CORS
lets every web page call it, anyone can change or delete what it keeps. Where it runs a model, or calls
another service with the owner's key, anyone can do so at the owner's cost: such addresses are found and used.

## Incorrect

```ts
// src/index.ts
interface Env {
  AI: Ai;
}

export default {
  async fetch(request, env): Promise<Response> {
    const prompt = await request.text();
    const answer = await env.AI.run("@cf/meta/llama-3.1-8b-instruct-fast", { prompt });
    return Response.json(answer, { headers: { "Access-Control-Allow-Origin": "*" } });
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
  "ai": { "binding": "AI" }
}
```

## Correct

```ts
// src/index.ts
import { jwtVerify, createRemoteJWKSet } from "jose";

interface Env {
  AI: Ai;
  TEAM: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const keys = createRemoteJWKSet(new URL(`${env.TEAM}/cdn-cgi/access/certs`));
    const token = request.headers.get("Cf-Access-Jwt-Assertion") ?? "";
    const user = await jwtVerify(token, keys, { issuer: env.TEAM }).catch(() => null);
    if (user === null) return new Response("who are you?", { status: 403 });
    const length = Number(request.headers.get("Content-Length"));
    if (length > 10_000) return new Response("too long", { status: 413 });
    const prompt = await request.text();
    const answer = await env.AI.run("@cf/meta/llama-3.1-8b-instruct-fast", { prompt });
    return Response.json(answer);
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
  "ai": { "binding": "AI" },
  "vars": { "TEAM": "https://team.cloudflareaccess.com" }
}
```

## What to do

Unless the API is meant for everybody, ask at the beginning of the handler, or in middleware before the
routes that write or cost: hash the header `Authorization` and `"Bearer " + env.API_TOKEN` with SHA-256,
compare the digests by `crypto.subtle.timingSafeEqual()`, and answer 401 if they differ; `npx wrangler
secret put API_TOKEN`. Callers have to send it from then on. Where users log in already, ask for their
session instead. If it is for everybody, keep it, or put a rate limit in front (`ratelimits` in the
configuration): it then costs, but not without end.

## Not reported

Workers in whose code anything looks as if it asked: a package or a name that speaks of authentication,
signatures, passwords, permissions or CAPTCHAs, a header or cookie with a credential, a comparison with a
secret, a status of 401 or 403, a limit of rates. Workers that only others of the same account reach
(`workers_dev` is false, and there is no route), and Workers not all of whose code is known.
What writes counts only where CORS lets every page call it. What Access does in front of a Worker cannot be
seen: a Worker behind it should check its token all the same.

It is said once, at the first place.

## Fix safety

No fix: who may call is up to you.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/,
https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Finding,
    Location,
    Module,
    Project,
    Severity,
    Worker,
    js,
    pattern,
    quoted,
    rule,
    sql,
    worker,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_SIGNS = js.Phrases(
    "auth jwt passw passcode pass_?phrase log_?in sign_?in signature hmac verif captcha turnstile"
    " timing_?safe cookie credential permission forbidden clerk lucia supabase firebase workos svix"
    " allow_?list white_?list is_?admin rate_?limit throttl quota api-key",
    whole="jose 401 403",
    unless=pattern(rb"authors?\b", re.IGNORECASE),
)
_KEYS = pattern(rb"secret|token|key|\bpin\b|password|code", re.IGNORECASE)
_COMPARES = frozenset({"==", "===", "!=", "!=="})
_LITERALS = frozenset({"string", "null", "undefined", "number", "true", "false", "template_string"})
_CORS = pattern(rb"access-control-allow-origin|\bcors\b", re.IGNORECASE)
_ALLOWED = pattern(r"allow-?_?headers", re.IGNORECASE)
_API_KEY = pattern(rb"\bapiKey\b")
_METHODS = pattern(rb"\b(?:POST|PUT|PATCH|DELETE|post|put|patch|delete)\b")
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
_TEXTS = frozenset({"string_fragment", "comment", "regex_pattern", "template_string", "jsx_text"})


@rule(worker(), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if not js.all_code_is_known(project, subject):
        return
    if _is_private(subject) or any(
        environment.bindings_of("ratelimit") for environment in subject.environments
    ):
        return
    paths = js.running_paths(subject)  # the cheap questions first: most Workers have such a word somewhere
    if js.has_leaf(project, paths, _SIGNS, _is_sign) or js.has_leaf(project, paths, _KEYS, _is_compared):
        return
    costly = next(_costly(project, subject), None)
    open_to = _open_to_pages(project, paths)
    may_write = costly is None and open_to is not None and subject.app is None
    written = next(_written(project, subject), None) if may_write else None
    if costly is None and written is None:
        return
    related = (open_to,) if open_to is not None else ()
    if costly is not None:
        place, what = costly
        yield Finding(f"nothing in this Worker asks who sends a request: anyone can {what}", place, related)
    elif written is not None:
        place, what = written
        yield Finding(
            f"nothing in this Worker asks who sends a request: any web page can {what}", place, related
        )


def _is_private(subject: Worker) -> bool:
    """Whether no environment is seen to have an address: only other Workers call it."""
    found = [environment for environment in subject.environments if environment.is_deployed]
    return bool(found) and all(
        (switch := environment.value("workers_dev")) is not None
        and switch.value is False
        and environment.value("routes") is None
        and environment.value("route") is None
        for environment in found
    )


def _runs_for_request(module: Module, node: Node) -> bool:
    return js.Invocation.REQUEST in js.invocations_of(module, node)


def _is_secret(module: Module, node: Node) -> bool:
    return module.secret_at(node) is js.Secret.VARIABLE


def _costly(project: Project, subject: Worker) -> Iterator[tuple[Location, str]]:
    """Where a request runs a model of Workers AI, or calls a service with a key of the owner's."""
    for site in js.worker_calls(project, subject, "run"):
        made = js.Call(site.module, site.node)
        if site.module.value_of(made.receiver).is_binding("ai") and _runs_for_request(site.module, site.node):
            yield site.module.at(site.node), "run models of Workers AI at your cost"
    for site in js.worker_calls(project, subject, "fetch"):
        made = js.Call(site.module, site.node)
        if not site.module.is_global(made.callee, "fetch") or len(made.arguments) < 2:
            continue
        key = next(site.module.contents(made.arguments[1], partial(_is_secret, site.module)), None)
        if key is not None and _runs_for_request(site.module, site.node):
            yield site.module.at(site.node), f"call this service with {_named(site.module, key.node)}"

    for module, leaf in js.leaves_matching(project, js.running_paths(subject), _API_KEY):
        pair = module.parent(leaf)
        value = pair.child_by_field_name("value") if pair is not None and pair.type == "pair" else None
        if value is None or not _is_secret(module, value):
            continue
        if _runs_for_request(module, value):
            yield module.at(value), f"use the service of {_named(module, value)} at your cost"


def _named(module: Module, secret: Node) -> str:
    """What the author calls a secret: the name of a parameter that it was handed on in says nothing."""
    if secret.type != "identifier":
        return quoted(module.text(secret))
    name = module.value_of(secret).name
    return f"`{name}`" if name is not None else "a secret of yours"


def _written(project: Project, subject: Worker) -> Iterator[tuple[Location, str]]:
    """Where a request writes into a database, and the Worker knows methods that write."""
    if next(js.leaves_matching(project, js.running_paths(subject), _METHODS), None) is None:
        return
    for name in sql.SQL_CALLS:
        for site in js.worker_calls(project, subject, name):
            use = sql.sql_use(site.module, site.node)
            verbs = {statement.verb for statement in use.text.statements} if use is not None else set()
            if verbs & _WRITES and _runs_for_request(site.module, site.node):
                yield site.module.at(site.node), "change what is in the database"


def _open_to_pages(project: Project, paths: tuple[str, ...]) -> Location | None:
    """Where CORS lets every web page call a Worker."""
    for module, leaf in js.leaves_matching(project, paths, _CORS):
        value = module.header_value(leaf) if leaf.type in _TEXTS or leaf.type == "string" else None
        if value is not None and module.string_of(value) == "*":
            return module.at(value, "CORS lets every page call it")
        made = module.call_of(leaf) if leaf.type == "identifier" else None
        if made is not None and made.callee is not None and module.is_from(made.callee, "hono/cors", "cors"):
            origin = module.property_value(made.arguments[0], "origin") if made.arguments else None
            if not made.arguments or (origin is not None and module.string_of(origin) == "*"):
                return module.at(made.node, "CORS lets every page call it")
    return None


def _is_sign(module: Module, leaf: Node) -> bool:
    """Whether a word looks as if the code asked who sends a request: no comment, no text that people read, no
    list of the headers that CORS allows, and no header of what the Worker itself sends."""
    if leaf.type in ("comment", "jsx_text", "html_comment"):
        return False
    if leaf.type in _TEXTS and len(module.text(leaf).split()) > 1:
        return False
    for above in module.ancestors(leaf):
        if above.type == "pair":
            key = above.child_by_field_name("key")
            if key is None:
                return True
            return not js.contains(key, leaf) and _ALLOWED.search(module.text(key)) is None
        if above.type not in ("string", "array", "template_string"):
            break
    assigned = module.assignment(module.parent(module.parent(leaf) or leaf))
    if assigned is not None and js.contains(assigned.target, leaf):
        return False
    around = module.call_around(module.parent(leaf) or leaf)
    is_set = around is not None and around[0].name in ("set", "append")
    return not is_set


def _is_compared(module: Module, leaf: Node) -> bool:
    """Whether something with the name of a secret is compared with what is no literal."""
    if leaf.type in _TEXTS:
        return False
    for depth, above in enumerate(module.ancestors(leaf)):
        found = module.operation(above) if above.type == "binary_expression" else None
        if found is not None and found.operator in _COMPARES:
            return not any(side.type in _LITERALS for side in found.operands if side is not None)
        if depth == 3:
            break
    return False
