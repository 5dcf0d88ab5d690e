"""Tables of names that stand in for lists in rules: each against what the runtime's types say."""

from __future__ import annotations

import pytest

from cflint.platform.bindings import KINDS, async_methods, kind_by_id, methods_of_type
from cflint.platform.classes import BASES, ClassKind, bases_of_kinds
from cflint.platform.compatibility import find_flag
from cflint.platform.containers import ADDING, COPYING, MUTATING, REMOVING, REORDERING
from cflint.platform.durable_objects import ID_METHODS, NAMED_METHODS, STUB_MAKERS, STUB_METHODS
from cflint.platform.effects import BINDING_WRITES, BODY_READS
from cflint.platform.exports import EXPORTS, HONO_APPS
from cflint.platform.handlers import WEBSOCKET_HANDLERS
from cflint.platform.language import PROMISE_CHAIN, PROMISE_COMBINATORS
from cflint.platform.websockets import AUTO_REPLY_FLAG, SOCKET_EVENTS
from cflint.platform.workflows import INSTANCE_CHANGES, STEP_METHODS

pytestmark = pytest.mark.portable


def members(type_name: str) -> frozenset[str]:
    table = methods_of_type(type_name)
    assert table is not None
    return table[0] | table[1]


def test_methods_of_the_runtime() -> None:
    assert members("WorkflowStep") == STEP_METHODS
    assert members("WorkflowInstance") > INSTANCE_CHANGES
    assert members("DurableObjectNamespace") >= STUB_METHODS | ID_METHODS | NAMED_METHODS
    assert members("R2ObjectBody") == BODY_READS - {"formData"}
    for kind_id, methods in BINDING_WRITES.items():
        kind = kind_by_id(kind_id)
        assert methods <= kind.async_methods, kind_id


def test_methods_that_return_promises() -> None:
    assert async_methods() == frozenset(method for kind in KINDS for method in kind.async_methods)
    assert async_methods("WorkflowInstance") - async_methods() >= {"pause", "terminate"}
    assert async_methods("no such type") == async_methods()


def test_bases_of_kinds() -> None:
    durable = bases_of_kinds(*(kind for kind in ClassKind if kind.runs_as_durable_object))
    assert ("agents", "Agent") in durable and ("cloudflare:workers", "RpcTarget") not in durable
    assert bases_of_kinds(*ClassKind) == frozenset(BASES)


def test_sdk_functions_are_exports() -> None:
    assert all(name in EXPORTS[module] for module, name in (*STUB_MAKERS, *HONO_APPS))


def test_containers() -> None:
    assert ADDING | REMOVING | REORDERING < MUTATING and not MUTATING & COPYING


def test_sockets() -> None:
    assert frozenset(SOCKET_EVENTS.values()) == WEBSOCKET_HANDLERS
    assert find_flag(AUTO_REPLY_FLAG) is not None


def test_promises() -> None:
    assert not PROMISE_CHAIN & PROMISE_COMBINATORS
