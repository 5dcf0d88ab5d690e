"""Leave out tables that begin with `_cf_` when you go through all tables of a database.

`sqlite_master` lists the tables of the runtime, too: `_cf_KV`, `_cf_METADATA`. To read one of them is
prohibited: the query throws `not authorized`, and a backup, an export or a clean-up that asks each table of
the list ends there, every time.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    const { results } = await env.DB.prepare(query).all<{ name: string }>();
    const counts = results.map(({ name }) => env.DB.prepare(`SELECT count(*) AS rows FROM "${name}"`));
    console.log(await env.DB.batch(counts));
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async scheduled(_controller, env): Promise<void> {
    const own = "name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'";
    const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND ${own}`;
    const { results } = await env.DB.prepare(query).all<{ name: string }>();
    const counts = results.map(({ name }) => env.DB.prepare(`SELECT count(*) AS rows FROM "${name}"`));
    console.log(await env.DB.batch(counts));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Add `AND name NOT LIKE '_cf_%'` to the query of `sqlite_master`.

## Not reported

Lists of tables of which none is asked by its name in the same function, and functions that speak of `_cf_`.

## Fix safety

Safe: nobody may read the tables that are left out. There is no fix for a condition with `OR`, and for a text
in single quotes.

Source: src/workerd/util/sqlite.c++ of workerd (`isAuthorized`, names that begin with `_cf_`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Fix, Match, Module, Safety, Severity, call, js, rule, sql

_MASTER = frozenset({"sqlite_master", "sqlite_schema"})
_ENGINES = (sql.SqlDialect.D1, sql.SqlDialect.DURABLE_OBJECT)
_BEHIND = frozenset({"ORDER", "GROUP", "HAVING", "LIMIT"})
"""What stands behind the conditions of a query."""
_BEFORE = frozenset({"FROM", "TABLE", "INTO", "UPDATE"})


@rule(call("prepare", "exec"), severity=Severity.WARNING, fix=Safety.SAFE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not module.is_run or not any(module.document.has_word(name) for name in _MASTER):
        return
    use, function = sql.sql_use(module, match.node), match.enclosing_function
    if use is None or function is None or use.engine not in _ENGINES or len(use.text.statements) != 1:
        return
    statement = use.text.statements[0]
    names = [token for _, token in sql.tables(statement) if (token.name or "").lower() in _MASTER]
    compared = any(
        token.text in ("=", "==") and before.upper == "NAME" for before, token in _pairs(statement)
    )
    if statement.verb != "SELECT" or not names or compared or "_cf_" in module.text(function).lower():
        return
    if any("cf" in token.text.lower() for token in statement.tokens if token.kind is sql.TokenKind.STRING):
        return
    if any(
        _asks_by_name(module, made) for word in ("prepare", "exec") for made in module.calls(word, function)
    ):
        yield Finding(
            "this lists the tables of the runtime, too, which nothing may read: leave out names that begin"
            " with `_cf_`",
            use.at_token(names[0]),
            fix=_fix(use, statement),
        )


def _fix(use: sql.SqlUse, statement: sql.Statement) -> Fix | None:
    """The condition behind the others; None where one of these is an alternative."""
    tokens = statement.tokens
    where = next((at for at, token in enumerate(tokens) if token.upper == "WHERE"), None)
    ends = next((at for at, token in enumerate(tokens) if token.upper in _BEHIND), len(tokens))
    span = use.text.span(tokens[ends - 1].start, tokens[ends - 1].end)
    quote = b"'" if use.module.text(use.statement).startswith("'") else b""
    if span is None or quote or any(token.upper in ("OR", "UNION", "JOIN") for token in tokens):
        return None
    condition = f" {'WHERE' if where is None else 'AND'} name NOT LIKE '_cf_%'"
    return Fix("Leave out the tables of the runtime", (use.module.insert(span.end, condition),), Safety.SAFE)


def _pairs(statement: sql.Statement) -> Iterator[tuple[sql.Token, sql.Token]]:
    yield from zip(statement.tokens, statement.tokens[1:], strict=False)


def _asks_by_name(module: Module, made: js.Call) -> bool:
    """Whether a call runs a statement about a table whose name is put in."""
    use = sql.sql_use(module, made.node)
    if use is None or use.engine not in _ENGINES:
        return False
    for hole in use.text.holes:
        before = [token for token in use.text.tokens if token.end <= hole.at]
        if before and before[-1].upper in _BEFORE and before[0].upper in ("SELECT", "DELETE"):
            return True
    return False
