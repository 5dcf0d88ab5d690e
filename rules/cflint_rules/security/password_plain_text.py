"""Keep a hash of each password, and not the password.

Where what is stored is compared with what a client has sent by `===`, it is the password itself that is
stored. Whoever comes to see the database has the passwords of all: by an export, a copy for development, a
backup, a route that gives whole rows, or an injection. People have the same one elsewhere.

## Incorrect

```ts
// src/index.ts
interface Env {
  USERS: KVNamespace;
}

interface User {
  name: string;
  password: string;
}

async function login(env: Env, name: string, password: string): Promise<Response> {
  const user = await env.USERS.get<User>(name, "json");
  if (user === null || user.password !== password) return new Response("no", { status: 401 });
  return new Response(`hello ${user.name}`);
}

export default {
  fetch: (request, env) => login(env, "me", new URL(request.url).searchParams.get("password") ?? ""),
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "USERS" }]
}
```

## Correct

```ts
// src/index.ts
import { scryptSync, timingSafeEqual } from "node:crypto";

interface Env {
  USERS: KVNamespace;
}

interface User {
  name: string;
  salt: string;
  hash: string;
}

async function login(env: Env, name: string, password: string): Promise<Response> {
  const user = await env.USERS.get<User>(name, "json");
  if (user === null) return new Response("no", { status: 401 });
  const isSame = timingSafeEqual(scryptSync(password, user.salt, 32), Buffer.from(user.hash, "hex"));
  return isSame ? new Response(`hello ${user.name}`) : new Response("no", { status: 401 });
}

export default {
  fetch: (request, env) => login(env, "me", new URL(request.url).searchParams.get("password") ?? ""),
} satisfies ExportedHandler<Env>;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "USERS" }]
}
```

## What to do

Where an account is made or its password changed, store `salt:hash`, both in hexadecimal, with `salt =
crypto.getRandomValues(new Uint8Array(16))` and `hash` by PBKDF2: `const key = await
crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveBits"])`, `await
crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 100_000 }, key, 256)`. Here
hash what was sent with the stored salt, and compare the two. A row without `:` holds the password itself
still: compare that this one time, and store its hash in the place.

## Not reported

Passwords of the configuration (`env`, options), fields of the same form that are compared with each other,
and values that a function has made of a password, which may be its hash; user interfaces, tests, and
stand-ins in memory.

## Fix safety

No fix: the column has to be filled anew.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html,
https://developers.cloudflare.com/workers/runtime-apis/nodejs/crypto/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Documents, Finding, Match, Module, Severity, js, member_access, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPARES = frozenset({"===", "!==", "==", "!="})
_SENT = pattern(
    r"(?:input|given|sent|plain|user|raw|entered|submitted)?_?(?:pass(?:word|wd)?|pwd)", re.IGNORECASE
)
_CONFIGURED = pattern(
    r"env|config|options|opts|settings|credentials?|auth|basic_?auth|props|secrets", re.IGNORECASE
)
_FORM = pattern(r"(?:form|body|input|payload|req|request|params|values|credentials?)\w*", re.IGNORECASE)
_PRETENDS = pattern(r"memory|mock|fake|stub|seed|test", re.IGNORECASE)
"""Parts of the paths of modules that hold no real users."""
_ROWS = frozenset({"await_expression", "call_expression", "subscript_expression"})


@rule(
    member_access("password", "passwd", "pwd"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    stored = module.member(match.node) or module.member(module.parent(match.node))
    if stored is None:
        return
    compared = module.operation(module.parent(module.with_wrappers(stored.node)))
    if compared is None or compared.operator not in _COMPARES:
        return
    other = next(
        (side for side in compared.operands if side is not None and not _is(side, stored.node)), None
    )
    if other is None or not _is_sent(module, other) or not _is_row(module, stored.object):
        return
    if _PRETENDS.search(module.path) is not None:
        return
    if module.is_run and module.runs_in_worker(stored.node):
        yield Finding(
            "the password itself is what is stored: whoever sees the database has those of all",
            module.at(stored.node),
            (module.at(other, "what a client sent is compared with it"),),
        )


def _is(side: Node, node: Node) -> bool:
    return js.unwrap(side).id == node.id


def _is_sent(module: Module, node: Node) -> bool:
    """Whether an expression is a password as a client sends it: a parameter of such a name, a part of a form
    or a body, and nothing that a function has made."""
    node = js.unwrap(node)
    access = module.member(node)
    if access is not None:
        owner = js.unwrap(access.object)
        named = _SENT.fullmatch(access.name) is not None
        return named and owner.type == "identifier" and _FORM.fullmatch(module.text(owner)) is not None
    if node.type != "identifier" or _SENT.fullmatch(module.text(node)) is None:
        return False
    declaration = module.scope.resolve(node)
    if declaration is None or module.scope.assignments(declaration):
        return False
    if declaration.kind is js.DeclarationKind.PARAMETER:
        return True
    value = js.unwrap(declaration.value) if declaration.value is not None else None
    if value is None or declaration.path:
        return bool(declaration.path)
    made = module.call(value)
    return value.type == "member_expression" or (
        made is not None and made.name in ("get", "toString", "trim")
    )


def _is_row(module: Module, node: Node) -> bool:
    """Whether an object is one that was looked up: awaited, found in a list, or the element that is looked
    at."""
    node = js.unwrap(node)
    if node.type != "identifier" or _CONFIGURED.fullmatch(module.text(node)) is not None:
        return False
    if _FORM.fullmatch(module.text(node)) is not None:
        return False
    declaration = module.scope.resolve(node)
    if declaration is None:
        return False
    if declaration.kind is js.DeclarationKind.PARAMETER:
        found = module.callback_of(declaration.scope)
        return found is not None and found.name in ("find", "filter", "some", "findIndex")
    value = js.unwrap(declaration.value) if declaration.value is not None else None
    return value is not None and value.type in _ROWS
