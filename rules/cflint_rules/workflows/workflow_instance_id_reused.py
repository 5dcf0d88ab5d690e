"""Give each instance of a Workflow an id of its own.

The id of an instance stays taken after it has ended, for as long as the instance is kept. With the id of a
user, customer or account the second `create()` for the same one throws "instance.already_exists".

## Incorrect

```ts
interface Env {
  EXPORT: Workflow<{ user: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const userId = new URL(request.url).searchParams.get("user") ?? "";
    const instance = await env.EXPORT.create({ id: userId, params: { user: userId } });
    return Response.json({ id: instance.id });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  EXPORT: Workflow<{ user: string }>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const userId = new URL(request.url).searchParams.get("user") ?? "";
    const id = `${userId}-${crypto.randomUUID()}`;
    const instance = await env.EXPORT.create({ id, params: { user: userId } });
    return Response.json({ id: instance.id });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Make the id from what this run is for (the number of an order). Where there is nothing of that kind, leave
`id` out: the instance has one then, `instance.id`, which has to be stored or given to the client where
`get()` asks for it by the old one. An id that was used is refused while the old instance is kept.

## Not reported

Ids by other names. A `create()` whose error is caught, and code that also gets the instance by its id: there
one instance for each may be meant.

## Errors

```text title="Workflows"
instance.already_exists
```

## Fix safety

There is no fix: code that looks the instance up has to know the new id.

Source: https://developers.cloudflare.com/workflows/build/rules-of-workflows/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_OWNER = r"(?:user|customer|account|tenant|merchant|org|organi[sz]ation|workspace|team|member|client)"
_IDS = pattern(rf"{_OWNER}(?:_?id|_?name|_?email)|e?mail(?:_?address)?", re.IGNORECASE)
_OWNERS = pattern(_OWNER, re.IGNORECASE)


@rule(call("create"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.receiver_value.is_binding("workflow") or len(match.arguments) != 1:
        return
    given = module.property_value(match.arguments[0], "id")
    owner = _owner(module, given) if given is not None else None
    if given is None or owner is None or _is_caught(match) or _is_looked_up(match):
        return
    yield Finding(
        f"{quoted(owner)} is the id of more than one instance: the second `create()` throws as long as the"
        " first is kept, even if it has ended",
        match.at(given),
    )


def _owner(module: Module, given: Node) -> str | None:
    """The name of whom an id identifies, when it is that and nothing else."""
    given = js.unwrap(given)
    name = module.text(given)
    if given.type in ("identifier", "shorthand_property_identifier"):
        if _IDS.fullmatch(name):
            return name
        value = module.initializer(given)
        return _owner(module, value) if module.member(value) is not None else None
    member = module.member(given)
    if member is None:
        return None
    if _IDS.fullmatch(member.name):
        return name
    owner = module.text(js.unwrap(member.object)).rpartition(".")[2].rstrip("?!")
    return name if member.name == "id" and _OWNERS.fullmatch(owner) else None


def _is_caught(match: Match) -> bool:
    """Whether the code takes care of what `create()` throws, or hands its promise on."""
    module = match.module
    if not match.call.is_awaited:
        return True
    function = module.enclosing_function(match.node)
    return module.is_caught(match.node, function if function is not None else module.root)


def _is_looked_up(match: Match) -> bool:
    """Whether the function also gets instances of the Workflow."""
    module = match.module
    function = module.enclosing_function(match.node) or module.root
    gets = (module.call(node) for node in module.calls_of("get", function))
    return any(
        found is not None
        and found.receiver is not None
        and module.value_of(found.receiver) == match.receiver_value
        for found in gets
    )
