"""Return plain data from RPC methods, not cursors, storage or bindings.

What a method of a Durable Object or an entrypoint returns is copied to the caller. The cursor of
`sql.exec()`, `ctx`, `env`, its bindings and WebSockets cannot be copied: the call fails with "Could not
serialize object".

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, cents INTEGER)");
  }

  entries() {
    return this.ctx.storage.sql.exec("SELECT * FROM entries");
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const account = new URL(request.url).pathname;
    return Response.json(await env.LEDGER.getByName(account).entries());
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, cents INTEGER)");
  }

  entries() {
    return this.ctx.storage.sql.exec("SELECT * FROM entries").toArray();
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const account = new URL(request.url).pathname;
    return Response.json(await env.LEDGER.getByName(account).entries());
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Return plain data: of a cursor its rows (`.toArray()`), of a binding or a socket what the caller wants of it.
As it is, the caller's call fails.

## Not reported

Methods that the class itself calls, private ones, and those that the runtime calls (`fetch()`, `alarm()`, …).

## Errors

```text title="workerd"
DataCloneError: Could not serialize object of type "…". This type does not support serialization.
```

## Fix safety

Safe: `.toArray()` is added to a cursor, which could not be returned at all.

Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Finding,
    Fix,
    Safety,
    Severity,
    Value,
    ValueKind,
    class_definition,
    js,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CLASSES = (ClassKind.DURABLE_OBJECT, ClassKind.WORKER_ENTRYPOINT, ClassKind.RPC_TARGET)
_KINDS = {
    ValueKind.SQL_CURSOR: "a cursor of `sql.exec()`",
    ValueKind.STORAGE: "the storage",
    ValueKind.SQL_STORAGE: "the storage",
    ValueKind.SYNC_KV: "the storage",
    ValueKind.DURABLE_OBJECT_STATE: "`ctx`",
    ValueKind.EXECUTION_CONTEXT: "`ctx`",
    ValueKind.ENV: "`env`",
    ValueKind.WEBSOCKET_PAIR_END: "a WebSocket",
    ValueKind.HIBERNATED_WEBSOCKET: "a WebSocket",
    ValueKind.HIBERNATED_WEBSOCKETS: "WebSockets",
}
_BINDINGS = frozenset({"kv", "r2", "d1", "queue", "ai", "vectorize", "hyperdrive"})


@rule(class_definition(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    if owner.kind not in _CLASSES:
        return
    for name, method in owner.methods:
        if name in js.NO_RPC_METHODS or name.startswith(("_", "#")) or _is_hidden(owner, method):
            continue
        returned = [*_returned(owner, method)]
        if not returned or _is_called_here(owner, name):
            continue
        for node, what, is_cursor in returned:
            yield Finding(
                f"`{name}()` returns {what}, which cannot be sent to the caller",
                owner.module.at(node),
                fix=_fix(owner, node) if is_cursor else None,
                severity=None if _is_called_elsewhere(owner, name) else Severity.WARNING,
            )


def _is_hidden(owner: ClassDefinition, method: Node) -> bool:
    for child in method.children:
        if child.type in ("get", "set", "*"):
            return True
        if child.type == "accessibility_modifier" and owner.module.text(child) != "public":
            return True
    return False


def _returned(owner: ClassDefinition, method: Node) -> Iterator[tuple[Node, str, bool]]:
    """The returned expressions that cannot be sent: what they are, and whether they are cursors."""
    for node in owner.module.returns_of(method):
        given = js.first_named(node)
        if given is None:
            continue
        expression = js.unwrap(given)
        value = owner.module.value_of(expression)
        value = value.awaited if js.is_async(method) else value
        what = _KINDS.get(value.kind) or _binding(value)
        if what is not None:
            yield expression, what, value.kind is ValueKind.SQL_CURSOR


def _binding(value: Value) -> str | None:
    if value.kind is ValueKind.BINDING and value.binding is not None and value.binding.id in _BINDINGS:
        return f"the {value.binding.label}"
    return None


def _is_called_here(owner: ClassDefinition, name: str) -> bool:
    """Whether the class calls a method of its own, or of its base."""
    receivers = (call.receiver for call in owner.module.calls(name, owner.body))
    return any(node is not None and js.unwrap(node).type in ("this", "super") for node in receivers)


def _is_called_elsewhere(owner: ClassDefinition, name: str) -> bool:
    """Whether some module of the Workers calls a method of that name."""
    module = owner.module
    sites = js.calls_named(module.project, js.paths_around(module), name, at_hand=module)
    calls = (site.module.call(site.node) for site in sites)
    return any(call is not None and call.receiver is not None for call in calls)


def _fix(owner: ClassDefinition, node: Node) -> Fix | None:
    if node.type != "call_expression":
        return None
    edit = owner.module.insert(node.end_byte, ".toArray()")
    return Fix("Return the rows with `toArray()`", (edit,), Safety.SAFE)
