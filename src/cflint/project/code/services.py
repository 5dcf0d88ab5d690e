"""Which service outside of the module a call reaches: a binding, a stub, a host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.effects import BINDING_WRITES
from cflint.platform.workflows import INSTANCE_CHANGES
from cflint.project.code.nodes import Call, call
from cflint.project.code.origins import is_global
from cflint.project.code.values import Value, ValueKind
from cflint.record import record
from cflint.syntax.javascript import walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_HOST = pattern(r"[a-z]+://([^/?#\s`\"']+)", re.IGNORECASE)
_RUN = frozenset({"run", "all", "first", "raw"})


@record(frozen=True, eq=False)
class ServiceCall:
    """A call that reaches a service; `service` is equal for the same one, None where it is not known which.

    `counts`: whether it matters how often it is made, because it writes, sends, costs or may do so.
    """

    call: Call
    service: tuple[str, str] | None
    counts: bool

    @property
    def label(self) -> str:
        """What to call the service in a message."""
        return self.service[1] if self.service is not None else ""


def service_call(module: ModuleLike, node: Node | None) -> ServiceCall | None:
    """The service that a call reaches: a `fetch()`, a method of a binding or of what a binding gave; None of
    every other expression, and where that is not known."""
    found = call(module, node)
    if found is None or found.callee is None or found.is_new:
        return None
    if is_global(module, found.callee, "fetch"):
        host = _host(module, found)
        return ServiceCall(found, ("host", host) if host is not None else None, True)
    value = module.value_of(found.receiver)
    match value.kind:
        case ValueKind.BINDING if value.binding is not None and not value.binding.is_value:
            if found.name in value.binding.sync_methods:
                return None
            counts = found.name in BINDING_WRITES.get(value.binding.id, ())
            return ServiceCall(found, _bound(value), counts)
        case ValueKind.WORKFLOW_INSTANCE:
            return ServiceCall(found, _bound(value.inner), found.name in INSTANCE_CHANGES)
        case ValueKind.D1_STATEMENT if found.name in _RUN:
            return ServiceCall(found, _bound(value.inner), found.name == "run")
        case ValueKind.STUB if found.name != "dup":
            return ServiceCall(found, _bound(value.inner), True)
    return None


def service_calls(module: ModuleLike, within: Node) -> Iterator[ServiceCall]:
    """The calls within a node that reach a service, in source order; not those of functions inside it."""
    for node in (within, *walk(within, into_functions=False, into_classes=False)):
        if node.type == "call_expression":
            found = service_call(module, node)
            if found is not None:
                yield found


def _bound(value: Value | None) -> tuple[str, str] | None:
    return ("binding", value.name) if value is not None and value.name is not None else None


def _host(module: ModuleLike, made: Call) -> str | None:
    """The host of the URL that `fetch()` is given, as far as it is written out."""
    given = made.argument(0)
    given = module.initializer(given) if given is not None else None
    text = module.text(given) if given is not None and given.type in ("string", "template_string") else ""
    found = _HOST.match(text[1:])
    return found[1].lower() if found is not None and "$" not in found[1] else None
