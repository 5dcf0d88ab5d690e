"""Make keys of storage that are more than a time: two entries of one moment overwrite each other.

`Date.now()` in a Worker is the time of the last I/O and stands still in between: all that code writes in one
go gets the same key, and so does what two requests write in the same millisecond. Only the last one stays.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async say(text: string): Promise<void> {
    await this.ctx.storage.put(`message:${Date.now()}`, text);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async say(text: string): Promise<void> {
    await this.ctx.storage.put(`message:${Date.now()}:${crypto.randomUUID()}`, text);
  }
}
```

## What to do

Add `crypto.randomUUID()` behind the time: `` `message:${now}:${crypto.randomUUID()}` ``. The keys stay in the
order of time.

## Not reported

Keys with anything else in them that varies; times that are cut to a day or an hour, where one entry for each
is meant; keys of KV and R2, where the same writer seldom writes twice.

## Fix safety

Unsafe: keys that are stored already keep their form, and code that makes the key again from the time no
longer finds it.

Source: https://developers.cloudflare.com/workers/runtime-apis/performance/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SPELLS = frozenset({"toString", "toISOString", "getTime", "valueOf", "toJSON", "padStart"})


@rule(call("put"), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    if match.receiver_value.kind not in (ValueKind.STORAGE, ValueKind.SYNC_KV):
        return
    key = match.call.argument(0)
    if key is not None and match.call.argument(1) is not None and _is_time(match.module, key, 6):
        yield Finding(
            "this key is only a time: entries of the same millisecond overwrite each other",
            match.at(key),
            fix=_fix(match, js.unwrap(key)),
        )


def _fix(match: Match, key: Node) -> Fix:
    """A random part behind the time."""
    added = ":${crypto.randomUUID()}`"
    if key.type == "template_string":
        edit = match.replace(key, match.text(key)[:-1] + added)
    else:
        edit = match.replace(key, f"`${{{match.text(key)}}}{added}")
    return Fix("Add a random part", (edit,), Safety.UNSAFE)


def _is_time(module: Module, node: Node, depth: int) -> bool:
    """Whether all that varies in a text is a time, to the millisecond."""
    if depth == 0:
        return False
    node = js.unwrap(module.initializer(node))
    entropy = module.entropy_at(node)
    if entropy is not None:
        return entropy.kind is js.EntropyKind.TIME
    if node.type == "template_string":
        parts = [part for part in node.named_children if part.type == "template_substitution"]
        values = [value for part in parts if (value := js.first_named(part)) is not None]
        return bool(values) and all(_is_time(module, value, depth - 1) for value in values)
    operation = module.operation(node)
    if operation is not None and operation.operator == "+" and operation.left is not None:
        sides = [side for side in operation.operands if module.string_of(side) is None]
        return bool(sides) and all(_is_time(module, side, depth - 1) for side in sides)
    made = module.call(node)
    if made is None:
        return False
    if made.name in _SPELLS and made.receiver is not None:
        return _is_time(module, made.receiver, depth - 1)
    if module.is_global(made.callee, "String", "Number") and made.arguments:
        return _is_time(module, made.arguments[0], depth - 1)
    return False
