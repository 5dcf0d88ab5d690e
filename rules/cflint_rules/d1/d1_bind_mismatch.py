"""Bind as many values as a statement has placeholders.

A statement whose placeholders and values do not match fails when it runs: "Wrong number of parameter
bindings". D1 binds by position (`?`, `?1`), not by name. And `bind()` changes nothing: it returns a new
statement, which has to be used.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { results } = await env.DB.prepare("SELECT * FROM orders WHERE shop = ? AND state = ?")
      .bind("main")
      .all();
    return Response.json(results);
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
    const { results } = await env.DB.prepare("SELECT * FROM orders WHERE shop = ? AND state = ?")
      .bind("main", "open")
      .all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Give `bind()` (`exec()` of a Durable Object: after the text) one value for each `?`, in that order: a `?`
that is missing is added to the statement, a value that no column is for is taken out. As it is, the
statement is refused, so that this throws.

- "a value is missing": Bind what is missing, the values for <missing> if those that are bound stand in the
  order of the columns: one for each `?`. As it is, the statement is refused, so that this throws.
- "a mark is missing": Add the `?` that is missing to its `VALUES (…)`: the statement names as many columns
  as there are values. As it is, it is refused, so that this throws.
- "a value too many": Take out the value that no column is for: the statement names as many columns as it
  has `?`. As it is, it is refused, so that this throws.
- "by name": Write `?` (or `?1`) in place of the name, and bind the values in that order: D1 throws
  otherwise.
- "has no end": Close the quote, or take it out: SQLite refuses the text, and sees no placeholder in it.
- "returns a new statement": Use what it returns: `await statement.bind(…).run()`. As it is, the statement
  runs without the values, and throws.

## Not reported

Statements whose text is not all in sight (something is interpolated), and values that are spread
(`bind(...values)`).

## Errors

```text title="workerd"
D1_ERROR: Wrong number of parameter bindings for SQL query.
```

## Fix safety

No fix: only you know which value is missing or superfluous.

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, call, join_names, js, pattern, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_EXECUTES = frozenset({"run", "all", "first", "raw"})
_COLUMNS = pattern(r"(?i)\bINTO\s+\S+\s*\(([^()]*)\)\s*VALUES")


@rule(call("prepare", "exec"), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is None or not use.text.is_whole or not use.text.statements:
        return
    open_text = next((token for token in use.text.tokens if _is_open(token)), None)
    if open_text is not None:
        yield Finding(
            "the text that begins here has no end: its quote is never closed", use.at_token(open_text)
        )
        return
    if use.engine is sql.SqlDialect.D1 and use.method == "prepare":
        yield from _check_prepared(match, use)
    elif use.engine is sql.SqlDialect.DURABLE_OBJECT:
        marks = sql.placeholders(use.text.statements[-1].tokens)  # values belong to the last statement
        if not marks.named and not any(value.type == "spread_element" for value in use.bound):
            yield from _compare(match, use, marks.count, use.bound, match.node)


def _check_prepared(match: Match, use: sql.SqlUse) -> Iterator[Finding]:
    marks = sql.placeholders(token for statement in use.text.statements for token in statement.tokens)
    if marks.named:
        token = marks.named[0]
        yield Finding(f"D1 does not bind by name: `{token.text}` has to be `?` or `?1`", use.at_token(token))
        return
    for held in sql.executions(match.module, match.node):
        chained = sql.chained_call(match.module, held)
        if chained is None:
            continue
        method, made = chained
        if method == "bind":
            values = js.arguments_of(made)
            if not any(value.type == "spread_element" for value in values):
                yield from _compare(match, use, marks.count, values, made)
            if _is_dropped(match, made, held):
                yield Finding("`bind()` returns a new statement, which nobody uses", match.at(made))
        elif method in _EXECUTES and marks.count and not _is_bound(match, held):
            yield Finding(
                f"nothing is bound to the {_placeholders(marks.count)} of this statement", match.at(made)
            )


def _is_open(token: sql.Token) -> bool:
    """Whether a text of SQL reaches to the end, because nothing closes it."""
    return token.kind is sql.TokenKind.STRING and token.text.count("'") % 2 == 1


def _compare(
    match: Match, use: sql.SqlUse, count: int, values: tuple[Node, ...], made: Node
) -> Iterator[Finding]:
    if count == len(values):
        return
    at = match.at(values[-1]) if values else match.at(made)
    bound = f"{len(values)} {'value is' if len(values) == 1 else 'values are'} bound"
    yield Finding(
        f"{bound}, but the statement has {_placeholders(count)}",
        at,
        related=(match.at(js.unwrap(use.statement), "the statement"),),
        words=_words(use, count, len(values)),
    )


def _words(use: sql.SqlUse, marks: int, values: int) -> js.Words:
    """Whether an `INSERT` names as many columns as there are values, or as there are marks, of which some
    get nothing."""
    named = _COLUMNS.search(use.text.text)
    columns = named[1].count(",") + 1 if named is not None else 0
    if columns == values and marks < values:
        return (("a mark is missing", ""),)
    if columns == marks < values:
        return (("a value too many", ""),)
    bound = sql.columns_bound(use.text.statements[-1])
    left = [bound[at] for at in range(values, marks) if at in bound]
    if values < marks and len(left) == marks - values:
        return (("a value is missing", ""), ("<missing>", join_names([f"`{column}`" for column in left])))
    return ()


def _placeholders(count: int) -> str:
    return "no placeholder" if count == 0 else f"{count} placeholder{'s' if count > 1 else ''}"


def _is_bound(match: Match, held: Node) -> bool:
    """Whether an expression is a statement after `bind()`: the call itself, or a name of one."""
    call = match.module.call(match.module.initializer(held))
    return call is not None and call.name == "bind"


def _is_dropped(match: Match, bound: Node, held: Node) -> bool:
    """Whether `statement.bind(…)` stands alone, while the statement lives on in a variable."""
    call = match.module.call(bound)
    is_statement = call is not None and call.is_statement and not call.is_awaited
    return held.type == "identifier" and is_statement
