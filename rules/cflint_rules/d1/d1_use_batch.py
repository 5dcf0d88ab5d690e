"""Send D1 several writes at once, with `batch()`.

Each `run()` is a request to the database that the Worker waits for, and one that fails leaves those before it
done. `batch()` sends all statements in one request and runs them in one transaction. An invocation may make
1000 queries, or 50 on the free plan.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const names = new URL(request.url).searchParams.getAll("name");
    const insert = env.DB.prepare("INSERT INTO names (name) VALUES (?)");
    for (const name of names) {
      await insert.bind(name).run();
    }
    return new Response("stored");
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
    const names = new URL(request.url).searchParams.getAll("name");
    const insert = env.DB.prepare("INSERT INTO names (name) VALUES (?)");
    await env.DB.batch(names.map((name) => insert.bind(name)));
    return new Response("stored");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Gather the statements, each without `await` and `.run()`, in a list, and send it with `await
DB.batch(statements)`.

- "createMany": Gather what is to be written, and send it with one `createMany({ data: list })`: one round
  trip in place of one for each.
- "in one statement": Gather the rows in a list, and insert them at once behind the loop: `if (rows.length >
  0) await db.insertInto("table").values(rows).execute()`, with the database and the table of this statement
  (D1 takes 100 values in a statement: of more, in pieces). What updates or deletes asks by `where("id", "in",
  ids)`.
- "by a function": Beside `write()` write a function that is no longer asynchronous and returns its statement:
  without `await` and `.run()`. Before the loop write `const statements = []`, in it `statements.push(…)` with
  what that one returns, and behind it `if (statements.length > 0) await DB.batch(statements)`, with the
  database for `DB`. All succeed or fail together then, and take one round trip; whoever else calls `write()`
  keeps it.
- "in Drizzle": Before the loop write `const statements = []`, in it `statements.push(…)` with this statement
  as it is, but without `await`, and behind it `const [first, ...others] = statements` and `if (first) await
  DB.batch([first, ...others])`, which takes no empty list. All succeed or fail together then, and take one
  round trip.
- "each turn of the loop": Before the loop write `const statements = []`, in it `statements.push(…)` with this
  statement as it is, but without `await` and `.run()`, and behind it `if (statements.length > 0) await
  DB.batch(statements)`, with the database for `DB`. All succeed or fail together then, and take one round
  trip.
- "one after the other": Write one `await DB.batch([…])` in the place of the first, with the database for
  `DB`: these statements in their order, each without `await` and `.run()`. All succeed or fail together then,
  and take one round trip.

## Not reported

Writes whose result is used, a loop that awaits anything else, writes in a `try` within the loop, and fewer
than three writes in a row. A function that only writes is followed to the loops that call it. Of ORMs,
Drizzle, Kysely and Prisma are known, where they are made for D1 in sight. In Python, loops with a `try` are
reported, too: each turn counts as a request, of which an invocation may make 50 on the free plan.

## Fix safety

Unsafe: in a batch either all are written or none, and what the loop did beside each of them (a log, a count)
is done before. There is no fix where the writes are in a function that the loop calls, and where the database
is made in the loop.

Source: https://developers.cloudflare.com/d1/worker-api/d1-database/#batch
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    python,
    python_module,
    rule,
)
from cflint_rules.d1._batches import fix_of_loop, fix_of_row
from cflint_rules.d1._writes import BEGINS, IN_A_ROW, awaited_of, is_write, outermost, row_from

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_WAYS = frozenset({"statement_block", "if_statement", "else_clause"})
"""What a write may stand in within a loop."""
_OF_DRIZZLE = "in Drizzle"
"""The name of a case of the page."""
_BY_FUNCTION = "by a function"
_MOST = 6
_INSTEAD = {
    "Drizzle": "with one `batch()`",
    "Kysely": "in one statement, or with one `batch()` of the database",
    "Prisma": "with one `createMany()` or the like",
}


@rule(call("run", *BEGINS), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    orm = _orm_of(match)
    if orm is None and (match.word != "run" or match.arguments):
        return
    if match.word == "run" and match.module.orm_statement(match.node) is not None:
        return  # reported where the statement begins
    whole = outermost(match.module, match.node)
    statement = match.module.parent(js.Call(match.module, whole).whole)
    how = _INSTEAD.get(orm or "", "with one `batch()`")
    if statement is None or awaited_of(match.module, statement) is None:
        yield from _in_loops_elsewhere(match, whole, how)
        return
    loop = _loop(match.module, statement)
    following = () if loop is not None else tuple(_following(match.module, statement))
    if loop is None and len(following) < IN_A_ROW:
        yield from _in_loops_elsewhere(match, whole, how)
        return
    if not is_write(match.module, whole):
        return
    if loop is not None:
        writes = _writes_of(match.module, loop, whole)
        if writes and _is_told_of(match.module, loop):
            return
        if writes and not _is_left(match.module, loop, whole):
            yield Finding(
                f"each turn of the loop waits for a request to D1: gather the statements and send them {how}",
                match.at(match.node),
                (
                    match.at(loop.children[0], "the loop"),
                    *(match.at(other, "and this") for other in writes[1:_MOST]),
                ),
                fix=fix_of_loop(match.module, loop, writes),
                words=_words(match, orm),
            )
    elif all(is_write(match.module, other) for other in following[:IN_A_ROW]):
        row = tuple(takewhile(lambda other: is_write(match.module, other), following))
        yield Finding(
            f"these writes are requests to D1 one after the other: send them {how}",
            match.at(match.node),
            tuple(match.at(other, "and this") for other in row[1:_MOST]),
            fix=fix_of_row(match.module, row),
            words=js.database_word(match.module, match.node),
        )


def _words(match: Match, orm: str | None) -> js.Words:
    case = ((_OF_DRIZZLE, ""),) if orm == "Drizzle" else ()
    return (*js.database_word(match.module, match.node), *case)


def _in_loops_elsewhere(match: Match, whole: Node, how: str) -> Iterator[Finding]:
    """The loops that do nothing but call a function around a write, which waits for nothing else."""
    module, function = match.module, match.enclosing_function
    if function is None or module.loop_around(whole) is not None or not module.only_awaits(function, whole):
        return
    if not is_write(module, whole) or module.try_around(whole, function) is not None:
        return  # one that fails does not keep the others
    for site in js.turns_of(module, whole):
        loop = site.module.loop_around(site.node)
        body = loop.child_by_field_name("body") if loop is not None else None
        if body is None or site.node.id == whole.id or not js.Call(site.module, site.node).is_statement:
            continue
        turn = js.turn_around(site.module, site.node)
        if turn is None or not site.module.only_awaits(body, site.node):
            continue
        if site.module.value_of(turn.items).kind is ValueKind.MESSAGES:
            continue  # each is acknowledged by itself
        if site.module.try_around(site.node, body) is None:
            yield Finding(
                f"each turn of the loop waits for a request to D1: gather the statements and send them {how}",
                site.module.at(site.node),
                (match.at(match.node, "the write"),),
                words=(
                    *js.database_word(match.module, match.node),
                    (_BY_FUNCTION, ""),
                    ("write", js.Call(site.module, site.node).name or "write"),
                ),
            )


def _orm_of(match: Match) -> str | None:
    """The ORM of which a call begins a statement; None of every other call."""
    if match.word not in BEGINS or match.receiver_value.kind in (ValueKind.BINDING, ValueKind.STORAGE):
        return None
    found = match.module.orm_statement(match.node)
    return found.orm if found is not None and found.first.node.id == match.node.id else None


def _loop(module: Module, statement: Node) -> Node | None:
    """The loop whose every turn, but for conditions, executes a statement: `for`, `for…of` or `while`."""
    for above in module.ancestors(statement):
        if above.type in ("for_statement", "while_statement"):
            return above
        if above.type == "for_in_statement":
            is_of = any(child.type == "of" for child in above.children)
            return above if is_of and not any(child.type == "await" for child in above.children) else None
        if above.type not in _WAYS or above.type in js.FUNCTIONS:
            return None
    return None


def _following(module: Module, statement: Node) -> Iterator[Node]:
    """The calls of a row of `await …;`, when a statement is its first; nothing otherwise."""
    before = statement.prev_named_sibling
    before = awaited_of(module, before) if before is not None else None
    if before is None or not is_write(module, before):
        yield from row_from(module, statement)


def _is_left(module: Module, loop: Node, write: Node) -> bool:
    """Whether a loop may be left after a write, so that the turns are not all wanted."""
    body = loop.child_by_field_name("body")
    found = module.descendants(body, "return_statement", "break_statement") if body is not None else ()
    return any(
        leave.start_byte >= write.end_byte
        and module.enclosing_function(leave) == module.enclosing_function(write)
        and module.leaves_loop(leave, loop)
        for leave in found
    )


def _is_told_of(module: Module, loop: Node) -> bool:
    """Whether a loop around another one is reported, with the writes of both."""
    around = module.loop_around(loop)
    body = around.child_by_field_name("body") if around is not None else None
    word = next(module.leaves("await", body), None) if body is not None else None
    if around is None or word is None or js.contains(loop, word):
        return False
    statement = module.parent(module.parent(word) or word)
    return statement is not None and _loop(module, statement) == around and bool(_writes_of(module, around))


def _writes_of(module: Module, loop: Node, first: Node | None = None) -> tuple[Node, ...]:
    """The writes that a loop awaits, of which a call is the first; () where it awaits anything else."""
    body = loop.child_by_field_name("body")
    found: list[Node] = []
    for word in module.leaves("await", body) if body is not None else ():
        awaited = module.parent(word)
        statement = module.parent(awaited) if awaited is not None else None
        run = awaited_of(module, statement) if statement is not None else None
        is_in_turn = run is not None and (first is None or (not found) == (run.id == first.id))
        if run is None or not is_in_turn or not is_write(module, run):
            return ()
        found.append(run)
    return tuple(found)


@check.on(python_module("await"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not any(one.bindings_of("d1") for one in module.environments):
        return
    seen: set[cst.CSTNode] = set()
    for made in python.awaited_calls(module):
        loop = python.loop_around(module, made)
        if loop is not None:
            written = python.reached(module, made, _is_python_write) if loop not in seen else None
            if (
                written is None
                or not _is_unused(module, made)
                or not python.goes_through_data(module, loop)
                or python.is_left(module, loop)
            ):
                continue
            seen.add(loop)
            related = () if written.node is made else (written.module.at(written.node, "the write"),)
            yield Finding(
                "each turn of the loop waits for a request to D1: gather the statements and send them with"
                " one `batch()`",
                module.at(made),
                related,
            )
        elif made not in seen:
            row = list(_python_row(module, made))
            seen.update(row)
            if len(row) >= IN_A_ROW:
                yield Finding(
                    "these writes are requests to D1 one after the other: send them with one `batch()`",
                    module.at(made),
                    tuple(module.at(other, "and this") for other in row[1:4]),
                )


def _is_python_write(module: python.PythonModule, made: cst.Call) -> bool:
    if module.called_name(made) != "run" or made.args:
        return False
    return module.value_of(module.receiver(made)).kind is ValueKind.D1_STATEMENT


def _is_unused(module: python.PythonModule, made: cst.Call) -> bool:
    """Whether nothing is made of what an awaited call gives."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    awaited = module.parent(made)
    return awaited is not None and isinstance(module.parent(awaited), cst.Expr)


def _python_row(module: python.PythonModule, made: cst.Call) -> Iterator[cst.Call]:
    """The writes that stand one below the other, from one on."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    line = next((one for one in module.ancestors(made) if isinstance(one, cst.SimpleStatementLine)), None)
    block = module.parent(line) if line is not None else None
    if line is None or not isinstance(block, cst.IndentedBlock):
        return
    lines = list(block.body)
    for statement in lines[lines.index(line) :]:
        found = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        awaited = found.value if isinstance(found, cst.Expr) else None
        call = awaited.expression if isinstance(awaited, cst.Await) else None
        if not isinstance(call, cst.Call) or not _is_python_write(module, call):
            return
        yield call
