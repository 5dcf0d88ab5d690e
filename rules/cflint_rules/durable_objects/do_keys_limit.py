"""Hand at most 128 keys to one call of a Durable Object's storage.

`delete()` and `get()` take a list of up to 128 keys, and throw a `RangeError` for more. What `list()` gives
has no such limit: the call works until more keys have gathered, and then it fails each time, so that nothing
is removed any more, and the alarm that cleans up is retried and given up.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Cache extends DurableObject<Env> {
  async alarm(): Promise<void> {
    const old = await this.ctx.storage.list({ prefix: "old:" });
    await this.ctx.storage.delete([...old.keys()]);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Cache extends DurableObject<Env> {
  async alarm(): Promise<void> {
    const old = [...(await this.ctx.storage.list({ prefix: "old:" })).keys()];
    for (let at = 0; at < old.length; at += 128) await this.ctx.storage.delete(old.slice(at, at + 128));
  }
}
```

## What to do

Cut the list into pieces of 128: `for (let at = 0; at < keys.length; at += 128) await
storage.delete(keys.slice(at, at + 128));`, with the array of all keys for `keys` (of a `get()` gather what
each piece gives). The pieces are written together as long as nothing else is awaited between them. Where all
that is stored is to go, `deleteAll()`.

## Not reported

Lists that are cut or counted, that come with a `limit` of up to 128, or that did not come from `list()` in
the same function.

## Errors

```text title="workerd"
RangeError: Maximum number of key value pairs is …
```

## Fix safety

Unsafe: where nothing else is awaited between them, the pieces are written together; what comes in between is
then part of that. No fix is offered where what the call gives is used.

Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/,
https://github.com/cloudflare/workerd/blob/main/src/workerd/api/actor-state.c++
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    fixes,
    js,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 128
_KEPT = ("map", "filter", "keys", "entries", "sort", "toSorted", "flat")
"""Methods that give as many as there are, or those of them that are wanted."""


@rule(call("delete", "get"), severity=Severity.NOTE, fix=Safety.UNSAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not 1 <= len(match.arguments) <= 2 or not module.document.has_word("list"):
        return
    keys = js.unwrap(match.arguments[0])
    if keys.type not in ("identifier", "array", "call_expression"):
        return
    listed = _listed(module, keys)
    if listed is not None and match.receiver_value.kind is ValueKind.STORAGE:
        yield Finding(
            f"{quoted(f'{match.word}()')} throws with more than {_MOST} keys, and `list()` gives all that"
            " there are",
            match.at(match.arguments[0]),
            (module.at(listed, "the keys are listed here"),),
            _fix(match) if len(match.arguments) == 1 else None,
        )


def _fix(match: Match) -> Fix | None:
    callee = match.text(match.callee)
    if "{" in callee:
        return None
    how = fixes.Gathered("keys", _MOST, f"{callee}({{part}})", f"Hand over {_MOST} at a time")
    return fixes.fix_in_pieces(match.module, match.node, how)


def _listed(module: Module, keys: Node) -> Node | None:
    """The `list()` whose keys a list holds: all, or those that a loop over it has picked."""
    whole = module.whole_list_behind(keys, lambda made: _lists_more(module, made), _KEPT)
    if whole is not None or keys.type != "identifier":
        return whole
    declaration = module.scope.resolve(keys)
    if declaration is None or declaration.value is None or js.unwrap(declaration.value).type != "array":
        return None
    if module.whole_list_behind(keys, lambda made: True) is not None:
        return None
    found: Node | None = None
    for use in module.scope.references(declaration):
        read = module.member_read(use)
        if read is not None and (read.name in ("slice", "splice") or _is_counted(module, read.node)):
            return None
        if found is None and read is not None and read.name == "push":
            found = _list_of_turn(module, use)
    return found


def _list_of_turn(module: Module, push: Node) -> Node | None:
    """The `list()` over whose entries the innermost loop around a node goes."""
    for above in module.ancestors(push):
        if above.type in js.FUNCTIONS:
            return None
        if above.type == "for_in_statement":
            over = above.child_by_field_name("right")
            if over is None:
                return None
            return module.whole_list_behind(over, lambda made: _lists_more(module, made), _KEPT)
    return None


def _is_counted(module: Module, length: Node) -> bool:
    """Whether the length of a list is compared with another number than 0."""
    operation = module.operation(module.parent(module.with_wrappers(length)))
    if operation is None or operation.operator not in ("<", ">", "<=", ">=", "===", "=="):
        return False
    return not any(module.number(side) == 0 for side in operation.operands if side is not None)


def _lists_more(module: Module, made: js.Call) -> bool:
    """Whether a call lists the keys of a storage, and may give more than can be handed to one call."""
    if made.name != "list" or module.value_of(made.receiver).kind is not ValueKind.STORAGE:
        return False
    return module.may_list_more_than(made.node, _MOST)
