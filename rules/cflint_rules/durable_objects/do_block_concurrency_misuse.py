"""Keep `blockConcurrencyWhile()` for what an object does once, when it wakes up.

While its function runs, nothing else happens in the object: no request, no message, no alarm. In a
constructor, that keeps requests out until what they need is read. Around every request it is a lock that
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

## Not reported

What a constructor does, and a lock that depends on a condition, as one that makes up for a constructor that
cannot wait; methods other than handlers when their function waits for something local. Work that a
constructor starts and does not wait for: `floating-promise` reports it.

## Fix safety

There is no fix: what has to be kept consistent is up to the object.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HANDLERS = frozenset({"fetch", "webSocketMessage", "onMessage", "onRequest"})
_ELSEWHERE = frozenset({"kv", "r2", "d1", "queue", "ai", "service", "vectorize", "workflow", "browser"})
_CONDITIONS = frozenset(
    {"if_statement", "ternary_expression", "switch_statement", "catch_clause", "while_statement"}
)
_LEAVING = frozenset({"return_statement", "throw_statement"})


@rule(call("blockConcurrencyWhile"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    callback = js.unwrap(match.arguments[0]) if match.arguments else None
    method = match.method
    if callback is None or callback.type not in js.FUNCTIONS or method is None:
        return
    owner = match.enclosing_class
    if owner is None or match.receiver_value.kind is not ValueKind.DURABLE_OBJECT_STATE:
        return
    name_node = method.child_by_field_name("name")
    name = match.text(name_node) if name_node is not None else ""
    if name == "constructor":
        return
    outside = next(_elsewhere(match, callback), None)
    if outside is not None:
        yield Finding(
            f"everything else in `{owner.name}` waits for `{match.text(outside)}()`",
            match.at(outside),
            related=(match.at(match.name, "until this function is done, no other event is handled"),),
        )
    elif _is_conditional(match, method):
        return
    elif name in _HANDLERS and not _asks_this(match, callback):
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


def _elsewhere(match: Match, callback: Node) -> Iterator[Node]:
    """The callees of calls that wait for something outside of the object."""
    for node in js.walk(callback, into_functions=False):
        if node.type != "await_expression" or not node.named_children:
            continue
        awaited = js.unwrap(node.named_children[0])
        callee = awaited.child_by_field_name("function") if awaited.type == "call_expression" else None
        if callee is None:
            continue
        callee = js.unwrap(callee)
        if match.module.is_global(callee, "fetch"):
            yield callee
        elif callee.type == "member_expression":
            value = match.value_of(callee.child_by_field_name("object"))
            is_client = value.kind in (ValueKind.STUB, ValueKind.D1_STATEMENT, ValueKind.DATABASE_CLIENT)
            is_remote = value.binding is not None and value.binding.id in _ELSEWHERE
            if (is_client or (value.kind is ValueKind.BINDING and is_remote)) and "\n" not in match.text(
                callee
            ):
                yield callee


def _is_conditional(match: Match, method: Node) -> bool:
    """Whether it depends on something that a call of the method takes the lock."""
    for above in match.module.ancestors(match.node):
        if above.id == method.id:
            break
        if above.type in _CONDITIONS or above.type in js.FUNCTIONS or above.type == "binary_expression":
            return True
        if above.type == "augmented_assignment_expression":
            return True
    before = (
        node for node in js.walk(method, into_functions=False) if node.end_byte <= match.node.start_byte
    )
    return any(node.type in _LEAVING for node in before)


def _asks_this(match: Match, callback: Node) -> bool:
    """Whether the function itself looks whether there is anything to do."""
    for node in js.walk(callback, into_functions=False):
        condition = node.child_by_field_name("condition") if node.type == "if_statement" else None
        if condition is not None and "this." in match.text(condition):
            return True
        if node.type == "augmented_assignment_expression":
            operator = node.child_by_field_name("operator")
            if operator is not None and operator.type in ("??=", "||="):
                return True
    return False


def _is_synchronous(callback: Node) -> bool:
    """Whether a function that does something neither waits nor hands on a promise, and does not fail."""
    body = callback.child_by_field_name("body")
    if body is None or body.type != "statement_block" or not body.named_children:
        return False
    waits = frozenset({"await_expression", "return_statement", "throw_statement", "for_in_statement"})
    return not any(node.type in waits for node in js.walk(body))
