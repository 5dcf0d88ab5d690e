"""Bind only values that the database can hold.

D1 takes strings, numbers, booleans, `null`, `ArrayBuffer`s and arrays of bytes; anything else is a
`D1_TYPE_ERROR`. The SQLite storage of a Durable Object (and an Agent's `this.sql`) takes strings, numbers,
`null` and `ArrayBuffer`s, and silently turns the rest into text: a `Date` becomes `"Sat Aug 01 2026 …"`,
which does not sort, an object `"[object Object]"`, `true` the text `"true"`.

## Incorrect

```ts
import { Agent } from "agents";

export class Diary extends Agent<Env> {
  note(entry: string): void {
    this.sql`INSERT INTO notes (written, entry) VALUES (${new Date()}, ${entry})`;
  }

  onStart(): void {
    this.sql`CREATE TABLE IF NOT EXISTS notes (written TEXT, entry TEXT)`;
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Diary extends Agent<Env> {
  note(entry: string): void {
    this.sql`INSERT INTO notes (written, entry) VALUES (${new Date().toISOString()}, ${entry})`;
  }

  onStart(): void {
    this.sql`CREATE TABLE IF NOT EXISTS notes (written TEXT, entry TEXT)`;
  }
}
```

## Not reported

Variables and calls whose value the rule does not know; only literals, `new …` and promises are looked at.

## Fix safety

Unsafe: `.toISOString()` is added to a date and `JSON.stringify(…)` put around an object or array, if that is
what the column is to hold; a promise is awaited.

Source: https://developers.cloudflare.com/d1/worker-api/#type-conversion
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, ValueKind, call, js, rule, sql, tagged

if TYPE_CHECKING:
    from tree_sitter import Node

_BIG = "a bigint"
_BOOLEAN = "a boolean"
_DATE = "a `Date`"
_OBJECT = "an object"
_ARRAY = "an array"
_PROMISE = "a promise"
_FUNCTION = "a function"
_NOTHING = "`undefined`"


@rule(call("bind", "exec"), tagged("sql"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.word == "bind":
        receiver = match.receiver
        if receiver is None:
            return
        statement = module.value_of(receiver).kind is ValueKind.D1_STATEMENT
        if statement or sql.prepared_by(module, receiver) is not None:
            yield from _check(module, match.arguments, sql.SqlDialect.D1)
        return
    use = sql.sql_use(module, match.node)
    if use is not None and use.engine is sql.SqlDialect.DURABLE_OBJECT:
        yield from _check(module, use.bound, use.engine)


def _check(module: Module, values: tuple[Node, ...], engine: sql.SqlDialect) -> Iterator[Finding]:
    for given in values:
        node = js.unwrap(given)
        what = _type_of(module, node, engine)
        if what is None:
            continue
        if engine is sql.SqlDialect.D1:
            message = f"D1 cannot bind {what}: `bind()` throws `D1_TYPE_ERROR`"
        else:
            message = f"SQLite has no type for {what}: it is stored as {_stored(what)}"
        severity = Severity.WARNING if what == _BOOLEAN else None
        yield Finding(message, module.at(node), fix=_fix(module, node, what), severity=severity)


def _type_of(module: Module, node: Node, engine: sql.SqlDialect) -> str | None:
    """What is wrong with the type of a value; None when nothing is known to be."""
    match node.type:
        case "new_expression":
            return {"Date": _DATE, "Map": _OBJECT, "Set": _OBJECT, "URL": _OBJECT, "RegExp": _OBJECT}.get(
                module.callee_name(node) if _is_builtin(module, node) else ""
            )
        case "object":
            return _OBJECT
        case "array":
            if engine is sql.SqlDialect.D1 and not any(_is_no_byte(part) for part in node.named_children):
                return None
            return _ARRAY
        case "undefined" if engine is sql.SqlDialect.D1:
            return _NOTHING
        case "number" if engine is sql.SqlDialect.D1 and module.text(node).endswith("n"):
            return _BIG
        case "true" | "false" if engine is sql.SqlDialect.DURABLE_OBJECT:
            return _BOOLEAN
        case kind if kind in js.FUNCTIONS:
            return _FUNCTION
        case "call_expression" if module.value_of(node).kind is ValueKind.PROMISE:
            return _PROMISE
    return None


def _is_builtin(module: Module, made: Node) -> bool:
    name = made.child_by_field_name("constructor")
    return name is not None and name.type == "identifier" and module.scope.resolve(name) is None


def _is_no_byte(element: Node) -> bool:
    """Whether an element of an array shows that the array holds no bytes."""
    return js.unwrap(element).type in (
        "string",
        "template_string",
        "object",
        "array",
        "null",
        "true",
        "false",
    )


def _stored(what: str) -> str:
    match what:
        case "a `Date`":
            return "text like `Sat Aug 01 2026 …`, which does not sort"
        case "a boolean":
            return "the text `true` or `false`, not as 1 or 0"
        case "an array":
            return "its elements with commas between them"
        case "a function":
            return "its source"
        case "a promise":
            return "`[object Promise]`"
    return "`[object Object]`"


def _fix(module: Module, node: Node, what: str) -> Fix | None:
    text = module.text(node)
    match what:
        case "a `Date`":
            text = text if text.endswith(")") else f"({text})"
            return Fix(
                "Store the date as ISO text", (module.replace(node, f"{text}.toISOString()"),), Safety.UNSAFE
            )
        case "an object" | "an array" if node.type in ("object", "array"):
            return Fix("Store it as JSON", (module.replace(node, f"JSON.stringify({text})"),), Safety.UNSAFE)
        case "a boolean":
            number = "1" if node.type == "true" else "0"
            return Fix(f"Store {number}", (module.replace(node, number),), Safety.UNSAFE)
        case "a promise" if module.can_await(node):
            return Fix("Await it", (module.replace(node, f"await {text}"),), Safety.UNSAFE)
        case "`undefined`":
            return Fix("Bind `null`", (module.replace(node, "null"),), Safety.UNSAFE)
    return None
