"""What a search for an origin asks of functions: which one is called, what it gives, who calls it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.nodes import call_of, function_name, member
from cflint.project.code.origins import callee_name
from cflint.syntax.javascript import unwrap, walk, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.project.code.nodes import Call

__all__ = ["calls_within", "function_named", "is_frame", "is_public", "iterated_by", "returned_by"]


def function_named(module: ModuleLike, callee: Node) -> tuple[ModuleLike, Node] | None:
    """The function that a name calls, with its module; None of one that is not seen."""
    declaration = module.scope.resolve(callee)
    function = module.function_of(declaration) if declaration is not None else None
    if function is not None:
        return module, function
    ref = module.scope.origin(declaration) if declaration is not None else None
    target = module.project.exports.declaration(module.path, ref) if ref is not None else None
    other = module.other(target[0]) if target is not None else None
    found = other.scope.top_level.get(target[1]) if target is not None and other is not None else None
    function = other.function_of(found) if found is not None and other is not None else None
    return (other, function) if other is not None and function is not None else None


def returned_by(function: Node) -> Iterator[Node]:
    """What a function gives: its body without braces, or the value of each `return`."""
    body = function.child_by_field_name("body")
    if body is None:
        return
    if body.type != "statement_block":
        yield body
        return
    for node in walk(body, into_functions=False, into_classes=False):
        if node.type == "return_statement":
            yield from node.named_children[:1]


def is_frame(module: ModuleLike, function: Node, position: int | None) -> bool:
    """Whether a parameter is the message of a WebSocket handler."""
    handler = module.handler_of(function)
    if handler is not None and handler.owner is not None and position == 1:
        return handler.name in ("webSocketMessage", "onMessage")
    return False


_ITERATES = frozenset({"map", "flatMap", "forEach", "filter", "some", "every", "find", "reduce", "sort"})


def iterated_by(module: ModuleLike, function: Node, position: int | None) -> Node | None:
    """The collection whose elements a callback's parameter is."""
    listed = module.syntax.parent(with_wrappers(module.syntax, function))
    call = module.syntax.parent(listed) if listed is not None and listed.type == "arguments" else None
    callee = call.child_by_field_name("function") if call is not None else None
    if call is None or callee is None or unwrap(callee).type != "member_expression":
        return None
    name = callee_name(module, call)
    if name not in _ITERATES or position is None:
        return None
    if name == "reduce":
        return None if position == 0 else unwrap(callee).child_by_field_name("object")
    return unwrap(callee).child_by_field_name("object")


def calls_within(module: ModuleLike, function: Node) -> Iterator[Call]:
    """The calls in the module of a function that has a name there, or of a method by `this`."""
    if function.type == "method_definition":
        name = function.child_by_field_name("name")
        owner = module.enclosing_class(function)
        if name is None or owner is None:
            return
        for leaf in module.syntax.leaves(module.text(name), owner.body):
            named = member(module, module.syntax.parent(leaf))
            if named is None or named.name_node.id != leaf.id or unwrap(named.object).type != "this":
                continue
            if named.call is not None:
                yield named.call
        return
    declared = function_name(module, function)
    declaration = module.scope.resolve(declared) if declared is not None else None
    for reference in module.scope.references(declaration) if declaration is not None else ():
        made = call_of(module, reference)
        if made is not None:
            yield made


def is_public(module: ModuleLike, function: Node) -> bool:
    """Whether others than the module may call a function: it is exported, or a method that is not private."""
    if function.type == "method_definition":
        name = function.child_by_field_name("name")
        private = name is not None and name.type == "private_property_identifier"
        return not private and not any(
            child.type == "accessibility_modifier" and module.text(child) in ("private", "protected")
            for child in function.children
        )
    facts = module.project.facts.of(module.path)
    named = function_name(module, function)
    if named is None or facts is None:
        return False
    return any(export.local == module.text(named) for export in facts.exports.values())
