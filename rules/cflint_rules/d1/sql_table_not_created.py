"""Create the tables that an object's SQL uses.

The storage of a Durable Object, an Agent's included, starts empty, and every new object has a storage of its
own: a query for a table that nothing creates fails with `no such table`. Create it where each object passes,
in the constructor or in `onStart()`, with `CREATE TABLE IF NOT EXISTS`.

## Incorrect

```ts
import { Agent } from "agents";

export class Diary extends Agent<Env> {
  entries(): unknown[] {
    return this.sql`SELECT * FROM entries ORDER BY written`;
  }
}
```

## Correct

```ts
import { Agent } from "agents";

export class Diary extends Agent<Env> {
  onStart(): void {
    this.sql`CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, written INTEGER)`;
  }

  entries(): unknown[] {
    return this.sql`SELECT * FROM entries ORDER BY written`;
  }
}
```

## What to do

Create it in the constructor of the class: `ctx.storage.sql.exec("<create>")`, with the types of the columns;
as it is, the statement throws `no such table`. Only where the name is a slip, write that of the table that is
meant instead.

## Not reported

Tables that some module of the Worker creates, or whose creation is not in sight: `CREATE TABLE` with an
interpolated name, an ORM with migrations of its own, SQL that is read from a file, a base class from
elsewhere.

## Errors

```text title="workerd"
D1_ERROR: no such table: …: SQLITE_ERROR
Error: no such table: …: SQLITE_ERROR
```

## Fix safety

No fix: which columns the table has is up to you.

Source: https://developers.cloudflare.com/durable-objects/best-practices/access-durable-objects-storage/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from cflint.api import (
    ClassDefinition,
    Finding,
    Module,
    Project,
    Severity,
    class_definition,
    js,
    pattern,
    rule,
    sql,
)

_CREATES = pattern(
    rb"\b(?:create\s{1,20}(?:temp(?:orary)?\s{1,20}|virtual\s{1,20})?(?:table|view)|rename\s{1,20}to)\s{1,20}"
    rb"(?:if\s{1,20}not\s{1,20}exists\s{1,20})?(?P<name>[\"'`\[]?\w*)",
    re.IGNORECASE,
)
_ELSEWHERE = pattern(
    rb"[\"'](?:drizzle-orm|kysely|@prisma|typeorm|knex|sql-migrations|durable-utils|workers-qb|"
    rb"@cloudflare/actors|node:fs)|\.sql(?:\?raw)?[\"']|runMigrations|migrat"
)
_ELSEWHERE_WORDS = (
    *(b"drizzle-orm", b"kysely", b"@prisma", b"typeorm", b"knex", b"sql-migrations", b"durable-utils"),
    *(b"workers-qb", b"@cloudflare/actors", b"node:fs", b".sql", b"igrat"),
)
"""Of what the expression finds, one stands there."""
_FOREIGN = ("sqlite_", "cf_", "_cf_", "pragma_")
_WORDS = (b"sql", b"exec")


@rule(class_definition(), severity=Severity.NOTE)
def check(owner: ClassDefinition) -> Iterator[Finding]:
    module = owner.module
    body = owner.facts.body
    data = module.document.data
    if data.find(b"sql") == -1 or max(data.find(word, body.start, body.end) for word in _WORDS) == -1:
        return
    if not owner.kind.runs_as_durable_object:
        return
    created = _created(module)
    if created is None:
        return
    used = _used(owner)
    if created.issuperset(used):
        return
    if not module.project.classes.members(owner.facts)[1]:
        return  # a base class from elsewhere may create tables
    for name, (use, token) in used.items():
        if name not in created:
            yield Finding(
                f"nothing creates the table `{token.name}`",
                use.at_token(token),
                words=(("<create>", _definition(owner, token.name or "")), *_state(owner)),
            )


def _state(owner: ClassDefinition) -> js.Words:
    return (("ctx", owner.state or "this.ctx"),)


def _definition(owner: ClassDefinition, table: str) -> str:
    """A statement that makes a table with the columns that a class names."""
    module = owner.module
    columns: dict[str, None] = {}
    for call in (*module.calls("exec", owner.body), *module.calls("sql", owner.body)):
        use = sql.sql_use(module, call.node)
        for statement in use.text.statements if use is not None else ():
            for named, column in (*sql.columns_written(statement), *sql.columns_read(statement)):
                if (named.name or "").lower() == table.lower() and column.name:
                    columns.setdefault(column.name)
    listed = ", ".join(columns) or "id INTEGER PRIMARY KEY"
    return f"CREATE TABLE IF NOT EXISTS {table} ({listed})"


def _used(owner: ClassDefinition) -> dict[str, tuple[sql.SqlUse, sql.Token]]:
    """The first use of each table in a class, by its lower-case name."""
    found: dict[str, tuple[sql.SqlUse, sql.Token]] = {}
    module = owner.module
    calls = [*module.calls("exec", owner.body), *module.calls("sql", owner.body)]
    for call in sorted(calls, key=lambda call: call.node.start_byte):
        use = sql.sql_use(owner.module, call.node)
        if use is None or use.engine is not sql.SqlDialect.DURABLE_OBJECT:
            continue
        for statement in use.text.statements:
            for kind, token in sql.tables(statement):
                name = (token.name or "").lower()
                if kind is sql.TableUse.USES and not name.startswith(_FOREIGN):
                    found.setdefault(name, (use, token))
    return found


def _created(module: Module) -> frozenset[str] | None:
    """The lower-case names of the tables that the Workers' modules create; None when there may be more."""
    owners = module.workers
    if not owners:
        return _created_by(module.project, (module.path,))
    paths = (path for worker in owners for path in worker.modules)
    return module.project.memo.memoized(
        ("tables created by", *(id(worker) for worker in owners)), partial(_created_by, module.project, paths)
    )


def _created_by(project: Project, paths: Iterable[str]) -> frozenset[str] | None:
    names: set[str] = set()
    for path in dict.fromkeys(paths):
        found = project.memo.memoized(("tables created", path), partial(_created_in, project, path))
        if found is None:
            return None
        names |= found
    return frozenset(names)


def _created_in(project: Project, path: str) -> frozenset[str] | None:
    document = project.sources.document(path)
    if document is None:
        return None
    data = document.data
    elsewhere = any(word in data for word in _ELSEWHERE_WORDS) and _ELSEWHERE.search(data) is not None
    if not elsewhere and _CREATES.search(data) is None:
        return frozenset()
    module = js.module_of(project, path)
    if module is None or any(True for _ in module.mentions(_ELSEWHERE)):
        return None
    names: set[str] = set()
    for node in {node.id: node for node in module.mentions(_CREATES)}.values():
        for found in _CREATES.finditer(document.data, node.start_byte, node.end_byte):
            name = found["name"].decode("utf-8", "replace").strip("\"'`[")
            if not name or document.data[found.end() : found.end() + 2] == b"${":
                return None  # the name is interpolated
            names.add(name.lower())
    return frozenset(names)
