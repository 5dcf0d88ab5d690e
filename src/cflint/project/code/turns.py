"""Where a call is made once for each item of a list: in a loop, in a callback of `map()`, or by a helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.code.calls import CallSite, callers_of
from cflint.scope import DeclarationKind
from cflint.syntax.javascript import body_of, contains, unwrap, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_LEAVES = ("break_statement", "return_statement", "throw_statement")
_PER_ITEM = frozenset({"map", "forEach", "flatMap"})
_TAKES_SOME = frozenset({"slice", "splice", "chunk"})
_WRITTEN_OUT = frozenset({"array", "object"})
_OF_OBJECT = frozenset({"entries", "keys", "values"})


def turns_of(module: Module, node: Node) -> Iterator[CallSite]:
    """The places that a call is made from, each turn of a loop over a list of unknown length anew: the call
    itself, or else the calls of the function around it, where that is no handler."""
    if repeats(module, node):
        yield CallSite(module, node)
        return
    function = module.enclosing_function(node)
    if function is None or not list(module.parameters(function)):
        return
    for found in callers_of(module, function).calls:
        if repeats(found.module, found.node):
            yield found


def repeats(module: Module, node: Node) -> bool:
    """Whether a call is made for each item of a list of unknown length, with what belongs to the item, by a
    loop that goes on to its end."""
    body, items = _repeated(module, node)
    if body is None or items is None or not _is_open(module, items):
        return False
    return _is_of_turn(module, node, body)


def _repeated(module: Module, node: Node) -> tuple[Node | None, Node | None]:
    """The body of the `for … of` loop, or the callback of `map()`, that runs for each item, and the items."""
    loop = module.loop_around(node)
    if loop is not None:
        body = loop.child_by_field_name("body")
        words = {child.type for child in loop.children}
        if loop.type != "for_in_statement" or "await" in words or body is None or _may_end(module, body):
            return None, None
        return body, loop.child_by_field_name("right")
    function = module.enclosing_function(node)
    taken = module.callback_of(function) if function is not None else None
    if function is None or taken is None or taken.name not in _PER_ITEM:
        return None, None
    return body_of(function), taken.receiver


def _may_end(module: Module, body: Node) -> bool:
    """Whether a loop can be left before its end."""

    def find() -> bool:
        function = module.enclosing_function(body)
        return any(
            module.enclosing_function(leave) == function for leave in module.descendants(body, *_LEAVES)
        )

    return module.memoized(("loop that is left", body.id), find)


def _is_open(module: Module, items: Node) -> bool:
    """Whether nobody knows how many items there are: no list that is written out, and no part of one."""
    made = module.initializer(unwrap(items))
    if made.type in _WRITTEN_OUT or module.string_of(made) is not None:
        return False
    call = module.call(made)
    if call is not None:
        if call.name in _TAKES_SOME:
            return False
        if call.name in _OF_OBJECT and call.arguments:
            return _is_open(module, call.arguments[0])
        if call.receiver is not None and call.name in ("filter", "map", "sort", "toSorted", "reverse"):
            return _is_open(module, call.receiver)
    if made.type == "identifier":
        declaration = module.scope.resolve(made)
        if declaration is not None and declaration.scope.type == "program":
            return False  # of the module, or imported: as long as somebody wrote it
    return True


def _is_of_turn(module: Module, node: Node, body: Node) -> bool:
    """Whether what a call is made of is another thing each turn."""
    near = module.loop_around(node) or module.enclosing_function(node)
    for name in walk(node):
        declaration = module.scope.resolve(name) if name.type == "identifier" else None
        if declaration is None:
            continue
        if contains(body, declaration.node):
            return True
        of_loop = (
            declaration.owner.type == "for_in_statement" or declaration.kind is DeclarationKind.PARAMETER
        )
        if of_loop and near is not None and contains(near, declaration.node):
            return True
    return False
