"""Call only methods that the binding has.

A KV namespace has no `head()`, an R2 bucket no `getWithMetadata()`, a queue no `sendMessage()`, an instance
of a Workflow no `run()`: such a call throws `… is not a function` when it is reached. A Durable Object
namespace has none of the methods of its objects: `getByName()` returns a stub, and the stub has them.

## Incorrect

```ts
export default {
  async fetch(request, env): Promise<Response> {
    await env.MAILS.sendMessage({ to: "a@example.com" });
    const known = await env.FLAGS.head("beta");
    const count = await env.ROOM.join("ann");
    return Response.json({ known, count });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "FLAGS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "queues": { "producers": [{ "binding": "MAILS", "queue": "mails" }] },
  "durable_objects": {
    "bindings": [{ "name": "ROOM", "class_name": "Room", "script_name": "room-objects" }],
  },
}
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    await env.MAILS.send({ to: "a@example.com" });
    const known = await env.FLAGS.get("beta");
    const count = await env.ROOM.getByName(request.url).join("ann");
    return Response.json({ known, count });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "FLAGS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "queues": { "producers": [{ "binding": "MAILS", "queue": "mails" }] },
  "durable_objects": {
    "bindings": [{ "name": "ROOM", "class_name": "Room", "script_name": "room-objects" }],
  },
}
```

## What to do

The call throws that it is no function. Call what the binding has: KV `get`, `put`, `delete`, `list`,
`getWithMetadata`; R2 `head`, `get`, `put`, `delete`, `list`; a queue `send`, `sendBatch`.

- "D1 database": Write `await env.NAME.prepare(sql).bind(…values).all()` (`first()` for one row, `run()` for
  none); the rows are `results`. As it is, the call throws that it is no function.
- "an instance of a Workflow": Delete the call, which throws that it is no function: `create()` has started
  the instance. `(await instance.status()).output` is its result once its `status` is `complete`;
  `terminate()` ends it.
- "on a stub": Write `env.NAME.getByName("name").method(…)`, with the name of the object that is meant. As it
  is, the call throws that it is no function.

## Not reported

A method that no kind of binding has and that is no known mistake: it may be newer than this rule. Bindings
that the configuration does not show, and those that the code itself sets (`env.DB = …`).

## Errors

```text title="workerd"
TypeError: … is not a function
```

## Fix safety

Safe where a method only has another name here (`sendMessage(body)` for `send(body)`, `remove(key)` for
`delete(key)`, `set(key, value)` for `put(key, value)`), or is that of a statement of D1 (`all(sql)` for
`prepare(sql).all()`). There is no fix for the others.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
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
    config,
    js,
    module,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CALL = pattern(rb"env\.(\w+)[!?]?\s*\.\s*(\w+)\s*\(")
_JUDGED = frozenset(
    {"kv", "r2", "d1", "queue", "workflow", "vectorize", "ratelimit", "analytics_engine", "durable_object"}
)
_OTHERS = frozenset(
    method for kind in config.KINDS if kind.id in _JUDGED - {"durable_object"} for method in kind.methods
)
_SLIPS: dict[str, dict[str, str]] = {
    "kv": {"set": "put", "remove": "delete", "del": "delete", "keys": "list", "has": "get"},
    "r2": {"set": "put", "remove": "delete", "upload": "put", "download": "get"},
    "d1": {"execute": "prepare", "run": "prepare", "all": "prepare", "first": "prepare"},
    "queue": {"sendMessage": "send", "publish": "send", "enqueue": "send", "push": "send", "add": "send"},
    "workflow": dict.fromkeys(("run", "start", "trigger", "execute", "dispatch", "invoke"), "create"),
    "vectorize": {"search": "query", "delete": "deleteByIds"},
    "ratelimit": {"check": "limit", "consume": "limit"},
    "analytics_engine": {"write": "writeDataPoint", "writeDataPoints": "writeDataPoint"},
}
"""What is called by another product's name, and the method that is meant."""

_OF_INSTANCES = {
    **dict.fromkeys(("cancel", "stop", "abort", "kill"), "use `terminate()`"),
    **dict.fromkeys(("getStatus", "result", "getResult", "output", "getOutput"), "`status()` says it"),
    **dict.fromkeys(
        ("run", "start", "execute"), "`create()` has started it, and `status()` says how it goes"
    ),
}
"""What an instance of a Workflow is asked for by another product's name, and what there is instead."""

