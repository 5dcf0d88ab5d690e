"""Where a module lets members of `env` be read whose names it does not write down."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.platform.classes import ClassKind
from cflint.project.code.nodes import call, member
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.syntax.javascript import arguments_of, string_value, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.project.code.nodes import Call


class EscapeKind(Enum):
    """How: by a computed name (`env[name]`), in a copy (`{ ...env }`), in code of a package that is given
    `env`, or in a base class of a package."""

    COMPUTED = "computed"
    COPIED = "copied"
    HANDED = "handed"
    INHERITED = "inherited"


@record(frozen=True)
class EnvEscape:
    """One such place."""

    kind: EscapeKind
    at: Location


def env_escapes(module: ModuleLike) -> Iterator[EnvEscape]:
    """The places of a module at which members of `env` may be read by names that it does not write down."""
    facts = module.project.facts.of(module.path)
    for owner in facts.classes.values() if facts is not None else ():
        if module.project.classes.kind(owner) is ClassKind.UNKNOWN:
            yield EnvEscape(EscapeKind.INHERITED, Location(module.document, owner.name_span))
    for node in module.descendants(
        module.syntax.root, "call_expression", "new_expression", "subscript_expression", "spread_element"
    ):
        match node.type:
            case "subscript_expression":
                index = node.child_by_field_name("index")
                if _is_computed(module, index) and _may_be_env(module, node.child_by_field_name("object")):
                    yield EnvEscape(EscapeKind.COMPUTED, module.at(node))
            case "spread_element":
                if node.named_children and _is_env(module, node.named_children[0]):
                    yield EnvEscape(EscapeKind.COPIED, module.at(node))
            case _:
                given = [argument for argument in arguments_of(node) if _is_env(module, argument)]
                if given and _is_foreign(module, call(module, node)):
                    yield EnvEscape(EscapeKind.HANDED, module.at(given[0]))


def _is_computed(module: ModuleLike, index: Node | None) -> bool:
    return index is None or (index.type != "number" and string_value(module.syntax, index) is None)


def _is_env(module: ModuleLike, node: Node) -> bool:
    return module.value_of(node).kind is ValueKind.ENV


def _may_be_env(module: ModuleLike, node: Node | None) -> bool:
    """Whether an expression is `env`, or called like it (`this.environment`, `myEnv`)."""
    if node is None or _is_env(module, node):
        return node is not None
    named = member(module, node)
    return "env" in (named.name if named is not None else module.text(unwrap(node))).lower()


def _is_foreign(module: ModuleLike, called: Call | None) -> bool:
    """Whether what is called belongs to a package, or is not known at all."""
    callee = called.callee if called is not None else None
    while callee is not None and callee.type == "member_expression":
        inner = callee.child_by_field_name("object")
        callee = unwrap(inner) if inner is not None else None
    if callee is None or callee.type in ("this", "super"):
        return False
    declaration = module.scope.resolve(callee) if callee.type == "identifier" else None
    if declaration is None:
        return True
    ref = module.scope.origin(declaration)
    return not module.is_own(ref) if ref is not None else not module.value_of(callee)
