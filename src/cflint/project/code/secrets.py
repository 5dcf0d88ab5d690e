"""Which expressions are secrets: all of `env`, its secret variables, what leads to a database."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cflint.platform.credentials import is_secret_name
from cflint.project.code.nodes import member
from cflint.project.code.platform_names import platform_name
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.project.config.wrangler import Environment
    from cflint.source import Document

_HOPS = 8
_READS = frozenset(
    {"member_expression", "subscript_expression", "identifier", "shorthand_property_identifier"}
)
_NO_SECRETS = frozenset(
    {"string", "number", "template_string", "object", "array", "binary_expression", "arrow_function"}
    | {"unary_expression", "update_expression", "function_expression", "regex", "true", "false", "null"}
    | {"new_expression", "this", "class", "undefined"}
)
"""Expressions that may hold secrets, and are none."""
_PROCESS_ENV = frozenset({("", "process.env"), ("node:process", "env"), ("node:process", "default.env")})


class Secret(Enum):
    """What an expression gives away."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    ENV = "all of `env`"
    VARIABLE = "a secret variable"
    CONNECTION_STRING = "the connection string of a Hyperdrive configuration"
    HYPERDRIVE = "a Hyperdrive configuration"
    PASSWORD = "the password of a Hyperdrive configuration"


def secret_at(module: ModuleLike, node: Node) -> Secret | None:
    """The secret that an expression evaluates to; None of every other expression. Which variables are secret
    is told by their names; `process.env` is `env` where a Worker reaches the module."""
    node = unwrap(node)
    if node.type in _NO_SECRETS:
        return None
    value = module.value_of(node)
    if value.kind is ValueKind.ENV or _is_process_env(module, node):
        return Secret.ENV
    if value.kind is ValueKind.CONNECTION_STRING:
        return Secret.CONNECTION_STRING
    if value.is_binding("hyperdrive"):
        return Secret.HYPERDRIVE
    access = member(module, node)
    if access is not None:
        if access.name == "password" and module.value_of(access.object).is_binding("hyperdrive"):
            return Secret.PASSWORD
        if _is_process_env(module, access.object):
            return Secret.VARIABLE if is_secret_name(access.name) else None
    if value.kind is not ValueKind.BINDING or value.name is None or value.detail:
        return None
    if value.binding is not None and not value.binding.is_value:
        return None
    if holds_numbers(module.environments, value.name):
        return None
    return Secret.VARIABLE if is_secret_name(value.name) else None


def holds_numbers(environments: Iterable[Environment], name: str) -> bool:
    """Whether all that the configurations give a variable are numbers or `true` and `false`."""
    bound = [found for each in environments if (found := each.binding(name)) is not None]
    return bool(bound) and all(isinstance(found.node.plain, bool | int | float) for found in bound)


def taken_from(module: ModuleLike, name: Node) -> Node | None:
    """The expression (`env.NAME`), or the name in a pattern (`const { NAME } = env`), that a variable got its
    value from, by way of other variables, too; None of an expression that is no variable."""
    found: Node | None = None
    node = unwrap(name)
    for _ in range(_HOPS):
        named = node.type in ("identifier", "shorthand_property_identifier")
        declaration = module.scope.resolve(node) if named else None
        if declaration is None or declaration.value is None:
            return found
        if declaration.path:
            return declaration.node
        found = node = unwrap(declaration.value)
    return found


def _names_process(document: Document) -> bool:
    return b"process" in document.data


def _is_process_env(module: ModuleLike, node: Node) -> bool:
    if unwrap(node).type not in _READS or not module.document.memoized("names process", _names_process):
        return False
    found = platform_name(module, node)
    return (
        found is not None
        and (found.module, found.name) in _PROCESS_ENV
        and bool(module.project.owners.of(module.path))
    )
