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

## What to do

Bind a text, a number, `null` or bytes.

- "a bigint": Write `Number(value)` up to 2^53; above that keep it as text (`String(value)`, in a TEXT
  column).
- "`None`": Before it: `if value is None: return Response("missing", status=400)`, with what is bound here
  for `value`. Only if the column may be NULL, set the compatibility date to 2026-04-21 or later instead,
  from which on `None` is `NULL`.

## Not reported

Variables and calls whose value the rule does not know; only literals, `new …` and promises are looked at.
In Python, values of which the function asks anything, and Workers whose SDK converts `None` to `null`: it
does from compatibility date 2026-04-21, or with `workers-py`.

## Errors

```text title="workerd"
D1_TYPE_ERROR: Type '…' not supported for value '…'
```

## Fix safety

Unsafe: `.toISOString()` is added to a date and `JSON.stringify(…)` put around an object or array, if that is
what the column is to hold; a promise is awaited.

Source: https://developers.cloudflare.com/d1/worker-api/#type-conversion
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    python,
    python_module,
    rule,
    sql,
    tagged,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node


class Unfit(Enum):
    """What a database cannot hold, in words."""

    BIGINT = "a bigint"
    BOOLEAN = "a boolean"
    DATE = "a `Date`"
    OBJECT = "an object"
    ARRAY = "an array"
    PROMISE = "a promise"
    FUNCTION = "a function"
    NOTHING = "`undefined`"


_STORED = {
    Unfit.DATE: "text like `Sat Aug 01 2026 …`, which does not sort",
    Unfit.BOOLEAN: "the text `true` or `false`, not as 1 or 0",
    Unfit.ARRAY: "its elements with commas between them",
    Unfit.FUNCTION: "its source",
    Unfit.PROMISE: "`[object Promise]`",
}
"""What SQLite makes of it; of everything else, `[object Object]`."""
_CLASSES = {"Date": Unfit.DATE, **dict.fromkeys(("Map", "Set", "URL", "RegExp"), Unfit.OBJECT)}
_NO_BYTES = frozenset({"string", "template_string", "object", "array", "null", "true", "false"})
"""Elements that show that an array holds no bytes."""


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
        what = _unfit(module, node, engine)
        if what is None:
            continue
        if engine is sql.SqlDialect.D1:
            message = f"D1 cannot bind {what.value}: `bind()` throws `D1_TYPE_ERROR`"
        else:
            stored = _STORED.get(what, "`[object Object]`")
            message = f"SQLite has no type for {what.value}: it is stored as {stored}"
        severity = Severity.WARNING if what is Unfit.BOOLEAN else None
        yield Finding(message, module.at(node), fix=_fix(module, node, what), severity=severity)


def _unfit(module: Module, node: Node, engine: sql.SqlDialect) -> Unfit | None:
    """What is wrong with the type of a value; None when nothing is known to be."""
    is_d1 = engine is sql.SqlDialect.D1
    match node.type:
        case "new_expression":
            name = module.called_name(node)
            return _CLASSES.get(name.name) if name is not None and name.module == "" else None
        case "object":
            return Unfit.OBJECT
        case "array":
            may_be_bytes = all(js.unwrap(part).type not in _NO_BYTES for part in node.named_children)
            return None if is_d1 and may_be_bytes else Unfit.ARRAY
        case "undefined" if is_d1:
            return Unfit.NOTHING
        case "number" if is_d1 and module.text(node).endswith("n"):
            return Unfit.BIGINT
        case "true" | "false" if not is_d1:
            return Unfit.BOOLEAN
        case kind if kind in js.FUNCTIONS:
            return Unfit.FUNCTION
        case "call_expression" if module.value_of(node).kind is ValueKind.PROMISE:
            return Unfit.PROMISE
    return None


def _fix(module: Module, node: Node, what: Unfit) -> Fix | None:
    text = module.text(node)
    match what:
        case Unfit.DATE:
            title, new = "Store the date as ISO text", f"{text}.toISOString()"
            if not text.endswith(")"):
                new = f"({text}).toISOString()"
        case Unfit.OBJECT | Unfit.ARRAY if node.type in ("object", "array"):
            title, new = "Store it as JSON", f"JSON.stringify({text})"
        case Unfit.BOOLEAN:
            new = "1" if node.type == "true" else "0"
            title = f"Store {new}"
        case Unfit.PROMISE if module.can_await(node):
            title, new = "Await it", f"await {text}"
        case Unfit.NOTHING:
            title, new = "Bind `null`", "null"
        case _:
            return None
    return Fix(title, (module.replace(node, new),), Safety.UNSAFE)


@check.on(python_module("bind"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    """`None` is `undefined` for D1 where the SDK converts nothing."""
    if python.converts_arguments(module) is not False:
        return
    # Imported where used: libcst is slow to load.
    import libcst as cst

    for made in module.calls("bind"):
        if module.value_of(module.receiver(made)).kind is not ValueKind.D1_STATEMENT:
            continue
        for given in module.arguments(made):
            if _may_be_none(module, given) and not module.is_handled(made, "JsException"):
                value = module.value_given(given) or given
                subject = "this may be `None`" if isinstance(value, cst.Call) else "this is `None`"
                yield Finding(
                    f"{subject}, which is `undefined` for D1: `bind()` then throws `D1_TYPE_ERROR`",
                    module.at(given),
                )
                break


def _may_be_none(module: python.PythonModule, given: cst.BaseExpression) -> bool:
    """Whether a value is `None`, or what `get()` of JSON gives without a default, and nothing asks."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    function = module.function_around(given)
    value = module.value_given(given) or given
    if isinstance(given, cst.Name) and function is not None:
        name = given.value
        asked = (
            rf"\b(?:if|not|and|or|while|elif)\s+(?:not\s+)?{name}\b|\b{name}\s+(?:is|or|if|in|==|!=)"
            r"|(?<![.\w])(?:all|any)\("
        )
        if re.search(asked, module.text(function)) is not None:
            return False
    match value:
        case cst.Name(value="None"):
            return True
        case cst.BooleanOperation(operator=cst.Or(), right=cst.Name(value="None")):
            return True
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="get"), value=owner), args=[_]):
            entries = module.resolve(owner) if isinstance(owner, cst.Name) else None
            asks_for = re.search(
                rf"in\s+{re.escape(module.text(owner))}\b", module.text(function) if function else ""
            )
            return (
                bool(entries)
                and all(_is_python_json(entry.value) for entry in entries or ())
                and asks_for is None
            )
    return False


def _is_python_json(value: cst.BaseExpression | None) -> bool:
    """Whether an expression is `await request.json()`, or `json.loads(…)`."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    made = value.expression if isinstance(value, cst.Await) else value
    return (
        isinstance(made, cst.Call)
        and isinstance(made.func, cst.Attribute)
        and (made.func.attr.value == ("json" if made is not value else "loads"))
    )
