"""What a function needs of the place where it is written, and its code would lack elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import FUNCTIONS, body_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_NAMES = ("identifier", "shorthand_property_identifier", "type_identifier")


def outer_names(
    module: ModuleLike, function: Node, leave_out: frozenset[int] = frozenset()
) -> Iterator[tuple[Node, Declaration]]:
    """The names that a function uses of the functions and blocks around it, each with its first use. Names of
    the module and of the function itself are none; `leave_out` are the ids of nodes that do not count."""
    seen: set[str] = set()
    for node in module.descendants(function, *_NAMES):
        name = module.text(node)
        if node.id in leave_out or name in seen:
            continue
        is_type = node.type == "type_identifier"
        declaration = module.scope.lookup_type(name, node) if is_type else module.scope.resolve(node)
        if declaration is None or declaration.scope.type == "program":
            continue
        if not function.start_byte <= declaration.node.start_byte < function.end_byte:
            seen.add(name)
            yield node, declaration


def uses_of_own_name(module: ModuleLike, function: Node) -> Iterator[Node]:
    """Where the body of a function expression uses the function's own name, which nothing around it sees."""
    body = body_of(function) or function
    name = function.child_by_field_name("name")
    for node in module.scope.named(module.text(name), body) if name is not None else ():
        found = module.scope.resolve(node)
        if found is not None and found.kind is DeclarationKind.FUNCTION and found.scope.id == function.id:
            yield node


def own_words(module: ModuleLike, function: Node) -> Iterator[Node]:
    """The `this` and the `arguments` in a function that are not those of a function inside it. Of an arrow
    function they are those of the function around."""
    for node in module.descendants(function, "this", "identifier"):
        if node.type == "identifier" and (
            module.text(node) != "arguments" or module.scope.resolve(node) is not None
        ):
            continue
        for above in module.syntax.ancestors(node):
            if above.id == function.id:
                yield node
            if above.id == function.id or (above.type in FUNCTIONS and above.type != "arrow_function"):
                break
