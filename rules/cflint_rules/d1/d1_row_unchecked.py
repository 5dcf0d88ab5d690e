"""Ask whether there is a row before you read of the first one.

A query that looks for something may give no row at all: `results[0]` is `undefined` then, and so is `row` of
`const [row] = await db.select()…`, although TypeScript says nothing of it without `noUncheckedIndexedAccess`.
Reading a property of it throws, and an id that does not exist is answered with status 500.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = new URL(request.url).searchParams.get("id");
    const query = env.DB.prepare("SELECT title, body FROM notes WHERE id = ?").bind(id);
    const { results } = await query.all<{ title: string }>();
    return new Response(results[0].title);
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
    const query = env.DB.prepare("SELECT title, body FROM notes WHERE id = ?").bind(id);
    const { results } = await query.all<{ title: string }>();
    if (results.length === 0) return new Response("no such note", { status: 404 });
    return new Response(results[0].title);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Behind the query, before anything of the row is used: `if (row === undefined) return new Response("not found",
{ status: 404 })`, with the first row for `row`.

## Not reported

Rows, or lists of them, of which anything is asked (`length`, `?.`, a condition), that are handed on first, or
are claimed to be there (`!`). Reads in a `try` with a `catch`. Statements that always give a row (`SELECT
count(*) …`), those that write, and those of which the text is not known; functions that insert rows
themselves.

## Fix safety

No fix: what to answer when there is no row is up to the author.

Source: https://developers.cloudflare.com/d1/worker-api/return-object/#d1result,
https://www.typescriptlang.org/tsconfig/#noUncheckedIndexedAccess
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, call, js, pattern, rule, sql

if TYPE_CHECKING:
    from tree_sitter import Node

_ALWAYS = pattern(r"count|\bsum\(|\bmax\(|\bmin\(|\bavg\(|\bsql\b", re.IGNORECASE)
_WRITES = pattern(r"\bINSERT\b|\.insert\(")
_MOST_LINKS = 20


@rule(call("all", "select"), severity=Severity.WARNING, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.receiver is None:
        return
    rows = _of_statement(module, match) if match.word == "all" else _of_orm(module, match)
    read = next((found for one in rows if (found := _read_blindly(module, one)) is not None), None)
    if read is None or module.try_around(read) is not None or not module.runs_in_worker(read):
        return
    function = match.enclosing_function
    if function is not None and _WRITES.search(module.text(function)) is not None:
        return  # it may have made the row itself
    yield Finding(
        "there may be no such row, and then this throws",
        match.at(read),
        (match.at(match.node, "the rows come from here"),),
    )


def _of_statement(module: Module, match: Match) -> Iterator[Node]:
    """The expressions that are the first row of a statement of D1."""
    query = sql.d1_statement(module, match.receiver) if match.receiver is not None else None
    given = module.awaited(match.node) if query is not None and query.statement.may_be_empty else None
    if given is None:
        return
    if given.pattern is not None:
        for part in given.pattern.named_children if given.pattern.type == "object_pattern" else ():
            name = part.child_by_field_name("value") or part
            if module.text(part.child_by_field_name("key") or part) == "results":
                yield from _first_of_name(module, name)
        return
    lists: list[Node] = []
    for holder in given.holders:
        read = module.member_read(holder)
        if read is None or read.name != "results":
            if holder is given.node and given.declaration is not None:
                continue
            return  # something else is done with it, which may look at the rows
        held = module.given_name(read.node)
        if held is not None and held.type == "identifier":
            yield from _first_of_name(module, held)
            return
        lists.append(read.node)
    yield from _firsts(module, lists)


def _of_orm(module: Module, match: Match) -> Iterator[Node]:
    """The expressions that are the first row of a query that an ORM makes."""
    whole: Node = match.node
    names: set[str] = set()
    for _ in range(_MOST_LINKS):
        found = module.method_called_on(whole)
        if found is None:
            break
        names.add(found[0])
        whole = found[1]
    if not names & {"where", "innerJoin"} or names & {"get", "then", "groupBy", "execute"}:
        return
    if module.orm_statement(whole) is None or _ALWAYS.search(module.text(match.node)):
        return
    given = module.awaited(whole)
    if given is None:
        return
    if given.pattern is not None:
        parts = given.pattern.named_children if given.pattern.type == "array_pattern" else []
        if parts and parts[0].type == "identifier":
            declaration = module.scope.resolve(parts[0])
            if declaration is not None and declaration.constant:
                yield parts[0]
        return
    yield from _firsts(module, list(given.holders))


def _first_of_name(module: Module, name: Node) -> Iterator[Node]:
    declaration = module.scope.resolve(name)
    if declaration is not None and declaration.constant:
        yield from _firsts(module, list(module.scope.references(declaration)))


def _firsts(module: Module, lists: list[Node]) -> Iterator[Node]:
    """The places at which the first item of a list is taken; none where anything else is done with it."""
    firsts: list[Node] = []
    for use in lists:
        above = module.parent(module.with_wrappers(use))
        if js.is_guard(module, use):
            return
        if above is None:
            continue
        index = above.child_by_field_name("index") if above.type == "subscript_expression" else None
        if index is not None and module.text(index) == "0":
            if any(part.type == "optional_chain" for part in above.children):
                return
            firsts.append(above)
            continue
        if module.member_read(use) is not None or module.call_around(use) is not None:
            return  # its length, or a function that may look at it
        if module.given_name(use) is not None:
            return
    yield from firsts


def _read_blindly(module: Module, row: Node) -> Node | None:
    """Where a property of a row is read although nobody asks whether there is one."""
    if row.type == "identifier":  # declared by a pattern
        declaration = module.scope.resolve(row)
        return _first_read(module, module.scope.references(declaration)) if declaration is not None else None
    if module.with_wrappers(row) != row and module.text(module.with_wrappers(row)).endswith("!"):
        return None
    name = module.given_name(row)
    if name is not None:
        declaration = module.scope.resolve(name) if name.type == "identifier" else None
        if declaration is None or not declaration.constant:
            return name if name.type == "object_pattern" else None
        return _first_read(module, module.scope.references(declaration))
    return _first_read(module, [row])


def _first_read(module: Module, uses: Sequence[Node]) -> Node | None:
    if not uses or any(js.is_guard(module, use) for use in uses):
        return None
    first = uses[0]
    read = module.member_read(first)
    if read is None or read.is_optional or module.text(module.with_wrappers(first)).endswith("!"):
        return None
    return read.name_node
