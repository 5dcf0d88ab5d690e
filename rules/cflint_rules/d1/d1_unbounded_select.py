"""Limit how many rows a query of D1 gives, where the table decides.

`SELECT … FROM table` without `WHERE` and `LIMIT` reads every row. With a few it works; when there are many,
each request bills all of them as rows read, waits for all, and holds all of them in the 128 MB of the
isolate.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { results } = await env.DB.prepare("SELECT id, title FROM posts ORDER BY id DESC").all();
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
    const before = Number(new URL(request.url).searchParams.get("before") ?? Number.MAX_SAFE_INTEGER);
    const query = env.DB.prepare("SELECT id, title FROM posts WHERE id < ? ORDER BY id DESC LIMIT 50");
    const { results } = await query.bind(before).all();
    return Response.json(results);
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Queries that count or group, and those of the schema (`sqlite_master`, `PRAGMA`); tables of settings, by their
names. Code that no request runs: cron triggers, queues, migrations; and what is there to see all rows once,
by the name of its file, function or route (`seed`, `reset`, `wipe`, `truncate`, `backfill`, `reindex`).

## Fix safety

There is no fix: how many rows are wanted, and how one asks for the next, is up to the author.

Source: https://developers.cloudflare.com/d1/best-practices/use-indexes/, https://developers.cloudflare.com/d1/platform/pricing/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, call, js, pattern, quoted, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_BOUNDED = frozenset(
    {
        "WHERE",
        "LIMIT",
        "GROUP",
        "HAVING",
        "COUNT",
        "SUM",
        "TOTAL",
        "AVG",
        "MIN",
        "MAX",
        "GROUP_CONCAT",
        "JOIN",
    }
)
_SMALL = pattern(
    r"sqlite_|pragma_|_cf_|d1_|setting|config|option|role|permission|categor|migration|feature|flag|plan|tag|type"
    r"|countr|language|currenc|status|state|version|meta|schema|info$",
    re.IGNORECASE,
)
"""What the names of tables hold that stay small."""


_RESETS = pattern(
    r"(?:(?:^|[^A-Za-z])(?:reseed|seed|reset|wipe|truncate|backfill|reindex)"
    r"|(?:Reseed|Seed|Reset|Wipe|Truncate|Backfill|Reindex))(?![a-z]|[-_]?[Pp]ass)"
)
"""Names of what is there for tests and upkeep, and has to see all rows."""


@rule(call("all", "raw"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    use = sql.prepared_by(module, match.receiver) if match.receiver is not None else None
    if use is None or use.engine is not sql.SqlDialect.D1 or not use.text.is_whole:
        return
    if not use.text.exact or len(use.text.statements) != 1 or use.text.statements[0].verb != "SELECT":
        return
    statement = use.text.statements[0]
    if not _BOUNDED.isdisjoint(token.upper for token in statement.tokens):
        return
    tables = [token.name or "" for _, token in sql.tables(statement)]
    if len(tables) != 1 or _SMALL.search(tables[0]) is not None:
        return
    if js.Invocation.REQUEST not in js.invocations_of(module, match.node):
        return
    if _wants_all(module, match.node):
        return
    yield Finding(f"this reads every row of {quoted(tables[0])}: set a `LIMIT`", module.at(use.statement))


def _wants_all(module: Module, node: Node) -> bool:
    """Whether what is around a query is there to look at every row once, by its name: that of the file, of
    the function, or the path of the route (`/api/test/reset`)."""
    if _RESETS.search(posixpath.basename(module.path)):
        return True
    for above in module.ancestors(node):
        if above.type not in js.FUNCTIONS:
            continue
        named = js.name_of(module, above)
        around = module.call_around(above)
        path = module.string_of(around[0].arguments[0]) if around is not None and around[1] > 0 else None
        if _RESETS.search(path or "") or (named is not None and _RESETS.search(module.text(named))):
            return True
    return False
