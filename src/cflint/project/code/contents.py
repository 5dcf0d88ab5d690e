"""What a value holds: the expressions that are copied into it, and that are printed or stored with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cflint.platform.language import COPIES, REBUILDING, TAKES_REPLACER
from cflint.project.code.nodes import operation
from cflint.project.code.platform_names import called_name
from cflint.record import record
from cflint.syntax.javascript import arguments_of, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_LIMIT = 300
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_SIDES = {"+": ("left", "right"), "||": ("left", "right"), "??": ("left", "right"), "&&": ("right",)}
"""Which operands of an operator are part of its result."""


@record(frozen=True, eq=False)
class Content:
    """An expression that a value holds. `names` are the variables by way of which it does, the outermost one
    first. `is_rebuilt`: only its parts are held (`...node`, `Object.entries(node)`), so that nothing can be
    put in its place."""

    node: Node
    names: tuple[Node, ...] = ()
    is_rebuilt: bool = False


def contents(
    module: ModuleLike, node: Node, is_wanted: Callable[[Node], bool], *, hops: int = 8
) -> Iterator[Content]:
    """The expressions of some sort that a value holds, itself included; what such an expression is made of is
    not looked at.

    Followed: objects, arrays, templates, `?:`, `+`, `??` and the like, functions that copy (`JSON.stringify`
    without a replacer, `Object.entries`, `String`, …), and up to `hops` names of variables that keep what
    they were made with.
    """
    todo = [Content(node)]
    for _ in range(_LIMIT):
        if not todo:
            return
        content = todo.pop()
        inner = unwrap(content.node)
        if is_wanted(inner):
            yield Content(inner, content.names, content.is_rebuilt)
        elif inner.type not in _NAMES:
            todo.extend(Content(part, content.names, rebuilt) for part, rebuilt in parts_of(module, inner))
        elif len(content.names) < hops:
            made = _value_of_name(module, inner)
            todo.extend((Content(made, (*content.names, inner)),) if made is not None else ())


def _value_of_name(module: ModuleLike, name: Node) -> Node | None:
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.value is None or declaration.path:
        return None
    if not declaration.constant and module.scope.assignments(declaration):
        return None
    return module.initializer(declaration.value)


def parts_of(module: ModuleLike, node: Node) -> Iterator[tuple[Node, bool]]:
    """The expressions that stand in an expression and become part of its value, and whether they are rebuilt
    (see `Content`)."""
    match node.type:
        case "object" | "array":
            for part in node.named_children:
                if part.type == "spread_element":
                    yield from ((inner, True) for inner in part.named_children[:1])
                elif part.type == "pair":
                    yield from _fields(part, ("value",))
                elif part.type not in ("comment", "method_definition"):
                    yield part, False
        case "template_string":
            for part in node.named_children:
                if part.type == "template_substitution":
                    yield from ((inner, False) for inner in part.named_children[:1])
        case "ternary_expression":
            yield from _fields(node, ("consequence", "alternative"))
        case "binary_expression":
            done = operation(module, node)
            yield from _fields(node, _SIDES.get(done.operator if done is not None else "", ()))
        case "call_expression":
            yield from _copied(module, node)


def _fields(node: Node, names: tuple[str, ...]) -> Iterator[tuple[Node, bool]]:
    for name in names:
        found = node.child_by_field_name(name)
        if found is not None:
            yield found, False


def _copied(module: ModuleLike, call: Node) -> Iterator[tuple[Node, bool]]:
    """The arguments that a call copies into its result."""
    called = called_name(module, call)
    key = (called.module, called.name) if called is not None else ("", "")
    if key not in COPIES:
        return
    arguments = arguments_of(call)
    replacer = unwrap(arguments[1]).type if key in TAKES_REPLACER and len(arguments) > 1 else "null"
    if replacer not in ("null", "undefined"):
        return  # it may leave things out
    for argument in arguments if key == ("", "Object.assign") else arguments[:1]:
        yield argument, key in REBUILDING
