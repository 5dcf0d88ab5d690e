"""Routes that no request reaches: another one of the same app, added before, answers all of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.code.flow import falls_through
from cflint.project.code.nodes import Call
from cflint.record import record
from cflint.syntax.javascript import contains, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from cflint.project.code.module import Module

_METHODS = ("get", "post", "put", "patch", "delete", "all")
_PACKAGES = frozenset({"hono", "hono/quick", "hono/tiny", "@hono/zod-openapi", "itty-router"})
_NAMED = (b"hono", b"itty-router")
_MAKES_APP = frozenset({"Hono", "OpenAPIHono", "Router", "IttyRouter", "AutoRouter"})
_MOST_LINKS = 80
_MOST_ROUTES = 400


@record(frozen=True, eq=False)
class RouteAdded:
    """A route: the call that adds it, the app, the method, the path's segments, the place of the path."""

    call: Call
    app: int
    method: str
    parts: tuple[str, ...]
    path: Node


@record(frozen=True, eq=False)
class ShadowedRoute:
    """A route that no request reaches, and the one that answers in its place."""

    route: RouteAdded
    taker: RouteAdded


def shadowed_routes(module: Module) -> tuple[ShadowedRoute, ...]:
    """The routes of a module that no request reaches, in source order."""
    return module.memoized("shadowed routes", lambda: tuple(_shadowed(module)))


def is_in_shadowed_route(module: Module, node: Node) -> bool:
    """Whether a node stands in a function of a route that no request reaches."""
    return any(
        contains(given, node) for found in shadowed_routes(module) for given in found.route.call.arguments[1:]
    )


def _shadowed(module: Module) -> Iterator[ShadowedRoute]:
    if all(module.document.data.find(name) == -1 for name in _NAMED):
        return
    routes = [route for name in _METHODS for route in _routes(module, name)]
    if not 1 < len(routes) <= _MOST_ROUTES:
        return
    routes.sort(key=lambda route: route.path.start_byte)
    same: dict[tuple[str, ...], list[RouteAdded]] = {}
    for route in routes:
        same.setdefault(route.parts, []).append(route)
    takers = [
        route for route in routes if len(same[route.parts]) > 1 or any(_is_open(part) for part in route.parts)
    ]
    answers: dict[int, bool] = {}
    for route in routes:
        # the first one in the order of the source is asked first, and so is the one that answers
        taker = next((it for it in takers if _takes(module, it, route, answers)), None)
        if taker is not None:
            yield ShadowedRoute(route, taker)


def _routes(module: Module, name: str) -> Iterator[RouteAdded]:
    for node in module.calls_of(name, module.root):
        call = Call(module, node)
        if call.receiver is None or len(call.arguments) < 2:
            continue
        text = module.string(call.arguments[0])
        if text is None or not text.startswith("/") or not _is_plain(text):
            continue
        app = _app(module, call.receiver)
        if app is not None:
            parts = tuple(text[1:].split("/"))  # to Hono `/a/` is another path than `/a`
            yield RouteAdded(call, app, name, parts, call.arguments[0])


def _is_plain(path: str) -> bool:
    """Whether a path has no patterns and nothing that may be left out."""
    return not any(sign in path for sign in "{}?()+|") and "*" not in path[:-1]


def _is_open(part: str) -> bool:
    return part.startswith(":") or part == "*"


def _app(module: Module, node: Node) -> int | None:
    """The app that a route is added to, by the place where it is made: routes added to it before included."""
    for _ in range(_MOST_LINKS):
        node = unwrap(node)
        if node.type == "identifier":
            declaration = module.scope.resolve(node)
            if (
                declaration is None
                or not declaration.constant
                or declaration.path
                or declaration.value is None
            ):
                return None
            node = declaration.value
            continue
        made = module.call(node)
        if made is None:
            return None
        called = module.called_name(made.node)
        if called is not None and called.module in _PACKAGES and called.name in _MAKES_APP:
            return made.node.id
        if made.is_new or made.receiver is None or made.name not in (*_METHODS, "use", "options"):
            return None
        node = made.receiver
    return None


def _takes(module: Module, taker: RouteAdded, route: RouteAdded, answers: dict[int, bool]) -> bool:
    """Whether a route answers all that another one, added behind it, is there for; `answers` has what is
    known of takers."""
    if taker.path.start_byte >= route.path.start_byte or taker.app != route.app:
        return False
    if taker.method not in (route.method, "all"):
        return False
    if taker.parts != route.parts and (
        any(_is_open(part) for part in route.parts) or not _covers(taker.parts, route.parts)
    ):
        return False
    around = module.enclosing_function(taker.call.node)
    if around != module.enclosing_function(route.call.node) or _may_be_absent(module, taker, route):
        return False
    if taker.call.node.id not in answers:
        answers[taker.call.node.id] = _answers(module, taker.call)
    return answers[taker.call.node.id]


def _may_be_absent(module: Module, taker: RouteAdded, route: RouteAdded) -> bool:
    """Whether a branch decides that a route is added, in which the one behind it does not stand."""
    node, end = taker.call.node, route.path.end_byte
    common = next((above for above in module.ancestors(node) if above.end_byte >= end), None)
    return common is None or module.is_conditional(node, common)


def _covers(taker: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if taker[-1] == "*":
        taker, parts = taker[:-1], parts[: len(taker) - 1]
    if len(taker) != len(parts):
        return False
    return all(
        one == other or (one.startswith(":") and other != "") for one, other in zip(taker, parts, strict=True)
    )


def _answers(module: Module, call: Call) -> bool:
    """Whether the function of a route is in sight, and always answers: it cannot hand the request on."""
    function = module.function_value(call.arguments[-1])
    if function is None or _takes_next(module, function):
        return False
    body = function.child_by_field_name("body")
    if body is None:
        return False
    return body.type != "statement_block" or not falls_through(module, function)


def _takes_next(module: Module, function: Node) -> bool:
    """Whether a function can hand a request on to the routes behind it."""
    names = (parameter.name for parameter in module.parameters(function))
    return any(name is not None and name.lstrip("_") == "next" for name in names)
