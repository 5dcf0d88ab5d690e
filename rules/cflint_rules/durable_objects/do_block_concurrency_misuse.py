"""Keep `blockConcurrencyWhile()` for what an object does once, when it wakes up.

While its function runs, nothing else happens in the object: no request, no message, no alarm. In a
constructor, that keeps requests out until what they need is read; another server that is slow or down takes
the object along, which is reset when the function takes 30 seconds. Around every request it is a lock that
makes the object slow (5 ms each are 200 requests a second), the more so while the function waits for another
service. Storage needs no such lock: input and output gates, and `transaction()`, keep it consistent.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  async fetch(): Promise<Response> {
    const count = await this.ctx.blockConcurrencyWhile(async () => {
      const next = ((await this.ctx.storage.get<number>("count")) ?? 0) + 1;
      await this.ctx.storage.put("count", next);
      await fetch("https://stats.example.com/count", { method: "POST", body: String(next) });
      return next;
    });
    return Response.json({ count });
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject<Env> {
  private count = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      this.count = (await ctx.storage.get<number>("count")) ?? 0;
    });
  }

  async fetch(): Promise<Response> {
    this.count += 1;
    await this.ctx.storage.put("count", this.count);
    await fetch("https://stats.example.com/count", { method: "POST", body: String(this.count) });
    return Response.json({ count: this.count });
  }
}
```

## What to do

Let the function that `blockConcurrencyWhile()` is given return what the call needs, and make the call with
it behind the `await` of that: all else of the object runs meanwhile. What was stored before stays stored if
it fails.

- "each time it wakes up": Make the request where its answer is needed first, and keep it in the storage; or
  give it `signal: AbortSignal.timeout(5000)`, and catch what that throws.
- "awaits nothing": Take the wrapper off: nothing changes but that it is quicker.

## Not reported

What a constructor does, but for a `fetch()` without a `signal` that it waits for whenever it runs; a lock
that depends on a condition, as one that makes up for a constructor that cannot wait; methods other than
handlers when their function waits for something local. Work that a constructor starts and does not wait for:
`floating-promise` reports it.

## Errors

```text title="workerd"
A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the
  Durable Object was reset.
blockConcurrencyWhile() calls are nested too deeply.
```

## Fix safety

There is no fix: what has to be kept consistent is up to the object.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Finding, Match, Module, Severity, ValueKind, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HANDLERS = frozenset({"fetch", "webSocketMessage", "onMessage", "onRequest"})
_ELSEWHERE = frozenset({"kv", "r2", "d1", "queue", "ai", "service", "vectorize", "workflow", "browser"})
_CLIENTS = frozenset({ValueKind.STUB, ValueKind.D1_STATEMENT, ValueKind.DATABASE_CLIENT})
_WAITS = frozenset({"await_expression", "return_statement", "throw_statement", "for_in_statement"})


@rule(call("blockConcurrencyWhile"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module, method, owner = match.module, match.method, match.enclosing_class
    callback = js.unwrap(match.arguments[0]) if match.arguments else None
    if callback is None or callback.type not in js.FUNCTIONS or method is None or owner is None:
        return
    if match.receiver_value.kind is not ValueKind.DURABLE_OBJECT_STATE:
        return
    name_node = method.child_by_field_name("name")
    name = match.text(name_node) if name_node is not None else ""
    if name == "constructor":
        yield from _at_start(match, owner, callback)
        return
    outside = next(_elsewhere(module, callback), None)
    if outside is not None:
        yield Finding(
            f"everything else in {owner.label} waits for {quoted(f'{match.text(outside)}()')}",
            match.at(outside),
            related=(match.at(match.name, "until this function is done, no other event is handled"),),
        )
    elif not module.always_runs(match.node, method):
        return
    elif name in _HANDLERS and not _asks_this(module, callback):
        yield Finding(
            f"every call of `{name}()` locks the whole object: storage is consistent without, and"
            " `transaction()` is enough for what has to be done in one",
            match.at(match.name),
        )
    elif _is_synchronous(callback):
        yield Finding(
            "this callback awaits nothing, so it cannot be interrupted: the lock has no effect but latency",
            match.at(match.name),
        )


def _at_start(match: Match, owner: ClassDefinition, callback: Node) -> Iterator[Finding]:
    """A `fetch()` that may take its time, and that a constructor waits for, by way of functions, too."""
    module = match.module
    for home, waited in islice(_fetches(module, callback, _MOST_HOPS), 1):
        yield Finding(
            f"{owner.label} handles nothing until another server has answered each time it wakes up, and is"
            " reset after 30 seconds",
            home.at(waited),
            related=(
                match.at(match.name, "the constructor keeps all events out until this function is done"),
            ),
        )


def _fetches(module: Module, function: Node, hops: int) -> Iterator[tuple[Module, Node]]:
    """The calls of `fetch()` without a limit of time that a function waits for whenever it runs."""
    for waited in _waited_for(function):
        made = module.call(waited)
        if made is None or made.is_new or not module.always_runs(waited, function):
            continue
        if module.is_global(made.callee, "fetch"):
            if not _may_have_limit(module, made):
                yield module, made.node
            continue
        called = js.function_called(module, made.node) if hops else None
        if called is not None:
            yield from _fetches(*called, hops - 1)


def _may_have_limit(module: Module, made: js.Call) -> bool:
    """Whether the options of a request have a signal, or may have one."""
    if len(made.arguments) < 2:
        return not made.arguments or module.value_of(made.arguments[0]).kind is ValueKind.REQUEST
    options = js.unwrap(module.initializer(made.arguments[1]))
    if options.type != "object" or any(part.type == "spread_element" for part in options.named_children):
        return True
    return next(module.leaves("signal", options), None) is not None


def _waited_for(function: Node) -> Iterator[Node]:
    """What a function itself awaits, or returns."""
    body = js.body_of(function)
    if body is not None and body.type != "statement_block":
        yield js.unwrap(body)
    for node in js.walk(function, into_functions=False):
        waited = js.first_named(node) if node.type in ("await_expression", "return_statement") else None
        if waited is not None:
            yield waited


_MOST_HOPS = 3


def _elsewhere(module: Module, callback: Node) -> Iterator[Node]:
    """The callees of calls that wait for something outside of the object."""
    for node in js.walk(callback, into_functions=False):
        awaited = module.call(js.first_named(node)) if node.type == "await_expression" else None
        if awaited is None or awaited.is_new or awaited.callee is None:
            continue
        if module.is_global(awaited.callee, "fetch"):
            yield awaited.callee
            continue
        value = module.value_of(awaited.receiver)
        is_remote = value.binding is not None and value.binding.id in _ELSEWHERE
        if value.kind in _CLIENTS or (value.kind is ValueKind.BINDING and is_remote):
            yield awaited.callee


def _asks_this(module: Module, callback: Node) -> bool:
    """Whether the function itself looks whether there is anything to do."""
    for node in js.walk(callback, into_functions=False):
        condition = node.child_by_field_name("condition") if node.type == "if_statement" else None
        if condition is not None and next(module.descendants(condition, "this"), None) is not None:
            return True
        assigned = module.assignment(node) if node.type == "augmented_assignment_expression" else None
        if assigned is not None and assigned.operator in ("??=", "||="):
            return True
    return False


def _is_synchronous(callback: Node) -> bool:
    """Whether a function that does something neither waits nor hands on a promise, and does not fail."""
    body = js.body_of(callback)
    if body is None or body.type != "statement_block" or not body.named_children:
        return False
    return not any(node.type in _WAITS for node in js.walk(body))
