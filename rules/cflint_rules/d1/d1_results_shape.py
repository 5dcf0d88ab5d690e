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
    const users = await env.DB.prepare("SELECT name FROM users").all();
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
    const users = await env.DB.prepare("SELECT name FROM users").all();
    return Response.json(users.results.map((user) => user.name));
  },
} satisfies ExportedHandler<Env>;
```

## Not reported

Results whose use is not in sight: returned, passed on, or tested (`Array.isArray(result)`).

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


def _results(module: Module, call: Node) -> Iterator[Node]:
    """The expressions that hold what a call resolves to: the `await`, and the references of its constant."""
    node = module.with_wrappers(call)
    parent = module.parent(node)
    if parent is None or parent.type != "await_expression":
        return
    awaited = module.with_wrappers(parent)
    yield awaited
    above = module.parent(awaited)
    name = above.child_by_field_name("name") if above is not None else None
    if above is None or above.type != "variable_declarator" or name is None or name.type != "identifier":
        return
    declaration = module.scope.resolve(name)
    if declaration is None or module.scope.assignments(declaration):
        return
    references = module.scope.references(declaration)
    if any(_is_asked(module, reference) for reference in references):
        return
    yield from references


def _is_asked(module: Module, reference: Node) -> bool:
    listed = module.parent(reference)
    call = module.parent(listed) if listed is not None and listed.type == "arguments" else None
    return call is not None and module.text(call).startswith("Array.isArray")


def _use_as_array(module: Module, node: Node) -> Location | None:
    """Where an expression is used as an array."""
    node = module.with_wrappers(node)
    parent = module.parent(node)
    if parent is None:
        return None
    match parent.type:
        case "member_expression":
            name = parent.child_by_field_name("property")
            if name is not None and (module.text(name) in _ARRAY_METHODS or module.text(name) == "length"):
                called = module.parent(module.with_wrappers(parent))
                is_call = called is not None and called.type == "call_expression"
                return module.at(name) if is_call or module.text(name) == "length" else None
        case "subscript_expression":
            index = parent.child_by_field_name("index")
            target = parent.child_by_field_name("object")
            if index is not None and index.type == "number" and target is not None and target.id == node.id:
                return module.at(parent)
        case "for_in_statement":
            operator = parent.child_by_field_name("operator")
            right = parent.child_by_field_name("right")
            if operator is not None and module.text(operator) == "of" and right is not None:
                return module.at(node) if right.id == node.id else None
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
    parent = module.parent(module.with_wrappers(node))
    if parent is None:
        return None
    if parent.type == "member_expression":
        name = parent.child_by_field_name("property")
        return module.at(name) if name is not None and module.text(name) == "results" else None
    name = parent.child_by_field_name("name") if parent.type == "variable_declarator" else None
    if name is None or name.type != "object_pattern":
        return None
    for part in name.named_children:
        key = part.child_by_field_name("key") or part
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
