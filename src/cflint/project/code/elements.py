"""What stands at a place of lists that are written out: `column` of `for (const [column, asked] of [["name",
name], ["town", town]])` is one of two texts, whatever the values beside it are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.nodes import Call, member_read
from cflint.project.code.origins import key_of, property_value
from cflint.project.code.parameters import parameter_index
from cflint.project.code.provenance_functions import calls_within, is_public
from cflint.scope import DeclarationKind, Step
from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.scope import PathStep

_KEEPS = frozenset({"filter", "slice"})
_GROWS = frozenset({"push", "unshift"})
_READS = frozenset(
    {"map", "flatMap", "forEach", "filter", "some", "every", "find", "reduce", "length", "slice", "includes"}
    | {"join", "at", "findIndex", "indexOf", "toSorted", "toReversed", "reverse", "sort"}
)
_MOST = 200


def written_parts(module: ModuleLike, value: Node, path: Sequence[PathStep]) -> tuple[Node, ...] | None:
    """The expressions that a path leads to from an expression: through the elements of lists that are written
    out, what is pushed to them, and properties of objects. None where there may be others."""
    found: tuple[Node, ...] = (value,)
    for at, step in enumerate(path):
        pairs = _entries(module, found[0]) if len(found) == 1 and step is Step.EACH else None
        if pairs is not None and path[at + 1 :] in ((0,), (1,)):
            return () if path[at + 1] == 0 else pairs
        parts: list[Node] = []
        for node in found:
            inner = _step(module, node, step)
            if inner is None or len(parts) + len(inner) > _MOST:
                return None
            parts += inner
        found = tuple(parts)
    return found


def _step(module: ModuleLike, node: Node, step: PathStep) -> Sequence[Node] | None:
    if isinstance(step, str):
        inner = property_value(module, node, step)
        return (inner,) if inner is not None else None
    if step is not Step.EACH and not isinstance(step, int):
        return None
    elements = _elements(module, node, in_order=step is not Step.EACH)
    if elements is None or step is Step.EACH:
        return elements
    return elements[step : step + 1] or None


def _elements(module: ModuleLike, node: Node, *, in_order: bool) -> list[Node] | None:
    """The elements of a list that is written out; None of other expressions. `in_order` asks for each at its
    place, which they lose in `filter()`."""
    elements: list[Node] = []
    for _ in range(_MOST):
        node = unwrap(node)
        made = Call(module, node) if node.type == "call_expression" else None
        if node.type == "identifier":
            pushed = _pushed(module, node)
            named = module.initializer(node)
            if pushed is None or named.id == node.id:
                return None
            elements, node = elements + pushed, named
        elif made is not None and made.receiver is not None and made.name in _KEEPS and not in_order:
            node = made.receiver
        else:
            break
    if node.type != "array":
        return None
    elements = [part for part in node.named_children if part.type != "comment"] + elements
    return None if any(part.type == "spread_element" for part in elements) else elements


def _pushed(module: ModuleLike, name: Node) -> list[Node] | None:
    """What is put into the list that a name holds; None where it may change in another way."""
    declaration = module.scope.resolve(name)
    if declaration is None:
        return None
    found: list[Node] = []
    for use in module.scope.references(declaration):
        read = member_read(module, use)
        if read is not None and read.name in _GROWS and read.call is not None:
            found += read.call.arguments
        elif use.id != declaration.node.id and not _is_read(module, use):
            return None
    return found


def _is_read(module: ModuleLike, use: Node) -> bool:
    """Whether a place of a list only reads it: a loop, a method, its length."""
    read = member_read(module, use)
    if read is not None:
        return read.name in _READS
    above = module.syntax.parent(use)
    return above is not None and above.type == "for_in_statement"


def _entries(module: ModuleLike, node: Node) -> tuple[Node, ...] | None:
    """The values of an object that is written out, of `Object.entries()` of it."""
    node = module.initializer(node)
    made = Call(module, node) if node.type == "call_expression" else None
    if made is None or made.receiver is None or len(made.arguments) != 1:
        return None
    if made.name != "entries" or module.text(made.receiver) != "Object":
        return None
    objects = written_objects(module, made.arguments[0])
    if objects is None:
        return None
    return tuple(
        part.child_by_field_name("value") or part
        for written in objects
        for part in written.named_children
        if part.type != "comment"
    )


def written_objects(module: ModuleLike, node: Node) -> tuple[Node, ...] | None:
    """The object literals that an expression may be, all of whose keys are written out: itself, or, of the
    parameter of a function that the module alone calls, what each of these calls gives. None where it may be
    another object."""
    node = module.initializer(node)
    if node.type == "object":
        parts = (part for part in node.named_children if part.type != "comment")
        return (node,) if all(key_of(module, part) is not None for part in parts) else None
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.kind is not DeclarationKind.PARAMETER or declaration.path:
        return None
    function, position = declaration.scope, parameter_index(declaration)
    calls = list(calls_within(module, function))
    if not calls or position is None or module.scope.assignments(declaration) or is_public(module, function):
        return None
    given = [call.arguments[position] for call in calls if position < len(call.arguments)]
    if len(given) != len(calls) or any(module.initializer(one).type != "object" for one in given):
        return None
    found = [written_objects(module, one) for one in given]
    return tuple(one for objects in found for one in objects or ()) if None not in found else None
