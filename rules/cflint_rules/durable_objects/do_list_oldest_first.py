"""List the newest entries of a storage with `reverse: true`.

`list()` goes through the keys in their order. With a `limit`, and keys that begin with a time or count up,
it gives the oldest entries: as soon as there are more than the limit, what is new is never seen. Turning
the result around afterwards only turns the oldest around.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async recent(): Promise<string[]> {
    const messages = await this.ctx.storage.list<string>({ prefix: "message:", limit: 50 });
    return [...messages.values()].reverse();
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async recent(): Promise<string[]> {
    const messages = await this.ctx.storage.list<string>({ prefix: "message:", limit: 50, reverse: true });
    return [...messages.values()];
  }
}
```

## Not reported

Lists without a `limit`, or whose options are not in sight; those that begin behind a key (`start`,
`startAfter`), which go on from page to page. Without a `.reverse()` the rule goes by the name of the method
or the variable (`recent`, `latest`).

## Fix safety

Unsafe: the entries come in the other order, which what follows may have to turn around.

Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#list
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Match, Safety, Severity, ValueKind, call, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_NEWEST = pattern(r"(?:^|_)(?:recent|latest|newest|last)(?:_|$)", re.IGNORECASE)
_PAGES = ("start", "startAfter", "end", "reverse")


@rule(call("list"), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    options = match.call.argument(0)
    if options is None or options.type != "object" or module.is_open_object(options):
        return
    if module.property_value(options, "limit") is None:
        return
    if any(module.property_value(options, name) is not None for name in _PAGES):
        return
    if match.receiver_value.kind not in (ValueKind.STORAGE, ValueKind.SYNC_KV):
        return
    turned = _turned(match)
    if turned is None and not _wants_newest(match):
        return
    edit = module.add_properties(options, "reverse: true")
    yield Finding(
        "this lists the oldest entries: the first ones by their keys, up to the limit",
        match.at(options),
        (module.at(turned, "which is only turned around here"),) if turned is not None else (),
        fix=Fix("Add `reverse: true`", (edit,), Safety.UNSAFE),
    )


def _turned(match: Match) -> Node | None:
    """Where the list of entries is turned around."""
    module = match.module
    result = module.awaited(match.node)
    holders = result.holders if result is not None else (match.node,)
    for holder in holders:
        for above in module.ancestors(holder):
            if above.type.endswith("_statement") or above.type == "variable_declarator":
                break
            called = module.call(above)
            if called is not None and called.name in ("reverse", "toReversed"):
                return above
    return None


def _wants_newest(match: Match) -> bool:
    """Whether the name of the method, or of what holds the entries, speaks of the newest ones."""
    module = match.module
    given = module.given_name(match.call.whole)
    names = [module.text(given)] if given is not None and given.type == "identifier" else []
    method = match.method
    name = method.child_by_field_name("name") if method is not None else None
    if name is not None:
        names.append(module.text(name))
    return any(_NEWEST.search(_snake(text)) is not None for text in names)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
