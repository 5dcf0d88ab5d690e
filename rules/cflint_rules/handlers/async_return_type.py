"""Declare `Promise<…>` as the return type of an `async` function.

An `async` function always returns a promise. TypeScript refuses any other annotation (TS1064), even a union
that holds a promise, such as `void | Promise<void>`.

## Incorrect

```ts
export default {
  async fetch(request: Request): Response {
    return fetch(request);
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request): Promise<Response> {
    return fetch(request);
  },
};
```

## Not reported

Types that come from elsewhere, which may be another name for a promise; generators; JavaScript.

## Errors

```text title="TypeScript"
error TS1064: The return type of an async function or method must be the global Promise<T> type. …
```

## Fix safety

Safe: the annotation becomes what the function returns already. Of a union, the promise's own alternatives are
kept once: `void | Promise<void>` becomes `Promise<void>`.

Source: https://github.com/microsoft/TypeScript/blob/main/src/compiler/diagnosticMessages.json
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Safety, Severity, js, keyword, pattern, quoted, rule

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(keyword("async"), severity=Severity.ERROR, fix=Safety.SAFE)
def check(match: Match) -> Iterator[Finding]:
    function = match.node
    if function.type not in js.FUNCTIONS or not match.module.is_typescript:
        return
    annotation = function.child_by_field_name("return_type")
    if annotation is None or annotation.type != "type_annotation" or annotation.has_error:
        return
    returned = js.first_named(annotation)
    if returned is None or _is_promise(match, returned) is not False or js.is_generator(function):
        return  # an async generator returns no promise
    fixed = f"Promise<{_resolved(match, returned)}>"
    fix = Fix(f"Declare {quoted(fixed)}", (match.replace(returned, fixed),), Safety.SAFE)
    written = quoted(match.text(returned))
    message = f"an `async` function returns a promise, so its return type cannot be {written}"
    yield Finding(message, match.at(returned), fix=fix)


_NO_PROMISE = frozenset(
    {"predefined_type", "literal_type", "object_type", "array_type", "tuple_type", "function_type"}
    | {"readonly_type", "template_literal_type", "this_type", "union_type"}
)
_PLAIN_GLOBALS = frozenset(
    {"Response", "Request", "Headers", "URL", "Date", "Error", "RegExp", "ArrayBuffer", "Uint8Array", "Blob"}
    | {"FormData", "File", "ReadableStream", "WritableStream", "WebSocket", "Array", "Record", "Map", "Set"}
    | {"ReadonlyArray", "String", "Number", "Boolean", "Function", "Object"}
)
_MAX_ALIASES = 8


def _is_promise(match: Match, node: Node) -> bool | None:
    """Whether a type is the global `Promise<…>`; None when that cannot be told."""
    for _ in range(_MAX_ALIASES):
        if node.type == "parenthesized_type" and node.named_child_count == 1:
            node = node.named_children[0]
            continue
        if node.type in _NO_PROMISE:
            return False
        name = node.child_by_field_name("name") if node.type == "generic_type" else node
        if name is None or name.type != "type_identifier":
            return None
        text = match.text(name)
        if text == "Promise" and not match.module.memoized("another Promise", lambda: _has_another(match)):
            return True
        if _is_type_parameter(match, text, name):
            return False
        declared = match.module.scope.lookup_type(text, node)
        if declared is None:
            return True if text == "Promise" else False if text in _PLAIN_GLOBALS else None
        if declared.kind is not js.DeclarationKind.TYPE:
            return False if declared.kind in (js.DeclarationKind.CLASS, js.DeclarationKind.ENUM) else None
        if declared.owner.type == "interface_declaration":
            return False
        value = declared.owner.child_by_field_name("value")
        if value is None:
            return None
        node = value
    return None


_ANOTHER = pattern(
    rb"Promise(?:\s*(?:[,>}=]|\b(?:extends|from)\b)|(?<=class\sPromise)\b|(?<=interface\sPromise)\b"
    rb"|(?<=type\sPromise)\b|(?<=enum\sPromise)\b)"
)


def _has_another(match: Match) -> bool:
    """Whether the module may declare, or import, a type of its own with the name of the global one: where the
    text rules it out, nothing is looked up."""
    return _ANOTHER.search(match.document.data) is not None


def _is_type_parameter(match: Match, name: str, node: Node) -> bool:
    for above in match.module.ancestors(node):
        parameters = above.child_by_field_name("type_parameters")
        if parameters is not None:
            for parameter in parameters.named_children:
                declared = parameter.child_by_field_name("name")
                if declared is not None and match.text(declared) == name:
                    return True
    return False


def _resolved(match: Match, node: Node) -> str:
    """What a value of the type resolves to, as text: `void` of `void | Promise<void>`."""
    parts: dict[str, None] = {}
    stack = [node]
    while stack:
        part = stack.pop()
        if part.type == "union_type":
            stack.extend(reversed(part.named_children))
            continue
        if part.type == "generic_type":
            name, arguments = part.child_by_field_name("name"), part.child_by_field_name("type_arguments")
            inner = arguments.named_children if arguments is not None else []
            if name is not None and match.text(name) in ("Promise", "PromiseLike") and len(inner) == 1:
                stack.append(inner[0])
                continue
        parts[match.text(part)] = None
    return " | ".join(parts)
