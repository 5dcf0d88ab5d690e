"""Give a `fetch()` of somebody else's server a limit of time.

`fetch()` has none of its own: it waits as long as the other side keeps the connection open. Where a Worker
asks a server that it does not know (the feed of a user, the callback of a client), or asks one in a cron
trigger, a queue consumer or for a mail, where no client gives up, one server that hangs holds everything up
until the runtime ends the invocation, and what was to come after it is lost.

## Incorrect

```ts
interface Env {
  FEEDS: KVNamespace;
}

export default {
  async scheduled(controller, env): Promise<void> {
    const answer = await fetch("https://news.example.com/feed.xml");
    if (answer.ok) await env.FEEDS.put("news", await answer.text());
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FEEDS: KVNamespace;
}

export default {
  async scheduled(controller, env): Promise<void> {
    const answer = await fetch("https://news.example.com/feed.xml", { signal: AbortSignal.timeout(10_000) });
    if (answer.ok) await env.FEEDS.put("news", await answer.text());
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add `signal: AbortSignal.timeout(10_000)` to the options, here and at each other place that is shown: what it
throws, a `TimeoutError`, goes where any other failure of the request goes. Ten seconds, unless you know
better; a model takes up to a minute. Where the other side does some work before it answers (an address like
`/api/cron/nightly`), give it five minutes, `300_000`: who gives up earlier may end that work.

## Not reported

Requests in a handler of requests to a host that the code names, where the client gives up at some time;
functions in which anything says how long it takes (a signal, a timer, a race); options that are not seen
whole; the incoming request that is sent on. There is one finding in a module, with the other places.

## Fix safety

Unsafe: an answer that takes longer is an error then, and how long is long is up to the author. What is
written is ten seconds, of a model a minute, and of an address that names work (`cron`, `rebuild`)
or whose body is handed on, five minutes.

Source: https://developers.cloudflare.com/workers/runtime-apis/web-standards/#abortcontroller-and-abortsignal,
https://developers.cloudflare.com/workers/platform/limits/#wall-time-limits-by-invocation-type
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LIMITS = pattern(rb"signal|abort|time_?out|\brace\b|deadline", re.IGNORECASE)
_MOST = 6
_WAITS_LONG = frozenset({js.Invocation.EVENT, js.Invocation.WORKFLOW, js.Invocation.UNKNOWN})
"""What code may run for besides an event, so that no client gives up for it."""


@rule(module("fetch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = [node for node in subject.calls_of("fetch", subject.root) if _may_hang(subject, node)]
    if not found:
        return
    first, *others = found
    yield Finding(
        "a server that does not answer holds this up: give the request `AbortSignal.timeout()`",
        subject.at(first),
        tuple(subject.at(other, "so does this") for other in others[: _MOST - 1]),
        fix=_fix(subject, found[:_MOST]),
    )


def _may_hang(subject: Module, node: Node) -> bool:
    made = js.Call(subject, node)
    if not made.arguments or len(made.arguments) > 2 or not js.is_global(subject, made.callee, "fetch"):
        return False
    if subject.awaited(node) is None or not subject.runs_in_worker(node) or subject.may_be_durable(node):
        return False
    options = made.argument(1)
    if options is not None and (js.unwrap(options).type != "object" or subject.is_open_object(options)):
        return False
    function = subject.enclosing_function(node)
    if function is None or next(subject.mentions(_LIMITS, function), None) is not None:
        return False
    runs_for = js.invocations_of(subject, node)
    if js.Invocation.EVENT in runs_for and runs_for <= _WAITS_LONG:
        return not js.is_request(subject, made.arguments[0])
    return js.Invocation.REQUEST in runs_for and js.is_address_of_data(subject, made.arguments[0])


def _fix(subject: Module, nodes: list[Node]) -> Fix | None:
    """A fix that gives the options of each request a signal."""
    limits = [_limit(subject, node) for node in nodes]
    edits = [js.limited_edit(subject, node, limit) for node, limit in zip(nodes, limits, strict=True)]
    whole = tuple(edit for edit in edits if edit is not None)
    return Fix(js.giving_up(limits), whole, Safety.UNSAFE) if len(whole) == len(edits) else None


def _limit(subject: Module, node: Node) -> int:
    """After how many milliseconds a request gives up."""
    if js.asks_model(subject, node):
        return 60_000
    return 300_000 if js.starts_work(subject, node) or _is_streamed(subject, node) else 10_000


def _is_streamed(subject: Module, node: Node) -> bool:
    """Whether the body of an answer is handed on while it comes: the limit counts for all of it."""
    answer = subject.awaited(node)
    reads = [subject.member_read(holder) for holder in answer.holders] if answer is not None else []
    return any(read is not None and read.name == "body" for read in reads)
