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

Add `signal: AbortSignal.timeout(10_000)` to the options, and catch what it throws, a `TimeoutError`, as
any other failure. How long is yours to say; long answers and streams need more.

## Not reported

Requests in a handler of requests to a host that the code names, where the client gives up at some time;
functions in which anything says how long it takes (a signal, a timer, a race); options that are not seen
whole; the incoming request that is sent on. There is one finding in a module, with the other places.

## Fix safety

Unsafe: an answer that takes longer is an error then, and how long is long is up to the author.

Source: https://developers.cloudflare.com/workers/runtime-apis/web-standards/#abortcontroller-and-abortsignal,
https://developers.cloudflare.com/workers/platform/limits/#wall-time-limits-by-invocation-type
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Module, Safety, Severity, ValueKind, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_LIMITS = pattern(rb"signal|abort|time_?out|\brace\b|deadline", re.IGNORECASE)
_MOST = 6
_WAITS_LONG = frozenset({js.Invocation.EVENT, js.Invocation.WORKFLOW, js.Invocation.UNKNOWN})
"""What code may run for besides an event, so that no client gives up for it."""
_DATA = frozenset({"identifier", "member_expression", "subscript_expression"})
_PARTS_OF_URL = frozenset({"url", "href", "origin"})
"""Properties of a request and of its URL: what is asked for is on the Worker's own host, as often as not."""
_TIMEOUT = "signal: AbortSignal.timeout(10_000)"


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
        fix=_fix(subject, first),
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
        return not _is_request(subject, made.arguments[0])
    return js.Invocation.REQUEST in runs_for and _is_of_data(subject, made.arguments[0])


def _is_request(subject: Module, target: Node) -> bool:
    """Whether what is asked for is a `Request`, which may have a signal of its own."""
    made = subject.call(subject.initializer(js.unwrap(target)))
    return subject.value_of(target).kind is ValueKind.REQUEST or (made is not None and made.name == "Request")


def _is_of_data(subject: Module, target: Node) -> bool:
    """Whether a URL is one that a client sends, or a field of data that is read: neither written in the code,
    nor a part of the configuration."""
    target = js.unwrap(target)
    if subject.provenance(target).trust is js.Trust.REQUEST:
        found = subject.provenance(target)
        source = found.module.member(found.source) if isinstance(found.module, Module) else None
        is_own = source is not None and source.name in _PARTS_OF_URL
        return target.type in _DATA and not is_own and not _is_request(subject, target)
    if target.type != "member_expression":
        return False
    owner = js.unwrap(js.MemberAccess(subject, target).object)
    declaration = subject.scope.resolve(owner) if owner.type == "identifier" else None
    turn = js.turn_around(subject, target)
    return declaration is not None and turn is not None and not turn.is_async and turn.changes(owner)


def _fix(subject: Module, node: Node) -> Fix | None:
    """A fix that gives the options a signal."""
    made = js.Call(subject, node)
    options = made.argument(1)
    if options is None:
        edit = subject.insert(made.arguments[0].end_byte, f", {{ {_TIMEOUT} }}")
        return Fix("Give up after ten seconds", (edit,), Safety.UNSAFE)
    found = subject.add_properties(js.unwrap(options), _TIMEOUT)
    return Fix("Give up after ten seconds", (found,), Safety.UNSAFE) if found is not None else None
