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

## Not reported

Routes that ask anything of who sends, or call a function that does, and those behind a middleware which does;
what only answers, or tells somebody.

## Fix safety

No fix: how a service signs is up to it.

Source: https://datatracker.ietf.org/doc/html/rfc2104,
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Module, Severity, js, module, pattern, rule
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

if TYPE_CHECKING:
    from tree_sitter import Node

_HOOK = pattern(r"web_?hooks?(?!s?[-_/](?:config|settings|list|url|register|test))", re.IGNORECASE)
_HOOKS = pattern(rb"web_?hook", re.IGNORECASE)
_SETS_UP = pattern(r"(?:set_?up|register|install|config|manage|admin)\b", re.IGNORECASE)
_OTHERS = pattern(r"\b(?:get|delete|put|patch) ", re.IGNORECASE)
_METHODS = frozenset({"POST", "post", "action", "onRequestPost", "onRequest", "ALL"})
_SENDS = {"send": ("queue", "send_email"), "create": ("workflow",), "put": ("kv", "r2")}
_HOPS = 2
_MOST_CALLS = 60


@rule(
    module(*VERBS, "pathname", "POST", "onRequestPost", "action"),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
)
def check(module: Module) -> Iterator[Finding]:
    if _HOOKS.search(module.document.data) is None and _HOOK.search(module.path) is None:
        return
    if not module.is_run or module.realm.name == "BROWSER" or all(map(is_private, module.workers)):
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


def _acts(module: Module, node: Node, hops: int) -> tuple[Module, Node] | None:
    """Where code writes, sends or costs, itself or in functions that it calls."""
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
    for found in calls if hops > 0 else ():
        called = js.function_called(module, found)
        inside = _acts(called[0], called[1], hops - 1) if called is not None else None
        if inside is not None:
            return inside
    return None
