"""Let the database decide whether a row is there already, in the statement that inserts it.

A `SELECT` that finds nothing, and then an `INSERT`, are two requests: of two clients at once both find
nothing, and both insert. Where the table has a `UNIQUE` constraint the second `INSERT` throws, and the client
gets status 500; where it has none, the row is there twice. `INSERT … ON CONFLICT DO NOTHING RETURNING …` is
one statement, and tells which of the two it was.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const email = new URL(request.url).searchParams.get("email");
    const taken = await env.DB.prepare("SELECT id FROM users WHERE email = ?").bind(email).first();
    if (taken) return new Response("taken", { status: 409 });
    await env.DB.prepare("INSERT INTO users (email) VALUES (?)").bind(email).run();
    return new Response("welcome", { status: 201 });
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
    const email = new URL(request.url).searchParams.get("email");
    const insert = "INSERT INTO users (email) VALUES (?) ON CONFLICT DO NOTHING RETURNING email";
    const added = await env.DB.prepare(insert).bind(email).first();
    if (added === null) return new Response("taken", { status: 409 });
    return new Response("welcome", { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

## What to do

In this `INSERT` write `SELECT …` with the same values for `VALUES (…)`, behind them `WHERE NOT EXISTS
(<lookup>)`, and bind <values> behind the others. Where `meta.changes` of the result is 0 it was there: the
code answers then as <answer>. As it is, a second row comes now and then.

- "`onConflictDoNothing()`": Make the columns that are looked up unique in the schema, if they are not yet
  (`uniqueIndex()`, then `npx drizzle-kit generate`), and add `.onConflictDoNothing().returning()` to this
  insert: where it gives no row it was there, and the code answers as where the lookup finds one. As it is, a
  second row comes now and then, or an error 500.
- "`INSERT` fails": Write ` <conflict>` at the end of this `INSERT`; where `meta.changes` of its result is 0
  the row was there, and the code answers then as <answer>. As it is, the second client gets an error 500.

## Not reported

`INSERT OR IGNORE`, `INSERT OR REPLACE`, `ON CONFLICT`; an `INSERT` in a `try` whose `catch` speaks of
`UNIQUE` or of a constraint; a `SELECT` of which nobody asks whether it found a row, or without whose row
there is no `INSERT` (`if (!found) return …`); one by another value than the `INSERT` writes; one of what
several rows come to (`MAX`, `SUM`), or for the last of them (`ORDER BY`), which looks for no row; rows of a
list that the code goes through; a name that gives way to another where it is taken; what a cron trigger does,
of which one runs at a time.

## Errors

```text title="workerd"
D1_ERROR: UNIQUE constraint failed: …: SQLITE_CONSTRAINT
```

## Fix safety

Unsafe: where the row is there the code now does what it does where the lookup finds one, and what stands
between the two has run. Columns that are unique get `ON CONFLICT`, others `INSERT … SELECT … WHERE NOT
EXISTS (…)`, which is one statement, too. There is no fix where the answer tells of the row that was found,
where more follows the `INSERT` in its branch, or where the text of a statement is put together.

Source: https://www.sqlite.org/lang_upsert.html, https://developers.cloudflare.com/d1/worker-api/prepared-statements/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Safety,
    Severity,
    call,
    join_names,
    js,
    pattern,
    record,
    rule,
    sql,
)
from cflint_rules.d1._decided import Branch, branch_of, fix_of, reads_row, rows_of
from cflint_rules.d1._writes import is_alone, outermost

if TYPE_CHECKING:
    from tree_sitter import Node

_EXPECTED = pattern(rb"unique|constraint|conflict|duplicate|already", re.IGNORECASE)
_SAME_ROW = frozenset({"eq", "and", "isNull", "String", "Number"})
"""Functions of conditions that look for one row, and count none."""
_UPSERTS = frozenset({"onConflictDoNothing", "onConflictDoUpdate"})
_MEMBERS = 3
_STAND_IN = frozenset({"string", "null", "undefined", "number"})
_LONGEST = 300
"""Characters of a lookup that is repeated in the edit."""
_OF_SEVERAL = frozenset({"COUNT", "ORDER"})
"""Words of a lookup for which there may be several rows."""
_COUNTS = frozenset({"COUNT", "EXISTS"})
"""Functions of which one asks whether there are any rows; others of all rows give one in any case."""
_DECIDES = frozenset({"CONFLICT", "IGNORE", "REPLACE", "SELECT"})
"""Words of an `INSERT` that does not insert whatever is there."""


@rule(call("run", "first", "all"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or match.receiver is None or not module.document.has_word("INSERT"):
        return
    insert = sql.d1_statement(module, match.receiver)
    if (
        insert is None
        or insert.verb != "INSERT"
        or not insert.words.isdisjoint(_DECIDES)
        or not insert.tables
    ):
        return
    if _is_expected(module, match.node) or is_alone(match):
        return
    written = {_plain(module, value) for value in insert.values}
    for query in sql.queries_before(module, function, match.node, insert.tables[0]):
        by = {_plain(module, value) for value in query.select.values}
        words = query.select.words
        if not by or not by <= written or "WHERE" not in words:
            continue
        if not query.select.statement.may_be_empty and words.isdisjoint(_COUNTS):
            continue
        asked = query.call.node
        if _is_asked(module, asked, match.node) and js.can_reach(module, asked, match.node):
            key = sql.unique_key(module, insert.tables[0], query.select.compared)
            if key is None and not words.isdisjoint(_OF_SEVERAL):
                continue  # of how many there may be, or the last one of them
            if _is_made_anew(module, query, match.node):
                continue
            is_known = sql.is_defined(module, insert.tables[0])
            then = "both insert" if is_known else "both insert, where no column forbids it"
            way, target = "with `WHERE NOT EXISTS`", None
            if key is not None:
                unique = join_names([f"`{name}`" for name in sorted(key)])
                state = "is unique" if len(key) == 1 else "are unique together"
                then = f"the second `INSERT` fails ({unique} {state})"
                is_whole = sql.is_unique_in_whole(module, insert.tables[0], key)
                way, target = "with `ON CONFLICT`", f" ({', '.join(sorted(key))})" if is_whole else ""
            branch = branch_of(module, asked, match.node)
            yield Finding(
                f"of two clients at once both find nothing, and {then}: let the statement decide, {way}",
                match.at(match.node),
                (module.at(asked, "it is looked for here"),),
                fix=fix_of(module, query, match.call, target, branch),
                words=_words(module, query, target, branch),
            )
            return


def _is_made_anew(module: Module, query: sql.D1Query, insert: Node) -> bool:
    """Whether a value that is looked for gives way to another where it is taken: a name with a number."""
    for value in query.select.values:
        for name in (value, *module.descendants(value, "identifier")):
            found = module.scope.resolve(name) if name.type == "identifier" else None
            assigned = module.scope.assignments(found) if found is not None else ()
            if any(query.call.node.end_byte <= it.start_byte < insert.start_byte for it in assigned):
                return True
    return False


def _words(module: Module, query: sql.D1Query, target: str | None, branch: Branch | None) -> js.Words:
    """What the lookup asks, with its values, and what the code does where it finds a row."""
    use = sql.prepared_by(module, query.call.receiver) if query.call.receiver is not None else None
    asked = " ".join(use.text.text.split()).rstrip("; ") if use is not None and use.text.is_whole else ""
    is_shown = len(asked) <= _LONGEST and "`" not in asked and query.select.statement.may_be_empty
    values = ", ".join(module.text(value) for value in query.select.values)
    is_plain = "`" not in values and "\n" not in values
    found = branch.found if branch is not None else None
    is_read = found is not None and reads_row(module, query.call.node, found)
    again = ", with the row looked up again" if is_read else ""
    line = module.document.line_of(found.start_byte) + 1 if found is not None else 0
    return (
        ("<lookup>", asked if asked and is_shown else "SELECT 1 …"),
        ("<values>", f"`{values}`" if is_plain else "the values of the lookup"),
        ("<conflict>", f"ON CONFLICT{target or ''} DO NOTHING"),
        ("<answer>", f"line {line} does{again}" if found is not None else "where the lookup finds one"),
    )


@check.on(call("insert"))
def check_orm(match: Match) -> Iterator[Finding]:
    """The same by Drizzle: `db.select().from(users).where(eq(users.email, email))`, then an `insert()`."""
    module, function = match.module, match.enclosing_function
    begun = module.orm_statement(match.node)
    if function is None or begun is None or begun.database is None or len(match.arguments) != 1:
        return
    if begun.orm != "Drizzle" or begun.first.node.id != match.node.id:
        return
    last = outermost(module, match.node)
    whole = module.orm_statement(last)
    if whole is None or not _UPSERTS.isdisjoint(whole.methods) or _is_expected(module, match.node):
        return
    values = next((made for made in _chain(module, last) if made.name == "values"), None)
    given = module.properties_of(values.arguments[0]) if values is not None and values.arguments else None
    if given is None:
        return
    table = module.text(match.arguments[0])
    written = {(name, _plain(module, value)) for name, value in given.items()}
    for query, by in _queries_of(module, function, match.node, table):
        is_asked = by and by <= written and _is_asked(module, query, match.node)
        if is_asked and js.can_reach(module, query, match.node):
            yield Finding(
                "of two clients at once both find nothing, and both insert, or fail where a column is unique:"
                " let the statement decide, with a unique index and `onConflictDoNothing()`",
                match.at(match.node),
                (module.at(query, "it is looked for here"),),
            )
            return


def _chain(module: Module, last: Node) -> Iterator[js.Call]:
    """The calls of a chain, the last one first."""
    made = module.call(last)
    while made is not None and made.receiver is not None:
        yield made
        made = module.call(made.receiver)


@record(frozen=True, eq=False)
class _Query:
    """A query by Drizzle: the table, as it is written or by its model's name; the whole chain; the columns
    and values in which the rows that it looks for are equal."""

    table: str
    made: Node
    last: Node
    equal: frozenset[tuple[str, str]]


def _queries_of(
    module: Module, function: Node, insert: Node, table: str
) -> Iterator[tuple[Node, frozenset[tuple[str, str]]]]:
    """The queries of a table by Drizzle that stand before an insert, and the columns and values in which the
    rows that they look for are equal."""
    known = module.memoized(
        ("queries by Drizzle", function.id), lambda: tuple(_find_queries(module, function))
    )
    around = module.loop_around(insert)
    for query in known:
        if query.made.start_byte > insert.start_byte or query.table not in (table, _of_model(table)):
            continue
        loop = module.loop_around(query.made)
        if loop is None or loop == around:
            yield query.last, query.equal


def _of_model(table: str) -> str:
    """What `db.query.NAME` calls a table, with a dot before it, as no table of `from()` has."""
    return f".{table.rpartition('.')[2]}"


def _find_queries(module: Module, function: Node) -> Iterator[_Query]:
    for name in ("from", "findFirst"):
        for made in module.calls(name, function):
            if made.receiver is None or (name == "from" and len(made.arguments) != 1):
                continue
            is_from = name == "from"
            table = module.text(made.arguments[0]) if is_from else _of_model(module.text(made.receiver))
            last = outermost(module, made.node)
            begun = module.orm_statement(last)
            if begun is None or begun.verb != "SELECT" or begun.database is None:
                continue
            parts = [argument for part in _chain(module, last) for argument in part.arguments]
            called = [
                js.Call(module, node)
                for argument in parts
                for node in (argument, *module.descendants(argument, "call_expression"))
                if node.type == "call_expression"
            ]
            if not all(one.name in _SAME_ROW for one in called if one.receiver is None):
                continue
            equal = frozenset(
                (module.text(one.arguments[0]).rpartition(".")[2], _plain(module, one.arguments[1]))
                for one in called
                if one.name == "eq" and len(one.arguments) == 2
            )
            yield _Query(table, made.node, last, equal)


def _plain(module: Module, value: Node) -> str:
    """How a value is written, without what stands in for one that is missing: `x` of `(x || "")`."""
    node = js.unwrap(value)
    default = module.operation(node)
    if default is not None and default.operator in ("||", "??") and default.left is not None:
        stands_in = default.right is not None and js.unwrap(default.right).type in _STAND_IN
        if stands_in:
            return _plain(module, default.left)
    made = module.call(node)
    if made is None or made.receiver is None or made.is_new:
        return module.text(node)
    return f"{_plain(module, made.receiver)}.{made.name}({', '.join(map(module.text, made.arguments))})"


def _is_asked(module: Module, asked: Node, insert: Node) -> bool:
    """Whether somebody asks whether a query found a row, and does not insert only where it did."""
    result = module.awaited(asked)
    if result is None:
        return False
    if result.pattern is not None and result.pattern.type == "array_pattern":
        first = js.first_named(result.pattern)
        found = module.scope.resolve(first) if first is not None and first.type == "identifier" else None
        uses = tuple(module.scope.references(found)) if found is not None else ()
        return any(map(module.is_guard, uses)) and not any(_is_wanted(module, use, insert) for use in uses)
    if result.pattern is not None:
        rows = rows_of(module, result.pattern)
        is_wanted = any(_is_wanted(module, use, insert) for use in rows)
        return not is_wanted and any(_is_number_asked(module, use) for use in rows)
    if result.declaration is None:
        return module.is_guard(result.node)
    if any(_is_wanted(module, use, insert) for use in result.references):
        return False
    return any(module.is_guard(use) or _is_number_asked(module, use) for use in result.references)


def _is_number_asked(module: Module, use: Node) -> bool:
    """Whether an expression is asked for how many rows it has: `found.results.length`, `rows[0]`. A list that
    the code goes through is asked by other columns than those of the query."""
    node: Node | None = use
    for _ in range(_MEMBERS):
        above = module.parent(module.with_wrappers(node)) if node is not None else None
        if above is None or above.type not in ("member_expression", "subscript_expression"):
            return False
        read = module.member(above)
        if above.type == "subscript_expression" or (read is not None and read.name == "length"):
            return True
        node = above
    return False


def _is_wanted(module: Module, use: Node, insert: Node) -> bool:
    """Whether a function ends before an `INSERT` where a query found no row: `if (!found || …) return …`."""
    node = module.with_wrappers(use)
    above = module.parent(node)
    compared = module.operation(above)
    is_negated = above is not None and above.type == "unary_expression" and module.text(above).startswith("!")
    if above is None or not (
        is_negated
        or (
            compared is not None
            and compared.operator in ("==", "===")
            and compared.right is not None
            and module.text(compared.right) in ("null", "undefined")
        )
    ):
        return False
    while True:
        node, above = above, module.parent(above)
        if above is None:
            return False
        either = module.operation(above) if above.type == "binary_expression" else None
        if above.type != "parenthesized_expression" and (either is None or either.operator != "||"):
            break
    branch = above.child_by_field_name("consequence") if above.type == "if_statement" else None
    condition = above.child_by_field_name("condition")
    return (
        branch is not None
        and condition is not None
        and js.contains(condition, node)
        and above.end_byte <= insert.start_byte
        and not js.completes(module, branch)
    )


def _is_expected(module: Module, insert: Node) -> bool:
    """Whether a `catch` around an `INSERT` speaks of rows that are there already."""
    for above in module.ancestors(insert):
        handler = above.child_by_field_name("handler") if above.type == "try_statement" else None
        if handler is not None and any(module.mentions(_EXPECTED, handler)):
            return True
        if above.type in js.FUNCTIONS:
            return False
    return False
