"""Check the signature of a webhook before you act on it.

The address of a webhook is no secret: anyone who knows it can send what looks like a payment, a sign-up or a
deletion. Services sign what they send; the signature is checked with the secret that they show beside the
webhook, over the body as it came.

## Incorrect

```ts
import { Hono } from "hono";

interface Env {
  DB: D1Database;
}

const app = new Hono<{ Bindings: Env }>();

app.post("/webhooks/payments", async (c) => {
  const { id } = await c.req.json<{ id: string }>().catch(() => ({ id: "" }));
  await c.env.DB.prepare("UPDATE orders SET paid = 1 WHERE id = ?").bind(id).run();
  return c.text("taken");
});

export default app;
```

## Correct

```ts
import { Hono } from "hono";
import { isSigned } from "./signature";

interface Env {
  DB: D1Database;
  WEBHOOK_SECRET: string;
}

const app = new Hono<{ Bindings: Env }>();

app.post("/webhooks/payments", async (c) => {
  if (Number(c.req.header("Content-Length") ?? Infinity) > 100_000) return c.text("too long", 413);
  const body = await c.req.text();
  const signature = c.req.header("X-Signature") ?? "";
  if (!(await isSigned(body, signature, c.env.WEBHOOK_SECRET))) return c.text("who are you?", 401);
  const event: unknown = JSON.parse(body);
  await c.env.DB.prepare("UPDATE orders SET paid = 1 WHERE id = ?").bind(String(event)).run();
  return c.text("taken");
});

export default app;
```

## What to do

Read the body as text, and before anything else compare the signature over it, with the secret that the
service shows: `const key = await crypto.subtle.importKey("raw", new
TextEncoder().encode(env.WEBHOOK_SECRET), { name: "HMAC", hash: "SHA-256" }, false, ["verify"])`,
`crypto.subtle.verify("HMAC", key, signature, body)`, and answer 401 where it is false. Set the secret by
`npx wrangler secret put WEBHOOK_SECRET`.

- "Telegram": Before the body is read: `if (!env.TELEGRAM_WEBHOOK_SECRET ||
  request.headers.get("X-Telegram-Bot-Api-Secret-Token") !== env.TELEGRAM_WEBHOOK_SECRET) return new
  Response(null, { status: 401 })`, in TypeScript with `TELEGRAM_WEBHOOK_SECRET?: string` in the type of
  `env`. Set the secret (`npx wrangler secret put TELEGRAM_WEBHOOK_SECRET`), then call `setWebhook` again with
  the same text as `secret_token`: Telegram sends it with each update from then on, and what comes before is
  refused and sent again. The number of a chat is no secret: whoever sends the request writes it, too.
- "GitHub": Set a secret at the webhook and as `GITHUB_WEBHOOK_SECRET`, read the body as text, and compare
  `X-Hub-Signature-256` with its HMAC: `await new Webhooks({ secret }).verify(body, signature)` of
  `@octokit/webhooks`, or `crypto.subtle.verify()`; answer 401 where it is false.
- "Stripe": Read the body as text, and take the event from `await stripe.webhooks.constructEventAsync(body,
  request.headers.get("stripe-signature"), env.STRIPE_WEBHOOK_SECRET)`, which throws for what Stripe did not
  send; answer 400 then.
- "Meta": Read the body as text, and compare `X-Hub-Signature-256` with its HMAC by the app's secret, with
  `crypto.subtle.verify()`; answer 401 where it is false. The verify token is asked for once, when the
  webhook is set up, and protects nothing later.
- "Slack": Read the body as text, and compare `X-Slack-Signature` with the HMAC of `v0:${timestamp}:${body}`
  by the signing secret, with `crypto.subtle.verify()`; answer 401 where it is false.

## Not reported

Routes that ask anything of who sends, or call a function that does, and those behind a middleware which does;
what only answers, or tells somebody. Of a service that is known by what it sends (Telegram, GitHub, Stripe,
Meta, Slack): Workers in which anything speaks of its signature or secret.

## Fix safety

No fix: how a service signs is up to it.

Source: https://datatracker.ietf.org/doc/html/rfc2104,
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries,
https://core.telegram.org/bots/api#setwebhook, https://docs.stripe.com/webhooks/signature,
https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads,
https://api.slack.com/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Module, Severity, ValueKind, js, module, pattern, record, rule
from cflint_rules.security._effects import CALLS, costs, erases, writes
from cflint_rules.security._routes import (
    VERBS,
    Route,
    branches,
    is_behind_middleware,
    is_private,
    registered,
    route_asks,
)
from cflint_rules.security._signs import KEYS, is_compared

if TYPE_CHECKING:
    from tree_sitter import Node

_HOOK = pattern(r"web_?hooks?(?!s?[-_/](?:config|settings|list|url|register|test))", re.IGNORECASE)
_HOOKS = js.Phrases("web_?hook")
_SETS_UP = pattern(r"(?:set_?up|register|install|config|manage|admin)\b", re.IGNORECASE)
_OTHERS = pattern(r"\b(?:get|delete|put|patch) ", re.IGNORECASE)
_METHODS = frozenset({"POST", "post", "action", "onRequestPost", "onRequest", "ALL"})
_SENDS = {"send": ("queue", "send_email"), "create": ("workflow",), "put": ("kv", "r2")}
_HOPS = 2
_MOST_CALLS = 60


@record(frozen=True, eq=False)
class _Service:
    """A service whose webhooks are known by what it sends; `proofs` are the words of code that looks who sent
    one. In Telegram and Slack one secret is sent or signs; the others' signatures have no other names."""

    name: str
    sends: re.Pattern[bytes]
    proofs: re.Pattern[bytes]


