"""Keep to the SQL that a Durable Object's storage takes.

The storage lets a statement through only if it cannot reach beyond the object's own tables: a few PRAGMAs, no
attached databases, no temporary tables, and no tables whose name starts with `_cf_`. The rest fails with
`not authorized`. A schema's version, for which `PRAGMA user_version` is used elsewhere, can be kept in a
table. `TRUNCATE` is no statement of SQLite, and fails as a syntax error.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  migrate(): void {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, cents INTEGER)");
    this.ctx.storage.sql.exec("PRAGMA user_version = 1");
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject<Env> {
  migrate(): void {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, cents INTEGER)");
    this.ctx.storage.kv.put("schema", 1);
  }
}
```

## What to do

Delete the statement, or do what it was for in another way: `transactionSync()` for a transaction, a row
of a table of your own for `user_version`, `DELETE FROM name` for `TRUNCATE`.

## Not reported

Statements for D1 and other databases, which have rules of their own.

## Errors

```text title="workerd"
Error: not authorized: SQLITE_AUTH
Error: near "…": syntax error …
```

## Fix safety

No fix: what replaces such a statement depends on what it was for.

Source: src/workerd/util/sqlite.c++ of workerd (`ALLOWED_PRAGMAS`, `isAuthorized`);
https://www.sqlite.org/lang.html, which has no `TRUNCATE`
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, rule, sql, tagged


@rule(call("exec"), tagged("sql"), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is None or use.engine is not sql.SqlDialect.DURABLE_OBJECT:
        return
    for statement in use.text.statements:
        yield from _check(use, statement)


def _check(use: sql.SqlUse, statement: sql.Statement) -> Iterator[Finding]:
    first = statement.tokens[0]
    match statement.verb:
        case "PRAGMA":
            yield from _check_pragma(use, statement)
        case "ATTACH" | "DETACH" | "VACUUM":
            yield Finding(f"a Durable Object's storage does not take `{statement.verb}`", use.at_token(first))
        case "TRUNCATE":
            yield Finding("SQLite has no `TRUNCATE`: `DELETE FROM` empties a table", use.at_token(first))
        case "CREATE" if len(statement.tokens) > 2 and statement.tokens[1].upper in ("TEMP", "TEMPORARY"):
            kind = statement.tokens[2].upper.lower()
            yield Finding(
                f"a Durable Object's storage has no temporary {kind}s", use.at_token(statement.tokens[1])
            )
    for _, token in sql.tables(statement):
        name = token.name or ""
        if name.lower().startswith("_cf_"):
            yield Finding(
                f"`{name}` is out of reach: names that start with `_cf_` belong to the runtime",
                use.at_token(token),
            )


def _check_pragma(use: sql.SqlUse, statement: sql.Statement) -> Iterator[Finding]:
    refused = sql.refused_pragma(statement)
    if refused is not None:
        is_version = refused.text.lower() == "user_version"
        hint = ": keep the version in a table or in `storage.kv`" if is_version else ""
        yield Finding(
            f"a Durable Object's storage does not take `PRAGMA {refused.text}`{hint}", use.at_token(refused)
        )
        return
    tokens = statement.tokens
    at = 3 if len(tokens) > 3 and tokens[2].text == "." else 1
    if at + 1 < len(tokens) and tokens[at].text.lower() == "page_size":
        yield Finding("the page size of a Durable Object's storage cannot be set", use.at_token(tokens[at]))
