"""Check that D1 has a row before using it.

`first()` resolves to `null` when the query has no row. Reading a column then throws, and a request for what
is not there ends with status 500 instead of 404.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id");
    const user: any = await env.DB.prepare("SELECT name FROM users WHERE id = ?").bind(id).first();
    return new Response(user.name);
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
    const id = new URL(request.url).searchParams.get("id");
    const query = env.DB.prepare("SELECT name FROM users WHERE id = ?").bind(id);
    const user = await query.first<{ name: string }>();
    if (user === null) return new Response("not found", { status: 404 });
    return new Response(user.name);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Rows that are tested anywhere, read with `?.`, handed on, or claimed to be there (`!`, a cast). Reads in a
`try` with a `catch`. Statements that always give a row (`SELECT count(*) …` without `GROUP BY`, a `SELECT`
without `FROM`) or that write (`INSERT … RETURNING`), and those of which the text is not known.

## Errors

```text title="workerd"
TypeError: Cannot read properties of null (reading '…')
```

## Fix safety

No fix: what to answer when there is no row is up to you.

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/#first
"""

from collections.abc import Iterator

from cflint.api import PREVIEW, Finding, Match, Severity, call, rule, sql


@rule(call("first"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    read = module.unchecked_read(match.node) if match.receiver is not None else None
    if read is None or match.receiver is None or module.try_around(read) is not None:
        return
    query = sql.d1_statement(module, match.receiver)
    if query is None or not query.statement.may_be_empty:
        return
    yield Finding(
        "`first()` gives `null` when there is no such row, and then this throws",
        match.at(read),
        (match.at(match.node, "the row comes from here"),),
    )
