"""Do not make a request for each item of a list that may be of any length.

Each `fetch()`, each read or write of KV and R2, each run of a model and each call of another Worker is a
subrequest. An invocation may make 50 on the free plan, 10,000 (1,000 before 2026) on the paid one, six at a
time: what comes behind the limit throws, and a list that grew ends half done. One after the other they are
slow, too; those that cost money cost it once for each item.

## Incorrect

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { objects } = await env.FILES.list();
    let size = 0;
    for (const { key } of objects) {
      const head = await env.FILES.head(key);
      size += head?.size ?? 0;
    }
    return new Response(String(size));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  FILES: R2Bucket;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { objects, truncated } = await env.FILES.list({ limit: 1000 });
    const size = objects.reduce((sum, one) => sum + one.size, 0);
    return new Response(`${truncated ? "at least " : ""}${size}`);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Loops that can be left before their end, over a list that is written out, of the module, or a part of one
(`slice()`); over the messages of a queue; in Workflows and Durable Objects, which are there for long work.
`get()` of KV (`kv-get-in-loop`), `delete()` of R2 (`r2-delete-in-loop`), queries of D1 (`d1-query-in-loop`).
There is one finding in a module, with the other places.

## Fix safety

No fix: a call that takes all items, a queue, or a limit is up to the author.

Source: https://developers.cloudflare.com/workers/platform/limits/#subrequests
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Module, Severity, ValueKind, js, module, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS = {
    "put": ("kv", "r2"),
    "head": ("r2",),
    "get": ("r2",),
    "delete": ("kv",),
    "run": ("ai",),
    "fetch": ("service",),
}
_MOST = 6
_LONG = frozenset({js.Invocation.WORKFLOW, js.Invocation.DURABLE_OBJECT, js.Invocation.UNKNOWN})


@rule(module(*_METHODS), severity=Severity.NOTE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    found = sorted(_repeated(subject), key=lambda one: (one[0].span.start, one[0].document.path))
    if not found:
        return
    (place, related), *others = found
    also = tuple(other.saying("so does this") for other, _ in others[: _MOST - 1])
    yield Finding(
        "each turn of the loop makes a request of its own, and an invocation may make so many only",
        place,
        (*related, *also),
    )


def _repeated(subject: Module) -> Iterator[tuple[Location, tuple[Location, ...]]]:
    """The places of the calls that one loop makes for each item, and the requests that they lead to."""
    seen = set()
    for name in _METHODS:
        for node in subject.calls_of(name, subject.root):
            if not _is_request(subject, node, name) or not subject.runs_in_worker(node):
                continue
            for turn in js.turns_of(subject, node):
                if _is_of_queue(turn) or js.invocations_of(turn.module, turn.node) & _LONG:
                    continue
                place = turn.module.at(turn.node)
                if place not in seen:
                    seen.add(place)
                    yield place, () if turn.node is node else (subject.at(node, "the request"),)


def _is_request(subject: Module, node: Node, name: str) -> bool:
    made = js.Call(subject, node)
    if name == "fetch" and made.receiver is None:
        return js.is_global(subject, made.callee, "fetch")
    if made.receiver is None or not made.arguments:
        return False
    value = subject.value_of(made.receiver)
    if name == "fetch" and value.kind is ValueKind.STUB:
        return True
    return any(value.is_binding(kind) for kind in _METHODS[name])


def _is_of_queue(turn: js.CallSite) -> bool:
    """Whether a loop goes over the messages of a queue, of which a batch has 100 at most."""
    around = js.turn_around(turn.module, turn.node)
    items = around.items if around is not None else None
    return items is not None and turn.module.value_of(items).kind is ValueKind.MESSAGES
