"""The routes of a Worker: what a router is told, and what branches on the path tell apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import Module, Project, Worker, js, pattern, record
from cflint_rules.security._signs import asks

if TYPE_CHECKING:
    from tree_sitter import Node

VERBS = ("get", "post", "put", "patch", "delete", "all")
"""Methods of routers that add a route."""
_PATH = pattern(rb"pathname|\bpath\b|\burl\b|\broute\b")
_QUERY = pattern(rb"searchParams")
_ROUTER = pattern(rb"\.(?:get|post|put|patch|delete|all)\s*(?:<[^>]*>)?\(\s*[\"'`][/*]|pathname")
_ALL = pattern(rb"\.all\s*\(\s*[\"'`]/?\*[\"'`]")
_SHORT = 400
"""Bytes of a statement that does nothing but to turn somebody away."""
_BLOCKS = frozenset(
    {"if_statement", "try_statement", "switch_statement", "for_statement", "for_in_statement"}
)
_MOST_SITES = 8
_FEWEST = 3
"""How many branches on a path make a router of a function."""


@record(frozen=True, eq=False)
class Route:
    """A route: where it is named, its path (with its method, or the condition for it), and the code that runs
    for it."""

    at: Node
    path: str
    code: tuple[Node, ...]
    before: tuple[Node, ...] = ()
    """The middleware that stands beside the handler."""


def is_known(project: Project, subject: Worker) -> bool:
    """Whether all code of a Worker is in sight, or all that a framework app has for one; the functions of
    Pages have no entry."""
    is_functions = subject.config is None or subject.config.is_pages
    if subject.entries or (subject.app is None and not is_functions):
        return js.all_code_is_known(project, subject)
    return not subject.unresolved and bool(subject.modules)


def is_private(subject: Worker) -> bool:
    """Whether no environment is seen to have an address: only other Workers call it."""
    found = [environment for environment in subject.environments if environment.is_deployed]
    return bool(found) and all(
        (switch := environment.value("workers_dev")) is not None
        and switch.value is False
        and environment.value("routes") is None
        and environment.value("route") is None
        for environment in found
    )


def route_asks(module: Module, route: Route, *, surely: bool = False) -> bool:
    """Whether a route looks as if it asked who sends the request; see `asks`."""
    if any(asks(module, part, surely=surely) for part in route.code):
        return True
    return any(asks(module, part) for part in route.before)


def may_have_routes(module: Module) -> bool:
    """Whether the text of a module looks as if it had a router: asked first, since most have none."""
    return _ROUTER.search(module.document.data) is not None


def registered(module: Module) -> list[Route]:
    """The routes that a module adds to routers: `app.post("/notes", …, handler)`. None where a middleware of
    the module asks."""
    found = []
    for verb in VERBS:
        for made in module.calls(verb):
            path = module.string_of(made.arguments[0]) if len(made.arguments) > 1 else None
            if path is None or path[:1] not in ("/", "*") or made.receiver is None:
                continue
            handler = js.function_given(module, made.arguments[-1])
            if handler is None or handler[0].path != module.path:
                continue
            found.append(Route(made.arguments[0], f"{verb} {path}", (handler[1],), made.arguments[1:-1]))
    return sorted(found, key=lambda route: route.at.start_byte)


def branches(module: Module) -> Iterator[list[Route]]:
    """The routes of functions that tell them apart by `if (url.pathname === …)`; none behind a statement that
    asks already."""
    for handler in module.handlers:
        body = js.body_of(handler.function)
        if handler.name != "fetch" or body is None or next(module.mentions(_PATH, body), None) is None:
            continue
        for block in (body, *(part for part in module.descendants(body, "statement_block"))):
            routes = list(_of_block(module, block))
            if len(routes) >= _FEWEST:
                yield routes


def _of_block(module: Module, block: Node) -> Iterator[Route]:
    for statement in block.named_children:
        condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
        branch = statement.child_by_field_name("consequence") if condition is not None else None
        is_route = condition is not None and _is_on_path(module, condition)
        if condition is not None and branch is not None and is_route:
            yield Route(condition, module.text(condition), (condition, branch))
        elif _turns_away(module, statement, condition):
            return


def _turns_away(module: Module, statement: Node, condition: Node | None) -> bool:
    """Whether a statement before routes asks who sends the request: all that follow are behind it."""
    if condition is None:
        return statement.type == "expression_statement" and asks(module, statement)
    is_short = statement.end_byte - statement.start_byte < _SHORT
    return asks(module, condition) or (is_short and asks(module, statement))


def _is_on_path(module: Module, condition: Node) -> bool:
    """Whether a condition asks for the address: by its words, or by what a pattern found in it."""
    if next(module.mentions(_PATH, condition), None) is not None:
        return True
    for name in (condition, *module.descendants(condition, "identifier")):
        made = module.initializer(name) if name.type == "identifier" else name
        is_query = made.id != name.id and next(module.mentions(_QUERY, made), None) is not None
        if made.id != name.id and not is_query and next(module.mentions(_PATH, made), None) is not None:
            return True
    return False


def is_asked_before(
    module: Module, node: Node, outer: Node, *, surely: bool = False, with_own: bool = True
) -> bool:
    """Whether anything that runs before a place in a function looks as if it asked who sends the request: the
    conditions around it, and the statements in front of it that are no branches for other addresses.
    `with_own`: the rest of the place's own statement counts, too."""
    part = node
    for above in module.ancestors(node):
        if above.type == "if_statement":
            condition = above.child_by_field_name("condition")
            if condition is not None and asks(module, condition, surely=surely):
                return True
        elif above.type in ("statement_block", "program", "switch_case"):
            for statement in above.named_children:
                if statement.start_byte > part.start_byte:
                    break
                condition = statement.child_by_field_name("condition")
                is_other = (
                    statement.id != part.id and condition is not None and _is_on_path(module, condition)
                )
                is_inside = statement.id == part.id and (not with_own or statement.type in _BLOCKS)
                if not is_other and not is_inside and asks(module, statement, surely=surely):
                    return True
        if above.id == outer.id:
            return False
        part = above
    return False


