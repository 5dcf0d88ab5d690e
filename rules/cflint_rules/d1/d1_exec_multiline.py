"""Write each statement of D1's `exec()` on one line.

`exec()` cuts its text at every line break and sends each line as a statement of its own. A statement that
goes on over several lines fails with `incomplete input`.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.DB.exec(`
      CREATE TABLE IF NOT EXISTS visits (
        path TEXT NOT NULL,
        at INTEGER NOT NULL
      );
      CREATE INDEX IF NOT EXISTS by_path ON visits (path);
    `);
    return new Response("ready");
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
    await env.DB.exec(`
      CREATE TABLE IF NOT EXISTS visits (path TEXT NOT NULL, at INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS by_path ON visits (path);
    `);
    return new Response("ready");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Put the statement on one line, or write `await db.prepare(…).run()`, which takes line breaks: D1 refuses each
line as `incomplete input`.

## Not reported

Complete statements, each on a line of its own; text from elsewhere (an imported `.sql` file, a parameter).

## Errors

```text title="workerd"
D1_EXEC_ERROR: Error in line 1: …: incomplete input: SQLITE_ERROR
```

## Fix safety

Safe: the line breaks within statements, and the comments there, become spaces. There is no fix where a string
goes on over lines.

Source: src/cloudflare/internal/d1-api.ts of workerd (`exec`)
"""

from collections.abc import Iterator

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, call, rule, sql


@rule(call("exec"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    use = sql.sql_use(match.module, match.node)
    if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.exact:
        return
    broken = [statement for statement in use.text.statements if _is_broken(use, statement)]
    if not broken:
        return
    first = broken[0]
    what = f"this {first.verb} goes" if first.verb else "this statement goes"
    yield Finding(
        f"`exec()` sends every line by itself, and {what} over {_lines(use, first)}: it fails",
        use.at_token(first.tokens[0]),
        related=tuple(use.at_token(other.tokens[0]).saying("so does this") for other in broken[1:4]),
        fix=_fix(use, broken),
    )


_VERBS = frozenset(
    {
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "DROP",
        "ALTER",
        "PRAGMA",
        "WITH",
        "REPLACE",
        "EXPLAIN",
    }
)


def _is_broken(use: sql.SqlUse, statement: sql.Statement) -> bool:
    """Whether a line of a statement is none by itself (lines that are need no semicolon between them)."""
    text = use.text.text
    depth = 0
    end = statement.start
    for token in statement.tokens:
        if "\n" in text[end : token.start] and (depth > 0 or token.upper not in _VERBS):
            return True
        depth += (token.text == "(") - (token.text == ")")
        if "\n" in token.text:
            return True
        end = token.end
    return False


def _lines(use: sql.SqlUse, statement: sql.Statement) -> int:
    return use.text.text.count("\n", statement.start, statement.end) + 1


def _fix(use: sql.SqlUse, broken: list[sql.Statement]) -> Fix | None:
    edits: list[Edit] = []
    text = use.text.text
    for statement in broken:
        for one, other in zip(statement.tokens, statement.tokens[1:], strict=False):
            if "\n" in one.text:
                return None
            if "\n" not in text[one.end : other.start]:
                continue
            span = use.text.span(one.end, other.start)
            if span is None:
                return None
            tight = one.text == "(" or other.text in (")", ",", ";")
            edits.append(Edit(use.module.document, span, "" if tight else " "))
        if "\n" in statement.tokens[-1].text:
            return None
    return Fix("Put each statement on one line", tuple(edits), Safety.SAFE)
