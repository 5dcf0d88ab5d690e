"""What a schema of Zod ties a value down to: `z.enum(["asc", "desc"])` lets two texts through.

The schema is that of `schema.parse(…)` and `schema.safeParse(…).data`, and of `c.req.valid("query")` what the
route's validator has for it: `zValidator("query", schema)`, or `request: { query: schema }` of a route of
`@hono/zod-openapi`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.nodes import Call, call_around
from cflint.project.code.origins import property_value
from cflint.project.code.tree import constant_elsewhere
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import FUNCTIONS, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_ZOD = frozenset({"zod", "zod/v3", "zod/v4", "zod/mini", "zod/v4-mini", "@hono/zod-openapi"})
_FIXED = frozenset(
    {"enum", "nativeEnum", "literal", "number", "int", "int32", "float32", "float64", "boolean", "bigint"}
    | {"date", "null", "undefined", "void", "never", "nan", "uuid", "ulid", "cuid", "cuid2", "nanoid"}
    | {"stringbool", "datetime", "time"}
)
"""What gives no free text: numbers and the like, listed texts, ids of letters and digits."""
_FORMATS = frozenset({"uuid", "guid", "ulid", "cuid", "cuid2", "nanoid", "datetime", "date", "time", "regex"})
"""Methods of a text after which it is no free one."""
_CHANGES = frozenset({"transform", "pipe", "overwrite", "or", "catchall"})
_TO_NUMBER = pattern(r"(?:\(?\w+\)?\s*=>\s*)?(?:Number|parseInt|parseFloat|Boolean)\b")
"""Beginnings of functions that make a number of a text."""
_OBJECTS = frozenset({"object", "strictObject", "looseObject"})
_ADDS = frozenset({"extend", "safeExtend", "augment"})
_MADE_OF = frozenset({"union", "discriminatedUnion", "tuple"})
_PARSES = frozenset({"parse", "parseAsync"})
_TRIES = frozenset({"safeParse", "safeParseAsync"})
_PARTS = {"query": "query", "param": "params", "header": "headers", "cookie": "cookies"}
"""What a validator of Hono is for, and how `createRoute()` calls it."""
_MOST_STEPS = 40

_Place = tuple["ModuleLike", "Node"]


def is_tied_down(module: ModuleLike, value: Node, key: str | None) -> bool:
    """Whether a schema has checked what an expression gives, and lets no free text through in its property
    `key`, or as a whole."""
    schema = _schema_of(module, value)
    if schema is None:
        return False
    found = _property(*schema, key) if key is not None else schema
    return found is not None and _is_fixed(*found)


def _schema_of(module: ModuleLike, value: Node) -> _Place | None:
    """The schema by which what an expression gives was checked."""
    node = _awaited(module, value)
    tried = _tried(module, node)
    if tried is not None:
        made = _call(module, _awaited(module, tried))
        return (module, made.receiver) if made is not None and made.receiver and made.name in _TRIES else None
    made = _call(module, node)
    if made is None or made.receiver is None or not made.arguments:
        return None
    if made.name in _PARSES:
        return module, made.receiver
    if made.name == "valid" and module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST:
        target = module.string_of(made.arguments[0])
        return _of_route(module, node, target) if target else None
    return None


def _tried(module: ModuleLike, node: Node) -> Node | None:
    """What has the `data` that an expression is: `checked` of `checked.data`, `const { data } = checked`."""
    if node.type == "member_expression":
        name = node.child_by_field_name("property")
        return node.child_by_field_name("object") if name and module.text(name) == "data" else None
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    return declaration.value if declaration is not None and declaration.path == ("data",) else None


def _of_route(module: ModuleLike, node: Node, target: str) -> _Place | None:
    """The schema that the route around has for a part of its requests."""
    for above in module.syntax.ancestors(node):
        route = call_around(module, above) if above.type in FUNCTIONS else None
        for given in route[0].arguments if route is not None else ():
            home, validator = _followed(module, given)
            made = _call(home, validator)
            if made is None or not made.arguments:
                continue
            if len(made.arguments) > 1 and home.string_of(made.arguments[0]) == target:
                return home, made.arguments[1]
            asked = property_value(home, made.arguments[0], "request")
            found = property_value(home, asked, _PARTS.get(target, "")) if asked is not None else None
            if found is not None:
                return home, found
    return None


def _property(module: ModuleLike, node: Node, key: str) -> _Place | None:
    """The schema of a property, by that of an object."""
    todo = [(module, node)]
    for _ in range(_MOST_STEPS):
        if not todo:
            return None
        home, schema = _followed(*todo.pop())
        made = _call(home, schema)
        if made is None or made.receiver is None or made.name in _CHANGES:
            return None
        is_made = _is_zod(home, made.receiver)
        if is_made or made.name in _ADDS:
            found = property_value(home, made.arguments[0], key) if made.arguments else None
            if found is not None:
                return (home, found) if made.name in _OBJECTS | _ADDS else None
        if not is_made:
            todo.append((home, made.receiver))
        if made.name == "merge":  # what is merged into it goes before it
            todo += ((home, given) for given in made.arguments)
    return None


def _is_fixed(module: ModuleLike, node: Node) -> bool:
    """Whether a schema lets nothing through that is free text."""
    todo = [(module, node)]
    for _ in range(_MOST_STEPS):
        if not todo:
            return True
        home, schema = _followed(*todo.pop())
        made = _call(home, schema)
        if made is None or made.receiver is None:
            return False
        if made.name == "transform" and made.arguments and _TO_NUMBER.match(home.text(made.arguments[0])):
            continue
        if made.name == "pipe" and made.arguments:
            todo.append((home, made.arguments[0]))
            continue
        if made.name in _CHANGES:
            return False
        if _is_zod(home, made.receiver):
            if made.name in _FIXED:
                continue
            if (
                made.name not in _MADE_OF | {"optional", "nullable", "array", "preprocess"}
                or not made.arguments
            ):
                return False
            listed = unwrap(made.arguments[-1])
            todo += ((home, part) for part in (listed.named_children if listed.type == "array" else [listed]))
        elif made.name not in _FORMATS:
            todo.append((home, made.receiver))
    return False


def _is_zod(module: ModuleLike, node: Node) -> bool:
    """Whether an expression is Zod itself, or a part of it: `z`, `z.coerce`, `z.iso`."""
    node = unwrap(node)
    if node.type == "member_expression":
        inner = node.child_by_field_name("object")
        node = unwrap(inner) if inner is not None else node
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    ref = module.scope.origin(declaration) if declaration is not None else None
    return ref is not None and ref.module in _ZOD


def _followed(module: ModuleLike, node: Node) -> _Place:
    """An expression, or what the constant is that it names, of another module, too."""
    found = module.initializer(node)
    if found.type in ("identifier", "shorthand_property_identifier"):
        elsewhere = constant_elsewhere(module, found)
        if elsewhere is not None:
            return elsewhere[0], elsewhere[0].initializer(elsewhere[1])
    return module, found


def _awaited(module: ModuleLike, node: Node) -> Node:
    node = module.initializer(node)
    return unwrap(node.named_children[0]) if node.type == "await_expression" else node


def _call(module: ModuleLike, node: Node) -> Call | None:
    return Call(module, node) if node.type == "call_expression" else None
