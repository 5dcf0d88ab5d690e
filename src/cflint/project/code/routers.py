"""Routers that hand a request to one of their functions: itty-router, and the handlers that packages make.

https://itty.dev/itty-router: a route's function gets the request, with what its path and query say besides,
and then whatever the router was called with. `AutoRouter` answers errors itself; the others let them through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.platform_names import called_name
from cflint.project.code.values import UNKNOWN, Value, ValueKind, promise_of
from cflint.scope import Declaration
from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_PACKAGE = "itty-router"
_ROUTERS = frozenset({"Router", "IttyRouter"})
_CATCHES = frozenset({"AutoRouter"})
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "all"})
_CONTEXTS = frozenset({"ctx", "context", "executionCtx"})
_MOST_LINKS = 60
_MAKES_HANDLER = frozenset(
    {
        ("react-router", "createRequestHandler"),
        ("@react-router/cloudflare", "createRequestHandler"),
        ("@remix-run/cloudflare", "createRequestHandler"),
        ("@remix-run/server-runtime", "createRequestHandler"),
    }
)
"""Functions that make one that answers a request, in time."""


def router_of(module: ModuleLike, node: Node | None) -> str | None:
    """The function of itty-router that made the router which an expression is, routes added to it included;
    None of every other expression."""
    for _ in range(_MOST_LINKS):
        if node is None:
            return None
        node = unwrap(node)
        if node.type == "identifier":
            declaration = module.scope.resolve(node)
            if declaration is None or not declaration.constant or declaration.path:
                return None
            node = declaration.value
            continue
        if node.type != "call_expression":
            return None
        callee = node.child_by_field_name("function")
        if callee is not None and callee.type == "member_expression":
            name = callee.child_by_field_name("property")
            if name is None or module.text(name) not in _ROUTES:
                return None
            node = callee.child_by_field_name("object")
            continue
        called = called_name(module, node)
        is_router = called is not None and called.module == _PACKAGE and called.name in _ROUTERS | _CATCHES
        return called.name if called is not None and is_router else None
    return None


def route_parameter(module: ModuleLike, callee: Node, index: int | None, name: str) -> Value:
    """What the parameter of a route's function holds, by its position and, behind the request, its name."""
    method = callee.child_by_field_name("property")
    if index is None or method is None or module.text(method) not in _ROUTES:
        return UNKNOWN
    is_env, is_context = name == "env", name in _CONTEXTS
    if (index > 0 and not is_env and not is_context) or router_of(
        module, callee.child_by_field_name("object")
    ) is None:
        return UNKNOWN
    if index == 0:
        return Value(ValueKind.REQUEST)
    return Value(ValueKind.ENV if is_env else ValueKind.EXECUTION_CONTEXT)


def answer_of(module: ModuleLike, declaration: Declaration, call: Node) -> Value:
    """What calling a name gives that holds a handler of requests which a package has made."""
    made = declaration.value
    if made is None or not declaration.constant or declaration.path or unwrap(made).type != "call_expression":
        return UNKNOWN
    called = called_name(module, unwrap(made))
    if called is None or (called.module, called.name) not in _MAKES_HANDLER:
        return UNKNOWN
    return promise_of(Value(ValueKind.RESPONSE, origin=call), call)


def lets_errors_through(module: ModuleLike, router: Node | None) -> bool:
    """Whether an expression is a router that leaves the errors of its functions to who called it."""
    return router_of(module, router) in _ROUTERS
