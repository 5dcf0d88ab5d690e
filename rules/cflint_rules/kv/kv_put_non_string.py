"""Give Workers KV a string, bytes or a stream to store.

`put()` takes a string, an `ArrayBuffer` or a view of one, or a `ReadableStream`. For any other object it
throws a TypeError: for a literal object or array, a `Map`, a `Date`, a `Response`, and for a promise that was
not awaited.

## Incorrect

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.USERS.put(new URL(request.url).pathname, { path: request.url, at: Date.now() });
    return new Response("stored");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  USERS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.USERS.put(new URL(request.url).pathname, JSON.stringify({ path: request.url, at: Date.now() }));
    return new Response("stored");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Make text of it, and the other of it where it is read: `JSON.stringify([...map])` of a `Map` or `Set`,
`date.toISOString()`, of a `Response` its `body`, of a `FormData` `JSON.stringify(Object.fromEntries(form))`.

## Not reported

Values whose type is not in sight, and numbers and booleans: KV stores their text.

## Errors

```text title="workerd"
TypeError: KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.
```

## Fix safety

Safe: the call throws as it is. Objects and arrays become JSON, a promise is awaited. There is no fix for
other objects, of which JSON would keep too little.

Source: src/workerd/api/kv.c++ of workerd (`put`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_CLASSES = (
    "Map", "Set", "WeakMap", "WeakSet", "Date", "URL", "URLSearchParams", "Headers", "FormData",
    "Request", "Response", "Blob", "File", "Error", "Promise", "Object", "Array",
)  # fmt: skip
_WORTH_A_LOOK = frozenset({"object", "array", "new_expression", "call_expression", "identifier"})


@rule(call("put"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if not 2 <= len(arguments) <= 3:
        return
    written = js.unwrap(arguments[1])
    if written.type not in _WORTH_A_LOOK:
        return
    value = match.module.initializer(written)
    what = _what(match, value)
    if what is None and value.type != "call_expression":
        return
    if not match.receiver_value.is_binding("kv"):
        return
    if what is None:
        if match.value_of(value).kind is not ValueKind.PROMISE:
            return
        what = "a promise"
    yield Finding(
        f"KV stores strings, bytes and streams; this is {what}, for which `put()` throws",
        match.at(written),
        (match.at(value, "it is made here"),) if value.id != written.id else (),
        _fix(match, written, value),
    )


def _what(match: Match, value: Node) -> str | None:
    """What KV does not take, in words; None of what it may take."""
    match value.type:
        case "object":
            return "an object"
        case "array":
            return "an array"
        case "new_expression":
            name = match.module.called_name(value)
            if name is not None and name.module == "" and name.name in _CLASSES:
                return f"a `{name.name}`"
    return None


def _fix(match: Match, written: Node, value: Node) -> Fix | None:
    if value.type in ("object", "array"):
        edits = (
            match.insert(written.start_byte, "JSON.stringify("),
            match.insert(written.end_byte, ")"),
        )
        return Fix("Store it as JSON", edits, Safety.SAFE)
    can_await = match.enclosing_function is not None and match.module.can_await(written)
    if value.type == "call_expression" and can_await:
        return Fix("Await the promise", (match.insert(written.start_byte, "await "),), Safety.SAFE)
    return None
