"""Declare a type outside the function whose signature uses it.

A type that is declared in a function's body exists there alone: the parameters and the result, which stand
outside of it, cannot name it (TS2304).

## Incorrect

```ts
export async function greet(person: Person): Promise<Response> {
  interface Person {
    name: string;
  }
  const copy: Person = { ...person };
  return new Response(`hello ${copy.name}`);
}
```

## Correct

```ts
interface Person {
  name: string;
}

export async function greet(person: Person): Promise<Response> {
  const copy: Person = { ...person };
  return new Response(`hello ${copy.name}`);
}
```

## Not reported

Names that are declared outside too, by the module, a type parameter or the language.

## Errors

```text title="TypeScript"
error TS2304: Cannot find name '…'.
```

## Fix safety

Unsafe: the type moves in front of the statement that holds the function, where all of the module sees it.

Source: https://www.typescriptlang.org/docs/handbook/2/functions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Safety, Severity, config, js, keyword, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_GLOBAL = frozenset(
    {
        "Array",
        "Blob",
        "Body",
        "Cache",
        "Comment",
        "Data",
        "Date",
        "Document",
        "Element",
        "Error",
        "Event",
        "File",
    }
    | {"FormData", "Function", "Headers", "History", "Image", "Location", "Lock", "Map", "Message", "Node"}
    | {
        "Notification",
        "Object",
        "Option",
        "Plugin",
        "Position",
        "Promise",
        "Range",
        "Record",
        "Report",
        "Request",
    }
    | {"Response", "Set", "Storage", "Text", "Touch", "URL", "Worker"}
)
"""Names short enough to be chosen for a type of one's own, which the language or a library has as well."""


@rule(keyword("interface", "type"), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    declaration = match.node
    name_node = declaration.child_by_field_name("name")
    if declaration.type not in ("interface_declaration", "type_alias_declaration") or name_node is None:
        return
    if not match.module.is_typescript:
        return
    name = match.text(name_node)
    function = _function_of(match, declaration)
    if (
        function is None
        or name in _GLOBAL
        or config.kinds_by_type(name)
        or config.methods_of_type(name) is not None
    ):
        return
    uses = [node for node in _signature(function) if match.text(node) == name]
    if (
        not uses
        or match.module.scope.lookup_type(name, uses[0]) is not None
        or _is_parameter(match, name, uses[0])
    ):
        return
    yield Finding(
        f"the type `{name}` is declared inside this function, so its signature cannot name it",
        match.at(uses[0]),
        (match.at(name_node, "it is declared here"),),
        _hoist(match, declaration),
    )


def _function_of(match: Match, declaration: Node) -> Node | None:
    """The function in whose body the declaration stands, not in a deeper block."""
    block = match.module.parent(declaration)
    above = match.module.parent(block) if block is not None else None
    if block is None or above is None or block.type != "statement_block" or above.type not in js.FUNCTIONS:
        return None
    return above


def _signature(function: Node) -> Iterator[Node]:
    """The names of types in the parameters and the return type."""
    stack = [
        part
        for field in ("return_type", "parameters")
        if (part := function.child_by_field_name(field)) is not None
    ]
    while stack:
        node = stack.pop()
        if node.type == "type_identifier":
            yield node
        stack.extend(reversed(node.named_children))


def _is_parameter(match: Match, name: str, node: Node) -> bool:
    for above in match.module.ancestors(node):
        parameters = above.child_by_field_name("type_parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            declared = parameter.child_by_field_name("name")
            if declared is not None and match.text(declared) == name:
                return True
    return False


def _hoist(match: Match, declaration: Node) -> Fix | None:
    """Move the declaration before the statement of the module that the function belongs to."""
    module = match.module
    root = module.root
    statement = next((n for n in module.ancestors(declaration) if _parent_is(match, n, root)), None)
    whole = module.whole_lines(declaration)
    if statement is None or declaration.has_error or not _is_free(match, declaration):
        return None
    indent = module.indent_of(declaration)
    lines = module.text(declaration).split("\n")
    outer = module.indent_of(statement)
    text = "\n".join(
        [lines[0], *(outer + line.removeprefix(indent) if line.strip() else line for line in lines[1:])]
    )
    place = (*module.comments_above(statement), statement)[0].start_byte  # above what is said of it
    edits = (
        Edit(module.document, whole, ""),
        module.insert(place, f"{text}\n\n{outer}"),
    )
    return Fix("Move the type out of the function", edits, Safety.UNSAFE)


def _parent_is(match: Match, node: Node, root: Node) -> bool:
    parent = match.module.parent(node)
    return parent is not None and parent.id == root.id


def _is_free(match: Match, declaration: Node) -> bool:
    """Whether all that the declaration names is known at the top level as well."""
    scope = match.module.scope
    for node in match.module.descendants(declaration, "type_identifier", "identifier"):
        name = match.text(node)
        if _is_parameter(match, name, node):
            return False
        declared = scope.lookup_type(name, node)
        if declared is None or declared.owner.id == declaration.id:
            continue
        if name not in scope.top_level and name not in scope.top_level_types:
            return False
    return True
