"""What a function gives back: a response, a truth, or something else."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.control import returns_of
from cflint.project.code.module import Module
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import first_named, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_TRUTHS = frozenset({"==", "===", "!=", "!==", "<", ">", "<=", ">=", "in", "instanceof"})
_OTHERS = frozenset(
    {"object", "array", "string", "template_string", "number", "null", "undefined", "regex"}
    | {"arrow_function", "function_expression", "class", "jsx_element", "jsx_self_closing_element"}
)
_BODIES = pattern(r"\.(?:json|text|formData|arrayBuffer|blob|bytes)\(\)$|^JSON\.parse\(")
"""How what a request or an answer carries is read: what comes of it is no response."""
_PROMISED = pattern(r"Promise<(.*)>", re.DOTALL)
_RESPONSE = pattern(r"\b(?:Next)?Response\b")
_ALWAYS = pattern(r"(?:Response \| )?(?:Response|Promise<\s*Response\s*>)(?: \| Response)?")
_OPEN = pattern(r".*Response.*|any|unknown|never|[A-Z]", re.DOTALL)
"""Types that may be one of a response."""


class Gives(Enum):
    """What calls of a function give, once they were waited for."""

    RESPONSE = "a response"
    TRUTH = "a boolean"
    OTHER = "no response"
    UNKNOWN = "not known"


def what_it_gives(module: Module, function: Node) -> Gives:
    """By the type that a function declares, otherwise by all that it returns; UNKNOWN where one of these is
    not known, and where it returns nothing and declares no type."""
    declared = first_named(function.child_by_field_name("return_type"))
    if declared is not None:
        found = _PROMISED.fullmatch(module.text(declared))
        text = (found[1] if found is not None else module.text(declared)).strip()
        if declared.type == "type_predicate" or text == "boolean":
            return Gives.TRUTH
        if _RESPONSE.search(text) is not None:
            return Gives.RESPONSE
        return Gives.UNKNOWN if _OPEN.fullmatch(text) is not None else Gives.OTHER
    if module.handler_of(function) is not None:
        return Gives.RESPONSE
    kinds = {_kind(module, it) for it in _returned(module, function)}
    if Gives.RESPONSE in kinds:
        return Gives.RESPONSE
    if not kinds or Gives.UNKNOWN in kinds:
        return Gives.UNKNOWN
    return Gives.TRUTH if kinds == {Gives.TRUTH} else Gives.OTHER


def always_gives_response(module: Module, function: Node) -> bool:
    """Whether it is seen that all a function returns are responses: by the type that it declares, otherwise
    by each of its returns."""
    declared = first_named(function.child_by_field_name("return_type"))
    if declared is not None:
        return _ALWAYS.fullmatch(module.text(declared)) is not None
    kinds = {_kind(module, it) for it in _returned(module, function)}
    return kinds == {Gives.RESPONSE}


def _returned(module: Module, function: Node) -> list[Node | None]:
    body = function.child_by_field_name("body")
    if body is not None and body.type != "statement_block":
        return [body]
    return [first_named(it) for it in returns_of(module, function)]


def _kind(module: Module, node: Node | None) -> Gives:
    """What an expression is; nothing behind a `return` is no response."""
    if node is None:
        return Gives.OTHER
    node = unwrap(node)
    if node.type == "await_expression":
        return _kind(module, first_named(node))
    if node.type in ("true", "false") or (node.type == "unary_expression" and module.text(node)[:1] == "!"):
        return Gives.TRUTH
    if node.type == "binary_expression":
        return _of_operator(module, node)
    if node.type == "ternary_expression":
        both = {_kind(module, node.child_by_field_name(it)) for it in ("consequence", "alternative")}
        return both.pop() if len(both) == 1 else Gives.UNKNOWN
    if node.type in _OTHERS:
        return Gives.OTHER
    kind = module.value_of(node).awaited.kind
    if kind is ValueKind.RESPONSE or module.response_made(node) is not None:
        return Gives.RESPONSE
    if node.type == "call_expression" and _BODIES.search(module.text(node)) is not None:
        return Gives.OTHER
    return Gives.UNKNOWN


def _of_operator(module: Module, node: Node) -> Gives:
    operator = node.child_by_field_name("operator")
    sign = module.text(operator) if operator is not None else ""
    if sign in _TRUTHS:
        return Gives.TRUTH
    sides = {_kind(module, node.child_by_field_name(side)) for side in ("left", "right")}
    return sides.pop() if sign in ("&&", "||") and len(sides) == 1 else Gives.UNKNOWN
