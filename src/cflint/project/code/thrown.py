"""What a piece of code can throw: whether the texts of all its errors are the project's own, whether an error
gets out of the handler that it is thrown in, and where `null` is taken for an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.platform.containers import PER_ELEMENT
from cflint.project.code.calls import (
    CallSite,
    callers_of,
    is_named,
    modules_naming,
    paths_around,
)
from cflint.project.code.control import try_around
from cflint.project.code.effects import response_made
from cflint.project.code.env_uses import is_guard
from cflint.project.code.flow import completes
from cflint.project.code.module import Module
from cflint.project.code.origins import callee_name
from cflint.project.code.platform_names import called_name
from cflint.project.code.routers import lets_errors_through
from cflint.project.code.tracing import function_called
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import arguments_of, contains, first_named, is_async, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.nodes import Call
    from cflint.scope import Declaration

_MOST_HOPS = 5
_MOST_CALLS = 4
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "all", "on", "use", "openapi"})
_CALLS_ROUTER = ("handle",)
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
_SETS = frozenset({"assignment_expression", "variable_declarator"})


def throws_own_texts(module: Module, block: Node) -> bool:
    """Whether whatever a block throws are errors that the project's own functions make of texts that are
    written there: it waits for nothing, and calls nothing else that may fail. Where an error is caught it
    may be any. True where nothing can throw unless the code is wrong; False where that cannot be seen."""
    return _Search().is_own(module, block, _MOST_HOPS)


def escapes_handler(module: Module, node: Node) -> bool:
    """Whether an error that is thrown at a node gets out of a handler of the runtime, a framework or a Hono
    app, which makes a 500 of it: no `catch` takes it there, nor on one way of calls from the handler. False
    where that cannot be seen: in what is handed on to a function that may catch, and where a Hono app has an
    `onError()` of its own."""
    return _escapes(module, node, _MOST_CALLS)


def catch_around(module: Module, node: Node) -> Node | None:
    """The `try` statement whose `catch` takes an error that is thrown at a node for good, in the node's
    function: one that only throws it on, or an `Error` in its place, does not."""
    attempt = try_around(module, node)
    while attempt is not None and _throws_on(module, attempt):
        attempt = try_around(module, attempt)
    return attempt


def _throws_on(module: Module, attempt: Node) -> bool:
    """Whether the `catch` of a `try` statement does nothing but log and throw again, or hands the error to a
    function at its end that does."""
    handler = attempt.child_by_field_name("handler")
    body = handler.child_by_field_name("body") if handler is not None else None
    if handler is None or body is None:
        return False
    parameter = handler.child_by_field_name("parameter")
    given = module.text(parameter) if parameter is not None else None
    return _only_throws(module, body, given, _MOST_HOPS)


def _only_throws(module: Module, body: Node, given: str | None, hops: int) -> bool:
    """Whether a block is left by nothing but a `throw` of what is called `given`, or of an `Error`."""
    if completes(module, body):
        return False
    left = list(module.descendants(body, *_LEAVE))
    is_thrown = bool(left) or (hops > 0 and _hands_to_thrower(module, body, given, hops))
    return is_thrown and all(
        found.type == "throw_statement"
        and (thrown := first_named(found)) is not None
        and (module.text(thrown) == given or _is_plain_error(module, thrown))
        for found in left
    )


def _hands_to_thrower(module: Module, body: Node, given: str | None, hops: int) -> bool:
    """Whether the last statement of a block calls a function of the project with what is called `given`, and
    it only throws."""
    last = body.named_children[-1] if body.named_children else None
    node = first_named(last) if last is not None and last.type == "expression_statement" else None
    if node is not None and node.type == "await_expression":
        node = first_named(node)
    called = function_called(module, node) if node is not None and node.type == "call_expression" else None
    if node is None or called is None:
        return False
    home, function = called
    names = [module.text(argument) for argument in arguments_of(node)]
    parameters = home.parameters(function)
    index = names.index(given) if given is not None and given in names else len(parameters)
    taken = parameters[index].name if index < len(parameters) else None
    inside = function.child_by_field_name("body")
    return inside is not None and _only_throws(home, inside, taken, hops - 1)


_LEAVE = ("throw_statement", "return_statement", "continue_statement", "break_statement")


def _is_plain_error(module: Module, thrown: Node) -> bool:
    called = thrown.child_by_field_name("constructor") if thrown.type == "new_expression" else None
    return called is not None and module.text(called) == "Error"


def _escapes(module: Module, node: Node, hops: int) -> bool:
    if catch_around(module, node) is not None or _is_chained(module, node) or _is_handed_on(module, node):
        return False
    function = module.enclosing_function(node)
    if function is None or hops == 0:
        return False
    question = ("errors get out of", module.path, function.start_byte, function.end_byte, hops)
    return module.project.memo.memoized(question, lambda: _gets_out(module, function, hops))


def _gets_out(module: Module, function: Node, hops: int) -> bool:
    """Whether what a function throws gets out of a handler: it is one, or is called by way of up to `hops`
    calls."""
    handlers = (one.function.id for one in module.app_handlers)
    if module.handler_of(function) is not None or function.id in handlers:
        return not any(_is_catching_middleware(module, path) for path in paths_around(module))
    taken = module.callback_of(function)
    if taken is not None:
        if taken.name in PER_ELEMENT and not is_async(function):
            return _escapes(module, taken.node, hops)  # it runs there and then
        return _is_route(module, taken)
    callers = callers_of(module, function)
    if any(_escapes(site.module, site.node, hops - 1) for site in callers.calls):
        return True
    return any(_is_given_to_route(site) for site in callers.handed if site.module.path != module.path)


def _is_given_to_route(site: CallSite) -> bool:
    """Whether a name of a function is the last argument of a route, before which nothing validates what a
    client sends."""
    around = site.module.call_around(site.node)
    if around is None or around[1] != len(around[0].arguments) - 1 or not _is_route(site.module, around[0]):
        return False
    return all("alidat" not in site.module.text(given) for given in around[0].arguments[:-1])


def _is_chained(module: Module, node: Node) -> bool:
    """Whether what a call gives is handed to a `.catch()`, or a `.then()` with two functions."""
    found = module.method_called_on(node)
    while found is not None:
        name, call = found
        if name == "catch" or (name == "then" and len(arguments_of(call)) > 1):
            return True
        found = module.method_called_on(call) if name in ("then", "finally") else None
    return False


def _is_handed_on(module: Module, node: Node) -> bool:
    """Whether the promise that a call gives is an argument of a function that catches what it rejects with,
    or that is not known."""
    around = module.call_around(node)
    if around is None or module.value_of(node).kind is not ValueKind.PROMISE:
        return False
    call, index = around
    called = function_called(module, call.node)
    if called is None:
        return True
    home, function = called
    parameters = home.parameters(function)
    name = parameters[index].name if index < len(parameters) else None
    declaration = home.scope.declared_in(function).get(name) if name is not None else None
    return declaration is None or any(
        catch_around(home, use) is not None or _is_chained(home, use)
        for use in home.scope.references(declaration)
    )


def _is_catching_middleware(module: Module, path: str) -> bool:
    """Whether a module is a `_middleware` of Pages that catches errors, or looks like it."""
    if not path.rpartition("/")[2].startswith("_middleware."):
        return False
    document = module.project.sources.document(path)
    return document is not None and document.has_word("catch")


def _is_route(module: Module, call: Call) -> bool:
    """Whether a call gives a function to a Hono app that leaves errors to Hono, or to another router that
    leaves them to who calls it, where nobody catches anything."""
    if call.name not in _ROUTES:
        return _is_astro_middleware(module, call)
    if module.value_of(call.receiver).kind is not ValueKind.HONO_APP:
        return lets_errors_through(module, call.receiver) and not _is_router_guarded(module)
    return not is_named(module.project, paths_around(module), "onError", at_hand=module)


def _is_router_guarded(module: Module) -> bool:
    """Whether errors of a router may be caught where it is called: by a `.catch()`, or in a `try`."""
    project, paths = module.project, paths_around(module)
    for found in modules_naming(project, paths, "catch", at_hand=module):
        leaves = found.syntax.leaves("catch", found.syntax.root)
        if any(leaf.type == "property_identifier" for leaf in leaves):
            return True
    return any(
        try_around(found, node) is not None
        for name in _CALLS_ROUTER
        for found in modules_naming(project, paths, name, at_hand=module)
        for node in found.calls_of(name, found.root)
    )


def _is_astro_middleware(module: Module, call: Call) -> bool:
    """Whether a call makes the middleware of an Astro app, of which errors get out."""
    name = called_name(module, call.node)
    return name is not None and (name.module, name.name) == ("astro:middleware", "defineMiddleware")


class _Search:
    def __init__(self) -> None:
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


# -- `null` where an object is expected --------------------------------------------------------


def thrown_by_null(module: Module, value: Node) -> Node | None:
    """The first place behind an expression at which a property of its value is read, or set, and which throws
    where that is `null`; None where something else is done with it before: it is asked for, or handed to a
    function that may ask. `value` has its `await` and wrappers around it."""
    name = module.given_name(value)
    if name is None or name.type == "object_pattern":
        return name
    declaration = module.scope.resolve(name) if name.type == "identifier" else None
    if declaration is None or any(
        _sets_another(module, node, value) for node in module.scope.assignments(declaration)
    ):
        return None
    return _property_read(module, declaration, name, value.end_byte)


def _sets_another(module: Module, node: Node, value: Node) -> bool:
    """Whether a variable gets another value than an expression at a place; what it gets where that has failed
    does not count."""
    made = module.assignment(node)
    if made is None or made.value is None:
        return True
    if contains(made.value, value):
        return False
    attempt = try_around(module, value)
    handler = attempt.child_by_field_name("handler") if attempt is not None else None
    return handler is None or not contains(handler, node)


def _property_read(
    module: Module, declaration: Declaration, name: Node, behind: int, *, is_handed_on: bool = False
) -> Node | None:
    """The first use of a name behind a byte, where it is a property that is read."""
    for use in module.scope.references(declaration):
        if use.start_byte < behind or use.id == name.id or _is_set(module, use):
            continue
        if is_guard(module, use):
            return None
        read = module.member_read(use)
        if read is not None:
            return None if read.is_optional else use
        above = module.parent(module.with_wrappers(use))
        if above is not None and above.type == "arguments":
            if _is_printed(module, use):
                continue
            return use if not is_handed_on and _reads_at_once(module, use) else None
        if above is None or above.type not in _SETS:
            return None
        taken = module.given_name(module.with_wrappers(use))
        return use if taken is not None and taken.type == "object_pattern" else None
    return None


def _is_set(module: Module, use: Node) -> bool:
    """Whether a name gets a value where it stands."""
    made = module.assignment(module.parent(use))
    return made is not None and made.target.id == use.id


def _is_printed(module: Module, use: Node) -> bool:
    """Whether an argument is printed, or becomes a text, which changes nothing."""
    around = module.call_around(use)
    callee = around[0].callee if around is not None else None
    return callee is not None and (
        module.is_from(callee, "", "JSON.stringify") or module.text(callee).startswith("console.")
    )


def _reads_at_once(module: Module, use: Node) -> bool:
    """Whether a function of the module that is given a value reads a property of it before anything else is
    done with it, where nothing catches the error."""
    given = module.call_around(use)
    called = function_called(module, given[0].node) if given is not None else None
    if given is None or called is None or called[0] is not module:
        return False
    function = called[1]
    parameters = module.parameters(function)
    parameter = parameters[given[1]] if given[1] < len(parameters) else None
    name = parameter.name if parameter is not None else None
    declaration = module.scope.declared_in(function).get(name) if name is not None else None
    if parameter is None or declaration is None or parameter.default is not None:
        return False
    read = _property_read(module, declaration, parameter.pattern, function.start_byte, is_handed_on=True)
    return read is not None and try_around(module, read) is None
