"""What kind of binding a member of `env` is by what code calls on it, where nothing declares it.

Pages projects and Workers whose bindings are set in the dashboard say nowhere what `env.DB` is. What a module
calls on it often does: only D1 has `prepare()`, only a KV namespace reads as `"json"` and has
`expirationTtl`. Where a namespace and a bucket both have all that is called, a name may say which it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.bindings import BindingKind, kind_by_id
from cflint.platform.effects import HONO_RESPONSES
from cflint.platform.orms import mentions_orm
from cflint.project.code.awaited import result_of
from cflint.project.code.env_uses import env_uses_of, kind_with_method
from cflint.project.code.nodes import call, member_read, operation
from cflint.project.code.origins import property_value
from cflint.project.code.parameters import said_type
from cflint.project.code.promises import calls_on, calls_on_name
from cflint.project.code.values import BY_NAME, UNKNOWN, Value, ValueKind
from cflint.syntax.javascript import contains, string_value, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.project.code.nodes import Call
    from cflint.scope import Declaration

_READ_AS = frozenset({"text", "json", "arrayBuffer", "stream"})
_READS = frozenset({"get", "getWithMetadata"})
_LISTED = {"keys": "kv", "list_complete": "kv", "objects": "r2", "truncated": "r2"}
_METHODS = frozenset({"get", "put", "delete", "list", "getWithMetadata"})
_SAYS_KV = pattern(r"(?:^|_)KV(?:_|$)", re.IGNORECASE)
_EXPIRES = ("expirationTtl", "expiration")
_REQUESTS = frozenset({"request", "req"})
REQUEST_NAMES = _REQUESTS | {"c", "ctx", "context"}
_OF_REQUEST = frozenset({"headers", "json", "formData", "arrayBuffer", "clone", "cf"})
_OF_HONO = frozenset({"json", "param", "query", "queries", "header", "parseBody", "valid"})


def kind_by_use(module: ModuleLike, name: str) -> BindingKind | None:
    """The kind of binding that `env.name` is by what a module calls on it; None where that fits several, or
    none. While one is looked for, all are without a kind."""
    search = module.memoized("search for kinds by use", _Search)
    if search.runs:
        return None
    return module.memoized(("kind by use", name), lambda: search.run(module, name))


class _Search:
    def __init__(self) -> None:
        self.runs = False

    def run(self, module: ModuleLike, name: str) -> BindingKind | None:
        self.runs = True
        try:
            return module.evaluated_apart(lambda: _kind(module, name))
        finally:
            self.runs = False


def kind_of_parameter(module: ModuleLike, declaration: Declaration) -> BindingKind | None:
    """The kind of binding that a parameter without a type is by what a function calls on it."""
    called = list(calls_on_name(module, declaration))
    return _kind_called(module, declaration.name, called) if called else None


def request_by_use(module: ModuleLike, declaration: Declaration) -> Value:
    """What a parameter without a type is that is called like a request, or, as the first, like Hono's
    context: a request stands beside `env`, which nothing but a Worker has, and only Hono's context has a
    `req` with these methods, or `env` and methods that make responses. A handler that another module calls,
    or gives a route, says no more of it."""
    function = declaration.scope
    given = function.child_by_field_name("parameters")
    names = [part for part in given.named_children if part.type != "comment"] if given is not None else []
    index = next((at for at, part in enumerate(names) if contains(part, declaration.node)), None)
    if index is None or said_type(module.syntax, declaration.owner) is not None:
        return UNKNOWN
    if declaration.name in _REQUESTS:
        is_beside = any(_name_of(module, part) == "env" for part in names)
        is_meant = declaration.name == "request" or _is_read_as_request(module, declaration)
        return Value(ValueKind.REQUEST, detail=BY_NAME) if is_beside and is_meant else UNKNOWN
    if index == 0 and _is_of_hono(module, declaration):
        return Value(ValueKind.HONO_CONTEXT, detail=BY_NAME)
    return UNKNOWN


def _name_of(module: ModuleLike, parameter: Node) -> str:
    """The name of a parameter that is no pattern; "" of others."""
    name = parameter.child_by_field_name("pattern") or parameter
    return module.syntax.text(name) if name.type == "identifier" else ""


def _is_of_hono(module: ModuleLike, declaration: Declaration) -> bool:
    """Whether `c.req.param()` or its like is called on a name, or it has an `env` and makes responses."""
    has_env = answers = False
    for use in module.scope.references(declaration):
        read = member_read(module, use)
        if read is None:
            continue
        asked = member_read(module, read.node) if read.name == "req" else None
        if asked is not None and asked.name in _OF_HONO and _is_called(module, asked.node):
            return True
        has_env = has_env or read.name == "env"
        answers = answers or (read.name in HONO_RESPONSES and _is_called(module, read.node))
    return has_env and answers


def _is_read_as_request(module: ModuleLike, declaration: Declaration) -> bool:
    """Whether what only a request has is read of a name: `req` may be called what a client asks for, too."""
    reads = (member_read(module, use) for use in module.scope.references(declaration))
    return any(read is not None and read.name in _OF_REQUEST for read in reads)


def _is_called(module: ModuleLike, node: Node) -> bool:
    above = module.syntax.parent(node)
    return above is not None and above.type == "call_expression"


def _kind(module: ModuleLike, name: str) -> BindingKind | None:
    uses = env_uses_of(module, name)
    if any(_stands_in_for_orm(module, use.whole) for use in uses):
        return None
    return _kind_called(
        module, name, [called for use in uses for called in calls_on(module, _chosen(module, use.whole))]
    )


def _chosen(module: ModuleLike, whole: Node) -> Node:
    """An expression with what is taken where it is not there: `env[NAME] || env.PHOTOS`."""
    around = module.syntax.parent(with_wrappers(module.syntax, whole))
    chosen = operation(module, around)
    return around if around is not None and chosen is not None and chosen.operator in ("||", "??") else whole


def _stands_in_for_orm(module: ModuleLike, whole: Node) -> bool:
    """Whether the database of an ORM is taken where an expression is nothing: it is such a database itself,
    of which methods are called that those of bindings are named like (`env.TEST_DB || drizzle(env.DB)`)."""
    chosen = operation(module, _chosen(module, whole))
    return (
        chosen is not None
        and chosen.operator in ("||", "??")
        and chosen.right is not None
        and mentions_orm(module.document)
        and module.value_of(chosen.right).kind is ValueKind.ORM
    )


def _kind_called(module: ModuleLike, name: str, calls: Sequence[tuple[Node, str]]) -> BindingKind | None:
    found: dict[str, BindingKind] = {}
    called: set[str] = set()
    for node, method in calls:
        called.add(method)
        kind = kind_with_method(method) or _by_arguments(module, node, method)
        if kind is not None:
            found[kind.id] = kind
    if not found and called and called <= _METHODS and _SAYS_KV.search(name) is not None:
        return kind_by_id("kv")
    return next(iter(found.values())) if len(found) == 1 else None


def _by_arguments(module: ModuleLike, node: Node, method: str) -> BindingKind | None:
    """The kind whose method takes what a call gives it, or gives what is taken of it."""
    made = call(module, node)
    if made is None:
        return None
    if method in _READS:
        return kind_by_id("kv") if _is_read_as(module, made.argument(1)) else None
    if method == "put":
        options = made.argument(2)
        expires = options is not None and any(
            property_value(module, options, name) is not None for name in _EXPIRES
        )
        return kind_by_id("kv") if expires else None
    return _by_list(module, made) if method == "list" else None


def _is_read_as(module: ModuleLike, given: Node | None) -> bool:
    if given is None:
        return False
    named = property_value(module, given, "type") if given.type == "object" else given
    return named is not None and string_value(module.syntax, named) in _READ_AS


def _by_list(module: ModuleLike, made: Call) -> BindingKind | None:
    """The kind whose list has the members that are read of it."""
    result = result_of(module, made.node)
    names: set[str] = set()
    if result.pattern is not None:
        names = {
            module.text(part.child_by_field_name("key") or part) for part in result.pattern.named_children
        }
    elif result.declaration is not None:
        reads = (member_read(module, use) for use in result.references)
        names = {read.name for read in reads if read is not None}
    else:
        read = member_read(module, result.node)
        names = {read.name} if read is not None else set()
    kinds = {_LISTED[name] for name in names if name in _LISTED}
    return kind_by_id(kinds.pop()) if len(kinds) == 1 else None
