"""What ties a value down: a check that binds its use, a type of few values, characters that are removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.declared_env import type_named
from cflint.project.code.flow import completes
from cflint.project.code.origins import callee_name
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import CLASSES, FUNCTIONS, first_named, unwrap, with_wrappers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

CHECKS = pattern(
    r"^(?:includes|has|test|indexOf|hasOwn|hasOwnProperty|match|isInteger|isFinite|isSafeInteger|isNaN|exec)$|"
    r"^(?:is|assert|valid|ensure|check|verify|sanit|require|must)",
    re.IGNORECASE,
)
"""Names of functions that check their argument."""
_FIXED_TYPES = pattern(
    r"(?:number|boolean|bigint|null|undefined|Date|keyof\b.*|typeof\b.*|'[^']*'|\"[^\"]*\"|\d+)"
)

_SPELLS_OTHERWISE = frozenset({"toLowerCase", "toUpperCase", "trim", "toString"})
"""Methods that give the same text, spelled otherwise: what holds of it holds of the text."""
_UNDEFINED = pattern(r"(?:^|\|)\s*:?\s*undefined\b")


def ties_down(module: ModuleLike, arguments: tuple[Node, ...]) -> bool:
    """Whether a `replace()` removes all but what a class of characters allows, or doubles quotes."""
    if not arguments:
        return False
    pattern = module.text(module.initializer(arguments[0]))
    return pattern.startswith(("/[^", "/\\W", "/\\D")) or any(
        quote in pattern[1:-1] for quote in ("'", '"', "`")
    )


def is_constant_name(name: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Z0-9_]*", name) is not None


def is_checked(module: ModuleLike, node: Node) -> bool:
    """Whether the function around asks if a name (or member) is one of what is allowed."""
    base = node
    while base.type in ("member_expression", "subscript_expression"):
        inner = base.child_by_field_name("object")
        if inner is None:
            return False
        base = unwrap(inner)
    if base.type not in ("identifier", "shorthand_property_identifier"):
        return False
    declaration = module.scope.resolve(base)
    if declaration is None:
        return False
    wanted = module.text(node)
    for reference in module.scope.references(declaration):
        other = reference
        while other.type != node.type and (above := module.syntax.parent(other)) is not None:
            if above.type not in ("member_expression", "subscript_expression", "non_null_expression"):
                break
            other = above
        if module.text(other) == wanted and other.id != node.id and _checks(module, other, node):
            return True
    return False


def _checks(module: ModuleLike, reference: Node, used: Node) -> bool:
    """Whether a reference stands in a check that binds the use."""
    syntax = module.syntax
    node = with_wrappers(syntax, reference)
    parent = syntax.parent(node)
    while parent is not None and _passes_on(
        module, parent, node
    ):  # `x.toLowerCase()`, `x ?? ""`, `String(x)`
        node, parent = parent, syntax.parent(parent)
    if parent is None:
        return False
    if parent.type == "arguments":
        call = syntax.parent(parent)
        if call is None or call.type != "call_expression":
            return False
        name = callee_name(module, call)
        if CHECKS.search(name) is None or name == "isArray":  # says nothing of what is in it
            return False
        above = syntax.parent(with_wrappers(syntax, call))
        return above is not None and above.type not in ("variable_declarator",)
    if parent.type == "switch_statement":
        return parent.start_byte <= used.start_byte < parent.end_byte
    if parent.type != "binary_expression":
        return False
    operator = parent.child_by_field_name("operator")
    word = operator.type if operator is not None else ""
    left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
    if left is None or right is None:
        return False
    if word == "in":
        return left.id == node.id
    other = right if left.id == node.id else left
    if word in ("===", "==", "!==", "!=") and unwrap(other).type == "string" and module.text(other)[1:-1]:
        return _decides(module, parent, used, equal=word in ("===", "=="))
    return False


def _passes_on(module: ModuleLike, parent: Node, node: Node) -> bool:
    if parent.type in ("parenthesized_expression", "as_expression", "non_null_expression"):
        return True
    if parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type in ("??", "||")
    if parent.type == "member_expression":
        name = parent.child_by_field_name("property")
        return name is not None and module.text(name) in _SPELLS_OTHERWISE
    if parent.type == "arguments":
        call = module.syntax.parent(parent)
        return call is not None and callee_name(module, call) == "String"
    is_callee = node.type in ("member_expression", "arguments")  # of those above: no other is passed on
    return parent.type == "call_expression" and is_callee


def _decides(module: ModuleLike, comparison: Node, used: Node, *, equal: bool) -> bool:
    """Whether a use runs only when a comparison with a literal holds: inside the `if`, or after one that
    leaves the function."""
    child = comparison
    for above in module.syntax.ancestors(comparison):
        if above.type in ("if_statement", "ternary_expression"):
            taken = above.child_by_field_name("consequence")
            if taken is None:
                return False
            if equal:
                return taken.start_byte <= used.start_byte < taken.end_byte
            return above.type == "if_statement" and not completes(module, taken)
        if above.type in FUNCTIONS or above.type.endswith("_statement") or above.type in CLASSES:
            return False
        child = above
    return child is None


def has_fixed_type(module: ModuleLike, declaration: Declaration) -> bool:
    if declaration.path:
        return _destructured_type_is_fixed(module, declaration)
    annotation = declaration.owner.child_by_field_name("type")
    inner = first_named(annotation)
    return inner is not None and type_is_fixed(module, inner)


def type_is_fixed(module: ModuleLike, type_node: Node) -> bool:
    """Whether a type holds nothing but numbers, booleans, and the strings that it lists."""
    text = module.text(type_node)
    parts = [part.strip() for part in text.strip("|").split("|")]
    if all(_FIXED_TYPES.fullmatch(part) for part in parts if part) and any(parts):
        return True
    if type_node.type != "type_identifier":
        return False
    declaration = module.scope.lookup_type(text, type_node)
    if declaration is None:
        return False
    if declaration.kind is DeclarationKind.ENUM:
        return True
    if declaration.kind is DeclarationKind.TYPE:
        value = declaration.owner.child_by_field_name("value")
        if value is None or value.id == type_node.id:
            return False
        listed = [part.strip() for part in module.text(value).strip().strip("|").split("|")]
        return all(_FIXED_TYPES.fullmatch(part) for part in listed if part)
    return False


def _destructured_type_is_fixed(module: ModuleLike, declaration: Declaration) -> bool:
    if len(declaration.path) != 1 or not isinstance(declaration.path[0], str):
        return False
    return member_type_is_fixed(module, declaration, declaration.path[0])


def member_type_is_fixed(module: ModuleLike, declaration: Declaration, key: str) -> bool:
    """Whether the declared type of a name says that a member is a number, or one of some strings."""
    annotation = declaration.owner.child_by_field_name("type")
    inner = first_named(annotation)
    if inner is None or declaration.kind is not DeclarationKind.PARAMETER:
        return (
            False  # the type of a variable is often only claimed: `const body: Body = await request.json()`
        )
    if inner.type == "object_type":
        for member in inner.named_children:
            name = member.child_by_field_name("name")
            kind = member.child_by_field_name("type")
            typed = first_named(kind)
            if name is not None and typed is not None and module.text(name) == key:
                return type_is_fixed(module, typed)
        return False
    facts = module.project.facts.of(module.path)
    found = facts.types.get(module.text(inner)) if facts is not None else None
    if found is None:
        return False
    for listed in found.members:
        if listed.name == key:
            parts = [part.strip() for part in listed.type.strip("|").split("|")]
            return all(_FIXED_TYPES.fullmatch(part) for part in parts if part) and any(parts)
    return False


def optional_members(module: ModuleLike, declaration: Declaration) -> frozenset[str]:
    """The members of what a parameter or variable holds that may be absent by its type, which is annotated or
    that of a cast. None of a type that is not seen."""
    return module.memoized(
        ("optional members", declaration.node.id), lambda: _find_optional_members(module, declaration)
    )


def _find_optional_members(module: ModuleLike, declaration: Declaration) -> frozenset[str]:
    typed = first_named(declaration.owner.child_by_field_name("type"))
    if typed is None and declaration.kind is not DeclarationKind.PARAMETER:
        typed = _claimed_type(declaration.value)
    return frozenset(_optional_in(module, typed)) if typed is not None else frozenset()


def _claimed_type(value: Node | None) -> Node | None:
    """The type that a cast gives an expression."""
    while value is not None and value.type in ("await_expression", "parenthesized_expression"):
        value = first_named(value)
    if value is None or value.type != "as_expression" or value.named_child_count < 2:
        return None
    return value.named_children[-1]


def _optional_in(module: ModuleLike, typed: Node) -> Iterator[str]:
    """The names of the members of a type that may be absent."""
    todo = [typed]
    while todo:
        part = todo.pop()
        match part.type:
            case "parenthesized_type" | "intersection_type":
                todo += part.named_children
            case "object_type":
                yield from _optional_written(module, part)
            case "type_identifier":
                found = type_named(module, module.text(part))
                for listed in found.members if found is not None else ():
                    if listed.optional or _UNDEFINED.search(listed.type) is not None:
                        yield listed.name
            case "generic_type":
                name, given = part.child_by_field_name("name"), part.child_by_field_name("type_arguments")
                inner = first_named(given)
                is_partial = name is not None and module.text(name) == "Partial"
                found = type_named(module, module.text(inner)) if is_partial and inner is not None else None
                yield from (listed.name for listed in (found.members if found is not None else ()))


def _optional_written(module: ModuleLike, object_type: Node) -> Iterator[str]:
    for member in object_type.named_children:
        name, kind = member.child_by_field_name("name"), member.child_by_field_name("type")
        if member.type != "property_signature" or name is None:
            continue
        may_be_absent = any(mark.type == "?" for mark in member.children)
        if may_be_absent or (kind is not None and _UNDEFINED.search(module.text(kind)) is not None):
            yield module.text(name)
