"""Do not rely on Workers KV for a name that may be taken only once.

`get()` that finds nothing and a `put()` after it are two requests, and KV keeps what `get()` found, also that
there was nothing, for up to a minute in each place. Two users can take the same name: the second `put()`
overwrites what the first one was promised. A Durable Object for each name, or a `UNIQUE` column of D1 with
`ON CONFLICT DO NOTHING`, decides it in one step.

## Incorrect

```ts
interface Env {
  LINKS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (await env.LINKS.get(pathname)) return new Response("taken", { status: 409 });
    await env.LINKS.put(pathname, searchParams.get("to") ?? "/");
    return new Response("yours", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const insert = "INSERT INTO links (path, target) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING path";
    const made = await env.DB.prepare(insert).bind(pathname, searchParams.get("to") ?? "/").first();
    return made === null ? new Response("taken", { status: 409 }) : new Response("yours", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Let a Durable Object decide, which takes one request after the other: `export class Claims extends
DurableObject { async take(value: string): Promise<boolean> { if ((await this.ctx.storage.get("value")) !==
undefined) return false; await this.ctx.storage.put("value", value); return true; } }` in the main module
(`import { DurableObject } from "cloudflare:workers"`), `"durable_objects": { "bindings": [{ "name": "CLAIMS",
"class_name": "Claims" }] }` and `"migrations": [{ "tag": "claims-1", "new_sqlite_classes": ["Claims"] }]` in
the configuration, behind what is there. In place of both, here: `if (!(await
objects.get(objects.idFromName(thisKey)).take(thisValue)))`, with the objects' namespace that callers hand in
for `objects`, with the key that KV has for `thisKey`, with what is written for `thisValue`; what the check
did is done there. What reads or writes the key elsewhere goes there, too. Only if both may be let through
once in a while, keep it and suppress this.

- "with D1": Let a primary key of D1 decide, in place of both, here: ``const { meta } = await
  db.prepare("INSERT INTO claims (id, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING").bind(thisKey,
  thisValue).run(); if (meta.changes === 0)``, with the D1 database that callers hand in for `db`, with the
  key that KV has for `thisKey`, with what is written for `thisValue`; what the check did is done there. A new
  migration makes the table: `CREATE TABLE claims (id TEXT PRIMARY KEY, value TEXT)`. What reads or writes the
  key elsewhere goes there, too. Only if both may be let through once in a while, keep it and suppress this.
- "that ends": Let a Durable Object decide, which takes one request after the other: `export class Claims
  extends DurableObject { async take(seconds: number): Promise<boolean> { if ((await
  this.ctx.storage.get("taken")) !== undefined) return false; await this.ctx.storage.put("taken", true); await
  this.ctx.storage.setAlarm(Date.now() + seconds * 1000); return true; } async alarm() { await
  this.ctx.storage.deleteAll(); } }` in the main module (`import { DurableObject } from
  "cloudflare:workers"`), `"durable_objects": { "bindings": [{ "name": "CLAIMS", "class_name": "Claims" }] }`
  and `"migrations": [{ "tag": "claims-1", "new_sqlite_classes": ["Claims"] }]` in the configuration, behind
  what is there. In place of both, here: `if (!(await
  objects.get(objects.idFromName(thisKey)).take(thisTtl)))`, with the objects' namespace that callers hand in
  for `objects`, with the key that KV has for `thisKey`, with the seconds that it is kept for `thisTtl`; what
  the check did is done there. What reads or writes the key elsewhere goes there, too. Only if both may be let
  through once in a while, keep it and suppress this.

## Not reported

A value that is used, as of a cache; a `put()` with options (a lifetime: what was handled already is forgotten
again) or of a literal, unless a name says that it is a claim, or against replay; a Durable Object that is
asked in between; a check that asks whether the key is there before it is changed.

## Fix safety

There is no fix: what has to be unique moves to a Durable Object or to D1.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, pattern, quoted, rule
from cflint_rules.kv._namespaces import may_be_other
from cflint_rules.kv._races import is_admitted, lifetime, other_places, storage_words

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN = frozenset({"string", "number", "true", "false", "null", "undefined"})
_EQUAL = frozenset({"===", "=="})
_UNEQUAL = frozenset({"!==", "!="})
_MOST_STEPS = 8
_CLAIM = pattern(
    r"claim|replay|nonce|(?<![a-z])jti(?![a-z])|single.?use|one.?time|acquire|mutex", re.IGNORECASE
)
"""What names of marks say that only one may set."""


@rule(call("put"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    if len(match.arguments) < 2 or match.receiver is None or not match.receiver_value.is_binding("kv"):
        return
    if may_be_other(match.module, match.receiver):
        return
    for write in js.writes_by(match.module, match.call):
        yield from _raced(match, write)


def _raced(match: Match, write: js.Write) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if write.node.id != match.node.id:
        function = next((node for node in module.ancestors(write.node) if node.type in js.FUNCTIONS), None)
    if function is None or len(write.arguments) < 2:
        return
    is_marked = len(write.arguments) > 2 or js.unwrap(write.arguments[1]).type in _PLAIN
    if is_marked and not _is_claim(module, write, function):
        return
    if is_admitted(module, function):
        return
    for read in js.reads_before_write(module, write, "get", function):
        if not _refuses(module, read.node) or not js.can_reach(module, read.node, write.node):
            continue
        if not _is_decided(module, read.node, write.node, function):
            key = quoted(module.text(write.arguments[0]))
            yield Finding(
                f"two requests at once can both find {key} free, and both take it: KV cannot decide that"
                if is_marked
                else f"two requests at once can both find {key} free, and the second overwrites the first: KV"
                " cannot decide that",
                match.at(write.node),
                (
                    module.at(read.node, "whether it is free is asked here"),
                    *other_places(module, write, read.node),
                ),
                words=_words(module, write),
            )
            return


def _words(module: Module, write: js.Write) -> js.Words:
    """Those for a store that decides, the value, and the case of a claim that ends."""
    ends = (("that ends", ""),) if lifetime(module, write) is not None else ()
    words = storage_words(module, write, "CLAIMS", counts=False)
    return (*words, *ends, *js.word("thisValue", module, write.arguments[1]))


def _is_claim(module: Module, write: js.Write, function: Node) -> bool:
    """Whether a mark is one that only one may set, by its key and the names of that and of the function."""
    key = write.arguments[0]
    said = (js.name_of_function(module, function), module.text(key), module.text(module.initializer(key)))
    return any(_CLAIM.search(text) is not None for text in said)


def _is_decided(module: Module, read: Node, put: Node, function: Node) -> bool:
    """Whether a Durable Object is asked between the two: it decides, and KV only saves asking it."""
    asked = module.memoized(("calls of stubs", function.id), lambda: tuple(_calls_of_stubs(module, function)))
    return any(read.end_byte <= node.start_byte and node.end_byte <= put.start_byte for node in asked)


def _calls_of_stubs(module: Module, function: Node) -> Iterator[Node]:
    for node in module.descendants(function, "call_expression"):
        receiver = js.Call(module, node).receiver
        if receiver is not None and module.value_of(receiver).kind is ValueKind.STUB:
            yield node


def _refuses(module: Module, read: Node) -> bool:
    """Whether a value is only asked for, and what is there already ends the function."""
    result = module.awaited(read)
    if result is None or result.pattern is not None:
        return False
    uses = (result.node,) if result.declaration is None else tuple(result.references)
    ends = [_ends_when_found(module, use) for use in uses]
    return bool(ends) and None not in ends and any(ends)


def _ends_when_found(module: Module, use: Node) -> bool | None:
    """Whether the function ends where a value is there; None where the value is more than asked for."""
    is_found = True
    child = module.with_wrappers(use)
    for _ in range(_MOST_STEPS):
        above = module.parent(child)
        if above is None:
            return None
        operation = (
            module.operation(above) if above.type in ("unary_expression", "binary_expression") else None
        )
        if above.type == "if_statement":
            condition = above.child_by_field_name("condition")
            body = above.child_by_field_name("consequence")
            if condition is None or body is None or not _is_in(use, condition):
                return None
            return is_found and not js.completes(module, body)
        if above.type == "parenthesized_expression":
            pass
        elif operation is None:
            return None
        elif operation.operator == "!" or (operation.operator in _EQUAL and _is_nothing(operation)):
            is_found = not is_found
        elif operation.operator == "&&":
            return False
        elif operation.operator != "||" and not (operation.operator in _UNEQUAL and _is_nothing(operation)):
            return None
        elif operation.operator == "||" and not is_found:
            return False
        child = above
    return None


def _is_nothing(operation: js.Operation) -> bool:
    sides = (operation.left, operation.right)
    return any(side is not None and js.unwrap(side).type in ("null", "undefined") for side in sides)


def _is_in(node: Node, around: Node) -> bool:
    return around.start_byte <= node.start_byte and node.end_byte <= around.end_byte
