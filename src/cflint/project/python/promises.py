"""What becomes of a coroutine or promise in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cflint.project.code.promises import PromiseOutcome

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonModuleLike

_TAKES_A_VALUE = frozenset(
    {"str", "int", "float", "bool", "len", "repr", "print", "list", "dict", "tuple", "set", "sorted", "bytes"}
    | {"json.loads", "json.dumps", "isinstance", "sum", "min", "max", "enumerate", "iter", "bytearray"}
    | {"workers.Response", "workers.Response.json", "workers.Response.from_json", "js.Response.new"}
    | {"js.Response.json", "js.JSON.stringify", "js.JSON.parse", "range", "next", "zip", "any", "all"}
)


def outcome(module: PythonModuleLike, promise: cst.BaseExpression) -> tuple[PromiseOutcome, cst.CSTNode]:
    """What becomes of a coroutine or promise, and the node that shows it.

    VALUE: it is used as if it were its result, DROPPED: nobody ever looks at it.
    """
    return _outcome(module, promise, follow=True)


def _outcome(
    module: PythonModuleLike, promise: cst.CSTNode, *, follow: bool
) -> tuple[PromiseOutcome, cst.CSTNode]:
    node: cst.CSTNode = promise
    while True:
        above = module.syntax.parent(node)
        if isinstance(above, (cst.BooleanOperation, cst.IfExp)):
            if isinstance(above, cst.IfExp) and node is above.test:
                return PromiseOutcome.VALUE, above
            if isinstance(above, cst.BooleanOperation) and node is above.left:
                return PromiseOutcome.VALUE, above  # a promise is always true
            node = above
            continue
        break
    match above:
        case cst.Expr():
            return PromiseOutcome.DROPPED, above
        case cst.Attribute():
            consumed = above.attr.value in ("then", "catch", "finally_", "add_done_callback")
            return (PromiseOutcome.CONSUMED if consumed else PromiseOutcome.VALUE), above
        case cst.Subscript() if node is above.value:
            return PromiseOutcome.VALUE, above
        case cst.Comparison() | cst.BinaryOperation() | cst.FormattedStringExpression():
            return PromiseOutcome.VALUE, above
        case cst.ComparisonTarget() if not isinstance(above.operator, (cst.Is, cst.IsNot)):
            return PromiseOutcome.VALUE, above
        case cst.UnaryOperation():
            return PromiseOutcome.VALUE, above
        case cst.If() | cst.While() if node is above.test:
            return PromiseOutcome.VALUE, above
        case cst.For() if node is above.iter and above.asynchronous is None:
            return PromiseOutcome.VALUE, above
        case cst.Arg():
            call = module.syntax.parent(above)
            name = module.callee(call) if isinstance(call, cst.Call) else None
            return (PromiseOutcome.VALUE if name in _TAKES_A_VALUE else PromiseOutcome.CONSUMED), above
        case cst.Assign() if follow:
            return _outcome_of_variable(module, above)
    return PromiseOutcome.CONSUMED, node


def _outcome_of_variable(module: PythonModuleLike, assign: cst.Assign) -> tuple[PromiseOutcome, cst.CSTNode]:
    """The outcome of a promise that is assigned: what the uses of the variable make of it."""
    target = assign.targets[0].target
    if len(assign.targets) != 1 or not isinstance(target, cst.Name):
        return PromiseOutcome.CONSUMED, assign
    entries = module.resolve(target)
    if entries is None or len(entries) != 1 or module.function_around(assign) is None:
        return PromiseOutcome.CONSUMED, assign
    uses = [_outcome(module, use, follow=False) for use in module.references(target)]
    if any(outcome is PromiseOutcome.CONSUMED for outcome, _ in uses):
        return PromiseOutcome.CONSUMED, assign
    return (PromiseOutcome.VALUE, uses[0][1]) if uses else (PromiseOutcome.DROPPED, assign)
