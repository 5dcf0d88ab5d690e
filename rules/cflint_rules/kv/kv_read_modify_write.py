"""Count and collect in a Durable Object, not in Workers KV.

Reading a value from KV, changing it and writing it back is not atomic: of two concurrent updates one is lost.
What `get()` returns may also be a minute old, and KV takes one write per second to a key. A Durable Object
handles one request after the other, and always reads what was written last.

## Incorrect

```ts
interface Env {
  STATS: KVNamespace;
}

export default {
  async fetch(request, env): Promise<Response> {
    const page = new URL(request.url).pathname;
    const hits = Number(await env.STATS.get(page));
    await env.STATS.put(page, String(hits + 1));
    return new Response(`visit ${hits + 1}`);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

interface Env {
  COUNTERS: DurableObjectNamespace<Counter>;
}

export class Counter extends DurableObject<Env> {
  async increment(): Promise<number> {
    const hits = (this.ctx.storage.kv.get<number>("hits") ?? 0) + 1;
    this.ctx.storage.kv.put("hits", hits);
    return hits;
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const page = new URL(request.url).pathname;
    const hits = await env.COUNTERS.getByName(page).increment();
    return new Response(`visit ${hits}`);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

A value that is written when none was found, that does not come from what was read, or of which a property is
set: only numbers that are counted and lists that grow or shrink.

## Fix safety

There is no fix: what has to be atomic moves to a Durable Object, or to one statement of D1.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN = frozenset({"string", "number", "true", "false", "null", "undefined"})
_STEPS = 12
"""How many names a value is followed through."""
_SET = frozenset({js.MutationKind.UPDATED, js.MutationKind.AUGMENTED})
_RESIZING = frozenset({"push", "unshift", "splice", "concat", "shift", "pop"})

_KEEP = frozenset({"variable_declarator", "assignment_expression", "arguments", "pair"})


@rule(call("put"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if not 2 <= len(arguments) <= 3 or js.unwrap(arguments[1]).type in _PLAIN:
        return
    module = match.module
    function = _outermost_function(module, match.node)
    read = _read_before(match, function) if function is not None else None
    if function is None or read is None:
        return
    names = _names_from(module, arguments[1], read)
    if not any(_is_changed(module, name, function, match.node) for name in names):
        return
    handler = match.handler
    if handler is not None and handler.name == "scheduled" and _runs_alone(module):
        return  # the cursor of one cron trigger
    what = "is read from KV, changed and written back: of two requests at once, one is lost"
    yield Finding(
        f"{quoted(match.text(arguments[0]))} {what}",
        match.at(match.node),
        (module.at(read, "it is read here"),),
    )


def _runs_alone(module: Module) -> bool:
    """Whether no environment has more than one cron trigger, so that a key is one run's at a time."""
    return bool(module.environments) and all(len(found.crons) == 1 for found in module.environments)


def _read_before(match: Match, function: Node) -> Node | None:
    """The last `get()` before a `put()` that reads the same key of the same namespace."""
    module = match.module
    reads = [
        read
        for read in module.calls("get", function)
        if read.node.end_byte <= match.node.start_byte
        and read.arguments
        and module.is_same(read.arguments[0], match.arguments[0])
    ]
    if not reads or not match.receiver_value.is_binding("kv"):
        return None
    return next((read.node for read in reversed(reads) if _is_of_same(match, read.receiver)), None)


def _is_of_same(match: Match, receiver: Node | None) -> bool:
    """Whether an expression is the namespace that is written to."""
    one, other = match.receiver_value, match.value_of(receiver)
    if receiver is None or match.receiver is None or not other.is_binding("kv"):
        return False
    if one.name is not None and other.name is not None:
        return one.name == other.name
    return match.module.is_same(match.receiver, receiver)


def _outermost_function(module: Module, node: Node) -> Node | None:
    found = None
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            found = above
    return found


def _names_from(module: Module, value: Node, read: Node) -> list[js.Declaration]:
    """The names by way of which an expression is made of what is read somewhere; none when it is not."""
    todo: list[tuple[Node, int]] = [(value, 0)]  # and the name that it is the value of
    names: dict[int, js.Declaration] = {}
    holders: dict[int, set[int]] = {}
    reached: list[int] = []
    for _ in range(_STEPS):
        if not todo:
            break
        current, holder = todo.pop()
        for part in (current, *js.walk(current)):
            if part.type not in ("identifier", "shorthand_property_identifier"):
                continue
            declaration = module.scope.resolve(part)
            if declaration is None:
                continue
            own = declaration.node.id
            holders.setdefault(own, set()).add(holder)
            if own in names:
                continue
            names[own] = declaration
            for source in _values_of(module, declaration):
                if source.start_byte <= read.start_byte and read.end_byte <= source.end_byte:
                    reached.append(own)
                elif source.type not in js.FUNCTIONS:
                    todo.append((source, own))
    made: set[int] = {0}
    while reached:
        own = reached.pop()
        if own not in made:
            made.add(own)
            reached.extend(holders[own])
    return [name for own, name in names.items() if own in made]


def _values_of(module: Module, declaration: js.Declaration) -> Iterator[Node]:
    if declaration.value is not None:
        yield declaration.value
    for node in module.scope.assignments(declaration):
        assignment = module.assignment(node)
        if assignment is not None:
            yield assignment.value


def _is_changed(module: Module, name: js.Declaration, function: Node, put: Node) -> bool:
    """Whether a number in a name is counted, or a list in it grows or shrinks, before it is written."""
    for use in module.scope.references(name):
        if not function.start_byte <= use.start_byte < put.end_byte:
            continue
        mutation = module.mutation_of(use)
        if mutation is not None and (mutation.kind in _SET or mutation.method in _RESIZING):
            return True
        copy = module.changed_copy(use)
        if copy is not None and _counts_or_resizes(module, copy):
            return True
    return False


def _counts_or_resizes(module: Module, copy: Node) -> bool:
    """Whether a changed copy is a number with another added, or a list with another length."""
    operation, call = module.operation(copy), module.call(copy)
    if operation is not None:
        is_number = module.number(operation.right) is not None
        return operation.operator in ("+", "-") and is_number
    if call is not None and call.name == "filter":
        holder = module.parent(module.with_wrappers(copy))
        return holder is not None and holder.type in _KEEP  # and not only counted, or gone through
    return copy.type == "array" or (call is not None and call.name in _RESIZING)
