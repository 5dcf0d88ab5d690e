"""Use `transactionSync()` or `batch()` instead of `BEGIN` and `COMMIT`.

The storage of a Durable Object and D1 do not take statements that start, end or name transactions: they
throw. A Durable Object groups statements with `ctx.storage.transactionSync(() => { … })`, which rolls back
when the function throws; D1 with `batch([…])`, which is one transaction.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Account extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS pots (name TEXT PRIMARY KEY, cents INTEGER)");
  }

  move(from: string, to: string, cents: number): void {
    const { sql } = this.ctx.storage;
    sql.exec("BEGIN TRANSACTION");
    sql.exec("UPDATE pots SET cents = cents - ? WHERE name = ?", cents, from);
    sql.exec("UPDATE pots SET cents = cents + ? WHERE name = ?", cents, to);
    sql.exec("COMMIT");
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Account extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS pots (name TEXT PRIMARY KEY, cents INTEGER)");
  }

  move(from: string, to: string, cents: number): void {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec("UPDATE pots SET cents = cents - ? WHERE name = ?", cents, from);
      sql.exec("UPDATE pots SET cents = cents + ? WHERE name = ?", cents, to);
    });
  }
}
```

## What to do

- "D1 does not take": Make the statements between `BEGIN` and `COMMIT` without `await` and `.run()`, and
  send them with `await DB.batch([…])`, which is a transaction (with the database for `DB`); delete `BEGIN`,
  `COMMIT` and `ROLLBACK`. One that depends on what another reads stays before the batch.
- "throws in a Durable Object": Put the statements between `BEGIN` and `COMMIT` into
  `this.ctx.storage.transactionSync(() => { … })`, and delete `BEGIN`, `COMMIT` and `ROLLBACK`: what throws
  in it rolls back. Nothing in it may be awaited.

Put the statements into `ctx.storage.transactionSync(() => { … })` (D1: `DB.batch([…])`), and delete `BEGIN`
and `COMMIT`.

## Not reported

`BEGIN … END` around the body of a trigger, and statements for other databases.

## Errors

```text title="workerd"
Error: To execute a transaction, please use the state.storage.transaction() or
  state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. …
```

## Fix safety

No fix: which statements belong together is up to you.

Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#exec
"""

from collections.abc import Iterator

from cflint.api import Finding, Match, Severity, call, rule, sql, tagged

_VERBS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})


@rule(call("exec", "prepare"), tagged("sql"), severity=Severity.ERROR)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is None or use.engine not in (sql.SqlDialect.D1, sql.SqlDialect.DURABLE_OBJECT):
        return
    found = next((statement for statement in use.text.statements if statement.verb in _VERBS), None)
    if found is None:
        return
    if use.engine is sql.SqlDialect.D1:
        message = f"D1 does not take `{found.verb}`: give the statements to `batch()`, which is a transaction"
    else:
        owner = match.enclosing_class
        state = owner.state if owner is not None and owner.state is not None else "ctx"
        message = (
            f"`{found.verb}` throws in a Durable Object: use `{state}.storage.transactionSync(() => {{ … }})`"
        )
    yield Finding(message, use.at_token(found.tokens[0]))
