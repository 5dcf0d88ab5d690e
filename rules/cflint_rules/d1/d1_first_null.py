"""Check that D1 has a row before using it.

`first()` resolves to `null` when the query has no row. Reading a column then throws, and a request for what
is not there ends with status 500 instead of 404. In Python it is `None`, which has no `to_py()`, no keys and
no attributes: a test behind `.to_py()` comes too late.

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

## What to do

Behind the query, before anything of the row is used: `if (row === null) return new Response("not found", {
status: 404 })`.

- "after a write": Look the row up before anything is written (for a loop, in one of its own), and refuse
  there: `if (row === null) return new Response("not found", { status: 404 })`. Behind the query as it
  stands, what was written until then would stay without the rest.
- "a row without a name": Give the row a name first, `const row = await …;`, then `if (row === null) return
  new Response("not found", { status: 404 })`, and take from `row` what is taken here.
- "in Python": Put the row into a variable before anything is called on it: `row = await …first()`, then `if
  row is None: return Response("not found", status=404)`, and go on with `row` (`row.to_py()`).

## Not reported

Rows that are tested anywhere, read with `?.`, handed on, or claimed to be there (`!`, a cast). Reads in a
`try` with a `catch`. Statements that always give a row (`SELECT count(*) …` without `GROUP BY`, a `SELECT`
without `FROM`) or that write (`INSERT … RETURNING`), and those of which the text is not known. Rows that the
same function has written before, by an `INSERT` of the same keys, or by its `last_row_id`. In Python a
`try` that catches any `Exception` and answers 500 is no guard.

## Errors

```text title="workerd"
TypeError: Cannot read properties of null (reading '…')
```

## Fix safety

No fix: what to answer when there is no row is up to you.

Source: https://developers.cloudflare.com/d1/worker-api/prepared-statements/#first
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Module, Severity, ValueKind, call, js, python, python_module, rule, sql

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})


@rule(call("first"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    read = module.unchecked_read(match.node) if match.receiver is not None else None
    if read is None or match.receiver is None or module.try_around(read) is not None:
        return
    query = sql.d1_statement(module, match.receiver)
    if query is None or not query.statement.may_be_empty:
        return
    if sql.is_written_before(module, match.node, query):
        return
    yield Finding(
        "`first()` gives `null` when there is no such row, and then this throws",
        match.at(read),
        (match.at(match.node, "the row comes from here"),),
        words=(
            *((("after a write", ""),) if _is_after_write(module, match.node) else ()),
            *_row(module, read),
        ),
    )


def _is_awaited(module: Module, node: Node) -> bool:
    """Whether a chain of calls that begins at a node is awaited where it stands."""
    for above in module.ancestors(node):
        if above.type == "await_expression":
            return True
        if above.type not in ("call_expression", "member_expression"):
            return False
    return False


def _is_after_write(module: Module, query: Node) -> bool:
    """Whether a function has written to the database before it looks for a row."""
    function = module.enclosing_function(query)
    if function is None:
        return False
    uses = (
        sql.sql_use(module, made.node)
        for made in module.calls("prepare", function)
        if made.node.start_byte < query.start_byte and _is_awaited(module, made.node)
    )
    return any(
        statement.verb in _WRITES for use in uses if use is not None for statement in use.text.statements
    )


def _row(module: Module, read: Node) -> js.Words:
    """The variable that holds the row, or the name of the case for one that has none."""
    member = module.parent(read)
    holder = member.child_by_field_name("object") if member is not None else None
    if read.type == "object_pattern" or holder is None or holder.type != "identifier":
        return (("a row without a name", ""),)
    return js.word("row", module, holder)


@check.on(python_module("first"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers:
        return
    for made in module.calls("first"):
        if module.value_of(module.receiver(made)).kind is not ValueKind.D1_STATEMENT:
            continue
        read = _python_read(module, made)
        if read is None or module.is_handled(read, "AttributeError", "TypeError"):
            continue
        text = python.d1_query(module, module.receiver(made))
        if text is None or len(text.statements) != 1 or not text.statements[0].may_be_empty:
            continue
        yield Finding(
            "`first()` gives `None` when there is no such row, and then this raises",
            module.at(read),
            (module.at(made, "the row comes from here"),),
        )


def _python_read(module: python.PythonModule, made: cst.Call) -> cst.CSTNode | None:
    """Where something of the row is read that an awaited call gives, by way of one variable that is used for
    nothing else; None where code asks whether there is a row, or hands it on."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    awaited = module.parent(made)
    if not isinstance(awaited, cst.Await):
        return None
    above = module.parent(awaited)
    if isinstance(above, (cst.Attribute, cst.Subscript)) and above.value is awaited:
        return above.attr if isinstance(above, cst.Attribute) else above
    name = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
    if not isinstance(name, cst.Name) or len(module.resolve(name) or ()) != 1:
        return None
    reads = list(module.references(name))
    around = [module.parent(read) for read in reads]
    if not all(
        isinstance(one, (cst.Attribute, cst.Subscript)) and one.value is read
        for one, read in zip(around, reads, strict=True)
    ):
        return None
    return reads[0] if reads else None
