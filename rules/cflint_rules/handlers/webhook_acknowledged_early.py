"""Do the work of a webhook before you answer 200, or queue it: what fails in `waitUntil()` is not sent again.

Services send an event again when the answer is no 2xx. Where the answer is given before the work, and the
work runs in `waitUntil()`, they take it for done: an error there is in a log, if anywhere, and after 30
seconds the runtime ends what still runs. The payment, the order or the mail of that event is missing.

## Incorrect

```ts
import Stripe from "stripe";

interface Env {
  DB: D1Database;
  STRIPE_KEY: string;
  STRIPE_WEBHOOK_SECRET: string;
}

async function settle(env: Env, event: Stripe.Event): Promise<void> {
  await env.DB.prepare("INSERT INTO payments (id) VALUES (?)").bind(event.id).run();
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const stripe = new Stripe(env.STRIPE_KEY);
    const signature = request.headers.get("stripe-signature") ?? "";
    const text = await request.text();
    const event = await stripe.webhooks.constructEventAsync(text, signature, env.STRIPE_WEBHOOK_SECRET);
    ctx.waitUntil(settle(env, event));
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import Stripe from "stripe";

interface Env {
  EVENTS: Queue<string>;
  STRIPE_KEY: string;
  STRIPE_WEBHOOK_SECRET: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const stripe = new Stripe(env.STRIPE_KEY);
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > 256 * 1024) return new Response("too large", { status: 413 });
    const signature = request.headers.get("stripe-signature") ?? "";
    const text = await request.text();
    const event = await stripe.webhooks.constructEventAsync(text, signature, env.STRIPE_WEBHOOK_SECRET);
    await env.EVENTS.send(event.id);
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write `await work` in place of `ctx.waitUntil(work)`: the answer is 200 then only when the work is done, and
an error that gets out of it is a 500, after which the sender sends the event again. What the work catches and
only logs has to be thrown on. Where it takes longer than the sender waits (ten seconds are safe), send the
event to a queue before the answer, `await env.QUEUE.send(event)`, and do the work in its consumer.

## Not reported

Work that writes nothing, or that is called after what it tells or counts (`notify`, `track`, `log`); what is
handed to a queue or a Workflow; webhooks whose signature nobody checks, and those of chats (Slack, Discord,
Telegram), which want an answer within seconds and show what came of it there.

## Fix safety

Unsafe: the sender waits for the work, which has to be done within the seconds that it allows, and sends the
event again where it fails.

Source: https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil,
https://docs.stripe.com/webhooks#best-practices
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Span,
    ValueKind,
    call,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    Found = dict[tuple[str, int, int], tuple[Module, Node] | None]
    """By module, function and how deep it was still looked, what was found."""

_CHECKED = js.Phrases(
    "constructEvent stripe-signature svix paddle-signature x-hub-signature x-shopify-hmac webhooks.unmarshal"
    " validateEvent lemonsqueezy x-signature verifyWebhook x-razorpay-signature"
)
"""What stands where the signature of an event is checked."""
_CHATS = js.Phrases("slack discord telegram whatsapp x-line-signature")
_ASIDE = pattern(
    r"log|track|analytic|metric|notif|revalid|purge|warm|report|capture|alert|cache|broadcast|flush|clean|ping",
    re.IGNORECASE,
)
_WRITES = frozenset({"run", "batch", "put", "exec", "insert", "update", "delete", "setAlarm"})
_QUEUES = ("queue", "workflow")
_DEEP = 4


@rule(call("waitUntil"), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or not module.is_run:
        return
    data = module.document.data
    if not _CHECKED.spans(data) or _CHATS.spans(data):
        return
    work = module.initializer(match.arguments[0])
    root = module.chain_root(work) or work
    made = module.call(root)
    if made is None or made.is_new or _ASIDE.search(made.name) is not None:
        return
    called = js.function_called(module, root)
    if called is None and made.callee is not None and made.callee.type in js.FUNCTIONS:
        called = module, made.callee
    write = _write(*called, _DEEP, {}) if called is not None else None
    if write is None:
        return
    yield Finding(
        "the sender of this event gets its answer before the work is done, and does not send it again when"
        " that fails",
        match.at(match.node),
        (write[0].at(write[1], "this may fail unseen"),),
        words=(*js.word("work", module, match.arguments[0]), *js.word("ctx.waitUntil", module, match.callee)),
        fix=_fix(match),
    )


def _fix(match: Match) -> Fix | None:
    """A fix that waits for the work before the answer is given."""
    module, work = match.module, match.arguments[0]
    chain = module.call(work)
    if chain is not None and chain.name == "catch" and chain.receiver is not None:
        work = chain.receiver  # who catches its error here answers 200 all the same
    if not module.can_await(match.node) or module.own_statement(match.node) is None:
        return None
    edits = (
        Edit(module.document, Span(match.node.start_byte, work.start_byte), "await "),
        Edit(module.document, Span(work.end_byte, match.node.end_byte), ""),
    )
    return Fix("Wait for the work before the answer", edits, Safety.UNSAFE)


def _write(module: Module, function: Node, hops: int, known: Found) -> tuple[Module, Node] | None:
    """Something that a function of a webhook writes, in it or in a function that it calls."""
    question = (module.path, function.id, hops)
    if question not in known:
        known[question] = None
        known[question] = _find_write(module, function, hops, known)
    return known[question]


def _find_write(module: Module, function: Node, hops: int, known: Found) -> tuple[Module, Node] | None:
    calls = [js.Call(module, node) for node in module.descendants(function, "call_expression")]
    for made in calls:
        value = module.value_of(made.receiver) if made.receiver is not None else None
        if value is not None and any(value.is_binding(kind) for kind in _QUEUES):
            return None
        if value is None or made.name not in _WRITES:
            continue
        statement = module.orm_statement(made.node)
        if statement is not None or value.kind in (ValueKind.D1_STATEMENT, ValueKind.BINDING):
            return module, made.node
    for made in calls if hops else ():
        called = js.function_called(module, made.node) if _ASIDE.search(made.name) is None else None
        if called is not None and _write(*called, hops - 1, known) is not None:
            return module, made.node
    return None
