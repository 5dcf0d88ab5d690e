"""What a piece of code can throw: whether the texts of all its errors are the project's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.control import try_around
from cflint.project.code.effects import response_made
from cflint.project.code.module import Module
from cflint.project.code.origins import callee_name
from cflint.project.code.tracing import function_called
from cflint.syntax.javascript import arguments_of, first_named, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_HOPS = 5
_WAITS = frozenset({"await_expression", "yield_expression"})
_CALLS = frozenset({"call_expression", "new_expression"})
_PLAIN = frozenset(
    {"trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "slice", "substring", "split", "join"}
    | {"includes", "startsWith", "endsWith", "indexOf", "replace", "replaceAll", "match", "test", "has"}
    | {"get", "map", "filter", "some", "every", "find", "keys", "values", "entries", "isArray", "push"}
    | {"isInteger", "isFinite", "isNaN", "String", "Number", "Boolean", "parseInt", "parseFloat", "stringify"}
    | {"toString", "concat", "Set", "Map", "min", "max", "log", "warn", "error", "info"}
)
"""Functions and methods of JavaScript itself that throw, if at all, only where the code is wrong."""
_TEXTS = frozenset({"string", "template_string"})


def throws_own_texts(module: Module, block: Node) -> bool:
    """Whether whatever a block throws are errors that the project's own functions make of texts that are
    written there: it waits for nothing, and calls nothing else that may fail. Where an error is caught it
    may be any. False where nothing is thrown, and where that cannot be seen."""
    search = _Search()
    return search.is_own(module, block, _MOST_HOPS) and search.throws > 0


class _Search:
    def __init__(self) -> None:
        self.throws = 0
        self._seen: set[tuple[str, int, int]] = set()

    def is_own(self, module: Module, block: Node, hops: int) -> bool:
        place = (module.path, block.start_byte, block.end_byte)
        if place in self._seen:
            return True
        self._seen.add(place)
        return all(self._is_own_node(module, node, block, hops) for node in walk(block))

    def _is_own_node(self, module: Module, node: Node, block: Node, hops: int) -> bool:
        if node.type in _WAITS or (
            node.type == "for_in_statement" and any(c.type == "await" for c in node.children)
        ):
            return False
        if node.type == "throw_statement":
            self.throws += 1
            made = first_named(node)
            given = arguments_of(made) if made is not None and made.type == "new_expression" else ()
            return bool(given) and given[0].type in _TEXTS
        if node.type not in _CALLS:
            return True
        around = module.parent(node)
        is_thrown = around is not None and around.type == "throw_statement"
        if is_thrown or try_around(module, node, block) is not None:
            return True
        called = function_called(module, node) if node.type == "call_expression" else None
        if called is not None:
            home, function = called
            body = function.child_by_field_name("body")
            return hops > 0 and body is not None and self.is_own(home, body, hops - 1)
        return response_made(module, node) is not None or callee_name(module, node) in _PLAIN
