"""Read back what an object stores, or do not store it.

A field that is stored and never read back is lost all the same: after the object was evicted, the field is
what the constructor makes it, and nothing restores it.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Terminal extends DurableObject<Env> {
  private size: { cols: number; rows: number } | null = null;

  async resize(cols: number, rows: number): Promise<void> {
    this.size = { cols, rows };
    await this.ctx.storage.put("size", this.size);
  }

  columns(): number {
    return this.size?.cols ?? 80;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Terminal extends DurableObject<Env> {
  async resize(cols: number, rows: number): Promise<void> {
    await this.ctx.storage.put("size", { cols, rows });
  }

  async columns(): Promise<number> {
    const size = await this.ctx.storage.get<{ cols: number; rows: number }>("size");
    return size?.cols ?? 80;
  }
}
```

## What to do

Whether the value has to outlast the object (which is evicted when nothing comes for a while) is yours to
say. Unless you know that it has to, delete the `put()`: nothing else changes. If it has to, read it in the
constructor: `ctx.blockConcurrencyWhile(async () => { this.value = (await ctx.storage.get("key")) ??
this.value })`, with this key and the field that is stored.

- "nothing reads `<key>` back": Whether the value has to outlast the object (which is evicted when nothing
  comes for a while) is yours to say. Unless you know that it has to, delete the `put()`: nothing else
  changes. If it has to, read it in the constructor: `ctx.blockConcurrencyWhile(async () => { this.value =
  (await ctx.storage.get("<key>")) ?? this.value })`, with the field that is stored for `this.value`.

## Not reported

Values that come from no field, keys that are made of parts, and classes that list their storage, read by keys
that are not known, or hand the storage to other code; classes with a base class that may read it.

## Fix safety

There is no fix: where to restore the value is up to the author.

Source: https://developers.cloudflare.com/durable-objects/reference/in-memory-state/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Finding, Severity, class_definition, js, quoted, rule
from cflint_rules.durable_objects._keys import KINDS, is_elsewhere, is_handed_on, storage_keys, texts_of

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(class_definition(), severity=Severity.NOTE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    span = owner.facts.body
    if module.document.data.find(b".put(", span.start, span.end) == -1 or owner.kind not in KINDS:
        return
    keys = storage_keys(owner)
    if "read" in keys.open:
        return  # which keys it reads is not known
    lost = {key: of_field for key, calls in keys.written.items() if (of_field := _of_fields(calls))}
    lost = {key: calls for key, calls in lost.items() if key not in keys.read}
    if not lost or module.project.classes.base(owner.facts) is not None or is_handed_on(owner):
        return
    for key, calls in lost.items():
        if not any(is_elsewhere(owner, key, leaf) for leaf in texts_of(owner, key)):
            yield Finding(f"nothing reads {quoted(key, 40)} back", module.at(calls[0].node))


def _of_fields(calls: list[js.Call]) -> list[js.Call]:
    """The calls that store what comes from a field of the object, which is lost with it: `this.size`."""
    return [made for made in calls if len(made.arguments) > 1 and _is_of_field(made.arguments[1])]


def _is_of_field(value: Node) -> bool:
    return any(part.type == "this" for part in (value, *js.walk(value, into_functions=False)))
