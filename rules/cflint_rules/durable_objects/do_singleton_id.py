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

Make the name from what the state belongs to (a room, a user, a document, an address that is limited):
`env.ROOMS.getByName(roomId)`; the new objects begin empty. Only if it is one for all on purpose, keep it: one
object answers some hundred requests a second, one after the other.

## Not reported

Namespaces of which the Worker uses other objects, too; examples, demonstrations and tests; what only a cron
trigger or a queue does. Of several places that reach the one object the first is reported.

## Fix safety

There is no fix: what one object stands for is up to the application.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import STRICT, Finding, Match, Module, Severity, ValueKind, call, js, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_BY_FUNCTION = ("getServerByName", "getAgentByName", "getContainer")
"""Functions of SDKs that take a namespace and a name; without one, a container's is always the same."""
_SHOWN = pattern(r"(?:^|/)(?:examples?|demos?|fixtures?|samples?|tests?|e2e|[\w-]*-e2e|playground)/")
"""Folders of code that only shows or tries something."""
_ALWAYS = "cf-singleton-container"


@rule(
    call("idFromName", "getByName"),
    call(*_BY_FUNCTION),
    severity=Severity.NOTE,
    presets=(STRICT,),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    named = _named(module, match.node)
    if named is None or not module.is_run or _SHOWN.search(module.path) is not None:
        return
    namespace = module.value_of(named[0])
    if namespace.kind is not ValueKind.BINDING or namespace.name is None:
        return
    if namespace.binding is not None and namespace.binding.id != "durable_object":
        return
    name = _name(module, named)
    if name is None or not _is_for_requests(module, match.node):
        return
    if _is_first_of_one(module, match.node, namespace.name):
        yield Finding(
            f"every request shares this one object of `{namespace.name}`, {quoted(name)}, which handles one"
            " thing at a time",
            match.at(),
        )


def _is_for_requests(module: Module, node: Node) -> bool:
    """Whether requests of clients come here: not where only a cron trigger, a queue or an object does."""
    found = js.invocations_of(module, node)
    return js.Invocation.REQUEST in found


def _named(module: Module, node: Node) -> tuple[Node, Node] | None:
    """The namespace of which a call names an object, and the name."""
    made = module.call(node)
    if made is None:
        return None
    given = made.arguments
    if made.name == "getContainer":
        return (given[0], given[-1]) if made.receiver is None and given else None
    if made.name in _BY_FUNCTION:
        return (given[0], given[1]) if made.receiver is None and len(given) >= 2 else None
    return (made.receiver, given[0]) if made.receiver is not None and given else None


def _name(module: Module, named: tuple[Node, Node]) -> str | None:
    return _ALWAYS if named[0] is named[1] else module.string_of(named[1])


def _is_first_of_one(module: Module, node: Node, namespace: str) -> bool:
    """Whether a place is the first that names an object of a namespace, and all others name that one."""
    names, first = set[str | None](), None
    paths = js.paths_around(module)
    for word in sorted(js.ID_METHODS | js.NAMED_METHODS | {*_BY_FUNCTION}):
        for site in js.calls_named(module.project, paths, word, at_hand=module):
            named = _named(site.module, site.node)
            made = site.module.call(site.node)
            owner = named[0] if named is not None else made.receiver if made is not None else None
            if owner is None or not _is_namespace(site.module, owner, namespace):
                continue
            makes_one = named is not None and word in js.NAMED_METHODS | {*_BY_FUNCTION}
            names.add(_name(site.module, named) if named is not None and makes_one else None)
            place = (site.module.path, site.node.start_byte)
            if makes_one and (first is None or place < first) and _is_for_requests(site.module, site.node):
                first = place
    return len(names) == 1 and None not in names and first == (module.path, node.start_byte)


def _is_namespace(module: Module, node: Node, name: str) -> bool:
    member = module.member(node)
    if member is not None and member.name == name:
        return True
    value = module.value_of(node)
    return value.kind is ValueKind.BINDING and value.name == name
