"""Take who a user is from a session or a verified token, not from an id that the client sends.

Whoever calls a Worker decides what stands in the query, the body and the headers. Where `userId` from there
chooses the rows, the key or the Durable Object, and nothing asks who sends the request, anyone reads and
changes what belongs to anybody, by sending another id.

## Incorrect

```ts
// src/index.ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const userId = new URL(request.url).searchParams.get("userId");
    const { results } = await env.DB.prepare("SELECT title, body FROM notes WHERE user_id = ? LIMIT 50")
      .bind(userId)
      .all();
    return Response.json(results);
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
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }]
}
```

## Correct

```ts
// src/index.ts
import { jwtVerify, createRemoteJWKSet } from "jose";

interface Env {
  DB: D1Database;
  ISSUER: string;
}

let keys: ReturnType<typeof createRemoteJWKSet> | undefined;

export default {
  async fetch(request, env): Promise<Response> {
    keys ??= createRemoteJWKSet(new URL(`${env.ISSUER}/.well-known/jwks.json`));
    const token = request.headers.get("Authorization")?.replace(/^Bearer /, "") ?? "";
    const user = await jwtVerify(token, keys, { issuer: env.ISSUER }).catch(() => null);
    if (user?.payload.sub === undefined) return new Response("who are you?", { status: 401 });
    const { results } = await env.DB.prepare("SELECT title, body FROM notes WHERE user_id = ? LIMIT 50")
      .bind(user.payload.sub)
      .all();
    return Response.json(results);
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
  "d1_databases": [{ "binding": "DB", "database_name": "notes" }],
  "vars": { "ISSUER": "https://id.example.com" }
}
```

## What to do

Where users sign in, take the id from their session or from the verified token, and ignore the one that is
sent. Where they do not, give each a random id of at least 128 bits (`crypto.randomUUID()`) that nobody else
learns, in a cookie with `HttpOnly`: it is then what a password is, and has to be kept like one.

- "this header": Read `Cf-Access-Jwt-Assertion` and verify it with the keys of
  `https://<team>.cloudflareaccess.com/cdn-cgi/access/certs` and the audience of the application; the mail
  address stands in it. Access guards the addresses that it is told of: `workers_dev` and previews are others.

## Not reported

Functions in or before which anything looks as if it asked who sends the request; code of Durable Objects,
which a Worker calls; ids in the path (`/users/:id`), under which a public profile may stand; Workers that
only others of the same account reach.

## Fix safety

No fix: how users are known is up to the author.

Source: https://owasp.org/API-Security/editions/2023/en/0xa1-broken-object-level-authorization/,
https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Location,
    Match,
    Module,
    Severity,
    ValueKind,
    call,
    js,
    module,
    pattern,
    quoted,
    rule,
    sql,
)
from cflint_rules.security._hosts import is_body
from cflint_rules.security._routes import is_asked_around, is_private
from cflint_rules.security._signs import asks

if TYPE_CHECKING:
    from tree_sitter import Node

_WHO = r"(?:x[-_])?(?:current_?|auth_?)?(?:user|account|owner|tenant|customer|member|player)"
_ID = pattern(rf"{_WHO}[-_]?id|uid|x-user", re.IGNORECASE)
"""Names of what says who somebody is."""
_WORD = pattern(rb"(?:user|account|owner|tenant|customer|member|player)[-_]?id\b|[\"'`.]uid\b", re.IGNORECASE)
_WHERE = pattern(rf"\bWHERE\b.*[\s(.\"`\[]{_WHO}_?id\b[\"`\]]?\s*=\s*[?:@$]", re.IGNORECASE | re.DOTALL)
_COLUMN = pattern(rf"{_WHO}_?id", re.IGNORECASE)
_NAMING = ("idFromName", "getByName", "getAgentByName")
_KEYED = ("get", "put", "delete", "getWithMetadata")
_PEOPLE = ("user", "account", "owner", "tenant", "customer", "member", "player")
_IDS = tuple(f"{who}{end}" for who in _PEOPLE for end in ("Id", "_id", "-id", "ID"))
_CALLS = (*_NAMING, *_KEYED, *sql.SQL_CALLS, "eq")
_ACCESS = "cf-access-authenticated-user-email"
_VERIFIES = pattern(
    rb"cf-access-jwt-assertion|CF_Authorization|jwtVerify|cdn-cgi/access/certs", re.IGNORECASE
)
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_SESSION = pattern(
    rb"session(?!_?id)|locals\b|current_?user|require_?user|get_?user\(|[.]var\b|c\.get\(|ctx\.user|guard|protect"
    rb"|bearer|token|secret|sign(?:ed|ature)",
    re.IGNORECASE,
)
"""What looks as if the caller were known by other means."""
_HOPS = 2
_MOST = 5


@rule(
    module(*_IDS, "uid", "User-Id", "User-ID", "x-user", "cf-access-authenticated-user-email"),
    severity=Severity.NOTE,
    documents=Documents.NOTHING,
    presets=(PREVIEW,),
)
def check(module: Module) -> Iterator[Finding]:
    if _WORD.search(module.document.data) is None:
        return
    if not module.is_run or module.realm.name == "BROWSER" or all(map(is_private, module.workers)):
        return
    found: list[tuple[Node, str, Location, str]] = []
    for name in _CALLS:
        for made in module.calls(name):
            for value, what in _chosen_by(module, made):
                if not _may_tell(module, made.node):
                    continue
                sent = _sent(module, value, _HOPS) or _traced(module, value)
                if sent is None:
                    continue
                home, taken, said = sent
                if not _is_asked(home, taken) and not _is_asked(module, made.node):
                    found.append((value, said, home.at(taken, "the client sends it here"), what))
    found.sort(key=lambda one: one[0].start_byte)
    if not found:
        return
    first, said, source, what = found[0]
    others = tuple(module.at(one[0], "and here") for one in found[1 : _MOST + 1])
    yield Finding(
        f"{quoted(said)} is what the client says, and nothing asks who sends it: anyone gets {what} of all",
        module.at(first),
        (source, *others),
    )


@check.on(call("get", "header"))
def check_access(match: Match) -> Iterator[Finding]:
    """The mail address that Access puts into a header, without a look at the token beside it."""
    module = match.module
    if module.header_read(match.node) != _ACCESS or not module.runs_in_worker(match.node):
        return
    if not module.workers or all(map(is_private, module.workers)):
        return
    reads = (made for made in module.calls(match.call.name) if module.header_read(made.node) == _ACCESS)
    if min(made.node.start_byte for made in reads) != match.node.start_byte:
        return  # said at the first place
    for path in js.paths_around(module):
        document = module.project.sources.document(path)
        if document is None or _VERIFIES.search(document.data) is not None:
            return
    yield Finding(
        "anyone can send this header to an address without Access in front (`workers.dev`, previews): verify"
        " `Cf-Access-Jwt-Assertion`",
        match.at(),
    )


def _chosen_by(module: Module, made: js.Call) -> Iterator[tuple[Node, str]]:
    """The values that choose whose data a call is about, and what that is."""
    first = made.argument(0)
    if made.name in _NAMING:
        value = made.argument(1) if made.name == "getAgentByName" else first
        if value is not None:
            yield value, "the Durable Object"
    elif made.name in _KEYED:
        if (
            first is not None
            and made.receiver is not None
            and module.value_of(made.receiver).is_binding("kv")
        ):
            yield first, "the value in KV"
    elif made.name == "eq":
        value = made.argument(1)
        column = module.member(js.unwrap(first)) if first is not None else None
        if value is None or column is None or _COLUMN.fullmatch(column.name) is None:
            return
        if made.callee is not None and module.is_from(made.callee, "drizzle-orm", "eq"):
            yield value, "the rows"
    else:
        use = sql.sql_use(module, made.node)
        if use is None or not any(statement.verb != "INSERT" for statement in use.text.statements):
            return
        if _WHERE.search(module.text(use.statement)) is None:
            return
        bound = [value for made in _binds(module, use.call) for value in made.arguments] or use.bound
        for value in bound:
            yield value, "the rows"


def _binds(module: Module, statement: Node) -> Iterator[js.Call]:
    """The calls that bind values to a statement, there or where its variable is used."""
    used = module.method_called_on(statement)
    if used is not None and used[0] == "bind":
        yield js.Call(module, used[1])
    name = module.given_name(statement)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        access = module.member(module.parent(use))
        if access is not None and access.name == "bind" and access.call is not None:
            yield access.call


def _sent(module: Module, node: Node, hops: int) -> tuple[Module, Node, str] | None:
    """Where a client sends the id of somebody that a value is made of, and its name."""
    for part in module.origins(node):
        said = _said(module, part)
        if said is not None:
            return module, part, said
        declaration = module.scope.resolve(part) if part.type in _NAMES else None
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or hops == 0:
            continue
        if declaration.path or _ID.fullmatch(declaration.name) is None:
            continue
        listed = declaration.scope.child_by_field_name("parameters")
        parameters = [one for one in listed.named_children if one.type != "comment"] if listed else []
        index = next((at for at, one in enumerate(parameters) if js.contains(one, declaration.node)), None)
        for site in js.callers_of(module, declaration.scope).calls[:_MOST] if index is not None else ():
            given = js.Call(site.module, site.node).argument(index or 0)
            found = _sent(site.module, given, hops - 1) if given is not None else None
            if found is not None:
                return found
    return None


def _traced(module: Module, node: Node) -> tuple[Module, Node, str] | None:
    """The same of a parameter with the name of an id, which comes from other modules and through objects."""
    node = js.unwrap(node)
    declaration = module.scope.resolve(node) if node.type in _NAMES else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return None
    if declaration.path or _ID.fullmatch(declaration.name) is None:
        return None
    found = js.request_behind(module, node)
    if (
        found is None
        or module.enclosing_function(node) is None
        or not found.module.runs_in_worker(found.node)
    ):
        return None
    return found.module, found.node, declaration.name


def _said(module: Module, node: Node) -> str | None:
    """The name under which an expression takes an id out of the query, a header or the body of a request."""
    made = module.call(node)
    if made is not None:
        name = module.header_read(node)
        if name is None and module.reads_query(node):
            name = module.string_of(made.arguments[0])
        return name if name is not None and _ID.fullmatch(name) is not None else None
    access = module.member(node)
    if access is not None:
        is_id = _ID.fullmatch(access.name) is not None and is_body(module, access.object)
        return access.name if is_id else None
    declaration = module.scope.resolve(node) if node.type in _NAMES else None
    if declaration is None or len(declaration.path) != 1 or declaration.value is None:
        return None
    taken = declaration.path[0]
    if not isinstance(taken, str) or _ID.fullmatch(taken) is None:
        return None
    value = module.call(js.unwrap(declaration.value))
    is_query = (
        value is not None and value.name == "query" and not value.arguments and value.receiver is not None
    )
    is_query = is_query and module.value_of(value.receiver if value else None).kind is ValueKind.HONO_REQUEST
    return taken if is_query or is_body(module, declaration.value) else None


def _may_tell(module: Module, node: Node) -> bool:
    """Whether code runs where a request comes in: not in a Durable Object, which a Worker calls."""
    owner = module.enclosing_class(node)
    return module.runs_in_worker(node) and (owner is None or not owner.kind.runs_as_durable_object)


def _is_asked(module: Module, node: Node) -> bool:
    """Whether the function around, or what runs before it, looks as if it asked who sends the request."""
    function = module.enclosing_function(node)
    if function is None or _SESSION.search(function.text or b"") is not None:
        return True
    return asks(module, function, surely=True) or is_asked_around(module, node, surely=True)
