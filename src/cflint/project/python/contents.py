"""What a value of Python holds: the expressions whose text is part of its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from cflint.project.python.nodes import arguments, called_name
from cflint.project.python.values import value_given

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonModuleLike

_LIMIT = 300
_TEXTS = frozenset({"str", "repr", "dict", "vars", "list"})
_CARRIERS = (cst.FormattedString, cst.BinaryOperation, cst.Dict, cst.List, cst.Tuple, cst.Call)


def _keeps(module: PythonModuleLike, call: cst.Call) -> bool:
    """Whether the text of what a call is given is part of what it gives."""
    named = module.builtin(call.func) in _TEXTS or called_name(call) == "format"
    return named or module.origin(call.func) == "json.dumps"


def contents(
    module: PythonModuleLike, node: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression | None]]:
    """The expressions that a value is made of, each with the variable by way of which it is, if there is one.

    Followed: strings with expressions in them, operators, lists, tuples, the values of dictionaries, `str`
    and the like, `format`, `json.dumps`, and one variable that holds any of these.
    """
    todo: list[tuple[cst.BaseExpression, cst.BaseExpression | None]] = [(node, None)]
    for _ in range(_LIMIT):
        if not todo:
            return
        node, via = todo.pop()
        parts: Iterable[cst.BaseExpression]
        match node:
            case cst.FormattedString():
                found = node.parts
                parts = [part.expression for part in found if isinstance(part, cst.FormattedStringExpression)]
            case cst.BinaryOperation() | cst.BooleanOperation():
                parts = (node.left, node.right)
            case cst.Dict() | cst.List() | cst.Tuple():
                parts = [element.value for element in node.elements]
            case cst.Call() if _keeps(module, node):
                parts = arguments(node)
            case cst.Name() if via is None and isinstance(made := value_given(module, node), _CARRIERS):
                todo.append((made, node))
                continue
            case _:
                yield node, via
                continue
        todo += [(part, via) for part in parts]
