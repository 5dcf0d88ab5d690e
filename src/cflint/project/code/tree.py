"""Where nodes stand in a module's tree: what is above them, below them, and what a name was set to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.scope import Declaration, DeclarationKind
from cflint.syntax import javascript
from cflint.syntax.javascript import CLASSES, FUNCTIONS, unwrap
from cflint.syntax.javascript.beside import may_be_callee
from cflint.syntax.phrases import Phrases

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_COMMENTS = frozenset({"comment", "html_comment", "hash_bang_line"})


def parent(module: ModuleLike, node: Node) -> Node | None:
    """The node above; None of the root."""
    return module.syntax.parent(node)


def ancestors(module: ModuleLike, node: Node) -> Iterator[Node]:
    """The nodes above, nearest first."""
    return module.syntax.ancestors(node)


def enclosing(module: ModuleLike, node: Node, types: frozenset[str]) -> Node | None:
    """The nearest node above of one of the types."""
    return module.syntax.enclosing(node, types)


def leaves(module: ModuleLike, word: str, within: Node) -> Iterator[Node]:
    """The smallest nodes at a whole word (a name, a keyword) within a node, in source order."""
    return module.syntax.leaves(word, within)


def node_at(module: ModuleLike, start: int, end: int) -> Node | None:
    """The smallest node that covers the bytes from `start` to before `end`."""
    return module.syntax.node_at(start, end)


def with_wrappers(module: ModuleLike, node: Node) -> Node:
    """The node with all the parentheses, casts and `!` that stand around it."""
    return javascript.with_wrappers(module.syntax, node)


def mentions(
    module: ModuleLike, words: re.Pattern[bytes] | Phrases, within: Node | None = None
) -> Iterator[Node]:
    """The smallest nodes (names, pieces of strings, regular expressions, …) that hold a match of a pattern
    within a node, or in all of the module, in source order; a comment mentions nothing."""
    within = within if within is not None else module.syntax.root
    for start, end in _spans(words, module.document.data, within.start_byte, within.end_byte):
        node = module.syntax.node_at(start, end)
        if node is not None and node.type not in _COMMENTS:
            yield node


def _spans(
    words: re.Pattern[bytes] | Phrases, data: bytes, start: int, end: int
) -> Iterator[tuple[int, int]]:
    if not isinstance(words, Phrases):
        return (found.span() for found in words.finditer(data, start, end))
    return ((start + first, start + last) for first, last in words.spans(data[start:end]))


def comments_above(module: ModuleLike, node: Node) -> tuple[Node, ...]:
    """The comments that have lines right above a statement or a member for themselves, in source order."""
    document = module.document
    found: list[Node] = []
    start, before = node.start_byte, node.prev_sibling
    while before is not None and before.type == "comment":
        line = document.line_span(document.line_of(before.start_byte))
        is_far = document.line_of(start) - document.line_of(before.end_byte) > 1
        if is_far or document.data[line.start : before.start_byte].strip():
            break
        found.insert(0, before)
        start, before = before.start_byte, before.prev_sibling
    return tuple(found)


def string(module: ModuleLike, node: Node) -> str | None:
    """The value of a string literal or of a template without substitutions; None of anything else."""
    return javascript.string_value(module.syntax, node)


def property_name(module: ModuleLike, node: Node) -> str | None:
    """The name of an object's or class's member: an identifier, a string, a number; None when computed."""
    return javascript.property_name(module.syntax, node)


def descendants(module: ModuleLike, within: Node, *types: str) -> Iterator[Node]:
    """The named nodes of some types below a node, in source order, nested functions included."""
    return iter(module.syntax.below(within, frozenset(types)))


def calls_of(module: ModuleLike, name: str, within: Node) -> Iterator[Node]:
    """The calls of a function or method of that name within a node, in source order."""
    for leaf in module.syntax.leaves(name, within, may_be_callee):
        callee = module.syntax.parent(leaf) if leaf.type == "property_identifier" else leaf
        if callee is None:
            continue
        callee = javascript.with_wrappers(module.syntax, callee)
        call = module.syntax.parent(callee)
        if call is not None and call.type == "call_expression":
            function = call.child_by_field_name("function")
            if function is not None and function.id == callee.id:
                yield call


def initializer(module: ModuleLike, node: Node) -> Node:
    """The expression itself, or what the constant that it names was initialised with."""
    node = unwrap(node)
    for _ in range(8):
        if node.type not in ("identifier", "shorthand_property_identifier"):
            break
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.value is None or declaration.path:
            break
        if not declaration.constant and module.scope.assignments(declaration):
            break
        node = unwrap(declaration.value)
    return node


def string_of(module: ModuleLike, node: Node) -> str | None:
    """The string that an expression is: a literal, or a constant that names one."""
    return javascript.string_value(module.syntax, module.initializer(node))


def string_across(module: ModuleLike, node: Node) -> str | None:
    """The string that an expression is, also by a constant that another module of the project exports."""
    here = string_of(module, node)
    named = module.initializer(node)
    if here is not None or named.type != "identifier":
        return here
    found = constant_elsewhere(module, named)
    return javascript.string_value(found[0].syntax, unwrap(found[1])) if found is not None else None


def constant_elsewhere(module: ModuleLike, name: Node) -> tuple[ModuleLike, Node] | None:
    """The module of the project, and the expression there, that the constant is made with which an imported
    name means; None of other names."""
    declaration = module.scope.resolve(name)
    ref = module.scope.origin(declaration) if declaration is not None else None
    target = module.project.exports.declaration(module.path, ref) if ref is not None else None
    other = module.other(target[0]) if target is not None else None
    found = other.scope.top_level.get(target[1]) if target is not None and other is not None else None
    if other is None or found is None or not found.constant or found.path or found.value is None:
        return None
    return other, found.value


def enclosing_function(module: ModuleLike, node: Node) -> Node | None:
    """The innermost function around a node."""
    return module.syntax.enclosing(node, FUNCTIONS)


def method_around(module: ModuleLike, node: Node) -> Node | None:
    """The method that a node stands in, through arrow functions and callbacks."""
    for above in module.syntax.ancestors(node):
        if above.type == "method_definition":
            return above
        if above.type in CLASSES:
            return None
    return None


def function_of(module: ModuleLike, declaration: Declaration) -> Node | None:
    """The function node that a declared name is, if it is one for good."""
    if declaration.kind is DeclarationKind.FUNCTION:  # of an overloaded one, the call says which it is
        return declaration.owner if declaration.owner.type in FUNCTIONS else None
    if declaration.value is None or declaration.path:
        return None
    if not declaration.constant and module.scope.assignments(declaration):
        return None
    value = unwrap(declaration.value)
    return value if value.type in FUNCTIONS else None