def is_behind_middleware(module: Module) -> bool:
    """Whether any module of the Workers has a middleware that asks, or a handler that does before it hands on
    to a router."""
    question = ("behind middleware", module.path)
    return module.project.memo.memoized(question, lambda: _find_middleware(module))


def has_middleware(module: Module) -> bool:
    """Whether any module of the Workers has a middleware that asks."""
    question = ("middleware", module.path)
    return module.project.memo.memoized(question, lambda: _find_uses(module))


def is_asked_around(module: Module, node: Node, hops: int = 2, *, surely: bool = False) -> bool:
    """Whether anything that runs before a place looks as if it asked who sends the request: a middleware,
    what stands before it in its function, and before the calls of that function."""
    if has_middleware(module):
        return True
    outer = function = module.enclosing_function(node)
    while function is not None:
        around = module.call_around(function)
        if around is not None and around[0].name in (*VERBS, "openapi"):
            return is_asked_before(module, node, function, surely=surely) or any(
                asks(module, part) for part in around[0].arguments[1:-1]
            )
        outer, function = function, module.enclosing_function(function)
    if outer is None or is_asked_before(module, node, outer, surely=surely):
        return True
    if hops == 0 or module.handler_of(outer) is not None:
        return False
    sites = js.callers_of(module, outer).calls[:_MOST_SITES]
    return any(is_asked_around(site.module, site.node, hops - 1, surely=surely) for site in sites)


_FRONT = frozenset({"middleware", "_middleware", "hooks.server", "proxy"})
"""Names of modules that a framework runs before its routes."""
_ENTERS = pattern(
    r"auth|log_?in|sign_?(?:in|up)|callback|register|verif|otp|captcha|hook|invite|session|token|cron|reset|test",
    re.IGNORECASE,
)
"""What speaks of the ways by which somebody who is not known yet comes in."""
_REQUESTS = frozenset({"fetch"})
_FAR = 4


def is_open(module: Module, node: Node, hops: int = _FAR) -> bool:
    """Whether a request surely comes to a place without that anything looks as if it asked who sends it: no
    middleware, nothing before it in its function, and nothing before the calls that lead there from a handler
    or a route. Ways by which somebody logs in, or that a service calls, are none of these."""
    return _comes_open(module, node, hops) and not _has_front(module)


def _comes_open(module: Module, node: Node, hops: int) -> bool:
    question = ("comes open", module.path, node.start_byte, node.end_byte, hops)
    return module.project.memo.memoized(question, lambda: _find_open(module, node, hops))


def _find_open(module: Module, node: Node, hops: int) -> bool:
    outer = function = module.enclosing_function(node)
    if outer is None or _ENTERS.search(module.path.rpartition("/")[2]) is not None:
        return False
    while function is not None:
        around = module.call_around(function)
        if _ENTERS.search(js.name_of_function(module, function)) is not None:
            return False
        if around is not None and around[0].name in (*VERBS, "openapi"):
            return not is_asked_before(module, node, function, with_own=False) and _is_open_route(
                module, around[0]
            )
        if around is not None and around[0].callee is not None and asks(module, around[0].callee):
            return False  # `withUser(async () => …)`
        outer, function = function, module.enclosing_function(function)
    around_it = (module.text(one) for one in module.conditions_around(node))
    if any(_ENTERS.search(one) is not None for one in around_it) or is_asked_before(
        module, node, outer, with_own=False
    ):
        return False
    owner = module.enclosing_class(outer)
    if owner is not None and owner.kind.runs_as_durable_object:
        return False  # by whom it is called is not seen
    handler = module.handler_of(outer)
    if handler is not None:
        return handler.name in _REQUESTS
    if any(one.function.id == outer.id for one in module.app_handlers):
        return _ENTERS.search(module.path) is None
    if hops == 0:
        return False
    callers = js.callers_of(module, outer)
    return any(_comes_open(site.module, site.node, hops - 1) for site in callers.calls[:_MOST_SITES]) or any(
        _is_handed_on(site.module, site.node) for site in callers.handed[:_MOST_SITES]
    )