_SIGNED = (
    rb"signature|\bhmac|createHmac|timing_?safe|\bsvix\b|\.verify\(|verify(?:Webhook|Request|Sign)"
    rb"|webhook_?secret"
)
_SERVICES = tuple(
    _Service(name, pattern(sends, re.IGNORECASE), pattern(proofs + b"|" + _SIGNED, re.IGNORECASE))
    for name, sends, proofs in (
        (
            "Telegram",
            rb"\bcallback_query\b(?!_id)|\bmy_chat_member\b|\binline_query\b(?!_id)|\bupdate\??\.message\b",
            rb"secret_?-?token|bot-api-secret|webhookCallback|(?:webhook|bot|telegram|tg)\w*_?secret",
        ),
        ("GitHub", rb"\bx-github-event\b|@octokit/webhooks", rb"x-hub"),
        (
            "Stripe",
            rb"[\"'](?:checkout\.session\.completed|customer\.subscription\.\w+|invoice\.pa(?:id|yment_\w+))",
            rb"constructEvent",
        ),
        ("Meta", rb"hub\.verify_token|hub\.challenge", rb"x-hub|app_?secret"),
        ("Slack", rb"[\"']url_verification[\"']", rb"signing_?secret"),
    )
)
_SPEAKS = js.Phrases(
    "callback_query my_chat_member inline_query update.message update?.message x-github-event"
    " @octokit/webhooks checkout.session.completed customer.subscription. invoice.paid invoice.payment_"
    " hub.verify_token hub.challenge url_verification",
    lines=pattern(b"|".join(service.sends.pattern for service in _SERVICES), re.IGNORECASE),
)
_SET_WEBHOOK = pattern(rb"\bsetWebhook\b")
_READS = pattern(rb"\.(?:json|text|formData|parseBody)\s*[<(]")
_REQUESTS = (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
_CLIENTS = pattern(
    r"octokit|openai|anthropic|stripe|resend|bot|telegram|slack|github|supabase|prisma|db|whatsapp",
    re.IGNORECASE,
)
"""What clients of services are called: what they do is done in the owner's name."""
_READS_ONLY = pattern(r"get|list|find|read|is|has|on|use|log|parse|from", re.IGNORECASE)


@rule(module(*VERBS, "pathname", "POST", "onRequestPost", "action"), severity=Severity.WARNING)
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run or module.realm.name == "BROWSER" or all(map(is_private, module.workers)):
        return
    of_service = next(_of_services(module), None)
    if of_service is not None:
        yield of_service
        return
    if not _HOOKS.stand_in(module.document.data) and _HOOK.search(module.path) is None:
        return
    for route in _hooks(module):
        if route_asks(module, route):
            continue
        done = next((found for part in route.code if (found := _acts(module, part, _HOPS)) is not None), None)
        if done is None or is_behind_middleware(module):
            continue
        home, place = done
        yield Finding(
            "anyone can send this webhook: no signature or secret is checked before it is acted on",
            module.at(route.at),
            (home.at(place, "it is acted on here"),),
        )


def _of_services(module: Module) -> Iterator[Finding]:
    """The bodies that a module reads and takes for what a known service sends, and acts on."""
    if _READS.search(module.document.data) is None or not _speaks(module):
        return
    seen: set[int] = set()
    for read in module.body_reads(module.root):
        if read.kind not in _REQUESTS or module.value_of(read.owner).detail == "new":
            continue
        if not module.runs_in_worker(read.node):
            continue
        function = module.enclosing_function(read.node)
        if function is None or function.id in seen:
            continue
        seen.add(function.id)
        service = _service(module, function, _HOPS)
        if service is None or _proves(module, service):
            continue
        done = _acts(module, function, _HOPS + 1, clients=True)
        if done is None:
            continue
        home, place = done
        yield Finding(
            f"anyone can send this webhook of {service.name}: nothing looks whether {service.name} sent it",
            module.at(read.node),
            (home.at(place, "it is acted on here"), *_set_up(module, service)),
        )


def _set_up(module: Module, service: _Service) -> Iterator[Location]:
    """Where code tells Telegram the address of the webhook: the secret has to be told there, too."""
    if service.name != "Telegram":
        return
    for home, leaf in js.leaves_matching(
        module.project, js.paths_around(module), _SET_WEBHOOK, at_hand=module
    ):
        if leaf.type != "comment":
            yield home.at(leaf, "`secret_token` belongs to this call")
            return


def _speaks(module: Module) -> bool:
    """Whether any code of the Workers of a module has a word that such a service sends."""
    return module.project.memo.memoized(
        ("webhooks of services", module.workers),
        lambda: next(js.leaves_matching(module.project, js.paths_around(module), _SPEAKS), None) is not None,
    )


def _service(module: Module, node: Node, hops: int) -> _Service | None:
    """The service whose webhooks a piece of code takes, or a function that it calls."""
    said = js.leaves_matching(module.project, (module.path,), _SPEAKS, at_hand=module)
    leaves = [leaf for _, leaf in said if leaf.type != "comment"]
    for leaf in leaves:
        if not js.contains(node, leaf):
            continue
        texts = [module.text(one).encode() for one in (leaf, module.parent(leaf) or leaf)]
        for service in _SERVICES:
            if any(service.sends.search(text) is not None for text in texts):
                return service
    imported = next((leaf for leaf in leaves if module.enclosing(leaf, _IMPORTS) is not None), None)
    for service in _SERVICES if imported is not None else ():
        if imported is not None and service.sends.search(module.text(imported).encode()) is not None:
            return service
    if hops == 0:
        return None
    for found in islice(module.descendants(node, "call_expression"), _MOST_CALLS):
        called = js.function_called(module, found)
        inside = _service(called[0], called[1], hops - 1) if called is not None else None
        if inside is not None:
            return inside
    return None


_IMPORTS = frozenset({"import_statement"})


def _proves(module: Module, service: _Service) -> bool:
    """Whether any code of the Workers of a module speaks of what proves that a service sent something, or
    whether the module itself compares a secret."""
    question = ("proof of webhooks", service.name, module.path)
    return module.project.memo.memoized(question, lambda: _find_proof(module, service))


def _find_proof(module: Module, service: _Service) -> bool:
    paths = js.paths_around(module)
    for _, leaf in js.leaves_matching(module.project, paths, service.proofs, at_hand=module):
        if leaf.type not in ("comment", "type_identifier"):
            return True
    return any(is_compared(module, leaf) for leaf in module.mentions(KEYS))


def _hooks(module: Module) -> Iterator[Route]:
    """The routes for webhooks, by their paths: those of routers, branches, and files that are routes."""
    is_hooks = _HOOK.search(module.path) is not None
    for route in registered(module):
        is_named = is_hooks or _HOOK.search(route.path) is not None
        if is_named and _OTHERS.match(route.path) is None and _SETS_UP.search(route.path) is None:
            yield route
    for routes in branches(module):
        for route in routes:
            if _HOOK.search(route.path) is not None and _SETS_UP.search(route.path) is None:
                yield route
    for handler in module.app_handlers if is_hooks else ():
        if handler.name in _METHODS:
            named = handler.function.child_by_field_name("name") or handler.function
            yield Route(named, module.path, (handler.function,))


def _acts(module: Module, node: Node, hops: int, *, clients: bool = False) -> tuple[Module, Node] | None:
    """Where code writes, sends or costs, itself or in functions that it calls; with `clients`, also where it
    has the client of a service do something."""
    calls = list(islice(module.descendants(node, "call_expression"), _MOST_CALLS))
    for found in calls:
        made = js.Call(module, found)
        kinds = _SENDS.get(made.name, ())
        value = module.value_of(made.receiver) if kinds and made.receiver is not None else None
        if value is not None and any(value.is_binding(kind) for kind in kinds):
            return module, found
        if made.name in CALLS and (costs(module, found) or erases(module, found) or writes(module, found)):
            return module, found
        statement = module.orm_statement(found)
        if statement is not None and statement.verb in ("insert", "update", "delete"):
            return module, found
        if clients and (_is_of_client(module, made) or _tells_service(module, made)):
            return module, found
    for found in calls if hops > 0 else ():
        called = js.function_called(module, found)
        inside = _acts(called[0], called[1], hops - 1, clients=clients) if called is not None else None
        if inside is not None:
            return inside
    return None


def _is_of_client(module: Module, made: js.Call) -> bool:
    """Whether a call is one of a client's methods that change something: `octokit.rest.issues.create(…)`."""
    if made.receiver is None:
        return False
    owner = made.receiver
    for _ in range(4):
        access = module.member(owner) if owner is not None else None
        if access is None:
            break
        owner = js.unwrap(access.object)
    is_client = owner is not None and owner.type == "identifier" and _CLIENTS.fullmatch(module.text(owner))
    return bool(is_client) and _READS_ONLY.match(made.name) is None


def _tells_service(module: Module, made: js.Call) -> bool:
    """Whether a call sends something to a service: `fetch(url, { method: "POST", … })`."""
    options = made.argument(1) if made.name == "fetch" else None
    method = module.property_value(options, "method") if options is not None else None
    if method is None or (module.string_of(method) or "GET").upper() == "GET":
        return False
    return js.is_global(module, made.callee, "fetch")
