"""Take the first row of `toArray()` where there may be none: `one()` throws then.

`cursor.one()` gives the row of a query that has exactly one. Where there is no row, or are several, it throws
an Error; it never gives `null` or `undefined`. A test for these, as `first()` of D1 needs one, is never
reached: the branch for what is missing never runs, and the request fails in its place.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Files extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER)");
  }

  async size(path: string): Promise<number> {
    const file = this.ctx.storage.sql
      .exec<{ size: number }>("SELECT size FROM files WHERE path = ?", path)
      .one();
    if (!file) return 0;
    return file.size;
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Files extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER)");
  }

  async size(path: string): Promise<number> {
    const file = this.ctx.storage.sql
      .exec<{ size: number }>("SELECT size FROM files WHERE path = ?", path)
      .toArray()[0];
    if (!file) return 0;
    return file.size;
  }
}
```

## What to do

Take `.toArray()[0]` for `.one()`, and compare with `undefined` (or write `?? null` after it).

## Not reported

Rows that nobody asks for; calls in a `try` with a `catch`; queries that always give a row (`SELECT count(*)
…` without `GROUP BY`) or that write (`INSERT … RETURNING`), and those of which the text is not known; rows
that the same function has written before, by an `INSERT` of the same keys.

## Errors

```text title="workerd"
Error: Expected exactly one result from SQL query, but got no results.
Error: Expected exactly one result from SQL query, but got multiple results.
```

## Fix safety

Unsafe: where there are several rows, the first is taken, which threw. No fix is offered where the row is
compared with `null`, which the missing item of an array is not.

Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#exec, and
src/workerd/api/sql.c++ of workerd (`Cursor::one`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Span,
    ValueKind,
    call,
    js,
    rule,
    sql,
)

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(call("one"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.arguments or match.receiver is None or match.receiver_value.kind is not ValueKind.SQL_CURSOR:
        return
    made = module.initializer(match.receiver)
    use = sql.sql_use(module, made) if made.type == "call_expression" else None
    if use is None or not _may_be_empty(use.text) or module.try_around(match.node) is not None:
        return
    if sql.is_written_before(module, match.node, sql.D1Statement(use.text.statements[0], use.bound)):
        return
    asked = [place for place in _places(module, match.node) if js.is_guard(module, place)]
    if not asked:
        return
    related = () if match.at().span.covers(module.at(asked[0]).span) else (module.at(asked[0], "asked here"),)
    yield Finding(
        "`one()` throws when there is no row: it never gives what is asked for here, `null` or `undefined`",
        match.at(match.name),
        related,
        None if any(_is_compared(module, place) for place in asked) else _fix(match),
    )


def _places(module: Module, node: Node) -> Iterator[Node]:
    """Where the row is: the call, with the `await` that it does not need, and the uses of the name for it."""
    whole = module.with_wrappers(node)
    parent = module.parent(whole)
    if parent is not None and parent.type == "await_expression":
        whole = module.with_wrappers(parent)
        parent = module.parent(whole)
    yield whole
    name = parent.child_by_field_name("name") if parent is not None else None
    if parent is None or parent.type != "variable_declarator" or name is None or name.type != "identifier":
        return
    declaration = module.scope.resolve(name)
    if declaration is not None and not module.scope.assignments(declaration):
        yield from module.scope.references(declaration)


def _is_compared(module: Module, place: Node) -> bool:
    parent = module.parent(module.with_wrappers(place))
    compared = module.operation(parent) if parent is not None else None
    return compared is not None and compared.operator in ("===", "!==")


def _fix(match: Match) -> Fix | None:
    if match.name is None:
        return None
    span = Span(match.name.start_byte, match.node.end_byte)
    return Fix("Take the first of all rows", (Edit(match.document, span, "toArray()[0]"),), Safety.UNSAFE)


def _may_be_empty(text: sql.SqlText) -> bool:
    """Whether a query may have no row; false where it is not known."""
    return text.exact and len(text.statements) == 1 and text.statements[0].may_be_empty
