"""Send D1 independent queries together: each one that is awaited alone is a round trip.

The database of a Worker runs in one place, often far from where the Worker runs. Three queries one after the
other cost three times the way there and back, before the page can be made. `batch()` takes all of them in one
request, and gives their results in the same order.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(_request, env): Promise<Response> {
    const users = await env.DB.prepare("SELECT count(*) AS n FROM users").first<{ n: number }>();
    const posts = await env.DB.prepare("SELECT count(*) AS n FROM posts").first<{ n: number }>();
    const likes = await env.DB.prepare("SELECT count(*) AS n FROM likes").first<{ n: number }>();
    return Response.json([users?.n, posts?.n, likes?.n]);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(_request, env): Promise<Response> {
    const [users, posts, likes] = await env.DB.batch<{ n: number }>([
      env.DB.prepare("SELECT count(*) AS n FROM users"),
      env.DB.prepare("SELECT count(*) AS n FROM posts"),
      env.DB.prepare("SELECT count(*) AS n FROM likes"),
    ]);
    return Response.json([users.results[0].n, posts.results[0].n, likes.results[0].n]);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Send them together, in the place of the first: `const [first, second] = await DB.batch([…])` with all of
them in their order, each with its `bind()` and without `await`, `first()` and `all()`, and with the
database for `DB`. What `all()` gave is `first.results`, what `first()` gave `first.results[0]`.

## Not reported

Fewer than three in a row; a query that is given something of an earlier one; queries between which anything
is decided or awaited. Of ORMs, Drizzle and Kysely are known.

## Fix safety

Unsafe: all fail together where one of them fails, and types that a result had by itself are now said. There
is no fix where a result is taken apart as it comes from `first()`, or where the platform's types are not in
scope for one that needs them.

Source: https://developers.cloudflare.com/d1/worker-api/d1-database/#batch,
https://developers.cloudflare.com/d1/best-practices/read-replication/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Safety, Severity, js, module, rule, sql
from cflint_rules.d1._reads import fix_of_reads

if TYPE_CHECKING:
    from tree_sitter import Node

_IN_A_ROW = 3
_MOST = 5
_WORDS = ("first", "all", "select", "selectFrom")
_READS = frozenset({"SELECT", "WITH"})
_PLAIN = frozenset({"lexical_declaration", "variable_declaration"})


@rule(module(*_WORDS), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    rows = list(_rows(subject))
    if not rows:
        return
    (first, *rest), *others = rows
    yield Finding(
        "these queries do not need each other, and each is a round trip to D1: send them with one `batch()`",
        subject.at(first),
        (
            *(subject.at(query, "and this") for query in rest[:_MOST]),
            *(subject.at(row[0], "so do these") for row in others[:_MOST]),
        ),
        fix=fix_of_reads(subject, rows),
        words=js.database_word(subject, first),
    )


def _rows(subject: Module) -> Iterator[list[Node]]:
    """The rows of queries of a module, in source order, each with those that do not need each other."""
    seen: set[int] = set()
    calls = (made.node for name in _WORDS for made in subject.calls(name, subject.root))
    for node in sorted(calls, key=lambda call: call.start_byte):
        statement = subject.statement_of(node)
        if statement is None or statement.id in seen or _query_of(subject, statement) is None:
            continue
        row = list(_row(subject, statement))
        seen.update(one.id for query in row if (one := subject.statement_of(query)) is not None)
        if len(row) >= _IN_A_ROW:
            yield row


def _row(module: Module, statement: Node) -> Iterator[Node]:
    """The queries of declarations in a row, as far as none is given what an earlier one gave."""
    names: set[str] = set()
    node: Node | None = statement
    while node is not None:
        if node.type != "comment":
            query = _query_of(module, node)
            if query is None or any(next(module.leaves(name, query), None) is not None for name in names):
                return
            yield query
            names |= _declared(module, node)
        node = node.next_named_sibling


def _query_of(module: Module, statement: Node) -> Node | None:
    """The query that a declaration awaits; None of any other statement."""
    if statement.type not in _PLAIN or statement.named_child_count != 1:
        return None
    value = statement.named_children[0].child_by_field_name("value")
    awaited = js.unwrap(value) if value is not None else None
    if awaited is None or awaited.type != "await_expression":
        return None
    made = module.call(awaited.named_children[0])
    return made.node if made is not None and not made.is_new and _reads(module, made.node) else None


def _reads(module: Module, node: Node) -> bool:
    """Whether a call runs a query of D1 that only reads."""
    made = js.Call(module, node)
    if made.receiver is None:
        return False
    use = sql.prepared_by(module, made.receiver) if made.name in ("first", "all") else None
    if use is not None:
        verbs = {statement.verb for statement in use.text.statements}
        return use.engine is sql.SqlDialect.D1 and bool(verbs) and verbs <= _READS
    begun = module.orm_statement(node)
    return begun is not None and begun.database is not None and begun.verb == "SELECT"


def _declared(module: Module, statement: Node) -> set[str]:
    names = ("identifier", "shorthand_property_identifier_pattern")
    pattern = statement.named_children[0].child_by_field_name("name")
    found = (pattern, *module.descendants(pattern, *names)) if pattern is not None else ()
    return {module.text(name) for name in found if name.type in names}
