"""The edits by which a function becomes asynchronous, and all that call it wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.project.code.calls import callers_of, name_of
from cflint.project.code.edits import made_async
from cflint.project.code.module import Module
from cflint.project.code.promises import can_await
from cflint.syntax.javascript import is_async

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_CALLS = 6
_MOST_DEPTH = 3
_FUNCTIONS = frozenset({"function_declaration", "function_expression", "arrow_function", "method_definition"})
_TIGHT = frozenset(
    {
        "member_expression",
        "subscript_expression",
        "non_null_expression",
        "call_expression",
        "unary_expression",
    }
)
"""What takes a part of `await call()` for itself: there it needs parentheses."""


def edits_to_await_in(module: Module, node: Node) -> tuple[Edit, ...] | None:
    """What has to be edited so that an `await` may stand at a node: nothing in an asynchronous function. None
    where no function of a name is around it, or not all of its callers are known and can wait."""
    return _edits(module, node, _MOST_DEPTH, set())


def _edits(module: Module, node: Node, depth: int, seen: set[tuple[str, int]]) -> tuple[Edit, ...] | None:
    if can_await(module, node):
        return () if module.enclosing_function(node) is not None else None
    function = module.enclosing_function(node)
    if function is None or function.type not in _FUNCTIONS or depth == 0 or is_async(function):
        return None
    if (module.path, function.start_byte) in seen:
        return ()
    seen.add((module.path, function.start_byte))
    made = made_async(module, function)
    if made is None or _cannot_be_async(module, function):
        return None
    edits = [*made]
    if module.handler_of(function) is not None:
        return tuple(edits)  # the runtime waits for it
    callers = callers_of(module, function) if name_of(module, function) is not None else None
    if callers is None or not callers.complete or callers.handed or len(callers.calls) > _MOST_CALLS:
        return None
    for site in callers.calls:
        around = _edits(site.module, site.node, depth - 1, seen)
        if around is None:
            return None
        edits += (*around, *_awaited(site.module, site.node))
    return tuple(edits)


def _cannot_be_async(module: Module, function: Node) -> bool:
    """A constructor, a getter or a setter."""
    name = function.child_by_field_name("name")
    named = module.text(name) if name is not None else ""
    return named == "constructor" or any(child.type in ("get", "set", "*") for child in function.children)


def _awaited(module: Module, call: Node) -> tuple[Edit, ...]:
    above = module.syntax.parent(call)
    if above is not None and above.type == "await_expression":
        return ()
    if above is not None and above.type in _TIGHT:
        return (module.insert(call.start_byte, "(await "), module.insert(call.end_byte, ")"))
    return (module.insert(call.start_byte, "await "),)
