"""What stands behind a value: a secret of the environment, what a client sent, a code made with a key.

Each follows the value through all modules of its Workers (`traced`), so ask of few.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cflint.platform.credentials import is_secret_name
from cflint.project.code.module import Module
from cflint.project.code.origins import reads_request
from cflint.project.code.parameters import is_callable, said_type
from cflint.project.code.platform_names import called_name
from cflint.project.code.secrets import Secret, secret_at
from cflint.project.code.tracing import Traced, traced
from cflint.project.code.values import ValueKind
from cflint.scope import DeclarationKind

if TYPE_CHECKING:
    from tree_sitter import Node

_SECRETS = frozenset({Secret.VARIABLE, Secret.PASSWORD, Secret.CONNECTION_STRING})
_SENT = frozenset({ValueKind.REQUEST, ValueKind.REQUEST_URL, ValueKind.HONO_REQUEST})
_CODES = frozenset({("", "crypto.subtle.sign"), ("node:crypto", "createHmac"), ("crypto", "createHmac")})
_OPEN = frozenset({DeclarationKind.PARAMETER, DeclarationKind.IMPORT})
_VERIFIERS = frozenset({"verifyToken", "verifyUser"})
"""Options of middleware (`hono/bearer-auth`, `hono/basic-auth`) that are called with what a client sent."""
_ENV_NAMES = frozenset({"env"})
_CONTEXT_NAMES = frozenset({"c", "ctx", "context"})
_REQUEST_NAMES = frozenset({"request", "req"})


def secret_behind(module: Module, node: Node, ends: tuple[str, ...] = ()) -> Traced | None:
    """The secret variable of `env` that a value is, whatever fields, options and helpers hand it on. Names
    that end in one of `ends` are those of secrets, too; `ends` are in upper case."""
    wanted = partial(_is_secret, ends=ends)
    if not _may_be(module, node, wanted, derived=False):
        return None
    return next(traced(module, node, wanted), None)


def request_behind(module: Module, node: Node) -> Traced | None:
    """The place where what a value is made of is taken from a request."""
    if not _may_be(module, node, _is_sent, derived=True):
        return None
    return next(traced(module, node, _is_sent, derived=True), None)


def may_be_sent(module: Module, node: Node) -> bool:
    """Whether a value is made of what is taken from a request, as far as one module tells: a quick question
    to ask before `request_behind`."""
    return _may_be(module, node, _is_sent, derived=True)


def hyperdrive_behind(module: Module, node: Node) -> Traced | None:
    """The connection string of a Hyperdrive binding that a value is, whatever hands it on."""
    return next(traced(module, node, _is_connection_string), None)


def code_behind(module: Module, node: Node) -> Traced | None:
    """The call that makes the message authentication code (HMAC), or the signature, that a value is."""
    if not _may_be(module, node, _is_code, derived=True):
        return None
    return next(traced(module, node, _is_code, derived=True), None)


def _may_be(module: Module, node: Node, wanted: Callable[[Traced], bool], *, derived: bool) -> bool:
    """Whether a value is of some sort as far as the module tells, or comes from somewhere else: a parameter,
    an import, a field. This is asked first, since it looks at nothing but the module."""

    def is_open(found: Traced) -> bool:
        if found.node.type == "this" or wanted(found):
            return True
        if found.node.type not in ("identifier", "shorthand_property_identifier"):
            callee = found.node.child_by_field_name("function") or found.node.child_by_field_name(
                "constructor"
            )
            access = found.module.member(callee)
            if access is not None:
                return found.module.value_of(access.object).kind is ValueKind.INSTANCE
            return callee is not None and callee.type == "identifier" and _is_imported(found.module, callee)
        declaration = found.module.scope.resolve(found.node)
        return declaration is not None and declaration.kind in _OPEN

    return next(traced(module, node, is_open, derived=derived, local=True), None) is not None


def _is_imported(module: Module, name: Node) -> bool:
    declaration = module.scope.resolve(name)
    return declaration is not None and declaration.kind is DeclarationKind.IMPORT


def _is_secret(found: Traced, ends: tuple[str, ...]) -> bool:
    module, node = found.module, found.node
    if not found.path:
        if secret_at(module, node) in _SECRETS:
            return True
        value = module.value_of(node)
        is_text = value.kind is ValueKind.BINDING and (value.binding is None or value.binding.is_value)
        return is_text and not value.detail and bool(ends) and (value.name or "").upper().endswith(ends)
    name = found.path[-1]
    if not (is_secret_name(name) or name.upper().endswith(ends)):
        return False
    bound = module.binding(name).binding
    if bound is not None and not bound.is_value:
        return False  # the secret of a store, which has to be read first
    if len(found.path) == 1:
        return module.value_of(node).kind is ValueKind.ENV or _is_untyped(module, node, _ENV_NAMES)
    return len(found.path) == 2 and found.path[0] == "env" and _is_untyped(module, node, _CONTEXT_NAMES)


def _is_connection_string(found: Traced) -> bool:
    value = found.module.value_of(found.node)
    if not found.path:
        return value.kind is ValueKind.CONNECTION_STRING
    if found.path == ("connectionString",):
        return value.is_binding("hyperdrive")
    is_member = len(found.path) == 2 and found.path[1] == "connectionString"
    return is_member and value.kind is ValueKind.ENV


def _is_sent(found: Traced) -> bool:
    module, node = found.module, found.node
    if reads_request(module, node) or module.value_of(node).kind in _SENT:
        return True
    if _is_untyped(module, node, _REQUEST_NAMES):
        return True
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.kind is not DeclarationKind.PARAMETER:
        return False
    if is_callable(module, declaration.scope):
        return True
    name = declaration.scope.child_by_field_name("name") or module.given_name(declaration.scope)
    return name is not None and module.text(name) in _VERIFIERS


def _is_code(found: Traced) -> bool:
    called = called_name(found.module, found.node) if found.node.type == "call_expression" else None
    return called is not None and (called.module, called.name) in _CODES


def _is_untyped(module: Module, node: Node, names: frozenset[str]) -> bool:
    """Whether an expression is a parameter of such a name that says nothing of its type (`any` says nothing),
    in a function of a Worker: the handler of a router that is not known; or what a pattern takes by its own
    name from an object, whose type says it somewhere else (`({ env }: Context) => …`)."""
    if node.type != "identifier" or module.text(node) not in names or not module.workers:
        return False
    declaration = module.scope.resolve(node)
    if declaration is None or declaration.kind is not DeclarationKind.PARAMETER or module.value_of(node):
        return False
    if declaration.path:
        return declaration.path == (declaration.name,)
    return said_type(module.syntax, declaration.owner) is None
