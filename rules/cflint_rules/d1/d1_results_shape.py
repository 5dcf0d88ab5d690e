"""Take the rows of a D1 query out of `results`.

`all()` resolves to an object with `results`, `success` and `meta`, not to an array; `first()` to one row (or
`null`), `raw()` to an array of arrays. Looping over the object, or reading its `length`, throws or gives
`undefined`.

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

## Not reported

Results whose use is not in sight: returned, passed on, or tested (`Array.isArray(result)`).

## Errors

```text title="workerd"
TypeError: … is not iterable
TypeError: ….map is not a function
```

## Fix safety

Safe: `.results` is inserted where the result of `all()` is used as an array, which can only fail.

Source: https://developers.cloudflare.com/d1/worker-api/return-object/
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
    rule,
    sql,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ARRAY_METHODS = frozenset(
    {"map", "filter", "forEach", "find", "findIndex", "reduce", "some", "every", "slice", "at", "flatMap"}
    | {"join", "sort", "push", "entries", "values", "includes", "flat", "concat", "reverse", "splice"}
)


@rule(call("all", "first", "raw", "run"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    module, receiver = match.module, match.receiver
    if receiver is None:
        return
    if (
        module.value_of(receiver).kind is not ValueKind.D1_STATEMENT
        and sql.prepared_by(module, receiver) is None
    ):
        return
    if match.word == "first" and match.arguments:
        return  # the value of a column, which may be anything
    for node in _results(module, match.node):
        use = _use_as_array(module, node)
        results = _reads_results(module, node)
        if match.word in ("all", "run") and use is not None:
            fix = _fix(module, node) if match.word == "all" else None
            yield Finding(
                f"`{match.word}()` gives an object, not an array: its rows are in `results`", use, fix=fix
            )
        elif match.word == "first" and use is not None:
            yield Finding("`first()` gives one row, not an array: use `all()` for several", use)
        elif match.word == "first" and results is not None:
            yield Finding("`first()` gives one row, which has no `results`", results)
        elif match.word == "raw" and results is not None:
            yield Finding("`raw()` gives an array of rows, which has no `results`", results)


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


def _fix(module: Module, node: Node) -> Fix:
    whole = module.with_wrappers(node)
    edits: tuple[Edit, ...]
    if whole.type == "await_expression":
        edits = (module.insert(whole.start_byte, "("), module.insert(whole.end_byte, ").results"))
    else:
        edits = (module.insert(whole.end_byte, ".results"),)
    return Fix("Take the rows from `results`", edits, Safety.SAFE)
