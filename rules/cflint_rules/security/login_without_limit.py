"""Limit how often a password can be tried.

Passwords that people choose are found by trying: without a limit a script tries thousands a minute, at no
cost to whoever runs it, and each try of a slow hash is paid with the Worker's CPU time. A rate limiting
binding, a counter in a Durable Object or Turnstile stops it.

## Incorrect

```ts
// src/index.ts
interface Env {
  ADMIN_PASSWORD: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const password = request.headers.get("X-Password") ?? "";
    const isRight = env.ADMIN_PASSWORD !== "" && verifyPassword(password, env.ADMIN_PASSWORD);
    return new Response(isRight ? "welcome" : "no", { status: isRight ? 200 : 401 });
  },
} satisfies ExportedHandler<Env>;

function verifyPassword(sent: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const [one, other] = [encoder.encode(sent), encoder.encode(expected)];
  return one.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other);
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "secrets": { "required": ["ADMIN_PASSWORD"] }
}
```

## Correct

```ts
// src/index.ts
interface Env {
  ADMIN_PASSWORD: string;
  LOGINS: RateLimit;
}

export default {
  async fetch(request, env): Promise<Response> {
    const key = request.headers.get("CF-Connecting-IP") ?? "";
    const { success } = await env.LOGINS.limit({ key });
    if (!success) return new Response("too often", { status: 429 });
    const password = request.headers.get("X-Password") ?? "";
    const isRight = env.ADMIN_PASSWORD !== "" && verifyPassword(password, env.ADMIN_PASSWORD);
    return new Response(isRight ? "welcome" : "no", { status: isRight ? 200 : 401 });
  },
} satisfies ExportedHandler<Env>;

function verifyPassword(sent: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const [one, other] = [encoder.encode(sent), encoder.encode(expected)];
  return one.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other);
}
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "ratelimits": [{ "name": "LOGINS", "namespace_id": "1001", "simple": { "limit": 5, "period": 60 } }],
  "secrets": { "required": ["ADMIN_PASSWORD"] }
}
```

## What to do

Add a rate limit to the configuration, `"ratelimits": [{ "name": "LOGINS", "namespace_id": "1001", "simple":
{ "limit": 5, "period": 60 } }]`, in TypeScript `LOGINS: RateLimit` to the type of `env`, and before the
password is checked: `if (!(await env.LOGINS.limit({ key: email })).success) return new Response("too many
attempts", { status: 429 })`, with the name or mail address that is tried for `email`. As it is, passwords can
be tried without end.

- "one password": Add a rate limit to the configuration, `"ratelimits": [{ "name": "LOGINS", "namespace_id":
  "1001", "simple": { "limit": 30, "period": 60 } }]`, in TypeScript `LOGINS: RateLimit` to the type of `env`,
  and before the password is checked: `if (!(await env.LOGINS.limit({ key:
  request.headers.get("CF-Connecting-IP") ?? "" })).success) return new Response("too many attempts", {
  status: 429 })`: one password is everybody's, so each address has its own tries, and 30 of them, since pages
  may send it with each request. As it is, passwords can be tried without end.
- "no env here": Add a rate limit to the configuration, `"ratelimits": [{ "name": "LOGINS", "namespace_id":
  "1001", "simple": { "limit": 5, "period": 60 } }]`, and in the function that answers the login, before it
  calls this one: `if (!(await env.LOGINS.limit({ key: email })).success) return new Response("too many
  attempts", { status: 429 })`, with its `env` (or `import { env } from "cloudflare:workers"`) and the name
  or mail address that is tried for `email`. As it is, passwords can be tried without end.

## Not reported

Workers in whose code or configuration anything speaks of limits, attempts or CAPTCHAs, and those that only
others of the same account reach. Rules of the zone in front of a Worker cannot be seen.

## Fix safety

No fix: what counts as too often is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/,
https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
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
    rule,
    worker,
)
from cflint_rules.security._effects import is_for_request
from cflint_rules.security._routes import is_known, is_private
from cflint_rules.security._signs import LIMITS, is_limited

if TYPE_CHECKING:
    from tree_sitter import Node

_CHECKS = js.Phrases(
    "password passwd pwd login credentials bcrypt argon2",
    lines=pattern(
        rb"\b(?:verify|compare|check|validate|authenticate|is_?(?:valid|correct|right))_?(?:admin_?|user_?|site_?)?"
        rb"(?:password|passwd|pwd|login|credentials)(?:Hash)?\b|\bbcrypt(?:js)?\.compare(?:Sync)?\b"
        rb"|\bargon2\w*\.verify\b",
        re.IGNORECASE,
    ),
)
_PASSWORDS = js.Phrases(
    "password passwd",
    lines=pattern(rb"\b\w*(?:PASSWORD|PASSWD)\b|\b(?:password_?[hH]ash|hashed_?[pP]assword)\b"),
)
_TYPED = js.Phrases(
    "password passwd passcode pwd admin_?pass",
    lines=pattern(
        rb"[!=]==?\s*[\w.]*(?:[pP]ass(?:word|code|wd)?|pwd)\b|(?:[pP]ass(?:word|code|wd)?|pwd)\s*[!=]=="
    ),
)
_KEYS = js.Phrases(
    "admin_key admin_secret admin_code access_code access_key",
    lines=pattern(rb"\b(?:ADMIN|ACCESS)_(?:KEY|SECRET|CODE|PIN)\b"),
)
"""Secrets that people type, too."""
_MOST = 8
_ANY = js.Phrases("password passwd passcode pwd admin_?pass login credentials bcrypt argon2")
"""What one of the others begins to look at."""
_TYPED_NAME = pattern(r"(?:\w*_?)?(?:password|passwd|passcode|pwd|admin_?pass)", re.IGNORECASE)
_TWICE = pattern(r"confirm|repeat|again|verify|retype|old|new|2$", re.IGNORECASE)
_EQUAL = frozenset({"===", "!==", "==", "!="})
_WHO = ("email", "username", "userName", "login", "user_name", "mail", "loginId", "chatId", "chat_id")
"""What is called who tries a password."""
_NAMES = ("identifier", "shorthand_property_identifier_pattern")
_PLAIN = pattern(r"(?:\w+\.)?\w+")


@rule(worker(), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if not is_known(project, subject) or is_private(subject):
        return
    if subject.config is not None and not subject.is_deployed:
        return
    if any(environment.bindings_of("ratelimit") for environment in subject.environments):
        return
    found = next(_checks(project, subject), None)
    if found is None:
        return
    module, node = found
    paths = [path for path in js.running_paths(subject) if not _is_other_function(path, module.path)]
    if js.has_leaf(project, paths, LIMITS, is_limited):
        return
    others = tuple(_others(project, subject, found))
    related = (subject.config.top.place.saying("its configuration"),) if subject.config is not None else ()
    yield Finding(
        "nothing limits how often a password can be tried here",
        module.at(node),
        (*others, *related),
        words=_words(module, node),
    )


def _others(project: Project, subject: Worker, first: tuple[Module, Node]) -> Iterator[Location]:
    """The other places at which passwords are tried, each with what is counted there."""
    seen = [(first[0], _block(*first))]
    paths = list(js.running_paths(subject))
    for module, node in (*islice(_checks(project, subject), _MOST), *islice(_keys(project, paths), _MOST)):
        block = _block(module, node)
        if any(one.path == module.path and _is_around(it, block) for one, it in seen):
            continue
        seen.append((module, block))
        names = dict(js.words_at(module, node))
        if js.NO_ENV in names:
            continue  # a helper: where it is called is a place of its own
        who = dict(_words(module, node)).get("email")
        request = names.get("request", "request")
        by = f"`{who}`" if who else f'the address (`{request}.headers.get("CF-Connecting-IP") ?? ""`)'
        yield module.at(node, f"and here: the same limit, by {by}")


def _block(module: Module, node: Node) -> Node:
    """The block in which the statement of a check stands, most often that of a route."""
    statement = module.statement_of(node)
    return (module.parent(statement) if statement is not None else None) or node


def _is_around(one: Node, other: Node) -> bool:
    return js.contains(one, other) or js.contains(other, one)


def _keys(project: Project, paths: Sequence[str]) -> Iterator[tuple[Module, Node]]:
    """Where a key that people type is compared: a secret called so, and what the body of a request has."""
    for module, leaf in js.leaves_matching(project, paths, _KEYS):
        access = module.parent(leaf)
        whole = access if access is not None and access.type == "member_expression" else leaf
        compared = module.operation(module.parent(module.with_wrappers(whole)))
        if module.secret_at(whole) is not js.Secret.VARIABLE or compared is None:
            continue
        others = (side for side in map(js.unwrap, compared.operands) if side.id != js.unwrap(whole).id)
        is_typed = any(it.type == "identifier" and js.may_be_sent(module, it) for it in others)
        if compared.operator in _EQUAL and is_typed and is_for_request(module, compared.node):
            yield module, compared.node


def _words(module: Module, node: Node) -> js.Words:
    """Who tries a password there; that there is one password alone, where nobody is named."""
    if js.NO_ENV in dict(js.words_at(module, node)):
        return ()
    function = module.enclosing_function(node)
    around = function
    while around is not None:
        for name in _WHO:
            for leaf in module.leaves(name, around):
                if leaf.start_byte >= node.start_byte:
                    break
                access = module.parent(leaf) if leaf.type == "property_identifier" else None
                whole = access if access is not None and access.type == "member_expression" else leaf
                owner = _owner(module, whole)
                is_value = owner.type == "this" or _is_seen(module, owner, node)
                if is_value and _PLAIN.fullmatch(module.text(whole)) is not None:
                    return js.word("email", module, whole)
        around = module.enclosing_function(around)
    return (("one password", ""),)


def _owner(module: Module, node: Node) -> Node:
    """The name that a member is read from, `body` of `body.user.email`; a name itself."""
    while (access := module.member(node)) is not None:
        node = js.unwrap(access.object)
    return node


def _is_seen(module: Module, leaf: Node, node: Node) -> bool:
    """Whether a name is declared, and a place sees it."""
    declared = module.scope.resolve(leaf) if leaf.type in _NAMES else None
    return declared is not None and js.contains(declared.scope, node)


def _is_other_function(path: str, own: str) -> bool:
    """Whether a file is a function of Pages for another address, which limits nothing here."""
    is_function = path.startswith("functions/") or "/functions/" in path
    is_shared = "/_" in path or "/lib/" in path or "/utils/" in path
    return is_function and path != own and not is_shared and "/functions/" in f"/{own}"


def _checks(project: Project, subject: Worker) -> Iterator[tuple[Module, Node]]:
    """Where a request has a password checked."""
    paths = [path for path in js.running_paths(subject) if _speaks_of_passwords(project, path)]
    for module, leaf in js.leaves_matching(project, paths, _CHECKS):
        call = module.parent(leaf) if leaf.type in ("identifier", "property_identifier") else leaf
        while call is not None and call.type == "member_expression":
            call = module.parent(call)
        if call is not None and call.type == "call_expression" and is_for_request(module, call):
            yield module, call
    for module, leaf in js.leaves_matching(project, paths, _PASSWORDS):
        compared = _compared(module, leaf)
        if compared is not None and is_for_request(module, compared):
            yield module, compared
    for module, leaf in js.leaves_matching(project, paths, _TYPED):
        typed = _typed(module, leaf)
        if typed is not None and is_for_request(module, typed):
            yield module, typed


def _speaks_of_passwords(project: Project, path: str) -> bool:
    """Whether a module has any of the words that are looked for: most have none, and are looked through
    once."""
    document = project.sources.document(path)
    return document is not None and document.memoized(_ANY, lambda it: _ANY.stand_in(it.data))


def _typed(module: Module, leaf: Node) -> Node | None:
    """The comparison of a password that was sent with another text: no literal, and no second password of a
    form."""
    above = leaf if leaf.type == "binary_expression" else module.parent(module.with_wrappers(leaf))
    compared = module.operation(above)
    if compared is None or compared.operator not in _EQUAL:
        return None
    sides = [js.unwrap(side) for side in compared.operands]
    sent = next((side for side in sides if _is_typed(module, side)), None)
    if sent is None or any(_TWICE.search(module.text(side)) for side in sides):
        return None
    other = next((side for side in sides if side.id != sent.id), None)
    is_text = other is not None and other.type in ("identifier", "member_expression")
    return compared.node if is_text and module.text(other or sent) not in ("undefined", "null") else None


def _is_typed(module: Module, node: Node) -> bool:
    """Whether a name is that of a password, and may hold what was sent."""
    is_name = node.type == "identifier" and _TYPED_NAME.fullmatch(module.text(node)) is not None
    return is_name and js.may_be_sent(module, node)


def _compared(module: Module, leaf: Node) -> Node | None:
    """The comparison of a password of the environment, or of a stored hash, with something that is no
    literal."""
    access = module.parent(leaf)
    whole = access if access is not None and access.type == "member_expression" else leaf
    is_secret = module.secret_at(whole) is js.Secret.VARIABLE
    if not is_secret and (whole.type != "member_expression" or module.text(leaf).isupper()):
        return None
    compared = module.operation(module.parent(module.with_wrappers(whole)))
    if compared is None or compared.operator not in _EQUAL:
        return None
    others = [side for side in compared.operands if side.id != js.unwrap(whole).id]
    is_plain = any(side.type in ("string", "null", "undefined") for side in others)
    return None if is_plain else compared.node