_RENAMED = {
    **dict.fromkeys(("sendMessage", "publish", "enqueue", "push", "add", "remove", "del", "download"), 1),
    **dict.fromkeys(("set", "upload"), 2),
}
"""Those that take the same arguments as the method that is meant, and how many."""
_OF_STATEMENTS = frozenset({"run", "all", "first"})
"""What a statement of D1 has, called on the database."""

_HIDDEN = frozenset({"deleteBulk", "getExisting", "toString", "valueOf", "hasOwnProperty", "constructor"})
"""Methods behind a flag, and those that every object has."""


@rule(module("env"), severity=Severity.ERROR, fix=Safety.SAFE, both=True)
def check(module: Module) -> Iterator[Finding]:
    kinds: dict[bytes, config.BindingKind | None] = {}
    for match in _calls(module.document.data):
        name, method = match.groups()
        if name not in kinds:
            kinds[name] = _kind(module, name.decode())
        kind = kinds[name]
        if kind is not None and not _has(kind, method.decode()):
            yield from _wrong(module, kind, match.start(2), match.end(2))


@check.on(call(*_OF_INSTANCES))
def check_instances(match: Match) -> Iterator[Finding]:
    if match.receiver is None or match.receiver_value.kind is not ValueKind.WORKFLOW_INSTANCE:
        return
    yield Finding(
        f"{quoted(match.text(match.receiver))} is an instance of a Workflow, which has no `{match.word}()`:"
        f" {_OF_INSTANCES[match.word]}",
        match.at(match.node),
    )


def _calls(data: bytes) -> Iterator[re.Match[bytes]]:
    """What looks like a call of a method of a member of `env`."""
    at = data.find(b"env.")
    while at != -1:
        match = _CALL.match(data, at)
        if match is not None:
            yield match
        at = data.find(b"env.", at + 4)


def _kind(module: Module, name: str) -> config.BindingKind | None:
    """The kind of a binding whose methods are known, when all configurations agree on it."""
    found = {
        bound.kind.id: bound.kind
        for environment in module.environments
        for bound in environment.bindings_named(name)
    }
    kind = next(iter(found.values())) if len(found) == 1 else None
    return kind if kind is not None and kind.id in _JUDGED else None


def _has(kind: config.BindingKind, method: str) -> bool:
    """Whether the kind has the method, or may have it."""
    if method in kind.methods or method in _HIDDEN:
        return True
    return kind.id != "durable_object" and method not in _SLIPS.get(kind.id, {}) and method not in _OTHERS


def _wrong(module: Module, kind: config.BindingKind, start: int, end: int) -> Iterator[Finding]:
    name = module.node_at(start, end)
    access = module.member(module.parent(name)) if name is not None else None
    if name is None or access is None or access.call is None:
        return
    value = module.value_of(access.object)
    if value.kind is not ValueKind.BINDING or value.binding is not kind:
        return
    if value.name is not None and module.gives_env_member(value.name):
        return
    method = access.name
    meant = _SLIPS.get(kind.id, {}).get(method)
    fix = None
    if meant is not None and len(access.call.arguments) == _RENAMED.get(method, 0):
        fix = Fix(f"Call `{meant}()`", (module.replace(name, meant),), Safety.SAFE)
    elif kind.id == "d1" and method in _OF_STATEMENTS:
        fix = _prepared(module, access.call, name)
    owner = quoted(module.text(access.object))
    yield Finding(
        f"{owner} is a {kind.label}, which has no `{method}()`{_hint(kind, meant)}",
        module.at(name),
        fix=fix,
    )


def _prepared(module: Module, made: js.Call, name: Node) -> Fix | None:
    """`db.all(sql, [id])` as `db.prepare(sql).bind(id).all()`."""
    given = made.arguments
    values = js.unwrap(given[1]) if len(given) == 2 else None
    if not given or len(given) > 2 or (values is not None and values.type != "array"):
        return None
    listed = [module.text(it) for it in values.named_children] if values is not None else []
    bound = f".bind({', '.join(listed)})" if listed else ""
    text = f"prepare({module.text(given[0])}){bound}.{module.text(name)}()"
    edit = Edit(module.document, Span(name.start_byte, made.node.end_byte), text)
    return Fix("Prepare the statement", (edit,), Safety.SAFE)


def _hint(kind: config.BindingKind, meant: str | None) -> str:
    if kind.id == "durable_object":
        return ": call it on a stub, as `getByName()` gives one"
    return f": use `{meant}()`" if meant is not None else ""
