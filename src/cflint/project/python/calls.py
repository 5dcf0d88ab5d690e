"""Calls that are followed to the functions they run, and the loops that run them again and again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from cflint.pattern import pattern
from cflint.project.code.values import ValueKind
from cflint.project.python.nodes import called_name, is_name
from cflint.record import record

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule

_DEPTH = 4
_SHOWN_LOOPS = (cst.List, cst.Tuple, cst.Set)


@record(frozen=True, eq=False)
class PythonCall:
    """A call with its module."""

    module: PythonModule
    node: cst.Call


@record(frozen=True, eq=False)
class PythonFunction:
    """A definition of a function with its module."""

    module: PythonModule
    node: cst.FunctionDef


def python_function_called(module: PythonModule, call: cst.Call) -> PythonFunction | None:
    """The function of the project that a call runs: one of the module, a method of `self`, one that is
    imported; None of others, and of names that may mean several things."""
    match call.func:
        case cst.Name():
            entries = module.resolve(call.func) or ()
            if len(entries) == 1 and isinstance(entries[0].node, cst.FunctionDef):
                return PythonFunction(module, entries[0].node)
        case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value=name)):
            owner = module.class_around(call)
            method = owner.methods.get(name) if owner is not None else None
            return PythonFunction(module, method) if method is not None else None
    return _imported(module, module.origin(call.func))


def _imported(module: PythonModule, dotted: str | None) -> PythonFunction | None:
    path = module.project.imports.resolve(dotted, module.path) if dotted is not None else None
    other = module.other(path) if path is not None else None
    if other is None or dotted is None or other.has_errors:
        return None
    entries = other.top_level_names.get(dotted.rpartition(".")[2], [])
    if len(entries) == 1 and isinstance(entries[0].node, cst.FunctionDef):
        return PythonFunction(other, entries[0].node)
    return None


def reached(
    module: PythonModule, call: cst.Call, wanted: Callable[[PythonModule, cst.Call], bool]
) -> PythonCall | None:
    """A call of a kind that a call is, or that the functions which it runs make on their way, a few calls
    deep: not those in a loop or a nested function."""
    todo = [(module, call, 0)]
    seen: set[cst.CSTNode] = set()
    while todo:
        home, node, depth = todo.pop(0)
        if wanted(home, node):
            return PythonCall(home, node)
        called = python_function_called(home, node) if depth < _DEPTH else None
        if called is None or called.node in seen:
            continue
        seen.add(called.node)
        for inner in called.module.find_in(called.node.body, cst.Call):
            if (
                called.module.function_around(inner) is called.node
                and loop_around(called.module, inner) is None
            ):
                todo.append((called.module, inner, depth + 1))
    return None


def loop_around(module: PythonModule, node: cst.CSTNode) -> cst.For | cst.While | cst.CompFor | None:
    """The innermost loop or comprehension of the same function that runs a node once for each turn."""
    below = node
    for above in module.ancestors(node):
        match above:
            case cst.FunctionDef() | cst.Lambda() | cst.ClassDef():
                return None
            case cst.For() | cst.While() if below is above.body:
                return above
            case cst.ListComp() | cst.SetComp() | cst.GeneratorExp() | cst.DictComp():
                if below is not above.for_in:
                    return above.for_in
        below = above
    return None


def goes_through_data(module: PythonModule, loop: cst.For | cst.While | cst.CompFor) -> bool:
    """Whether a loop has a turn for each item of something whose length the code does not say: no list that
    is written out, slice, or `range` of a number."""
    if isinstance(loop, cst.While):
        return False
    through = loop.iter
    if isinstance(through, cst.Call) and is_name(through.func, "enumerate") and through.args:
        through = through.args[0].value
    made = module.value_given(through) or _constant_imported(module, through) or through
    if isinstance(made, cst.Call) and is_name(made.func, "range"):
        return not all(isinstance(one.value, cst.Integer) for one in made.args)
    is_part = isinstance(made, cst.Subscript) and any(isinstance(one.slice, cst.Slice) for one in made.slice)
    if isinstance(made, cst.Dict) and made.elements:
        return False
    if isinstance(made, cst.Call) and isinstance(made.func, cst.Attribute):
        table = made.func.value  # `TABLE.items()`
        held = module.value_given(table) or _constant_imported(module, table)
        if isinstance(held, cst.Dict) and held.elements:
            return False
    return not is_part and not (isinstance(made, _SHOWN_LOOPS) and bool(made.elements))


def _constant_imported(module: PythonModule, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a constant of another module of the project is, which a name means."""
    dotted = module.origin(node)
    path = module.project.imports.resolve(dotted, module.path) if dotted is not None else None
    other = module.other(path) if path is not None else None
    entries = other.top_level_names.get(dotted.rpartition(".")[2], []) if other and dotted else []
    return entries[0].value if len(entries) == 1 and entries[0].kind == "assignment" else None


