"""Where a module of JavaScript or TypeScript names bindings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.naming import types
from cflint.naming.mention import Form, Mention, Role
from cflint.platform.env_types import may_be_env_type
from cflint.project.code.pointing import taken
from cflint.project.code.values import Value, ValueKind
from cflint.scope import DeclarationKind
from cflint.source import Span
from cflint.syntax.javascript import first_named, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_PLAIN = frozenset(
    {DeclarationKind.CLASS, DeclarationKind.ENUM, DeclarationKind.NAMESPACE, DeclarationKind.FUNCTION}
)
_LITERALS = frozenset({"object", "array", "string", "template_string", "number", "class", "arrow_function"})
_VARIABLES = ("process.env", "import.meta.env")

_ENV_ARGUMENT = {**dict.fromkeys(("fetch", "scheduled", "queue", "email", "tail", "trace"), 1), "request": 2}
"""The argument that is `env` where a test calls a handler, or the `request` of a Hono app."""

Found = tuple[Role, Form]
_USE = (Role.USE, Form.NAME)
_OPEN = (Role.OPEN, Form.NAME)


def mentions_in_module(module: Module, names: Collection[str]) -> Iterator[Mention]:
    """The places of a module that name bindings, or may do so, name by name."""
    for name in names:
        if not module.document.has_word(name):
            continue
        for leaf in module.leaves(name, module.root):
            found = _found(module, name, leaf, names)
            if found is not None:
                place = Location(module.document, Span(leaf.start_byte, leaf.end_byte))
                yield Mention(name, place, *found)


def _found(module: Module, name: str, leaf: Node, names: Collection[str]) -> Found | None:
    """What a leaf that is a name, or all of a text, is to the binding; None where it means something else."""
    match leaf.type:
        case "property_identifier":
            return _property(module, name, leaf, names)
        case "shorthand_property_identifier_pattern":
            declared = module.scope.resolve(leaf)
            value = module.value_declared(declared) if declared is not None else None
            return (Role.USE, Form.SHORTHAND) if _is_binding(value, name) else _unless_known(value)
        case "shorthand_property_identifier":
            return _key(module, leaf, Form.SHORTHAND, names)
        case "string_fragment":
            return _text(module, name, leaf, names)
        case "identifier" if module.has_global_bindings and module.scope.resolve(leaf) is None:
            return _USE if _is_binding(module.value_of(leaf), name) else None
    return None


def _property(module: Module, name: str, leaf: Node, names: Collection[str]) -> Found | None:
    parent = module.parent(leaf)
    match parent.type if parent is not None else "":
        case "member_expression":
            return _member(module, name, parent)
        case "pair_pattern":
            assert parent is not None
            value = taken(module, parent)
            return _USE if _is_binding(value, name) else _unless_known(value)
        case "pair":
            assert parent is not None
            return _key(module, parent, Form.NAME, names)
        case "property_signature":
            is_of_env = types.is_of_env(module.syntax, leaf, partial(_may_be_env, module))
            return (Role.TYPE, Form.NAME) if is_of_env else _OPEN
    return None


def _member(module: Module, name: str, member: Node | None) -> Found | None:
    """What `x.NAME` or `x["NAME"]` is."""
    target = member.child_by_field_name("object") if member is not None else None
    if member is None or target is None:
        return None
    text = module.text(unwrap(target))
    if text in _VARIABLES:
        return _USE if text == "process.env" and module.workers else None
    owner = module.value_of(target)
    if owner.kind is ValueKind.ENV or _is_binding(module.value_of(member), name):
        return _USE
    if owner or _is_plain(module, target):
        return None
    named = module.member(target)
    return _USE if (named.name if named is not None else text) == "env" else _OPEN


def _text(module: Module, name: str, leaf: Node, names: Collection[str]) -> Found | None:
    text = module.parent(leaf)
    if text is None or text.named_child_count != 1:
        return None
    above = module.parent(text)
    match above.type if above is not None else "":
        case "subscript_expression":
            return _member(module, name, above)
        case "binary_expression":
            assert above is not None
            operator = above.child_by_field_name("operator")
            right = above.child_by_field_name("right")
            if operator is not None and operator.type == "in" and right is not None:
                value = module.value_of(right)
                return _USE if value.kind is ValueKind.ENV else _unless_known(value)
        case "literal_type":
            is_key = types.is_key_of_env(module.syntax, text, partial(_may_be_env, module))
            return (Role.TYPE, Form.NAME) if is_key else _OPEN
        case "pair":
            assert above is not None
            if above.child_by_field_name("key") == text:
                return _key(module, above, Form.NAME, names)
    return None  # where a text chooses a member of `env`, its name is computed: see `env_escapes`


def _key(module: Module, part: Node, form: Form, names: Collection[str]) -> Found | None:
    """What a property of an object literal is: one of a copy of `env`, or of some other object."""
    whole = module.parent(part)
    if whole is None or whole.type != "object":
        return None
    if _copies_env(module, whole) or _stands_for_env(module, whole) or _mocks_env(module, whole, names):
        return Role.USE, form
    outer = module.with_wrappers(whole)
    around = module.parent(outer)
    is_own = outer.id == whole.id and around is not None and around.type == "variable_declarator"
    if is_own and around is not None and around.child_by_field_name("type") is None:
        return None  # its members are looked at where they are read
    return Role.OPEN, form


def _mocks_env(module: Module, whole: Node, names: Collection[str]) -> bool:
    """Whether an object literal is what code that no Worker runs gives out as `env`: half of its keys are
    names of bindings."""
    if module.workers:
        return False
    keys = [module.key(part) for part in whole.named_children]
    return 2 * sum(key in names for key in keys) >= len(keys)


def _copies_env(module: Module, whole: Node) -> bool:
    spread = (one for one in whole.named_children if one.type == "spread_element" and one.named_children)
    return any(module.value_of(one.named_children[0]).kind is ValueKind.ENV for one in spread)


def _stands_for_env(module: Module, whole: Node) -> bool:
    """Whether an object literal is given out as `env`: by its type, or as the argument of a handler."""
    inner = whole
    for node in module.ancestors(whole):
        match node.type:
            case "as_expression" | "satisfies_expression":
                if _is_env_type(module, node.named_children[-1]):
                    return True
            case "parenthesized_expression":
                pass
            case "variable_declarator":
                typed = first_named(node.child_by_field_name("type"))
                return typed is not None and _is_env_type(module, typed)
            case "arguments":
                call = module.parent(node)
                called = call.child_by_field_name("function") if call is not None else None
                named = module.member(called)
                index = [argument.id for argument in node.named_children].index(inner.id)
                return named is not None and index == _ENV_ARGUMENT.get(named.name)
            case _:
                return False
        inner = node
    return False


def _is_env_type(module: Module, node: Node) -> bool:
    return _may_be_env(module, module.text(node).rpartition(".")[2])


def _may_be_env(module: Module, name: str) -> bool:
    """Whether a type with a member of a binding's name is one of `env`."""
    return module.is_env_type(name) or may_be_env_type(name)


def _is_plain(module: Module, node: Node) -> bool:
    """Whether an expression is certainly not `env`: a literal, a class, an enum, a constant that is one."""
    node = unwrap(node)
    if node.type == "identifier":
        declared = module.scope.resolve(node)
        if declared is not None and declared.kind in _PLAIN:
            return True
    return module.initializer(node).type in _LITERALS


def _is_binding(value: Value | None, name: str) -> bool:
    if value is None or value.kind is not ValueKind.BINDING:
        return False
    return value.name == name and value.detail != "exports"


def _unless_known(value: Value | None) -> Found | None:
    return None if value else _OPEN
