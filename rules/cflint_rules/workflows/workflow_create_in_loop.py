"""Create several instances of a Workflow with one `createBatch()`.

Each `create()` is a request that the Worker waits for, and counts towards the limit of subrequests and the
rate at which instances may be created. `createBatch()` takes up to 100 instances in one request, and leaves
those out whose id exists already.

## Incorrect

```ts
interface Env {
  WELCOME: Workflow<{ user: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const users = new URL(request.url).searchParams.getAll("user");
    for (const user of users) {
      await env.WELCOME.create({ params: { user } });
    }
    return new Response("started");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  WELCOME: Workflow<{ user: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const users = new URL(request.url).searchParams.getAll("user").slice(0, 100);
    await env.WELCOME.createBatch(users.map((user) => ({ params: { user } })));
    return new Response("started");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A loop that awaits anything else, that may be left after the first instance, or that handles each one's error;
loops over a list of one or two that is written out; the messages of a queue, each of which is acknowledged
by itself.

## Fix safety

There is no fix: the instances have to be gathered, and a batch fails or succeeds as a whole.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_IN_A_ROW = 3


@rule(call("create"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.receiver_value.is_binding("workflow"):
        return
    turn = js.turn_around(module, match.node)
    if turn is None or turn.items is None:
        return
    if module.try_around(match.node, turn.body) is not None or _is_written_out(module, turn.items):
        return
    if not _only_creates(module, turn.body, match.node):
        return
    yield Finding(
        "each turn of the loop is a request that creates one instance: create up to 100 at once with"
        " `createBatch()`",
        match.at(match.callee),
        (match.at(turn.head, "the loop"),),
    )


def _is_written_out(module: Module, items: Node) -> bool:
    """Whether the list is a short array literal, or messages of a queue."""
    if module.value_of(items).kind is ValueKind.MESSAGES:
        return True
    found = module.initializer(items)
    parts = [part for part in found.named_children if part.type != "comment"]
    return (
        found.type == "array"
        and len(parts) < _IN_A_ROW
        and all(part.type != "spread_element" for part in parts)
    )


def _only_creates(module: Module, body: Node, create: Node) -> bool:
    """Whether a turn awaits nothing but the one call, and is never the last by choice."""
    if any(True for _ in module.descendants(body, "break_statement")):
        return False
    for word in module.leaves("await", body):
        awaited = module.parent(word)
        inner = (
            js.unwrap(awaited.named_children[0]) if awaited is not None and awaited.named_children else None
        )
        if inner is None or inner.id != create.id:
            return False
    return True
