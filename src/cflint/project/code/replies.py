"""The responses that functions of the project make of what they are given: `failure(error.message, 500)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.contents import contents
from cflint.project.code.effects import response_made
from cflint.project.code.module import Module
from cflint.project.code.origins import number_of, property_value
from cflint.project.code.parameters import parameter_index
from cflint.project.code.tracing import function_called
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import arguments_of, first_named, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_HOPS = 3
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_CALLS = frozenset({"call_expression", "new_expression"})


@record(frozen=True, eq=False)
class Reply:
    """A response that a function of the project makes when it is called: `call` is the call, `contents` the
    arguments, or parts of them, that get into the body, `status` None where it is not known."""

    call: Node
    contents: tuple[Node, ...]
    status: float | None


def replies_of(module: Module, call: Node) -> tuple[Reply, ...]:
    """The responses that a call of a function of the project makes of its arguments, by way of other
    functions of the project, too."""
    found = (made.reply for made in _replies(module, call, _MOST_HOPS))
    return tuple(reply for reply in found if reply.contents)


@record(frozen=True, eq=False)
class _Made:
    """A reply, and the expression that its status is where the call stands, if it is known to be one."""

    reply: Reply
    status_node: Node | None = None


def _replies(module: Module, call: Node, hops: int) -> Iterator[_Made]:
    called = function_called(module, call) if call.type == "call_expression" and hops else None
    if called is None:
        return
    home, function = called
    for returned in _returned(home, function):
        made = response_made(home, returned)
        if made is not None:
            content = (made.content,) if made.content is not None else ()
            inner: tuple[_Made, ...] = (_Made(Reply(returned, content, made.status), made.status_node),)
        else:
            inner = tuple(_replies(home, returned, hops - 1))
        for one in inner:
            status, node = one.reply.status, None
            if status is None and one.status_node is not None:
                node = _given(home, function, module, call, one.status_node)
                status = number_of(module, node) if node is not None else _default(home, one.status_node)
            held = (
                content
                for part in one.reply.contents
                for content in contents(home, part, lambda part: _parameter(home, function, part) is not None)
            )
            inside = (_given(home, function, module, call, content.node) for content in held)
            yield _Made(Reply(call, tuple(part for part in inside if part is not None), status), node)


def _returned(module: Module, function: Node) -> tuple[Node, ...]:
    """The calls that a function itself returns, or makes what it returns of."""
    body = function.child_by_field_name("body")
    if body is None:
        return ()
    if body.type in _CALLS:
        return (body,)
    if body.type != "statement_block":
        value = first_named(body)
        return (value,) if value is not None else ()
    return tuple(node for node in walk(body, into_functions=False) if node.type in _CALLS)


def _parameter(module: Module, function: Node, node: Node) -> Declaration | None:
    if node.type not in _NAMES:
        return None
    declaration = module.scope.resolve(node)
    is_one = declaration is not None and declaration.kind is DeclarationKind.PARAMETER
    return declaration if is_one and declaration is not None and declaration.scope == function else None


def _given(home: Module, function: Node, module: Module, call: Node, node: Node) -> Node | None:
    """What a call gives to the parameter of a function that an expression there names."""
    declaration = _parameter(home, function, node)
    index = parameter_index(declaration) if declaration is not None else None
    given = arguments_of(call)
    if declaration is None or index is None or index >= len(given):
        return None
    if any(part.type == "spread_element" for part in given[: index + 1]):
        return None
    if not declaration.path:
        return given[index]
    step = declaration.path[0]
    return property_value(module, given[index], step) if isinstance(step, str) else None


def _default(home: Module, node: Node) -> float | None:
    declaration = home.scope.resolve(node) if node.type in _NAMES else None
    default = declaration.default if declaration is not None else None
    return number_of(home, default) if default is not None else None
