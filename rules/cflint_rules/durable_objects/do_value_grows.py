"""Store what an object collects in rows or keys of its own, or drop the oldest, not in one value that only grows.

A value in the storage of a Durable Object has at most 2 MB, 128 KiB with the key-value backend. A list of
messages that is read, gets one more, and is written back reaches that some day: from then on `put()` throws,
and the object takes no more messages. Until then each message reads and writes all that came before it.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async say(text: string): Promise<void> {
    const messages = (await this.ctx.storage.get<string[]>("messages")) ?? [];
    messages.push(text);
    await this.ctx.storage.put("messages", messages);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async say(text: string): Promise<void> {
    const messages = (await this.ctx.storage.get<string[]>("messages")) ?? [];
    messages.push(text);
    await this.ctx.storage.put("messages", messages.slice(-200));
  }
}
```

## Not reported

Classes that take something out of a list anywhere, compare how long one is, or delete what they store; what
is only added where it is not there yet.

## Fix safety

There is no fix: how much has to be kept is up to the author.

Source: https://developers.cloudflare.com/durable-objects/platform/limits/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, Finding, Match, Module, Severity, ValueKind, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ADDS = frozenset({"push", "unshift"})
_TAKES = frozenset({"splice", "shift", "pop", "deleteAll", "delete"})
_CUTS = frozenset({"slice", "filter"})
_ASKS = frozenset({"includes", "some", "find", "findIndex", "indexOf", "every"})
_COMPARES = frozenset({"<", ">", "<=", ">="})


@rule(call("put"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function, owner = match.module, match.enclosing_function, match.enclosing_class
    if function is None or owner is None or not 2 <= len(match.arguments) <= 3:
        return
    if match.receiver_value.kind is not ValueKind.STORAGE or module.string_of(match.arguments[0]) is None:
        return
    read = next(js.reads_before(module, match.call, "get", function), None)
    value = js.unwrap(match.arguments[1])
    declaration = module.scope.resolve(value) if value.type == "identifier" else None
    held = declaration.value if declaration is not None else None
    if read is None or declaration is None or held is None or not js.contains(held, read.node):
        return
    adds = _adds(module, declaration, function)
    if adds is None or _is_kept_short(owner):
        return
    yield Finding(
        f"{quoted(match.text(match.arguments[0]), 40)} only grows: from 2 MB on, or 128 KiB without SQLite,"
        " `put()` throws",
        match.at(match.node),
        (module.at(adds, "here it gets one more"),),
    )


def _adds(module: Module, declaration: js.Declaration, function: Node) -> Node | None:
    """Where something is added to what was read, or to a list in it, whatever there is already."""
    for use in module.scope.references(declaration):
        node = use
        for _ in range(3):
            called = module.method_called_on(node)
            if called is not None:
                if called[0] in _ADDS and not _is_asked_for(module, called[1], function):
                    return called[1]
                break
            above = module.parent(module.with_wrappers(node))
            if above is None or above.type != "member_expression":
                break
            node = above
    return None


def _is_asked_for(module: Module, added: Node, function: Node) -> bool:
    """Whether something is only added under a condition about what is there already."""
    for above in module.ancestors(added):
        if above.id == function.id:
            return False
        if above.type == "if_statement":
            condition = above.child_by_field_name("condition")
            if condition is not None and any(next(module.calls(name, condition), None) for name in _ASKS):
                return True
    return False


def _is_kept_short(owner: ClassDefinition) -> bool:
    """Whether the class takes something out of a list, or asks how long one is."""
    module = owner.module
    return module.memoized(("lists are kept short", owner.node.id), lambda: _keeps_short(module, owner.body))


def _keeps_short(module: Module, body: Node) -> bool:
    if any(next(module.calls(name, body), None) is not None for name in _TAKES):
        return True
    for operation in module.descendants(body, "binary_expression"):
        found = module.operation(operation)
        if found is not None and found.operator in _COMPARES and _has_length(module, operation):
            return True
    for name in _CUTS:
        for made in module.calls(name, body):
            if not _is_copy(module, made.node):
                return True
    return any(
        module.text(left).endswith(".length")
        for node in module.descendants(body, "assignment_expression")
        if (left := node.child_by_field_name("left")) is not None
    )


def _has_length(module: Module, operation: Node) -> bool:
    return any(next(module.leaves(word, operation), None) is not None for word in ("length", "size"))


def _is_copy(module: Module, made: Node) -> bool:
    """Whether a part of a list is only looked at, by a name of its own."""
    for above in module.ancestors(made):
        if above.type == "variable_declarator":
            return True
        if above.type in ("assignment_expression", "return_statement", "arguments"):
            return False
    return False
