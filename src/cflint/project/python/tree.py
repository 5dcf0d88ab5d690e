"""What stands around a node of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonModuleLike

_FAULTS = frozenset({"500", "502", "503"})
Function = cst.FunctionDef | cst.Lambda


def function_around(module: PythonModuleLike, node: cst.CSTNode) -> Function | None:
    """The innermost function, or lambda, that a node is in (a decorator is not in its function)."""
    child = node
    for above in module.syntax.ancestors(node):
        if isinstance(above, cst.Lambda) and child is above.body:
            return above
        if isinstance(above, cst.FunctionDef) and child is above.body:
            return above
        child = above
    return None


def class_or_function_around(module: PythonModuleLike, node: cst.CSTNode) -> cst.CSTNode | None:
    """The innermost definition around a node."""
    for above in module.syntax.ancestors(node):
        if isinstance(above, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return above
    return None


def class_node_around(module: PythonModuleLike, node: cst.CSTNode) -> cst.ClassDef | None:
    """The innermost class around a node, through nested functions."""
    for above in module.syntax.ancestors(node):
        if isinstance(above, cst.ClassDef):
            return above
    return None


def method_around(module: PythonModuleLike, node: cst.CSTNode) -> cst.FunctionDef | None:
    """The method that a node is in, through nested functions."""
    found: cst.FunctionDef | None = None
    for above in module.syntax.ancestors(node):
        if isinstance(above, cst.FunctionDef):
            found = above
        elif isinstance(above, cst.ClassDef):
            return found
    return None


def can_await(module: PythonModuleLike, node: cst.CSTNode) -> bool:
    """Whether an `await` may stand at a node."""
    function = module.function_around(node)
    return isinstance(function, cst.FunctionDef) and function.asynchronous is not None


def runs_at_import(module: PythonModuleLike, node: cst.CSTNode) -> bool:
    """Whether a node is evaluated when the module is imported: in no function."""
    return module.function_around(node) is None


def is_caught(module: PythonModuleLike, node: cst.CSTNode) -> bool:
    """Whether a `try` stands around a node, which may expect that it fails."""
    return any(isinstance(above, (cst.Try, cst.TryStar)) for above in module.syntax.ancestors(node))


def is_guarded(module: PythonModuleLike, node: cst.CSTNode) -> bool:
    """Whether a node is in a `try`, or under an `if`: `if TYPE_CHECKING`, `if __name__ == "__main__"`."""
    return any(isinstance(above, (cst.Try, cst.TryStar, cst.If)) for above in module.syntax.ancestors(node))


def is_handled(module: PythonModuleLike, node: cst.CSTNode, *exceptions: str) -> bool:
    """Whether a `try` of the same function around a node takes one of some exceptions, or any `Exception`
    and answers no 500 itself, which is what happens without it."""
    below: cst.CSTNode = node
    for above in module.syntax.ancestors(node):
        for one in above.handlers if isinstance(above, cst.Try) and below is above.body else ():
            caught = module.syntax.text(one.type) if one.type is not None else "Exception"
            if any(name in caught for name in exceptions):
                return True
            if "Exception" in caught:
                numbers = (part for part in module.syntax.walk(one.body) if isinstance(part, cst.Integer))
                return all(number.value not in _FAULTS for number in numbers)
        if isinstance(above, cst.FunctionDef):
            return False
        below = above
    return False
