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

let keys: ReturnType<typeof createRemoteJWKSet> | undefined;

export default {
  async fetch(request, env): Promise<Response> {
    keys ??= createRemoteJWKSet(new URL(`${env.TEAM}/cdn-cgi/access/certs`));
    const token = request.headers.get("Cf-Access-Jwt-Assertion") ?? "";
    const user = await jwtVerify(token, keys, { issuer: env.TEAM }).catch(() => null);
    if (user === null) return new Response("who are you?", { status: 403 });
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
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

Unless the API is for everybody (then bound it with `ratelimits`, or suppress this): as the first lines of
`fetch()`, `const digest = (it: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(it)); if
(!env.API_TOKEN || !crypto.subtle.timingSafeEqual(await digest(request.headers.get("authorization") ?? ""),
await digest("Bearer " + env.API_TOKEN))) return new Response("unauthorized", { status: 401 })`. Set the
secret (`npx wrangler secret put API_TOKEN`; `API_TOKEN=…` in `.dev.vars`); callers send it as
`Authorization: Bearer …`. Where users log in already, ask for their session there instead.

- "pages call it, in Hono": Bound how often each visitor may: a secret in a page's code is everybody's. Add
  `"ratelimits": [{ "name": "LIMITER", "namespace_id": "1001", "simple": { "limit": 20, "period": 60 } }]` to
  the configuration (in TypeScript `LIMITER: RateLimit` to the type of `env`), and before the routes
  `app.use("*", async (c, next) => { const key = c.req.header("cf-connecting-ip") ?? ""; if (!(await
  c.env.LIMITER.limit({ key })).success) return c.text("too many requests", 429); await next(); })`. How many
  in how long is yours to say; unless you know better, 20 in a minute. Where users log in, ask for their
  session instead.
- "pages call it": Bound how often each visitor may: a secret in a page's code is everybody's. Add
  `"ratelimits": [{ "name": "LIMITER", "namespace_id": "1001", "simple": { "limit": 20, "period": 60 } }]` to
  the configuration (in TypeScript `LIMITER: RateLimit` to the type of `env`), and as the first lines of
  `fetch()`, behind the answer to `OPTIONS`, `const key = request.headers.get("cf-connecting-ip") ?? ""; if
  (!(await env.LIMITER.limit({ key })).success) return new Response("too many requests", { status: 429 })`,
  with the headers of CORS. How many in how long is yours to say; unless you know better, 20 in a minute.
  Where users log in, ask for their session instead.
- "one route, in Hono": Unless it is for everybody (then bound it with `ratelimits`, or suppress this): give
  the route that comes here what the guarded ones of this Worker have between path and handler. Where nothing
  of that fits, `(c, next) => bearerAuth({ token: c.env.API_TOKEN })(c, next)`, with `import { bearerAuth }
  from "hono/bearer-auth"`; set the secret then (`npx wrangler secret put API_TOKEN`; `API_TOKEN=…` in
  `.dev.vars`), which callers send as `Authorization: Bearer …`.
- "one route": Unless it is for everybody (then bound it with `ratelimits`, or suppress this): as the first
  lines of the code for this request, what the guarded ones of this Worker begin with. Where nothing of that
  fits, `const digest = (it: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(it)); if
  (!env.API_TOKEN || !crypto.subtle.timingSafeEqual(await digest(request.headers.get("authorization") ?? ""),
  await digest("Bearer " + env.API_TOKEN))) return new Response("unauthorized", { status: 401 })`; set the
  secret then (`npx wrangler secret put API_TOKEN`; `API_TOKEN=…` in `.dev.vars`), which callers send as
  `Authorization: Bearer …`.
- "in Pages Functions": Unless it is for everybody (then suppress this): in `functions/_middleware.ts` (of one
  that is there already, before what it does), `export async function onRequest({ request, env, next }: any):
  Promise<Response> { const digest = (it: string) => crypto.subtle.digest("SHA-256", new
  TextEncoder().encode(it)); if (!env.API_TOKEN || !crypto.subtle.timingSafeEqual(await
  digest(request.headers.get("authorization") ?? ""), await digest("Bearer " + env.API_TOKEN))) return
  Response.json({ error: "unauthorized" }, { status: 401 }); return next(); }`. Set the secret (`npx wrangler
  secret put API_TOKEN`; `API_TOKEN=…` in `.dev.vars`); callers send it as `Authorization: Bearer …`. Where
  users log in already, ask for their session there instead.
- "a browser's page, in Hono": Unless it is for everybody (then bound it with `ratelimits`, or suppress this):
  before the routes, `app.use("*", (c, next) => basicAuth({ username: "admin", password: c.env.ADMIN_PASSWORD
  })(c, next))`, with `import { basicAuth } from "hono/basic-auth"`: a browser asks for both, and sends them
  with what the page fetches, too. Set the secret (`npx wrangler secret put ADMIN_PASSWORD`;
  `ADMIN_PASSWORD=…` in `.dev.vars`). Where users log in already, ask for their session there instead.
- "a browser's page": Unless it is for everybody (then bound it with `ratelimits`, or suppress this): as the
  first lines of `fetch()`, `const digest = (it: string) => crypto.subtle.digest("SHA-256", new
  TextEncoder().encode(it)); if (!env.ADMIN_PASSWORD || !crypto.subtle.timingSafeEqual(await
  digest(request.headers.get("authorization") ?? ""), await digest("Basic " + btoa("admin:" +
  env.ADMIN_PASSWORD)))) return new Response("unauthorized", { status: 401, headers: { "WWW-Authenticate":
  "Basic" } })`: a browser asks for name and password, and sends them with what the page fetches, too. Set the
  secret (`npx wrangler secret put ADMIN_PASSWORD`; `ADMIN_PASSWORD=…` in `.dev.vars`). Where users log in
  already, ask for their session there instead.
- "in Hono": Unless the API is for everybody (then bound it with `ratelimits`, or suppress this): before the
  routes, `app.use("*", (c, next) => bearerAuth({ token: c.env.API_TOKEN })(c, next))`, with `import {
  bearerAuth } from "hono/bearer-auth"`. Set the secret (`npx wrangler secret put API_TOKEN`; `API_TOKEN=…` in
  `.dev.vars`); callers send it as `Authorization: Bearer …`. Where users log in already, ask for their
  session there instead.

Where a Worker asks for something else, what spends money is reported that a request surely comes to without
being asked: no middleware, and nothing before it from the handler or route on. To refuse requests by their
`Origin` or `Referer` asks nobody: it keeps pages away, and any other program sends the header that is wanted.

## Not reported

What only changes data, in Workers in whose code anything looks as if it asked (`route-without-auth`): a
package or a name that speaks of authentication, signatures, passwords, permissions or CAPTCHAs, a header or
cookie with a credential, a comparison with a secret, a status of 401 or 403, a limit of rates; and in these
the ways by which users log in and services call (`/login`, `/webhook`, …). Workers that only others of the
same account reach (`workers_dev` is false, and there is no route), and those not all of whose code is known.
What only adds counts where CORS lets every page call it: a guest book or a counter is meant for all; not so
what deletes or changes what the client names, and routes for `DELETE`, `PUT` and `PATCH`. What Access does in
front of a Worker cannot be seen: a Worker behind it should check its token all the same.

It is said once, at the first place of each kind.

## Fix safety

No fix: who may call is up to you.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/,
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin,
https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    module,
    pattern,
    rule,
    sql,
    worker,
)
from cflint_rules.security._effects import (
    COSTS,
    ERASES,
    ROUTES,
    costs,
    erases,
    is_for_request,
    is_secret,
    named,
    registers,
    secret_handed_on,
    writes,
)
from cflint_rules.security._routes import is_known, is_open, is_private
from cflint_rules.security._signs import KEYS, SIGNS, TEXTS, is_compared, is_sign, refuses_by_origin

if TYPE_CHECKING:
    from tree_sitter import Node

_CORS = pattern(rb"access-control-allow-origin|\bcors\b", re.IGNORECASE)
_API_KEY = pattern(rb"apiKey(?<!\wapiKey)\b")
_CLIENT_NAMES = (
    *("Resend", "OpenAI", "Anthropic", "GoogleGenerativeAI", "GoogleGenAI", "Groq", "Mistral", "Replicate"),
    "Together",
)
_CLIENTS = pattern(rb"(?:%s)\b" % "|".join(_CLIENT_NAMES).encode())
_PAGE = pattern(rb"\btext/html\b|<!doctype html|<form\b|<html\b", re.IGNORECASE)
_METHODS = pattern(rb"\b(?:POST|PUT|PATCH|DELETE|post|put|patch|delete)\b")
_IS_OTHER = pattern(r"client_?secret|turnstile|captcha|oauth|hook|auth|internal|cron|^start", re.IGNORECASE)
"""Names of keys by which a Worker itself asks who somebody is, or which others of the owner's ask it for; and
containers, which start with what is sent to them later."""
_QUOTED = pattern(r"`[^`]+`")
_MOST = 6
"""How many places of other kinds a finding shows."""


@rule(worker(), severity=Severity.NOTE, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if not _is_reached_by_anyone(project, subject) or _asks(project, subject):
        return
    paths = js.running_paths(subject)
    paid = [*_done(project, subject, costs, COSTS), *_paid(project, subject)]
    anyone = [
        *paid,
        *_done(project, subject, erases, ERASES),
        *_routes(project, subject),
    ]
    if not anyone and subject.app is not None:
        return
    open_to = _open_to_pages(project, paths)
    who = "anyone"
    if not anyone and open_to is not None:
        who, anyone = "any web page", list(_written(project, subject))
    if not anyone:
        return
    first: dict[str, Location] = {}
    for at, done in anyone:
        first.setdefault(done, at)
    (what, place), *others = first.items()
    also = next((done for done, _ in others if not _is_same(done, what)), None)
    yield Finding(
        f"nothing in this Worker asks who sends a request: {who} can {what}{f', and {also}' if also else ''}",
        place,
        (
            *(Location(at.document, at.span, done) for done, at in others[: _MOST - 1]),
            *((open_to,) if open_to is not None else ()),
            *_by_origin(project, paths),
        ),
        words=(
            *(_asked_by(project, place.document.path) if open_to is None else ()),
            *(_called_by_pages(project, subject) if paid else ()),
            *_asking_words(project, subject, place.document.path),
        ),
    )


def _called_by_pages(project: Project, subject: Worker) -> Iterator[tuple[str, str]]:
    """The case for a Worker that answers the pages of others, by CORS: what these know everybody knows. Pages
    takes no limits of rates."""
    is_limited = subject.config is not None and not subject.is_pages
    if is_limited and next(js.leaves_matching(project, js.running_paths(subject), _CORS), None) is not None:
        yield "pages call it, in Hono" if _is_in_hono(project, (subject,)) else "pages call it", ""


def _asking_words(project: Project, subject: Worker, path: str) -> Iterator[tuple[str, str]]:
    """What the code calls `env` and `request` that all requests come through, or the case for where there is
    no such function: a router, or the functions of Pages."""
    for entry in subject.entries:
        home = js.module_of(project, entry)
        handlers = home.handlers if home is not None else ()
        handler = next((it for it in handlers if it.name == "fetch" and it.owner is None), None)
        if home is not None and handler is not None and handler.body is not None:
            yield from {"env": "env", "request": "request", **dict(js.words_at(home, handler.body))}.items()
            yield "becomes async", "" if js.is_async(handler.function) else "`fetch()` becomes `async`"
        elif home is not None and home.document.has_word("Hono"):
            yield "in Hono", ""
    folder = f"/{path}".rpartition("/functions/")
    if not subject.entries and folder[1]:
        inner, is_below, _ = folder[2].partition("/")
        below = f"{inner}/" if is_below and not inner.startswith("_") else ""
        suffix = "ts" if path.endswith((".ts", ".tsx")) else "js"
        yield from {"env": "env", "request": "request", "becomes async": ""}.items()
        yield "in Pages Functions", ""
        yield (
            "functions/_middleware.ts",
            f"{folder[0][1:]}{'/' if folder[0] else ''}functions/{below}_middleware.{suffix}",
        )


def _is_in_hono(project: Project, workers: Iterable[Worker]) -> bool:
    """Whether the requests of a Worker come through an app of Hono."""
    entries = (js.module_of(project, path) for worker in workers for path in worker.entries)
    return any(entry is not None and entry.document.has_word("Hono") for entry in entries)


def _by_origin(project: Project, paths: tuple[str, ...]) -> Iterator[Location]:
    """Where pages of other origins are turned away, which looks as if somebody were asked."""
    for home, leaf in js.leaves_matching(project, paths, SIGNS):
        condition = refuses_by_origin(home, leaf)
        if condition is not None:
            yield home.at(condition, "this keeps pages away: any other program sends what is wanted here")
            return


def _is_same(done: str, other: str) -> bool:
    """Whether two things that anyone can do are one to a reader: they begin alike, or need the same key."""
    key = _QUOTED.search(done)
    return done.split()[0] == other.split()[0] or (key is not None and key.group() in other)


@check.on(module(*COSTS, *_CLIENT_NAMES, "apiKey"))
def beside(subject: Module, project: Project) -> Iterator[Finding]:
    """What anyone can do in a Worker that asks for something else."""
    found = [
        (node, done)
        for (_, node), done in (
            *_places((subject,), costs, COSTS),
            *_clients(project, (subject.path,), subject),
        )
        if _IS_OTHER.search(done) is None
    ]
    around = [it for it in subject.workers if subject.path in js.running_paths(it)] if found else []
    if not any(_is_reached_by_anyone(project, it) and _asks(project, it) for it in around):
        return
    first: dict[str, list[Location]] = {}
    for node, done in found:
        if is_open(subject, node):
            first.setdefault(done, []).append(subject.at(node))
    for done, (place, *others) in first.items():
        yield Finding(
            f"nothing that runs before this asks who sends the request: anyone can {done}",
            place,
            tuple(Location(at.document, at.span, "and here") for at in others[: _MOST - 1]),
            words=(("one route, in Hono" if _is_in_hono(project, around) else "one route", ""),),
        )


def _is_reached_by_anyone(project: Project, subject: Worker) -> bool:
    """Whether requests of anyone come to a Worker all of whose code is known, and nothing limits how many."""
    entrypoint = project.entrypoints.of(subject)
    if entrypoint is not None and entrypoint.complete and "fetch" not in entrypoint.handlers:
        return False  # nothing but its cron triggers and queues make it run
    return (
        is_known(project, subject)
        and not is_private(subject)
        and not any(environment.bindings_of("ratelimit") for environment in subject.environments)
    )


def _asks(project: Project, subject: Worker) -> bool:
    """Whether anything in a Worker speaks of who sends a request: most Workers have such a word somewhere."""
    paths = js.running_paths(subject)
    return js.has_leaf(project, paths, SIGNS, is_sign) or js.has_leaf(project, paths, KEYS, is_compared)


def _asked_by(project: Project, path: str) -> tuple[tuple[str, str], ...]:
    """The name of the case for what a page of the same module asks for: people open it in a browser, which
    sends no token of its own."""
    home = js.module_of(project, path)
    if home is None or next(home.mentions(_PAGE), None) is None:
        return ()
    return (("a browser's page, in Hono" if home.document.has_word("Hono") else "a browser's page", ""),)


def _done(
    project: Project, subject: Worker, what: Callable[[Module, Node], str | None], names: Sequence[str]
) -> Iterator[tuple[Location, str]]:
    """Where a request makes a Worker do something, by what it is; `names` are those of the calls."""
    for name in names:
        modules = js.modules_naming(project, js.running_paths(subject), name)
        for (home, node), done in _places(modules, what, (name,)):
            if is_for_request(home, node):
                yield home.at(node), done


def _places(
    modules: Iterable[Module], what: Callable[[Module, Node], str | None], names: Sequence[str]
) -> Iterator[tuple[tuple[Module, Node], str]]:
    for home in modules:
        for name in names:
            for node in home.calls_of(name, home.root) if home.document.has_word(name) else ():
                done = what(home, node)
                if done is not None:
                    yield (home, node), done


def _routes(project: Project, subject: Worker) -> Iterator[tuple[Location, str]]:
    """Where a Worker takes requests that change something."""
    for name in ROUTES:
        for site in js.worker_calls(project, subject, name):
            done = registers(site.module, site.node)
            if done is not None:
                yield site.module.at(site.node.child_by_field_name("arguments") or site.node), done


def _paid(project: Project, subject: Worker) -> Iterator[tuple[Location, str]]:
    """Where code that runs for a request makes a client of a service with a key of the owner's."""
    for (home, node), done in _clients(project, js.running_paths(subject)):
        if is_for_request(home, node):
            yield home.at(node), done


def _clients(
    project: Project, paths: tuple[str, ...], at_hand: Module | None = None
) -> Iterator[tuple[tuple[Module, Node], str]]:
    """Where a client of a service is made with a key of the owner's; `at_hand` is used where it is one of the
    modules."""
    for home, leaf in js.leaves_matching(project, paths, _API_KEY, at_hand=at_hand):
        pair = home.parent(leaf)
        value = pair.child_by_field_name("value") if pair is not None and pair.type == "pair" else None
        if leaf.type == "shorthand_property_identifier":
            value = leaf
        name = _key(home, value) if value is not None else None
        if value is not None and name is not None:
            yield (home, value), f"use the service of {name} at your cost"
    for home, leaf in js.leaves_matching(project, paths, _CLIENTS, at_hand=at_hand):
        made = home.parent(leaf)
        if made is None or made.type != "new_expression":
            continue
        first = js.Call(home, made).argument(0)
        name = _key(home, first) if first is not None else None
        if first is not None and name is not None:
            yield (home, first), f"use the service of {name} at your cost"


def _key(home: Module, value: Node) -> str | None:
    return named(home, value) if is_secret(home, value) else secret_handed_on(home, value)


def _written(project: Project, subject: Worker) -> Iterator[tuple[Location, str]]:
    """Where a request writes into a database, and the Worker knows methods that write."""
    if next(js.leaves_matching(project, js.running_paths(subject), _METHODS), None) is not None:
        yield from _done(project, subject, writes, sql.SQL_CALLS)


def _open_to_pages(project: Project, paths: tuple[str, ...]) -> Location | None:
    """Where CORS lets every web page call a Worker."""
    for home, leaf in js.leaves_matching(project, paths, _CORS):
        value = home.header_value(leaf) if leaf.type in TEXTS or leaf.type == "string" else None
        if value is not None and home.string_of(value) == "*":
            return home.at(value, "CORS lets every page call it")
        made = home.call_of(leaf) if leaf.type == "identifier" else None
        if made is not None and made.callee is not None and home.is_from(made.callee, "hono/cors", "cors"):
            origin = home.property_value(made.arguments[0], "origin") if made.arguments else None
            if not made.arguments or (origin is not None and home.string_of(origin) == "*"):
                return home.at(made.node, "CORS lets every page call it")
    return None
