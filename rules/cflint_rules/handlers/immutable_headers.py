"""Copy a response or request before changing its headers.

The headers of a response that comes from `fetch()`, from the cache, from a stub or service, or from
`Response.redirect()`, and those of the incoming request, cannot be modified: `set`, `append` and `delete`
throw `TypeError: Can't modify immutable headers`. A copy, `new Response(response.body, response)` or
`new Request(request)`, can be changed.

## Incorrect

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const response = await fetch("https://origin.example/");
    response.headers.set("x-frame-options", "DENY");
    return response;
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    const upstream = await fetch("https://origin.example/");
    const response = new Response(upstream.body, upstream);
    response.headers.set("x-frame-options", "DENY");
    return response;
  },
};
```

## What to do

Copy it first, and go on with the copy: `const copy = new Response(response.body, response)` (of a request
`new Request(request)`), then `copy.headers.set(…)`, and return or send `copy`.

## Not reported

Headers of `new Response(…)`, `Response.json(…)`, `new Request(…)` and `new Headers(…)`; a variable that may
hold such a copy, unless the statement above gives it something else; `c.res.headers` of Hono, which copies by
itself.

## Errors

```text title="workerd"
TypeError: Can't modify immutable headers.
```

## Fix safety

Unsafe: the copy takes the place of the original from there on.

Source: https://developers.cloudflare.com/workers/examples/alter-headers/
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    Value,
    ValueKind,
    destructured,
    js,
    member_access,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_CHANGES = frozenset({"set", "append", "delete"})
_ORIGINS = {
    "fetch": "a response of `fetch()`",
    "cache": "a cached response",
    "redirect": "a response of `Response.redirect()`",
}


@rule(member_access("headers"), destructured("headers"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if match.node.type == "member_expression":
        owner = match.receiver
        change = _change(module, match.node)
    else:
        owner = _destructured_from(module, match.node)
        change = _change_of_name(module, match.node)
    if owner is None or change is None:
        return
    label = _immutable(module, owner)
    if label is None or not _is_first(module, owner):
        return
    value = module.value_of(owner)
    related = (module.at(value.origin, "the response comes from here"),) if value.origin is not None else ()
    name = module.text(owner)
    yield Finding(
        f"the headers of {label} cannot be changed, this throws; copy it first: `new {_copy(value, name)}`",
        module.at(change),
        related,
        fix=_fix(module, owner, value, change),
    )


def _copy(value: Value, name: str) -> str:
    return f"Request({name})" if value.kind is ValueKind.REQUEST else f"Response({name}.body, {name})"


def _change(module: Module, headers: Node) -> Node | None:
    """The call that changes headers: on the expression itself, or on the constant that it is put in."""
    read = module.member_read(headers)
    if read is not None:
        return _call_of(read)
    name = module.given_name(headers)
    return _change_of_name(module, name) if name is not None and name.type == "identifier" else None


def _call_of(method: js.MemberAccess) -> Node | None:
    call = method.call if method.name in _CHANGES else None
    return call.node if call is not None else None


def _change_of_name(module: Module, name: Node) -> Node | None:
    declaration = module.scope.resolve(name)
    if declaration is None or not declaration.constant:
        return None
    reads = (module.member_read(use) for use in module.scope.references(declaration))
    changes = (_call_of(read) for read in reads if read is not None)
    return next((change for change in changes if change is not None), None)


def _destructured_from(module: Module, key: Node) -> Node | None:
    pattern = module.parent(key)
    if pattern is not None and pattern.type == "pair_pattern":
        pattern = module.parent(pattern)
    declarator = module.parent(pattern) if pattern is not None else None
    if declarator is None or declarator.type != "variable_declarator":
        return None
    return declarator.child_by_field_name("value")


def _immutable(module: Module, owner: Node) -> str | None:
    """What to call the response or request whose headers cannot be changed; None when they may be."""
    value = module.value_of(owner)
    if value.kind is ValueKind.RESPONSE:
        return _ORIGINS.get(value.detail)
    if value.kind is ValueKind.UNKNOWN:
        return _assigned(module, js.unwrap(owner))
    if value.kind is ValueKind.REQUEST and value.detail != "new" and _is_incoming(module, owner):
        return "the incoming request"
    return None


def _assigned(module: Module, owner: Node) -> str | None:
    """What a variable that gets several responses holds, when none of them can be changed: what the last
    assignment before gives it, in the same block, or all that it ever gets."""
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    if declaration is None or declaration.kind is js.DeclarationKind.PARAMETER:
        return None
    assignments = module.memoized(
        ("assignments of immutable headers", declaration.node.id),
        lambda: module.scope.assignments(declaration),
    )
    if not assignments:
        return None
    before = bisect_left(assignments, owner.start_byte, key=lambda node: node.start_byte)
    last = _given_in_block(module, owner, assignments[before - 1]) if before else None
    if last is not None:
        return _label(module, last)
    return module.memoized(
        ("what is assigned of immutable headers", declaration.node.id), lambda: _of_all(module, declaration)
    )


def _given_in_block(module: Module, owner: Node, assigned: Node) -> Node | None:
    """What an assignment gives, when it is a statement of the block that a use stands in."""
    whole, statement = module.own_statement(assigned), module.statement_of(owner)
    if whole is None or statement is None or module.parent(whole) != module.parent(statement):
        return None
    found = module.assignment(assigned)
    return found.value if found is not None and found.operator == "=" else None


_NOTHING = frozenset({"null", "undefined"})


def _of_all(module: Module, declaration: js.Declaration) -> str | None:
    """What to call the responses that a variable gets, when none of them can be changed."""
    given = [declaration.value] if declaration.value is not None else []
    for node in module.scope.assignments(declaration):
        assignment = module.assignment(node)
        if assignment is None or assignment.operator != "=":
            return None
        given.append(assignment.value)
    labels = [_label(module, value) for value in given if value.type not in _NOTHING]
    return labels[-1] if labels and all(label is not None for label in labels) else None


def _label(module: Module, value: Node) -> str | None:
    found = module.value_of(value)
    return _ORIGINS.get(found.detail) if found.kind is ValueKind.RESPONSE else None


def _is_incoming(module: Module, owner: Node) -> bool:
    """Whether a request is the one that a handler was called with."""
    owner = js.unwrap(owner)
    read = module.member(owner)
    if read is not None:
        return module.value_of(read.object).kind in (ValueKind.HONO_REQUEST, ValueKind.PAGES_CONTEXT)
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    return (
        declaration is not None
        and declaration.kind is js.DeclarationKind.PARAMETER
        and module.handler_of(declaration.scope) is not None
        and not module.scope.assignments(declaration)
    )


def _is_first(module: Module, owner: Node) -> bool:
    """Whether this is the first change of a variable's headers: one copy serves them all."""
    owner = js.unwrap(owner)
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    if declaration is None:
        return True
    first = module.memoized(
        ("first change of immutable headers", declaration.node.id), lambda: _first(module, declaration)
    )
    return first is None or first.start_byte >= owner.start_byte