def is_left(module: PythonModule, loop: cst.For | cst.While | cst.CompFor) -> bool:
    """Whether a loop can be left before its end."""
    if isinstance(loop, cst.CompFor):
        return False
    return any(_belongs(module, node, loop) for node in module.find_in(loop.body, cst.Break, cst.Return))


def _belongs(module: PythonModule, node: cst.CSTNode, loop: cst.CSTNode) -> bool:
    for above in module.ancestors(node):
        if above is loop:
            return True
        if isinstance(above, cst.FunctionDef) or (
            isinstance(node, cst.Break) and isinstance(above, (cst.For, cst.While))
        ):
            return False
    return False


_HANDLERS = frozenset({"fetch", "on_fetch"})
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "route", "api_route", "websocket"})


def is_handler(module: PythonModule, function: cst.FunctionDef) -> bool:
    """Whether a request runs a function: `fetch` of an entrypoint or an object, `on_fetch`, or a route of an
    application (`@app.get("/items")`)."""
    for one in function.decorators:
        made = one.decorator
        is_method = isinstance(made, cst.Call) and isinstance(made.func, cst.Attribute) and made.args
        if isinstance(made, cst.Call) and is_method and called_name(made) in _ROUTES:
            return bool(module.workers)
    if function.name.value not in _HANDLERS:
        return False
    around = module.class_or_function_around(function)
    if isinstance(around, cst.ClassDef):
        return module.class_of(around).kind.is_platform
    return around is None and function.name.value == "on_fetch"


_CATCHES = pattern(rb"exception_handler\(\s*(?:Exception|ValueError|JSONDecodeError|json\.|500)")


def _app_catches(module: PythonModule) -> bool:
    """Whether an application of a Worker that runs a module handles what its routes raise."""
    for worker in module.workers:
        for path in worker.modules:
            document = module.project.sources.document(path) if path.endswith(".py") else None
            if document is not None and _CATCHES.search(document.data) is not None:
                return True
    return False


def escapes_python_handler(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether what a node raises ends a request: no `try` is around it in its function, which is a handler,
    or is called by functions of the module that are, where no `try` is around that either."""
    todo: list[tuple[cst.CSTNode, int]] = [(node, 0)]
    seen: set[cst.CSTNode] = set()
    while todo:
        at, depth = todo.pop()
        function = module.function_around(at)
        if not isinstance(function, cst.FunctionDef) or function in seen:
            continue
        seen.add(function)
        if module.is_caught(at):
            continue
        if is_handler(module, function):
            return not (function.decorators and _app_catches(module))
        if depth < _DEPTH:
            todo += [
                (call, depth + 1)
                for call in module.calls(function.name.value)
                if (called := python_function_called(module, call)) is not None and called.node is function
            ]
    return False


def reads_python_request(module: PythonModule, node: cst.BaseExpression) -> bool:
    """Whether an expression is a part of what a client sent: of a request, by way of variables, methods and
    functions of the standard library, none of the project's own."""
    todo: list[cst.BaseExpression] = [node]
    seen: set[cst.CSTNode] = set()
    while todo:
        part = todo.pop()
        if part in seen:
            continue
        seen.add(part)
        if module.value_of(part).kind is ValueKind.REQUEST:
            return True
        match part:
            case cst.Name():
                entries = module.resolve(part) or ()
                todo += [one.value for one in entries if one.kind == "assignment" and one.value is not None]
            case cst.Attribute() | cst.Subscript():
                todo.append(part.value)
            case cst.Await():
                todo.append(part.expression)
            case cst.BooleanOperation():
                todo.append(part.left)
            case cst.Call() if python_function_called(module, part) is None:
                if isinstance(part.func, cst.Attribute):
                    todo.append(part.func.value)
                root = (module.origin(part.func) or module.builtin(part.func) or "").partition(".")[0]
                if root in sys.stdlib_module_names or module.builtin(part.func) is not None:
                    todo += [one.value for one in part.args]
    return False


def is_upload(module: PythonModule, node: cst.BaseExpression | None) -> bool:
    """Whether an expression is a parameter that holds an upload: FastAPI's `UploadFile`."""
    entries = module.resolve(node) if isinstance(node, cst.Name) else None
    given = entries[0].node if entries is not None and len(entries) == 1 else None
    if not isinstance(given, cst.Param) or given.annotation is None:
        return False
    return any(part.value == "UploadFile" for part in module.find_in(given.annotation, cst.Name))


def awaited_calls(module: PythonModule) -> Iterator[cst.Call]:
    """The calls that are awaited where they stand."""
    for node in module.find(cst.Await):
        if isinstance(node.expression, cst.Call):
            yield node.expression
