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
set: only numbers that are counted and lists that grow or shrink. In `scheduled()`, of which one runs at a
time, this is a note.

## Fix safety

There is no fix: what has to be atomic moves to a Durable Object, or to one statement of D1.

Source: https://developers.cloudflare.com/kv/concepts/how-kv-works/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Location, Match, Module, Severity, Span, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN = frozenset({"string", "number", "true", "false", "null", "undefined"})
_STEPS = 12
"""How many names a value is followed through."""


@rule(call("put"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    arguments = match.arguments
    if not 2 <= len(arguments) <= 3 or js.unwrap(arguments[1]).type in _PLAIN:
        return
    module, receiver = match.module, match.receiver
    function = _outermost_function(module, match.node)
    if function is None or receiver is None:
        return
    key = arguments[0]
    found = _read_before(
        module, match.text(receiver), match.text(key), function.start_byte, match.node.start_byte
    )
    if found is None or not match.receiver_value.is_binding("kv"):
        return
    names = _names_from(module, arguments[1], found)
    if not any(_is_changed(module, name, function, match.node) for name in names):
        return
    handler = match.handler
    scheduled = handler is not None and handler.name == "scheduled"
    what = "is read from KV, changed and written back: of two requests at once, one is lost"
    yield Finding(
        f"`{match.text(key)}` {what}",
        match.at(match.node),
        (Location(module.document, found, "it is read here"),),
        severity=Severity.NOTE if scheduled else None,
    )


def _read_before(module: Module, owner: str, key: str, start: int, end: int) -> Span | None:
    """The last `owner.get(key` between two bytes, with type arguments or without."""
    data = module.document.data
    word, wanted = f"{owner}.get".encode(), key.encode()
    at = data.rfind(word, start, end)
    while at != -1:
        opened = data.find(b"(", at, end)
        between = data[at + len(word) : opened]
        argument = data[opened + 1 : opened + 80 + len(wanted)].lstrip()
        after = argument[len(wanted) :].lstrip()[:1]
        if between[:1] in (b"", b"<") and argument.startswith(wanted) and after in (b")", b","):
            return Span(at, opened + 1)
        at = data.rfind(word, start, at)
    return None


def _outermost_function(module: Module, node: Node) -> Node | None:
    found = None
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            found = above
    return found


def _names_from(module: Module, value: Node, read: Span) -> list[str]:
    """The names by way of which an expression is made of what is read somewhere; none when it is not."""
    todo: list[tuple[Node, int]] = [(value, 0)]  # and the name that it is the value of
    names: dict[int, str] = {}
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
            names[own] = declaration.name
            given = [declaration.value] if declaration.value is not None else []
            for assignment in module.scope.assignments(declaration):
                right = assignment.child_by_field_name("right")
                if right is not None:
                    given.append(right)
            for source in given:
                if source.start_byte <= read.start and read.end <= source.end_byte:
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


def _is_changed(module: Module, name: str, function: Node, put: Node) -> bool:
    """Whether a number in a name is counted, or a list in it grows or shrinks, before it is written."""
    word = re.escape(name.encode())
    changed = re.compile(
        rb"(?<![\w$.])"
        + word
        + rb"(?:[!?]?\.\w+)*\s*(?:\+\+|--|[-+]=\s*\w|(?:(?:\?\?|\|\|)\s*\w+\s*)?\)*\s*[-+]\s*\d)"
        rb"|(?:\+\+|--)" + word + rb"\b"
        rb"|(?<![\w$.])" + word + rb"(?:[!?]?\.\w+)*[!?]?\.(?:push|unshift|splice|concat|shift|pop)\("
        rb"|\[\s*\.\.\.\(?" + word + rb"\b|,\s*\.\.\.\(?" + word + rb"\s*(?:\?\?[^\]\n]*)?\]"
    )
    return changed.search(module.document.data, function.start_byte, put.end_byte) is not None
