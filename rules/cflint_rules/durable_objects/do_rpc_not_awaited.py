"""Await a remote procedure call.

A method of a Durable Object's stub, or of another Worker behind a service binding, runs elsewhere and returns
a promise. Without `await` the call may be cancelled with the request, and its error and its result are lost;
used as data it is a promise, not the result.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async post(text: string): Promise<void> {
    await this.ctx.storage.put("last", text);
  }
}

interface Env {
  ROOMS: DurableObjectNamespace<Room>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const room = env.ROOMS.getByName(new URL(request.url).pathname);
    room.post("hello");
    return new Response("Posted");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async post(text: string): Promise<void> {
    await this.ctx.storage.put("last", text);
  }
}

interface Env {
  ROOMS: DurableObjectNamespace<Room>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const room = env.ROOMS.getByName(new URL(request.url).pathname);
    await room.post("hello");
    return new Response("Posted");
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Calls that build on each other (`await api.user(id).name()`): only the last promise has to be awaited. `using
session = api.open()`, promises that are passed on, returned or awaited later, and `void`.

## Errors

```text title="workerd"
RPC promise used after being disposed.
```

## Fix safety

Unsafe: `await` makes what follows wait for the other side. Where it is not legal the promise is passed to the
`waitUntil()` in reach.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    ValueKind,
    call,
    fixes,
    identifier,
    js,
    member_access,
    rule,
    type_name,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MAKERS = ("get", "getByName", "getAgentByName", "getServerByName", "getContainer", "getRandom")


@rule(
    call(*_MAKERS),
    identifier("env"),
    member_access("env"),
    type_name("DurableObjectStub"),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    for made, name in _remote_calls(match):
        if match.module.promise_source(made) is not js.PromiseSource.RPC:
            continue
        use = match.module.promise_use(made, pipelined=True)
        if use.outcome is js.PromiseOutcome.DROPPED:
            loss = js.loss_of(match.module, use.promise, made)
            if loss is None:
                continue
            yield Finding(
                f"nothing waits for the remote call `{name}()`: {loss}",
                match.at(made),
                severity=None if "cancelled" in loss or "cut off" in loss else Severity.WARNING,
                fix=fixes.fix_by_await(match.module, use.promise, Safety.UNSAFE)
                or fixes.fix_by_wait_until(match.module, use.promise, Safety.UNSAFE),
            )
        elif use.outcome is js.PromiseOutcome.VALUE:
            yield Finding(
                f"the remote call `{name}()` gives a promise, and it is used as if it were the result",
                match.at(made),
                fix=_await_value(match, use),
            )


def _await_value(match: Match, use: js.PromiseUse) -> Fix | None:
    if match.module.enclosing_function(use.promise) is None or not match.module.can_await(use.promise):
        return None
    return Fix("Await the promise", (match.insert(use.promise.start_byte, "await "),), Safety.UNSAFE)


def _remote_calls(match: Match) -> Iterator[tuple[Node, str]]:
    """The calls of methods of the stub or service that a place gives or names."""
    module = match.module
    node = match.node
    if node.type == "call_expression":
        if match.value_of(node).awaited.kind is ValueKind.STUB:
            yield from module.calls_on(node)
        return
    if node.type == "type_identifier":
        yield from _of_parameter(match)
        return
    if match.value_of(node).kind is not ValueKind.ENV:
        return
    read = module.member_read(node)
    pattern = module.given_name(node)
    if read is not None:
        yield from module.calls_on(read.node)
    elif pattern is not None and pattern.type == "object_pattern":
        for name in module.descendants(pattern, "shorthand_property_identifier_pattern"):
            declaration = module.scope.resolve(name)
            if declaration is not None:
                yield from module.calls_on_name(declaration)


def _of_parameter(match: Match) -> Iterator[tuple[Node, str]]:
    """The calls on the parameter that a type is written for."""
    module = match.module
    for above in module.ancestors(match.node):
        if above.type in ("required_parameter", "optional_parameter"):
            pattern = js.Parameter(module, above).pattern
            declaration = module.scope.resolve(pattern) if pattern.type == "identifier" else None
            if declaration is not None and not module.scope.assignments(declaration):
                yield from module.calls_on_name(declaration)
            return
        if above.type not in ("type_annotation", "generic_type", "union_type"):
            return
