"""Take the rows of a D1 query out of `results`.

`all()` and `run()` resolve to an object with `results`, `success` and `meta`, not to an array; `first()` to
one row (or `null`), `raw()` to an array of arrays. Looping over the object, or reading its `length`, throws
or gives `undefined`. How many rows a statement changed, and the id of the last one, stand in `meta`
(`result.meta.changes`): beside it they are `undefined`, so that `result.changes === 0` never holds.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    const users = await env.DB.prepare("SELECT name FROM users LIMIT 50").all();
    return Response.json(users.map((user) => user.name));
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
    const users = await env.DB.prepare("SELECT name FROM users LIMIT 50").all();
    return Response.json(users.results.map((user) => user.name));
  },
} satisfies ExportedHandler<Env>;
```

## What to do

As it is, the value is `undefined`, or a loop over it throws.

- "its rows are in": Write `.results` behind what is shown, and wherever else the rows are meant: what the
  query gives is an object, whose `meta` and `success` may be read, too.
- "`first()` gives one row": Take the row as it is, which is `null` where there is none; for several, call
  `all()` and read `.results`.
- "`raw()` gives": Take it as it is: an array of rows, each an array of values.
- "it is `meta.": Read it from `meta`, as the message names it.

## Not reported

Results whose use is not in sight: returned, passed on, or tested (`Array.isArray(result)`). What is read from
`meta` in the same statement, too, and what has another value than a constant for a default
(`result.changes ?? result.meta.changes`), for code that also runs on another database.

## Errors

```text title="workerd"
TypeError: … is not iterable
TypeError: ….map is not a function
```

## Fix safety

Safe: `.results` is inserted where the result of `all()` is used as an array, which can only fail. Unsafe:
`.meta` is inserted where a count is read beside it, after which the condition may hold for the first time.

Source: https://developers.cloudflare.com/d1/worker-api/return-object/, and workerd,
`src/cloudflare/internal/d1-api.ts` (`mapD1Result`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    rule,
    sql,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ARRAY_METHODS = frozenset(
    {"map", "filter", "forEach", "find", "findIndex", "reduce", "some", "every", "slice", "at", "flatMap"}
    | {"join", "sort", "push", "entries", "values", "includes", "flat", "concat", "reverse", "splice"}
)
_IN_META = {
    **{name: name for name in ("changes", "last_row_id", "changed_db", "duration", "size_after")},
    **{name: name for name in ("rows_read", "rows_written", "served_by")},
    "lastRowId": "last_row_id",
    "lastInsertRowid": "last_row_id",
    "lastInsertRowId": "last_row_id",
}
"""What `meta` has, by the names that code looks for beside it (those of other SQLite drivers, too)."""


@rule(call("all", "first", "raw", "run"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, receiver = match.module, match.receiver
    if receiver is None:
        return
    if (
        module.value_of(receiver).kind is not ValueKind.D1_STATEMENT
        and sql.prepared_by(module, receiver) is None
    ):
        if match.word in ("all", "run") and _is_bound(module, receiver) and module.runs_in_worker(match.node):
            for node in _results(module, match.node):
                yield from _beside_meta(module, node, match.word)
        return
    if match.word == "first" and match.arguments:
        return  # the value of a column, which may be anything
    for node in _results(module, match.node):
        use = _use_as_array(module, node)
        results = _reads_results(module, node)
        if match.word in ("all", "run"):
            yield from _beside_meta(module, node, match.word)
        if match.word in ("all", "run") and use is not None:
            fix = _fix(module, node) if match.word == "all" else None
            yield Finding(
                f"`{match.word}()` gives an object, not an array: its rows are in `results`",
                use,
                _from_elsewhere(match, use),
                fix,
            )
        elif match.word == "first" and use is not None:
            yield Finding("`first()` gives one row, not an array: use `all()` for several", use)
        elif match.word == "first" and results is not None:
            yield Finding("`first()` gives one row, which has no `results`", results)
        elif match.word == "raw" and results is not None:
            yield Finding("`raw()` gives an array of rows, which has no `results`", results)


def _from_elsewhere(match: Match, use: Location) -> tuple[Location, ...]:
    """Where a result comes from that is used on another line."""
    query = match.at(match.node, "the result comes from here")
    lines = [at.document.line_of(at.span.start) for at in (use, query)]
    return (query,) if lines[0] != lines[1] else ()


def _is_bound(module: Module, statement: Node) -> bool:
    """Whether an expression is `….prepare(…).bind(…)` of whatever database: D1's way to put a statement
    together, whose result is awaited."""
    bound = module.call(statement)
    prepared = module.call(bound.receiver) if bound is not None and bound.name == "bind" else None
    return prepared is not None and prepared.name == "prepare" and prepared.receiver is not None


def _results(module: Module, call: Node) -> tuple[Node, ...]:
    """The expressions that hold what a call resolves to; none where it is looked at what that is."""
    result = module.awaited(call)
    if result is None or any(_is_examined(module, reference) for reference in result.references):
        return ()
    return result.holders


def _is_examined(module: Module, reference: Node) -> bool:
    around = module.call_around(reference)
    return around is not None and module.is_from(around[0].callee, "", "Array.isArray")


def _use_as_array(module: Module, node: Node) -> Location | None:
    """Where an expression is used as an array."""
    node = module.with_wrappers(node)
    parent = module.parent(node)
    read = module.member_read(node)
    if parent is None or read is not None:
        is_used = read is not None and (
            read.name == "length" or (read.name in _ARRAY_METHODS and read.call is not None)
        )
        return module.at(read.name_node) if read is not None and is_used else None
    match parent.type:
        case "subscript_expression":
            index = parent.child_by_field_name("index")
            target = parent.child_by_field_name("object")
            if index is not None and index.type == "number" and target is not None and target.id == node.id:
                return module.at(parent)
        case "for_in_statement":
            right = parent.child_by_field_name("right")
            is_of = any(child.type == "of" for child in parent.children)
            return module.at(node) if is_of and right is not None and right.id == node.id else None
        case "spread_element":
            above = module.parent(parent)
            return module.at(parent) if above is not None and above.type in ("array", "arguments") else None
        case "variable_declarator":
            name = parent.child_by_field_name("name")
            if name is not None and name.type == "array_pattern":
                return module.at(name)
    return None


def _beside_meta(module: Module, node: Node, word: str) -> Iterator[Finding]:
    """Where something is read from a result that only its `meta` has."""
    read = module.member_read(node)
    found: list[tuple[str, Node, Fix | None]] = []
    if read is not None and read.name in _IN_META and not _has_another_source(module, read.node):
        edit = _in_meta(module, read)
        is_plain = read.name_node.type == "property_identifier"
        fix = Fix("Read it from `meta`", (edit,), Safety.UNSAFE) if is_plain else None
        found.append((read.name, read.name_node, fix))
    name = module.given_name(node) if read is None else None
    for part in name.named_children if name is not None and name.type == "object_pattern" else ():
        if part.type == "object_assignment_pattern":
            continue  # with a default
        key = part.child_by_field_name("key") or part
        if module.text(key) in _IN_META:
            named = module.text(part.child_by_field_name("value") or key)
            renamed = _IN_META[module.text(key)]
            inner = named if named == renamed else f"{renamed}: {named}"
            edit = module.replace(part, f"meta: {{ {inner} }}")
            found.append((module.text(key), key, Fix("Read it from `meta`", (edit,), Safety.UNSAFE)))
    for key_name, at, fix in found:
        yield Finding(
            f"the result of `{word}()` has no `{key_name}`: it is `meta.{_IN_META[key_name]}`",
            module.at(at),
            fix=fix,
        )


def _in_meta(module: Module, read: js.MemberAccess) -> Edit:
    """The edit that reads a member from `meta`; a type that the code says of the result goes, which would
    not have it."""
    meant = f"meta.{_IN_META[read.name]}"
    inner = js.unwrap(read.object)
    if inner.id == read.object.id or inner.type != "identifier":
        return module.replace(read.name_node, meant)
    return module.replace(read.node, f"{module.text(inner)}.{meant}")


def _has_another_source(module: Module, read: Node) -> bool:
    """Whether `meta` is read in the same statement, too, the value is set, or anything else than a constant
    stands in for it."""
    whole = module.with_wrappers(read)
    around = module.operation(module.parent(whole))
    if around is not None and around.operator in ("??", "||"):
        others = [side for side in around.operands if side is not None and side.id != js.unwrap(whole).id]
        if any(module.number(side) is None and side.type not in ("null", "undefined") for side in others):
            return True
    assigned = module.assignment(module.parent(whole))
    if assigned is not None and assigned.target.id == js.unwrap(whole).id:
        return True
    statement = module.statement_of(read) or whole
    return any(True for _ in module.leaves("meta", statement))


def _reads_results(module: Module, node: Node) -> Location | None:
    """Where `results` of an expression is read."""
    read = module.member_read(node)
    if read is not None:
        return module.at(read.name_node) if read.name == "results" else None
    name = module.given_name(node)
    for part in name.named_children if name is not None and name.type == "object_pattern" else ():
        key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
        if module.text(key) == "results":
            return module.at(part)
    return None


def _fix(module: Module, node: Node) -> Fix | None:
    """None where the code says of the object that it is a list: `(rows as any[])` has no `results`."""
    whole = module.with_wrappers(node)
    inner: Node | None = whole
    while inner is not None and inner.id != node.id:
        if inner.type in ("as_expression", "satisfies_expression", "type_assertion"):
            return None
        inner = js.first_named(inner)
    edits: tuple[Edit, ...]
    if whole.type == "await_expression":
        edits = (module.insert(whole.start_byte, "("), module.insert(whole.end_byte, ").results"))
    else:
        edits = (module.insert(whole.end_byte, ".results"),)
    return Fix("Take the rows from `results`", edits, Safety.SAFE)
