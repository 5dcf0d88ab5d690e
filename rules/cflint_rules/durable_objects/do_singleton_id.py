"""Give a Durable Object's id the name of what it stands for, not one name for all requests.

An object runs in one place and does one thing at a time: some hundred requests a second. Where every request
of a Worker goes to the object of one fixed name, its limit is that of the whole Worker, and requests from
everywhere travel to that one place. Objects are cheap: one for each room, user or document shares the work.

## Incorrect

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const address = request.headers.get("CF-Connecting-IP") ?? "unknown";
    const allowed = await env.LIMITER.getByName("global").allow(address);
    return new Response(allowed ? "welcome" : "slow down", { status: allowed ? 200 : 429 });
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const address = request.headers.get("CF-Connecting-IP") ?? "unknown";
    const allowed = await env.LIMITER.getByName(address).allow();
    return new Response(allowed ? "welcome" : "slow down", { status: allowed ? 200 : 429 });
  },
};
```

## What to do

If the state belongs to something (a room, a user, a document), make the name from that:
`env.ROOMS.getByName(roomId)`; the new objects begin empty. If it is one for all on purpose, keep it: one
object answers some hundred requests a second, one after the other.

## Not reported

Objects that only some requests reach; namespaces of which the Worker uses other objects, too; what a cron
trigger or a queue does.

## Fix safety

There is no fix: what one object stands for is up to the application.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import STRICT, Finding, Match, Module, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("idFromName", "getByName"), severity=Severity.NOTE, presets=(STRICT,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if len(match.arguments) != 1 or module.string(match.arguments[0]) is None:
        return
    handler = match.handler
    if handler is None or handler.name != "fetch" or handler.owner is not None or not module.is_run:
        return
    namespace = match.receiver_value
    if namespace.kind is not ValueKind.BINDING or namespace.name is None:
        return
    if namespace.binding is not None and namespace.binding.id != "durable_object":
        return
    if not _always_used(module, match.node, handler.function) or _has_others(module, namespace.name):
        return
    yield Finding(
        f"every request goes to this one object of `{namespace.name}`, which handles one thing at a time",
        match.at(),
    )


def _always_used(module: Module, node: Node, function: Node) -> bool:
    """Whether each call of a function makes an id or a stub, and then uses it: not where it is only held."""
    todo = [node]
    seen: set[int] = set()
    while todo:
        used = todo.pop()
        if not module.always_runs(used, function):
            continue
        around = module.call_around(used)
        made = around[0].node if around is not None and around[0].name in js.STUB_METHODS else used
        name = module.given_name(made)
        declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declaration is None:
            return True
        if declaration.node.id not in seen:
            seen.add(declaration.node.id)
            todo.extend(module.scope.references(declaration))
    return False


def _has_others(module: Module, name: str) -> bool:
    """Whether the Worker makes an id of the namespace in any other way."""
    paths = js.paths_around(module)
    for word in sorted(js.ID_METHODS | js.NAMED_METHODS):
        for site in js.calls_named(module.project, paths, word, at_hand=module):
            made = site.module.call(site.node)
            if made is None or made.receiver is None or not _is_namespace(site.module, made.receiver, name):
                continue
            given = made.argument(0)
            if word not in js.NAMED_METHODS or given is None or site.module.string(given) is None:
                return True
    return False


def _is_namespace(module: Module, node: Node, name: str) -> bool:
    member = module.member(node)
    if member is not None and member.name == name:
        return True
    value = module.value_of(node)
    return value.kind is ValueKind.BINDING and value.name == name
