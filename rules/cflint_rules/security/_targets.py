"""A URL that a client sends, and what is asked of it before it is used."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from cflint.api import Module, ValueKind, js

if TYPE_CHECKING:
    from tree_sitter import Node

NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_KEEPS = frozenset({"URL", "String", "decodeURIComponent", "decodeURI"})
SAME = frozenset({"toString", "trim", "href"})
_ASKS_NOTHING = SAME | {"protocol", "pathname", "search", "searchParams", "hash", "length", "split"}
_SENT = frozenset({ValueKind.REQUEST, ValueKind.HONO_REQUEST})
_SENDS_ON = frozenset({"set", "append", "encodeURIComponent", "URLSearchParams", "stringify"})
"""What puts it into a link or an answer, and asks nothing of it."""
_HOPS = 8


class Target:
    """A URL from the query of a request that reaches a call as it is.

    `source` is where the client's text is taken; `checks` are the calls of methods named in `weak` that were
    made of it; `function` is the function around the call.
    """

    __slots__ = ("checks", "function", "source")

    def __init__(self, source: Node, checks: list[js.Call], function: Node) -> None:
        self.source = source
        self.checks = checks
        self.function = function


def target_of(module: Module, node: Node, used: Node, *, weak: tuple[str, ...]) -> Target | None:
    """The URL that a client decides over whole, which a call `used` is given; None where something was asked
    of it, but for methods named in `weak`."""
    function = module.enclosing_function(used)
    names: list[js.Declaration] = []
    checks: list[js.Call] = []
    source = _sent(module, node, names, _HOPS)
    if source is None or function is None:
        return None
    for name in names:
        for use in module.scope.references(name):
            found = _asked(module, use, name, names, used, weak)
            if found is False:
                return None
            if isinstance(found, js.Call):
                checks.append(found)
    return Target(source, checks, function)


def _sent(module: Module, node: Node, names: list[js.Declaration], hops: int) -> Node | None:
    """The expression that takes a whole URL from the query; `names` get the variables that it goes by."""
    node = js.unwrap(node)
    if hops == 0:
        return None
    if node.type in NAMES:
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.kind is js.DeclarationKind.PARAMETER:
            return None
        if any(True for _ in module.scope.assignments(declaration)) or declaration.value is None:
            return None
        names.append(declaration)
        if declaration.path:
            return destructured(module, declaration, ("query",))
        return _sent(module, declaration.value, names, hops - 1)
    if node.type == "binary_expression":
        operation = module.operation(node)
        is_either = operation is not None and operation.operator in ("??", "||")
        left = operation.left if operation is not None and is_either else None
        return _sent(module, left, names, hops - 1) if left is not None else None
    if node.type == "ternary_expression":
        given = node.child_by_field_name("consequence")
        return _sent(module, given, names, hops - 1) if given is not None else None
    if module.reads_query(node) or _reads_form(module, node):
        return node
    made = module.call(node)
    access = module.member(node)
    if access is not None and made is None:
        return _sent(module, access.object, names, hops - 1) if access.name in SAME else None
    if made is None:
        return None
    if made.name in SAME and made.receiver is not None:
        return _sent(module, made.receiver, names, hops - 1)
    declared = made.callee is not None and module.scope.resolve(made.callee) is not None
    if made.name in _KEEPS and made.receiver is None and made.arguments and not declared:
        return _sent(module, made.arguments[0], names, hops - 1)
    return None


def _reads_form(module: Module, node: Node) -> bool:
    """Whether an expression is a field of a form that the client sent: `form.get("next")`."""
    made = module.call(node)
    if made is None or made.name != "get" or made.receiver is None or len(made.arguments) != 1:
        return False
    form = js.unwrap(module.initializer(made.receiver))
    if form.type != "await_expression":
        return False
    given = js.unwrap(form.named_children[0]) if form.named_children else form
    caught = module.call(given)
    if caught is not None and caught.name == "catch" and caught.receiver is not None:
        given = js.unwrap(caught.receiver)
    read = module.body_read_at(given)
    return read is not None and read.method == "formData" and read.kind in _SENT


def destructured(module: Module, declaration: js.Declaration, methods: Container[str]) -> Node | None:
    """The call that a name is taken from in `const { url } = c.req.query()`; `methods` of Hono's request give
    all values."""
    made = module.call(module.initializer(declaration.value)) if declaration.value is not None else None
    if made is None or made.receiver is None or made.arguments or len(declaration.path) != 1:
        return None
    is_all = made.name in methods and module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST
    return made.node if is_all else None


def _asked(
    module: Module,
    use: Node,
    name: js.Declaration,
    names: list[js.Declaration],
    used: Node,
    weak: tuple[str, ...],
) -> js.Call | bool | None:
    """What a use of a name asks of the URL: a call of a weak method; False where it may be more, None where
    it is nothing."""
    parent = module.parent(module.with_wrappers(use))
    if parent is None or use.id == name.node.id or use.start_byte > used.end_byte:
        return None
    access = module.member(parent)
    if access is not None and js.unwrap(access.object).id == js.unwrap(use).id:
        if access.name in weak and access.call is not None:
            return access.call
        return None if access.name in _ASKS_NOTHING else False
    around = module.call_around(use)
    if around is not None:
        made = around[0].node
        if made.id == used.id or around[0].name in _SENDS_ON or module.log_at(made) is not None:
            return None
        is_kept = around[0].name in _KEEPS and any(
            one.value is not None and js.contains(one.value, made) for one in names
        )
        is_kept = is_kept or (around[0].name in _KEEPS and js.contains(used, made))
        return None if is_kept else False  # a form of its own may be looked at
    compared = module.operation(parent)
    if compared is not None and compared.operator in ("==", "===", "!=", "!=="):
        sides = (compared.left, compared.right)
        is_plain = any(side is not None and side.type in ("null", "undefined", "string") for side in sides)
        return None if is_plain else False
    return None
