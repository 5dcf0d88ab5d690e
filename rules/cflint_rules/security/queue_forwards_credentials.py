"""Pick the headers that are stored, queued or logged; never copy all of them.

All headers of a request together hold its `Authorization` and its `Cookie`. In a queue, in a namespace or in
the logs these outlive the request, and whoever can read them there can act as the user.

## Incorrect

```ts
interface Env {
  VISITS: Queue<{ url: string; headers: Record<string, string> }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.VISITS.send({ url: request.url, headers: Object.fromEntries(request.headers) });
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  VISITS: Queue<{ url: string; agent: string | null }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.VISITS.send({ url: request.url, agent: request.headers.get("user-agent") });
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

- "are logged": Log those that you need, by name: `{ "user-agent": request.headers.get("user-agent") }` in
  place of all. If it was for debugging, delete the line.

Send those that the other side needs, by name: `{ "user-agent": request.headers.get("user-agent") }` in
place of all, and never `cookie`, `authorization` and what holds a key.

## Not reported

Headers that are filtered on the way, or from which some are deleted; headers that go on to another server
with the request itself.

## Fix safety

Unsafe: the log has the names of the headers alone; log what is needed of one by its name
(`request.headers.get("user-agent")`). There is no fix where they are stored or sent: which of them are needed
is up to the author.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SINKS = {"send": ("queue",), "sendBatch": ("queue",), "put": ("kv", "r2")}
_LOGS = ("log", "info", "warn", "error", "debug")
_DOES = {"send": "are put in a queue", "sendBatch": "are put in a queue", "put": "are stored"}
_COLLECTORS = frozenset({"Object.fromEntries", "Array.from"})
_KEEPS = frozenset({js.MutationKind.METHOD, js.MutationKind.MERGED})


@rule(call(*_SINKS, *_LOGS), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.word in _SINKS:
        if not any(match.receiver_value.is_binding(kind) for kind in _SINKS[match.word]):
            return
    else:
        log = module.log_at(match.node)
        if log is None or not log.is_console:
            return
    verb = _DOES.get(match.word, "are logged")
    for argument in match.arguments:
        for found in module.contents(argument, lambda part: _copies_headers(module, part)):
            if any(_is_changed(module, name) for name in found.names):
                continue
            inside = match.node.start_byte <= found.node.start_byte < match.node.end_byte
            yield Finding(
                f"all headers of the request, with its cookies and tokens, {verb}",
                module.at(found.node),
                () if inside else (match.at(match.node, "they go there"),),
                fix=_fix(module, found) if match.word not in _SINKS else None,
            )


def _fix(module: Module, found: js.Content) -> Fix | None:
    """The names of the headers in place of all that they say."""
    if found.names or found.is_rebuilt:
        return None
    made = module.call(found.node)
    if found.node.type == "array":
        inner = js.first_named(found.node.named_children[0]) if found.node.named_child_count == 1 else None
    else:
        inner = made.argument(0) if made is not None else None
    listed = module.call(inner)
    if listed is not None and listed.name == "entries" and not listed.arguments:
        inner = listed.receiver
    if inner is not None:
        names = f"[...{module.text(inner)}.keys()]"
    elif made is not None and made.name == "header":
        names = f"Object.keys({module.text(found.node)})"
    else:
        return None
    return Fix("Log the names of the headers", (module.replace(found.node, names),), Safety.UNSAFE)


def _copies_headers(module: Module, node: Node) -> bool:
    """`Object.fromEntries(headers)`, `Array.from(headers)`, `[...headers]`, `c.req.header()`."""
    if node.type == "array":
        return any(_spreads_headers(module, part) for part in node.named_children)
    made = module.call(node)
    if made is None or made.is_new or len(made.arguments) > 1:
        return False
    if not made.arguments:
        return made.name == "header" and module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST
    return module.is_from(made.callee, "", *_COLLECTORS) and _is_headers(module, made.arguments[0])


def _is_headers(module: Module, node: Node) -> bool:
    """Whether an expression is the headers of the incoming request, or all their entries."""
    node = module.initializer(node)
    listed = module.call(node)
    if listed is not None and listed.name == "entries" and listed.receiver is not None:
        node = module.initializer(listed.receiver)
    if node.type == "array":
        return any(_spreads_headers(module, part) for part in node.named_children)
    value = module.value_of(node)
    owner = value.inner
    is_request = owner is not None and owner.kind is ValueKind.REQUEST and owner.detail != "new"
    return value.kind is ValueKind.HEADERS and is_request


def _spreads_headers(module: Module, part: Node) -> bool:
    return part.type == "spread_element" and _is_headers(module, part.named_children[0])


def _is_changed(module: Module, name: Node) -> bool:
    """Whether something is deleted from, or set in, the object that a name holds."""
    declaration = module.scope.resolve(name)
    return declaration is not None and any(
        change.place.path and change.kind not in _KEEPS for change in module.mutations(declaration)
    )
