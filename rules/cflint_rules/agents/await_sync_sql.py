"""Do not await synchronous storage calls.

The SQL of an Agent (``this.sql`…` ``) returns an array, that of a Durable Object (`ctx.storage.sql.exec()`) a
cursor, and `ctx.storage.kv` values: at once, without a promise. `await` and `for await` only let other events
run in between.

## Incorrect

```ts
import { Agent } from "agents";

export class Diary extends Agent<Env> {
  onStart(): void {
    this.sql`CREATE TABLE IF NOT EXISTS diary (line TEXT NOT NULL)`;
  }

  async last(): Promise<string[]> {
    const lines: string[] = [];
    for await (const row of this.sql<{ line: string }>`SELECT line FROM diary`) {
      lines.push(row.line);
    }
    return lines;
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Diary extends Agent<Env> {
  onStart(): void {
    this.sql`CREATE TABLE IF NOT EXISTS diary (line TEXT NOT NULL)`;
  }

  async last(): Promise<string[]> {
    const lines: string[] = [];
    for (const row of this.sql<{ line: string }>`SELECT line FROM diary`) {
      lines.push(row.line);
    }
    return lines;
  }
}
```

## Not reported

A `sql` that the class defines itself, or that belongs to a database driver: those are asynchronous.

## Fix safety

Safe: `await` is left out.

Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    ClassKind,
    Edit,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    Span,
    ValueKind,
    call,
    js,
    quoted,
    rule,
    tagged,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS: dict[ValueKind, frozenset[str]] = {
    ValueKind.SQL_STORAGE: frozenset({"exec"}),
    ValueKind.SQL_CURSOR: frozenset({"toArray", "one", "raw", "next"}),
    ValueKind.SYNC_KV: frozenset({"get", "put", "delete", "list"}),
    ValueKind.DURABLE_OBJECT_STATE: frozenset({"getWebSockets"}),
}
_HOLDERS = frozenset({"await_expression", "for_in_statement", "variable_declarator"})


@rule(
    tagged("sql"),
    call("exec", "toArray", "one", "raw", "next", "get", "put", "delete", "list", "getWebSockets"),
    severity=Severity.NOTE,
    fix=Safety.SAFE,
)
def check(match: Match) -> Iterator[Finding]:
    parent = match.module.parent(match.module.with_wrappers(match.node))
    if parent is None or parent.type not in _HOLDERS or not _is_synchronous(match):
        return
    for waiting in _waiting(match):
        word = next((child for child in waiting.children if child.type == "await"), None)
        if word is None:
            continue
        yield Finding(
            f"{_name(match)} is synchronous: there is nothing to await",
            match.at(word),
            related=(match.at(match.node, "made here"),) if _is_apart(match.node, waiting) else (),
            fix=Fix("Leave out `await`", (Edit(match.document, _with_space(match, word), ""),), Safety.SAFE),
        )


def _is_synchronous(match: Match) -> bool:
    if match.word == "sql":
        owner = match.enclosing_class
        receiver = match.receiver
        if owner is None or receiver is None or receiver.type != "this":
            return False
        return owner.kind is ClassKind.AGENT and not owner.declares("sql") and not owner.inherited("sql")
    return match.word in _METHODS.get(match.receiver_value.kind, frozenset())


def _name(match: Match) -> str:
    if match.word == "sql":
        return "`this.sql`"
    callee = match.callee
    text = match.text(callee) if callee is not None else match.word
    return quoted(f"{text}()", 61, otherwise=f"{match.word}()")


def _is_apart(node: Node, waiting: Node) -> bool:
    return not waiting.start_byte <= node.start_byte < waiting.end_byte


def _with_space(match: Match, word: Node) -> Span:
    data, end = match.document.data, word.end_byte
    while data[end : end + 1] in (b" ", b"\t"):
        end += 1
    return Span(word.start_byte, end)


def _waiting(match: Match) -> Iterator[Node]:
    """The `await` and `for await` over the result, or over the constant that holds it."""
    syntax = match.module.syntax
    node = js.with_wrappers(syntax, match.node)
    parent = syntax.parent(node)
    if parent is None:
        return
    if _waits(parent, node):
        yield parent
    elif parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        declaration = (
            match.module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        )
        if declaration is None or match.module.scope.assignments(declaration):
            return
        for reference in match.module.scope.references(declaration):
            use = js.with_wrappers(syntax, reference)
            around = syntax.parent(use)
            if around is not None and _waits(around, use):
                yield around


def _waits(node: Node, operand: Node) -> bool:
    if node.type == "await_expression":
        return True
    right = node.child_by_field_name("right") if node.type == "for_in_statement" else None
    return right is not None and right.id == operand.id
