"""Do not let a body without `Content-Length` pass a check of its length.

A request that is sent in chunks, or by HTTP/2 without the header, has no `Content-Length`. Where a missing
one counts as 0, or the check is left out then, whoever leaves it away sends as much as Cloudflare takes:
100 MB and more, which `json()` or `formData()` takes into the 128 MB that all requests of an isolate share.

## Incorrect

```ts
const MOST = 64 * 1024;

export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? 0);
    if (length > MOST) return new Response("too large", { status: 413 });
    const bytes = await request.arrayBuffer();
    return new Response(bytes);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
const MOST = 64 * 1024;

export default {
  async fetch(request): Promise<Response> {
    const length = Number(request.headers.get("Content-Length") ?? Infinity);
    if (length > MOST) return new Response("too large", { status: 413 });
    const bytes = await request.arrayBuffer();
    return new Response(bytes);
  },
} satisfies ExportedHandler;
```

Clients that have to send without a length need a reader that counts: `getReader()`, and `cancel()` when it is
too much.

## What to do

Where the length is read, let a missing one be too long: `Number(request.headers.get("content-length") ??
Infinity)`, and compare without asking first whether there is one (`length &&`, `Number.isFinite(length) &&`
go). Clients that send no length then get the answer for a body that is too long; so do tests that make a `new
Request()` without the header.

## Not reported

A missing header that is refused (`!length`, `isNaN(length)`, `?? Infinity`); a body that is read by
`getReader()`, or piped; code that looks at the length of what was read, too.

## Fix safety

Unsafe: clients that send no length, and tests that make a `new Request()` without the header, get the answer
for a body that is too long.

Source: https://developers.cloudflare.com/workers/platform/limits/#request-limits,
https://www.rfc-editor.org/rfc/rfc9110#name-content-length
"""

from __future__ import annotations

import re
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
    Span,
    ValueKind,
    call,
    js,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_LENGTH = "content-length"
_REFUSES = pattern(rb"\bInfinity\b|\b411\b|\bisNaN\b|MAX_SAFE_INTEGER|MAX_VALUE|getReader|pipeT")
_MEASURES = pattern(
    rb"\.(?:byteLength|size)\b|TextEncoder|(?:text|body|raw|payload)\w*\.length\b", re.IGNORECASE
)
_BUFFERS = frozenset({"json", "text", "arrayBuffer", "formData", "blob", "bytes", "parseBody"})
_MORE = frozenset({">", ">=", "<", "<="})


@rule(call("get", "header"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module, function = match.module, match.enclosing_function
    if function is None or module.header_read(match.node) != _LENGTH or not module.is_run:
        return
    if next(module.mentions(_REFUSES, function), None) is not None:
        return
    if _MEASURES.search(module.document.data, function.start_byte, function.end_byte) is not None:
        return
    names = _names_of(module, match.node)
    compared = _compared(module, function, match.node, names)
    if compared is None or _is_refused(module, function, match.node, names):
        return
    read = next(
        (
            read
            for read in module.body_reads(function)
            if read.kind in (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
            and read.method in _BUFFERS
            and read.node.start_byte > compared.end_byte
        ),
        None,
    )
    if read is None or _is_measured(module, read.node):
        return
    yield Finding(
        "a body without `Content-Length` passes this check, and is read whatever its length is",
        module.at(compared),
        (module.at(match.node, "the length comes from here"), module.at(read.node, "the body is read here")),
        _fix(module, match.node, compared, names),
    )


def _is_measured(module: Module, read: Node) -> bool:
    """Whether code asks for the length of what was read."""
    name = module.result_of(read).declaration
    uses = module.scope.references(name) if name is not None else ()
    return any((access := module.member_read(use)) is not None and access.name == "length" for use in uses)


def _fix(module: Module, header: Node, compared: Node, names: set[int]) -> Fix | None:
    """The fix by which a missing length is too long: as a number, `?? Infinity`; where a length is asked for
    before it is compared, `!length ||`."""
    edits: list[Edit] = []
    around = module.operation(module.parent(compared))
    guard = (
        around.left if around is not None and around.operator == "&&" and around.right == compared else None
    )
    if guard is not None and around is not None:
        asked = js.unwrap(guard)
        is_finite = module.call(asked)
        if asked.type == "identifier" and _is_length(module, asked, header, names):
            edit = Edit(
                module.document, Span(asked.start_byte, compared.start_byte), f"!{module.text(asked)} || "
            )
            return Fix("Refuse a body without a length", (edit,), Safety.UNSAFE)
        if is_finite is None or is_finite.name != "isFinite":
            return None
        edits.append(Edit(module.document, Span(guard.start_byte, compared.start_byte), ""))
    default = module.operation(module.parent(module.with_wrappers(header)))
    if default is None or default.operator not in ("??", "||") or default.right is None:
        return None
    number = module.call_around(default.node)
    if number is None or number[0].name != "Number":
        return None
    edits.append(module.replace(default.right, "Infinity"))
    return Fix("Take a missing length for too long", tuple(edits), Safety.UNSAFE)


def _names_of(module: Module, node: Node) -> set[int]:
    """The declarations of the variables that a header goes to: its text, the number made of that."""
    found: set[int] = set()
    todo = [node]
    while todo:
        at = todo.pop()
        declarator = module.enclosing(at, frozenset({"variable_declarator"}))
        name = declarator.child_by_field_name("name") if declarator is not None else None
        function = module.enclosing_function(at)
        if name is None or name.type != "identifier" or declarator is None:
            continue
        if module.enclosing_function(declarator) != function or len(found) > 3:
            continue
        declaration = module.scope.resolve(name)
        if declaration is not None and declaration.node.id not in found:
            found.add(declaration.node.id)
            todo.extend(use for use in module.scope.references(declaration) if use.id != name.id)
    return found


def _is_length(module: Module, node: Node, header: Node, names: set[int]) -> bool:
    """Whether an expression is the length that a header gives, or is made of it."""
    if js.contains(node, header):
        return True
    return any(
        declaration.node.id in names
        for one in (node, *module.descendants(node, "identifier"))
        if one.type == "identifier" and (declaration := module.scope.resolve(one)) is not None
    )


def _compared(module: Module, function: Node, header: Node, names: set[int]) -> Node | None:
    """Where the length is compared with the most that there may be."""
    for node in module.descendants(function, "binary_expression"):
        operation = module.operation(node)
        if operation is None or operation.operator not in _MORE or operation.left is None:
            continue
        sides = [_is_length(module, side, header, names) for side in operation.operands]
        if any(sides) and not all(sides):
            other = operation.operands[sides.index(False)]
            if module.number(other) != 0:
                return node
    return None


def _is_refused(module: Module, function: Node, header: Node, names: set[int]) -> bool:
    """Whether a missing header is asked for: `!length`, `length === null`."""
    for node in module.descendants(function, "unary_expression", "binary_expression"):
        operation = module.operation(node)
        if operation is None:
            continue
        if operation.operator == "!" and _is_length(module, operation.right, header, names):
            return True
        is_equal = operation.operator in ("==", "===") and operation.left is not None
        if is_equal and any(_is_length(module, side, header, names) for side in operation.operands):
            return True
    return False