def _is_open_route(module: Module, made: js.Call) -> bool:
    """Whether nothing that is told a router beside a handler asks, nor what runs before it."""
    path, *beside = made.arguments[:-1]
    is_way_in = _ENTERS.search(module.text(path)) is not None
    return (
        not is_way_in and not any(asks(module, part) for part in beside) and not is_behind_middleware(module)
    )


def _is_handed_on(module: Module, name: Node) -> bool:
    """Whether the name of a handler is told a router, or stands in a table of routes in a function that asks
    nothing at all."""
    around = module.call_around(name)
    if around is not None:
        return around[0].name in VERBS and len(around[0].arguments) > 1 and _is_open_route(module, around[0])
    pair = module.parent(name)
    key = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
    if key is None or not module.text(key).strip("\"'`").startswith("/"):
        return False
    handler = module.handler_around(name)
    if _ENTERS.search(module.text(key)) is not None or handler is None or handler.name not in _REQUESTS:
        return False
    table = module.parent(pair) if pair is not None else None
    made = module.parent(table) if table is not None else None
    target = made.child_by_field_name("name") if made is not None else None
    declaration = module.scope.resolve(target) if target is not None else None
    if made is None or declaration is None or is_asked_before(module, made, handler.function, with_own=False):
        return False
    uses = module.scope.references(declaration)
    return bool(uses) and not any(_is_asked_between(module, made, use) for use in uses)


def _is_asked_between(module: Module, first: Node, last: Node) -> bool:
    """Whether anything asks between a declaration and a use of it, in the block of the declaration."""
    whole = module.parent(first) or first
    block = module.parent(whole) or whole
    for statement in block.named_children:
        if statement.start_byte < whole.end_byte:
            continue
        condition = statement.child_by_field_name("condition")
        if statement.end_byte >= last.end_byte:
            return condition is not None and asks(module, condition)
        if asks(module, statement):
            return True
    return False


def _has_front(module: Module) -> bool:
    """Whether anything asks before all handlers: a middleware, or what a framework runs before its routes."""
    question = ("front", module.path)
    return module.project.memo.memoized(question, lambda: _find_front(module))


def _find_front(module: Module) -> bool:
    if has_middleware(module):
        return True
    for path in js.paths_around(module):
        name = path.rpartition("/")[2].rpartition(".")[0]
        front = module.other(path) if name in _FRONT else None
        if front is not None and asks(front, front.root):
            return True
    return False


def _find_middleware(module: Module) -> bool:
    if has_middleware(module):
        return True
    entries = {entry for worker in module.workers for entry in worker.entries} - {module.path}
    return any(
        handler.name == "fetch" and asks(home, handler.function)
        for entry in sorted(entries)
        if (home := module.other(entry)) is not None
        for handler in home.handlers
    )


def _find_uses(module: Module) -> bool:
    paths = js.paths_around(module)
    for other in js.modules_naming(module.project, paths, "use", at_hand=module):
        if any(asks(other, part) for made in other.calls("use") for part in _given(other, made)):
            return True
    for path in filter(partial(_has_route_for_all, module.project), paths):
        with_all = module.other(path)
        if with_all is not None and any(
            asks(with_all, part)
            for made in with_all.calls("all")
            if _is_for_every_path(with_all, made)
            for part in _given(with_all, made)
        ):
            return True
    return False


def _has_route_for_all(project: Project, path: str) -> bool:
    """Whether the text of a module looks as if it had a route for every path; most of what is called `all` is
    something else."""
    document = project.sources.document(path)
    return document is not None and document.memoized(
        "route for all", lambda document: _ALL.search(document.data) is not None
    )


def _is_for_every_path(module: Module, made: js.Call) -> bool:
    """Whether what is told a router runs before other routes: `router.all("*", withUser)`, and routes behind
    it."""
    if len(made.arguments) < 2 or module.string_of(made.arguments[0]) not in ("*", "/*"):
        return False
    end = made.arguments[-1].end_byte
    paths = (one.arguments[0] for verb in VERBS for one in module.calls(verb) if len(one.arguments) > 1)
    return any(path.start_byte > end and "*" not in (module.string_of(path) or "*") for path in paths)


def _given(module: Module, made: js.Call) -> Iterator[Node]:
    """The middleware that a call of `use()` is given, with the functions that these are."""
    for argument in made.arguments:
        yield argument
        function = js.function_given(module, argument)
        if function is not None and function[0].path == module.path:
            yield function[1]
