"""Read an object's storage again after it waited for something outside, before it is written back.

While a Durable Object waits for its storage, no other request is let in. While it waits for anything else, a
`fetch()`, a model, a database, others run. What is read before and written after overwrites what they wrote
meanwhile: of two messages at once one is lost.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async ask(question: string): Promise<string> {
    const messages = (await this.ctx.storage.get<string[]>("messages")) ?? [];
    const response = await fetch("https://answers.example.com", { method: "POST", body: question });
    const answer = await response.text();
    messages.push(question, answer);
    await this.ctx.storage.put("messages", messages);
    return answer;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async ask(question: string): Promise<string> {
    const response = await fetch("https://answers.example.com", { method: "POST", body: question });
    const answer = await response.text();
    const messages = (await this.ctx.storage.get<string[]>("messages")) ?? [];
    messages.push(question, answer);
    await this.ctx.storage.put("messages", messages.slice(-200));
    return answer;
  }
}
```

## What to do

Right before `put()` read the value again (`const latest = await storage.get(key)`, as it is read above),
make the change in `latest`, and put that, with nothing awaited in between: what others wrote meanwhile
stays. Where `latest` is gone by then (another deleted it), put nothing, and answer as where it is not found
above; a value that begins as empty begins so here as well (`?? []`).

## Not reported

What is read and written in `blockConcurrencyWhile()` or in a transaction; a value that is read again before
it is written; what does not come from what was read. Followed are functions of the project that reach a
service, and those that are given `env`. An `alarm()` never runs twice at once.

## Fix safety

There is no fix: what has to be read again, and what to do when it has changed, is up to the author.

Source: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ALONE = frozenset({"blockConcurrencyWhile", "transaction", "transactionSync"})
_SERVICES = frozenset({ValueKind.ENV, ValueKind.BINDING})
_DEPTH = 3
"""Through how many functions a call is followed to a service."""


@rule(call("put"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if (
        function is None
        or not 2 <= len(match.arguments) <= 3
        or match.receiver_value.kind is not ValueKind.STORAGE
    ):
        return
    read = _read_before(match, function)
    if read is None or _is_alone(module, match.node):
        return
    handler = match.handler
    if handler is not None and handler.name == "alarm":
        return  # which never runs twice at once, and most often owns what it counts
    waits = _waits_between(module, function, read, match.node)
    if waits is None:
        return
    yield Finding(
        f"{quoted(match.text(match.arguments[0]), 40)} was read before the object waited for something"
        " outside: what others wrote meanwhile is lost",
        match.at(match.node),
        (module.at(read, "it is read here"), module.at(waits, "here others are let in")),
        words=(*js.word("storage", module, match.receiver), *js.word("key", module, match.arguments[0])),
    )


def _read_before(match: Match, function: Node) -> Node | None:
    """The last `get()` of the same key before a `put()`, if what is put comes from it."""
    module = match.module
    last = next(js.reads_before(module, match.call, "get", function), None)
    for leaf in (match.arguments[1], *js.walk(match.arguments[1])) if last is not None else ():
        if leaf.type not in ("identifier", "shorthand_property_identifier"):
            continue
        declaration = module.scope.resolve(leaf)
        value = declaration.value if declaration is not None else None
        if last is not None and value is not None and js.contains(value, last.node):
            return last.node
    return None


def _is_alone(module: Module, node: Node) -> bool:
    """Whether nothing else of the object runs meanwhile."""
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            taken = module.callback_of(above)
            if taken is not None and taken.name in _ALONE:
                return True
    return False


def _waits_between(module: Module, function: Node, read: Node, put: Node) -> Node | None:
    """Where a function waits for something outside after a read and before a write."""
    for waits in module.memoized(("waits of", function.id), lambda: tuple(_waits(module, function))):
        if not read.end_byte <= waits.start_byte or not waits.end_byte <= put.start_byte:
            continue
        if not _reaches_out(module, waits.named_children[0], _DEPTH):
            continue
        if js.can_reach(module, read, waits) and js.can_reach(module, waits, put):
            return waits
    return None


def _waits(module: Module, function: Node) -> Iterator[Node]:
    """The `await` expressions of a function itself, in source order."""
    for word in module.leaves("await", function):
        found = module.parent(word)
        if found is None or found.type != "await_expression":
            continue
        if module.enclosing_function(found) == function:
            yield found


def _reaches_out(module: Module, node: Node, depth: int) -> bool:
    """Whether an awaited expression is a call that reaches a service, itself or by other functions."""
    made = module.call(js.unwrap(node))
    if made is None:
        return False
    if module.service_call(made.node) is not None:
        return True
    if any(module.value_of(given).kind in _SERVICES for given in made.arguments):
        return True  # what is given `env`, or a binding, is given it to use it
    called = js.function_called(module, made.node) if depth else None
    if called is None:
        return False
    other, function = called
    return other.memoized(
        ("reaches out", function.id, depth), lambda: _function_reaches_out(other, function, depth - 1)
    )


def _function_reaches_out(module: Module, function: Node, depth: int) -> bool:
    """Whether a function reaches a service, itself or by the functions that it waits for."""
    if any(True for _ in module.service_calls(function)):
        return True
    body = js.body_of(function)
    waits = module.descendants(body, "await_expression") if body is not None else ()
    return any(_reaches_out(module, found.named_children[0], depth) for found in waits)