def _first(module: Module, declaration: js.Declaration) -> Node | None:
    """The first use of a variable that changes headers which cannot be changed."""
    for use in module.scope.references(declaration):
        read = module.member_read(use)
        if read is None or read.name != "headers" or _change(module, read.node) is None:
            continue
        if _immutable(module, use) is not None:
            return use
    return None


def _fix(module: Module, owner: Node, value: Value, change: Node) -> Fix | None:
    owner = js.unwrap(owner)
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    if declaration is None:
        return None
    copy = f"{declaration.name} = new {_copy(value, declaration.name)};"
    if value.kind is ValueKind.UNKNOWN:
        edit = _before_all_changes(module, declaration, change, copy)
        title = "Copy the response before changing its headers"
        return Fix(title, (edit,), Safety.UNSAFE) if edit is not None else None
    if declaration.kind is js.DeclarationKind.PARAMETER:
        return _fix_of_parameter(module, declaration, copy)
    statement = module.parent(declaration.owner)
    if statement is None or statement.type != "lexical_declaration" or declaration.path:
        return None
    block = module.parent(statement)
    word = statement.children[0]
    if statement.named_child_count != 1 or block is None or block.type != "statement_block":
        return None
    edit = module.insert(statement.end_byte, f"\n{module.indent_of(statement)}{copy}")
    has_value = declaration.owner.child_by_field_name("value") is not None
    if value.detail == "cache" or not has_value:  # the copy has to wait until there is one
        before = _before_all_changes(module, declaration, change, copy)
        if before is None:
            return None
        edit = before
    edits = [edit]
    if module.text(word) == "const":
        edits.insert(0, module.replace(word, "let"))
    what = "request" if value.kind is ValueKind.REQUEST else "response"
    return Fix(f"Copy the {what} before changing its headers", tuple(edits), Safety.UNSAFE)


def _before_all_changes(module: Module, declaration: js.Declaration, change: Node, copy: str) -> Edit | None:
    """The insertion of the copy before a change, when no use outside of its block comes after it."""
    statement = module.statement_of(change)
    if statement is not None and statement.type != "expression_statement":
        return None
    block = module.parent(statement) if statement is not None else None
    if statement is None or block is None or block.type != "statement_block":
        return None
    if any(use.start_byte > block.end_byte for use in module.scope.references(declaration)):
        return None
    return module.insert(statement.start_byte, f"{copy}\n{module.indent_of(statement)}")


def _fix_of_parameter(module: Module, declaration: js.Declaration, copy: str) -> Fix | None:
    body = js.body_of(declaration.scope)
    if body is None or body.type != "statement_block" or not body.named_children:
        return None
    first = body.named_children[0]
    if module.document.line_of(first.start_byte) == module.document.line_of(body.start_byte):
        return None
    edit = module.prepend_statement(body, copy)
    return Fix("Copy the request before changing its headers", (edit,), Safety.UNSAFE)
