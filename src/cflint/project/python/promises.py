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
            if isinstance(call, cst.Call) and name not in _TAKES_A_VALUE:
                return (
                    _outcome_of_argument(module, call, above) if follow else (PromiseOutcome.CONSUMED, above)
                )
            return (PromiseOutcome.VALUE if name in _TAKES_A_VALUE else PromiseOutcome.CONSUMED), above
        case cst.DictElement() | cst.Element() if _holder_is_taken(module, above):
            return PromiseOutcome.VALUE, above
        case cst.Assign() if follow:
            return _outcome_of_variable(module, above)
    return PromiseOutcome.CONSUMED, node


def _holder_is_taken(module: PythonModuleLike, element: cst.CSTNode) -> bool:
    """Whether a dictionary or list is handed at once to what takes values out of it: `json.dumps({…})`."""
    holder = module.syntax.parent(element)
    argument = module.syntax.parent(holder) if isinstance(holder, (cst.Dict, cst.List)) else None
    call = module.syntax.parent(argument) if isinstance(argument, cst.Arg) else None
    return isinstance(call, cst.Call) and module.callee(call) in _TAKES_A_VALUE


def _outcome_of_argument(
    module: PythonModuleLike, call: cst.Call, argument: cst.Arg
) -> tuple[PromiseOutcome, cst.CSTNode]:
    """The outcome of a promise that is given to a function of the module: what its parameter's uses make of
    it."""
    entries = module.resolve(call.func) if isinstance(call.func, cst.Name) else None
    function = entries[0].node if entries is not None and len(entries) == 1 else None
    if not isinstance(function, cst.FunctionDef) or function.decorators or argument.star:
        return PromiseOutcome.CONSUMED, argument
    given = [*function.params.posonly_params, *function.params.params]
    if argument.keyword is not None:
        named = [one for one in given if one.name.value == argument.keyword.value]
        parameter = named[0] if named else None
    else:
        index = call.args.index(argument)
        is_plain = not any(one.star or one.keyword is not None for one in call.args[:index])
        parameter = given[index] if is_plain and index < len(given) else None
    if parameter is None:
        return PromiseOutcome.CONSUMED, argument
    uses = [_outcome(module, use, follow=False) for use in _uses(module, function, parameter)]
    if not uses or any(outcome is not PromiseOutcome.VALUE for outcome, _ in uses):
        return PromiseOutcome.CONSUMED, argument
    return PromiseOutcome.VALUE, uses[0][1]


def _uses(module: PythonModuleLike, function: cst.FunctionDef, parameter: cst.Param) -> list[cst.Name]:
    """The places in a function that read a parameter, if it is given no other value there."""
    found = []
    for node in module.syntax.walk(function.body):
        if isinstance(node, cst.Name) and node.value == parameter.name.value:
            entries = module.resolve(node) or ()
            if len(entries) != 1 or entries[0].node is not parameter:
                return []
            found.append(node)
    return found


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
