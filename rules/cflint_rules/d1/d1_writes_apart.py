"""Write what belongs together in one `batch()` of D1: a failure in between leaves half of it.

Two statements that are awaited one after the other are two requests and two transactions. When the second
fails, or the request is cancelled between the two, the first stays: an account without a login, an order
without its lines, a status that nobody set back. `batch()` runs all statements in one transaction, and in one
round trip.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const id = crypto.randomUUID();
    const email = new URL(request.url).searchParams.get("email") ?? "";
    await env.DB.prepare("INSERT INTO users (id, email) VALUES (?, ?)").bind(id, email).run();
    await env.DB.prepare("INSERT INTO logins (user_id, kind) VALUES (?, 'mail')").bind(id).run();
    return Response.json({ id }, { status: 201 });
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
    const id = crypto.randomUUID();
    const email = new URL(request.url).searchParams.get("email") ?? "";
    await env.DB.batch([
      env.DB.prepare("INSERT INTO users (id, email) VALUES (?, ?)").bind(id, email),
      env.DB.prepare("INSERT INTO logins (user_id, kind) VALUES (?, 'mail')").bind(id),
    ]);
    return Response.json({ id }, { status: 201 });
  },
} satisfies ExportedHandler<Env>;
```

Where the second statement needs the id that the database gave the first, make the id in the code, or write
`last_insert_rowid()` in the second.

## What to do

Make the statements without `await` and `.run()`, in a list in their order (`const statements = [first]; if
(…) statements.push(second);` where one is conditional), and send it in the place of the last: `await
DB.batch(statements)`, with the database for `DB`. Either all are written or none. An id that the first
would make is made before: `crypto.randomUUID()`.

## Not reported

Statements that share no value and no result; two that delete, or change one table, so that the whole is right
once it is done again; those with anything else awaited between them; where the number of changed rows decides
about the second; where only one of them stands in a `try`; inserts that do nothing where the row is there;
tables of logs, statistics and the like, unless a row is moved there, and times of a last visit. Three and
more writes in a row, and loops: [`d1-use-batch`](d1_use_batch.py) is about them. Of ORMs, Drizzle, Kysely and
Prisma are known.

## Fix safety

Unsafe: either all are written or none, and the first one is written only where the code gets as far as the
last. There is no fix where the first one is conditional or a result is used, and where the code does anything
but declare values between them.

Source: https://developers.cloudflare.com/d1/worker-api/d1-database/#batch
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from cflint.api import Finding, Module, Safety, Severity, js, module, pattern, record, rule, sql
from cflint_rules.d1._batches import fix_of_rows
from cflint_rules.d1._writes import BEGINS, WRITES, is_told_as_row, outermost

if TYPE_CHECKING:
    from tree_sitter import Node

_RUNS = ("run", "all", "first", "raw")
_ASIDE = pattern(
    r"logs?(?![a-z])|Log|audit|event|histor|metric|stats|analytic|usage|views?(?![a-z])|visit|activit|notif"
    r"|trace|rate_?limit|attempt|cache|search|fts|index",
)
"""What the names of tables hold whose rows nothing else rests on."""
_OWNER = pattern(
    r"user|owner|account|tenant|org|team|workspace|actor|member|customer|client|auth|session", re.IGNORECASE
)
_TIMES = pattern(
    r"now|date|time|stamp|before|after|cutoff|since|until|expir|older|(?:_at|At)$|created|updated|^ts$",
    re.IGNORECASE,
)
_LAST = pattern(r"\bset\b[\s({]*[`\"]?(?:last|updated|seen)_?\w*[`\"]?\s*[=:]", re.IGNORECASE)
_HARMLESS = frozenset({"IGNORE", "CONFLICT", "REPLACE"})
_UPSERTS = frozenset({"onConflictDoNothing", "onConflictDoUpdate", "onConflict", "upsert", "replaceInto"})
_CHANGES = pattern(r"\bchang|affected|numDeleted|numUpdated|rows_written|length")
_TAKEN_APART = pattern(r"meta|chang")
_MOST = 4
_MOST_MOVES = 20
_PATTERN_NAMES = ("shorthand_property_identifier_pattern", "identifier")


@record(frozen=True)
class _Write:
    """A statement that writes and is awaited where it stands: the call that runs it, that at which it begins
    (the same but for an ORM), the expression of the database, and the values that it is given, as written;
    `aside` when nothing else rests on its table."""

    node: Node
    begin: Node
    verb: str
    table: str
    database: str
    values: frozenset[str]
    aside: bool = False


@rule(module(*_RUNS, *BEGINS), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_run:
        return
    rows = [row for function, made in _by_function(subject) for row in _rows(subject, function, made)]
    if not rows:
        return
    rows.sort(key=lambda row: row[0].node.start_byte)
    (first, *rest), *others = rows
    yield Finding(
        "these writes belong together, but each is a transaction of its own: when a later one fails, this"
        " stays; send them with one `batch()`",
        subject.at(first.begin),
        (
            *(subject.at(one.begin, "and this") for one in rest[:_MOST]),
            *(subject.at(row[0].begin, "so do these") for row in others[:_MOST]),
        ),
        fix=fix_of_rows(subject, [[one.node for one in row] for row in rows]),
        words=js.database_word(subject, first.begin),
    )


def _by_function(subject: Module) -> Iterator[tuple[Node, list[js.Call]]]:
    """The functions of a module that make several calls which may write, with these calls."""
    found: dict[int, tuple[Node, list[js.Call]]] = {}
    for name in (*_RUNS, *BEGINS):
        for made in subject.calls(name, subject.root):
            function = subject.enclosing_function(made.node)
            if function is not None and made.receiver is not None:
                found.setdefault(function.id, (function, []))[1].append(made)
    yield from (pair for pair in found.values() if len(pair[1]) > 1)


def _rows(subject: Module, function: Node, calls: list[js.Call]) -> Iterator[list[_Write]]:
    """Writes of a function, one after the other, of which each belongs to the next."""
    writes: dict[int, _Write] = {}
    for made in calls:
        write = _write(subject, made)
        if write is not None:
            writes.setdefault(write.node.id, write)
    row: list[_Write] = []
    told: set[int] = set()
    ordered = sorted(writes.values(), key=lambda one: one.node.start_byte)
    for write in (one for one in ordered if not one.aside):
        if row and not _belong(subject, function, row[-1], write):
            if len(row) > 1:
                told.update(one.node.id for one in row)
                yield row
            row = []
        row.append(write)
    if len(row) > 1:
        told.update(one.node.id for one in row)
        yield row
    moves = [
        pair
        for pair in pairwise(ordered)
        if (pair[0].verb, pair[1].verb) == ("INSERT", "DELETE") and pair[0].node.id not in told
    ]
    for first, second in moves[:_MOST_MOVES]:
        if _is_next(subject, function, first, second) and _moves(subject, function, first, second):
            yield [first, second]


def _write(module: Module, made: js.Call) -> _Write | None:
    """The write that a call makes, or begins by an ORM; None of what is harmless when it stays alone."""
    if made.receiver is None:
        return None
    if made.name in _RUNS:
        statement = sql.d1_statement(module, made.receiver)
        use = sql.prepared_by(module, made.receiver)
        if statement is None or use is None or use.engine is not sql.SqlDialect.D1:
            return None
        if statement.verb not in WRITES or not statement.words.isdisjoint(_HARMLESS):
            return None
        prepare = js.Call(module, use.call)
        tables, text, verb = statement.tables, use.text.text, statement.verb
        database, node, given = prepare.receiver, made.node, statement.values
    else:
        begun = module.orm_statement(made.node)
        if begun is None or begun.database is None or begun.first.node.id != made.node.id:
            return None
        node = outermost(module, made.node)
        whole = module.orm_statement(node)
        if whole is None or whole.verb not in WRITES or not _UPSERTS.isdisjoint(whole.methods):
            return None
        tables = tuple(module.text(one) for one in made.arguments[:1]) or (module.text(made.receiver),)
        verb = whole.verb
        text, database, given = module.text(node), made.receiver, _given(module, node)
    if database is None or not js.Call(module, node).is_awaited:
        return None
    if _LAST.search(text) is not None:
        return None
    is_aside = any(_ASIDE.search(table) is not None for table in tables[:1])
    own = module.text(made.arguments[0]) if made.arguments and made.name in BEGINS else ""
    values = frozenset(key for one in given for key in _keys(module, one, own))
    return _Write(
        node,
        made.node,
        verb,
        tables[0] if tables else "",
        module.text(js.unwrap(database)),
        values,
        is_aside,
    )


def _given(module: Module, node: Node) -> tuple[Node, ...]:
    """The arguments of all calls of a chain."""
    found: list[Node] = []
    made: js.Call | None = js.Call(module, node)
    while made is not None and made.receiver is not None:
        found.extend(made.arguments)
        made = module.call(made.receiver)
    return tuple(found)


def _keys(module: Module, node: Node, table: str) -> Iterator[str]:
    """How the values are written that an expression is made of: names of the function, and members of them.
    Constants of the module are none, nor is a time."""
    names = ("identifier", "shorthand_property_identifier", "this")
    for name in (node, *module.descendants(node, *names)):
        if name.type not in names:
            continue
        whole = name
        above = module.parent(whole)
        while above is not None and above.type == "member_expression" and above.named_children[0] == whole:
            whole, above = above, module.parent(above)
        made = module.call_of(whole)
        if made is not None:
            member = module.member(whole)
            if member is None:
                continue
            whole = member.object
        text = module.text(whole)
        if name.type != "this":
            declaration = module.scope.resolve(name)
            if declaration is None or declaration.scope.type == "program" or text.split(".")[0] == table:
                continue
        last = text.rpartition(".")[2]
        if _TIMES.search(last) is None:
            yield text


def _belong(module: Module, function: Node, first: _Write, second: _Write) -> bool:
    """Whether a write and the next one are of one thing, and nothing between them needs to be there."""
    if not _is_next(module, function, first, second):
        return False
    result = module.awaited(first.node)
    uses = result.references if result is not None else ()
    if result is not None and result.pattern is not None:
        is_asked = _TAKEN_APART.search(module.text(result.pattern)) is not None
        return not is_asked and _share(module, function, first, second)
    handed = any(js.contains(second.node, use) for use in uses) or _comes_from(module, uses, second)
    return handed or _share(module, function, first, second)


def _is_next(module: Module, function: Node, first: _Write, second: _Write) -> bool:
    """Whether a write comes right after another, and nobody asks what the first one did."""
    if first.database != second.database or not js.can_reach(module, first.node, second.node):
        return False
    verbs = {first.verb, second.verb}
    if verbs == {"DELETE"} or (verbs == {"UPDATE"} and first.table == second.table):
        return False  # done again, it is whole
    loop = module.loop_around(first.node)
    if loop != module.loop_around(second.node) or (loop is not None and loop.type == "for_in_statement"):
        return False
    before, after = module.try_around(first.node, function), module.try_around(second.node, function)
    if (before is None) != (after is None) or (before is not None and before != after):
        return False
    for word in module.leaves("await", function):
        if first.node.end_byte <= word.start_byte < second.node.start_byte:
            above = module.parent(word)
            if above is None or not js.contains(above, second.node):
                return False
    if is_told_as_row(module, first.node):
        return False
    result = module.awaited(first.node)
    uses = result.references if result is not None else ()
    if first.verb != "INSERT" and any(map(module.is_guard, uses)):
        return False  # whether there was such a row decides about the second
    return not _asks(module, uses)


def _moves(module: Module, function: Node, first: _Write, second: _Write) -> bool:
    """Whether a row is written to another table, and then deleted where it was read."""
    if first.table == second.table:
        return False
    for query in sql.queries_before(module, function, first.node, second.table):
        if second.values.isdisjoint(module.text(value) for value in query.select.values):
            continue
        result = module.awaited(query.call.node)
        held = result.declaration if result is not None else None
        names = {held.name} if held is not None else set()
        if result is not None and result.pattern is not None:
            names |= {module.text(one) for one in module.descendants(result.pattern, *_PATTERN_NAMES)}
        for declarator in module.descendants(function, "variable_declarator"):
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is not None and value is not None and declarator.end_byte <= first.node.start_byte:
                parts = (value, *module.descendants(value, "identifier"))
                if any(module.text(one) in names for one in parts if one.type == "identifier"):
                    names.add(module.text(name))
        return any(value.partition(".")[0] in names for value in first.values)
    return False


def _share(module: Module, function: Node, first: _Write, second: _Write) -> bool:
    """Whether two writes are given the same value. That both are somebody's says little where one of them is
    an `INSERT`, unless that one makes whose they are."""
    shared = first.values & second.values
    if "INSERT" not in (first.verb, second.verb):
        return bool(shared)
    return any(_OWNER.search(text) is None or _is_made(module, function, text) for text in shared)


def _is_made(module: Module, function: Node, name: str) -> bool:
    """Whether a function makes what a variable of it holds, as a new id: `crypto.randomUUID()`."""
    return any(
        module.text(declared) == name and module.call(value) is not None
        for declarator in module.descendants(function, "variable_declarator")
        if (declared := declarator.child_by_field_name("name")) is not None
        and (value := declarator.child_by_field_name("value")) is not None
    )


def _asks(module: Module, uses: tuple[Node, ...]) -> bool:
    """Whether how many rows were changed is taken of a result, or how many it has."""
    for use in uses:
        statement = module.statement_of(use)
        condition = statement.child_by_field_name("condition") if statement is not None else None
        text = module.text(condition or statement or use)
        if _CHANGES.search(text) is not None:
            return True
    return False


def _comes_from(module: Module, uses: tuple[Node, ...], write: _Write) -> bool:
    """Whether a write is given a variable that holds a part of a result: `const id = rows[0].id`."""
    for use in uses:
        declarator = module.enclosing(use, frozenset({"variable_declarator"}))
        name = declarator.child_by_field_name("name") if declarator is not None else None
        if name is not None and any(
            key == module.text(name) or key.startswith(module.text(name) + ".") for key in write.values
        ):
            return True
    return False
