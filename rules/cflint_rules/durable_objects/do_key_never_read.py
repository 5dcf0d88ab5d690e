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

from cflint.api import (
    ClassDefinition,
    ClassKind,
    Finding,
    Severity,
    ValueKind,
    class_definition,
    js,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS = frozenset({ClassKind.DURABLE_OBJECT, ClassKind.CONTAINER})
_STORES = frozenset({ValueKind.STORAGE, ValueKind.SYNC_KV})
_WRITES = frozenset({"put", "delete", "deleteAll", "setAlarm", "getAlarm", "deleteAlarm", "sync"})

_EXPRESSIONS = frozenset({"member_expression", "identifier", "shorthand_property_identifier"})
_HOLDERS = frozenset({"pair", "variable_declarator", "return_statement", "array", "spread_element"})


@rule(class_definition(), severity=Severity.NOTE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    span = owner.facts.body
    if module.document.data.find(b".put(", span.start, span.end) == -1 or owner.kind not in _KINDS:
        return
    written: dict[str, Node] = {}
    read: set[str] = set()
    for name in ("put", "get", "list", "delete"):
        for made in module.calls(name, owner.body):
            if module.value_of(made.receiver).kind not in _STORES:
                continue
            key = module.string_of(made.arguments[0]) if made.arguments else None
            if name == "put" and key is not None and len(made.arguments) > 1:
                if _is_of_field(made.arguments[1]):
                    written.setdefault(key, made.node)
            elif name == "get" and key is not None:
                read.add(key)
            elif name in ("get", "list"):
                return  # which keys it reads is not known
    lost = {key: node for key, node in written.items() if key not in read}
    if not lost or module.project.classes.base(owner.facts) is not None or _is_handed_on(owner):
        return
    for key, node in lost.items():
        if any(_is_elsewhere(owner, key, leaf) for leaf in _texts(owner, key)):
            continue
        yield Finding(f"nothing reads {quoted(key, 40)} back", module.at(node))


def _is_of_field(value: Node) -> bool:
    """Whether what is stored comes from a field of the object, which is lost with it: `this.size`."""
    return any(part.type == "this" for part in (value, *js.walk(value, into_functions=False)))


def _is_handed_on(owner: ClassDefinition) -> bool:
    """Whether other code gets the object's storage, or its context."""
    module = owner.module
    given = module.parameters(owner.constructor)[:1] if owner.constructor is not None else ()
    for word in dict.fromkeys(("storage", "ctx", "state", *(one.name for one in given if one.name))):
        for leaf in module.leaves(word, owner.body):
            whole = module.parent(leaf) if leaf.type == "property_identifier" else leaf
            if whole is None or whole.type not in _EXPRESSIONS:
                continue
            kind = module.value_of(whole).kind
            if kind not in _STORES and kind is not ValueKind.DURABLE_OBJECT_STATE:
                continue
            taken = module.call_around(whole)
            if taken is not None and (taken[0].callee is None or taken[0].callee.type != "super"):
                return True
            parent = module.parent(module.with_wrappers(whole))
            if whole.type == "shorthand_property_identifier" or (
                parent is not None and parent.type in _HOLDERS
            ):
                return True
    return False


def _texts(owner: ClassDefinition, key: str) -> Iterator[Node]:
    module = owner.module
    if key.isidentifier():
        yield from (leaf for leaf in module.leaves(key, module.root) if leaf.type == "string_fragment")


def _is_elsewhere(owner: ClassDefinition, key: str, leaf: Node) -> bool:
    """Whether a text is not the key of a `put()`: a list of keys that are read, say."""
    module = owner.module
    text = module.parent(leaf)
    taken = module.call_around(text) if text is not None else None
    return module.text(leaf) == key and (taken is None or taken[0].name not in _WRITES)
