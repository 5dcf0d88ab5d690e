"""Questions about nodes of Python alone."""

from __future__ import annotations

import libcst as cst


def dotted(node: cst.CSTNode | None) -> str:
    """`a.b.c` of a chain of names; "" of anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join((node.value, *reversed(parts)))


def called_name(call: cst.Call) -> str:
    """The last name of what is called: `get` of `env.KV.get(…)`; "" when it has none."""
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def receiver(call: cst.Call) -> cst.BaseExpression | None:
    """`a` of `a.b()`; None of a plain call."""
    return call.func.value if isinstance(call.func, cst.Attribute) else None


def arguments(call: cst.Call) -> tuple[cst.BaseExpression, ...]:
    """The positional arguments up to the first `*`."""
    found: list[cst.BaseExpression] = []
    for argument in call.args:
        if argument.star:
            break
        if argument.keyword is None:
            found.append(argument.value)
    return tuple(found)


def keyword(call: cst.Call, name: str) -> cst.BaseExpression | None:
    """The argument with a keyword."""
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == name:
            return argument.value
    return None


def is_name(node: cst.CSTNode, name: str) -> bool:
    """Whether a node is a name."""
    return isinstance(node, cst.Name) and node.value == name


def is_static(function: cst.FunctionDef) -> bool:
    """Whether a method has no `self`."""
    return any(
        isinstance(decorator.decorator, cst.Name)
        and decorator.decorator.value in ("staticmethod", "classmethod")
        for decorator in function.decorators
    )


def is_docstring(statement: cst.CSTNode) -> bool:
    """Whether a statement is a string and nothing else."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    first = statement.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, (cst.SimpleString, cst.ConcatenatedString))


def first_statement(function: cst.FunctionDef) -> cst.CSTNode | None:
    """The first statement of a function's body after its docstring; None when the body is on the line of
    its `def`, or has nothing else."""
    if not isinstance(function.body, cst.IndentedBlock):
        return None
    statements = list(function.body.body)
    if statements and is_docstring(statements[0]):
        statements = statements[1:]
    return statements[0] if statements else None
