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
from cflint.scope import Declaration, DeclarationKind, PathStep
from cflint.syntax.javascript import arguments_of, first_named, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_HOPS = 3
_MOST_REPLIES = 100
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
    found = (Reply(call, made.contents, made.status) for made in _replies(module, call, _MOST_HOPS))
    return tuple(reply for reply in found if reply.contents)


@record(frozen=True)
class _Given:
    """What a call gives a function: the argument at a position, or a property (`step`) of it, which is a
    number by default."""

    index: int
    step: PathStep | None = None
    default: float | None = None


@record(frozen=True)
class _Made:
    """A response that a function makes of what it is given, without nodes: these last as long as a tree."""

    contents: tuple[_Given, ...]
    status: float | None
    given_status: _Given | None = None


@record(frozen=True, eq=False)
class _MadeHere:
    """A response in terms of the place where it is made, or called for: what gets into the body, and the
    expression that its status is, where that is no number yet, or a name (`init`) that its status is a
    property of."""

    contents: tuple[Node, ...]
    status: float | None
    status_node: Node | None = None
    init: Node | None = None


def _replies(module: Module, call: Node, hops: int) -> Iterator[_MadeHere]:
    called = function_called(module, call) if call.type == "call_expression" and hops else None
    if called is None:
        return
    home, function = called
    place = (home.path, function.start_byte, function.end_byte)
    question = ("responses made by a function", place, hops)
    for made in module.project.memo.memoized(question, lambda: _made_by(home, function, hops)):
        status, node, init = made.status, None, None
        if made.given_status is not None:
            node = _argument(module, call, made.given_status)
            status = number_of(module, node) if node is not None else made.given_status.default
            if node is None and made.given_status.step == "status":
                init = _argument(module, call, _Given(made.given_status.index))
        inside = (_argument(module, call, content) for content in made.contents)
        yield _MadeHere(tuple(part for part in inside if part is not None), status, node, init)


def _made_by(module: Module, function: Node, hops: int) -> tuple[_Made, ...]:
    """The responses that a function makes, by way of `hops - 1` others, each of them once. There may be more
    of them at each step: no more than `_MOST_REPLIES` are looked at."""
    found: dict[_Made, None] = {}
    for made in _made_in(module, function, hops):
        status, given_status = made.status, None
        if status is None and made.status_node is not None:
            given_status = _given(module, function, made.status_node)
            status = _default(module, made.status_node) if given_status is None else None
        elif status is None and made.init is not None:
            given_status = _status_of(_given(module, function, made.init))
        held = (
            _given(module, function, content.node)
            for part in made.contents
            for content in contents(module, part, lambda part: _parameter(module, function, part) is not None)
        )
        given = tuple(dict.fromkeys(part for part in held if part is not None))
        found[_Made(given, status, given_status)] = None
        if len(found) == _MOST_REPLIES:
            break
    return tuple(found)


def _made_in(module: Module, function: Node, hops: int) -> Iterator[_MadeHere]:
    for returned in _returned(module, function):
        made = response_made(module, returned)
        if made is None:
            yield from _replies(module, returned, hops - 1)
        else:
            content = (made.content,) if made.content is not None else ()
            yield _MadeHere(content, made.status, made.status_node, _handed_on(made.init))


def _handed_on(init: Node | None) -> Node | None:
    """The name that options of a response are, or whose properties are spread into them, with others."""
    if init is None or init.type in _NAMES:
        return init
    spread = [part for part in init.named_children if part.type == "spread_element"]
    return first_named(spread[0]) if init.type == "object" and len(spread) == 1 else None


def _status_of(init: _Given | None) -> _Given | None:
    """The property `status` of options that a function is given whole."""
    return _Given(init.index, "status") if init is not None and init.step is None else None


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


def _given(module: Module, function: Node, node: Node) -> _Given | None:
    """What an expression is that names a parameter of a function; None of any other."""
    declaration = _parameter(module, function, node)
    index = parameter_index(declaration) if declaration is not None else None
    if declaration is None or index is None:
        return None
    return _Given(index, declaration.path[0] if declaration.path else None, _default(module, node))


def _argument(module: Module, call: Node, wanted: _Given) -> Node | None:
    """The expression that a call gives."""
    given = arguments_of(call)
    if wanted.index >= len(given):
        return None
    if any(part.type == "spread_element" for part in given[: wanted.index + 1]):
        return None
    argument, step = given[wanted.index], wanted.step
    if step is None:
        return argument
    return property_value(module, argument, step) if isinstance(step, str) else None


def _default(home: Module, node: Node) -> float | None:
    declaration = home.scope.resolve(node) if node.type in _NAMES else None
    default = declaration.default if declaration is not None else None
    return number_of(home, default) if default is not None else None
