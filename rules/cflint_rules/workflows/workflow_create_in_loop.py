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

_EACH = frozenset({"map", "forEach", "flatMap"})
_IN_A_ROW = 3


@rule(call("create"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.receiver_value.is_binding("workflow"):
        return
    turn = _turn(module, match.node)
    if turn is None:
        return
    loop, body, items = turn
    if module.try_around(match.node, body) is not None or _is_written_out(module, items):
        return
    if not _only_creates(module, body, match.node):
        return
    yield Finding(
        "each turn of the loop is a request that creates one instance: create up to 100 at once with"
        " `createBatch()`",
        match.at(match.callee),
        (match.at(loop, "the loop"),),
    )


def _turn(module: Module, node: Node) -> tuple[Node, Node, Node] | None:
    """The loop around a call, what it runs each time, and what it goes through: `for…of`, `map()`."""
    function = module.enclosing_function(node)
    loop = module.loop_around(node, function)
    if loop is not None:
        body, items = loop.child_by_field_name("body"), loop.child_by_field_name("right")
        is_of = any(child.type == "of" for child in loop.children)
        return (loop.children[0], body, items) if body is not None and items is not None and is_of else None
    around = module.callback_of(function) if function is not None else None
    body = js.body_of(function) if function is not None else None
    if around is None or body is None or around.name not in _EACH or around.receiver is None:
        return None
    callee = around.callee
    return (callee or around.node, body, around.receiver)


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
