"""The signatures of handlers, against what the model takes their parameters for."""

from __future__ import annotations

import pytest

from cflint.platform.base_members import base_members
from cflint.platform.classes import ClassKind
from cflint.platform.handlers import (
    AGENT_HANDLERS,
    DURABLE_OBJECT_HANDLERS,
    MODULE_HANDLERS,
    NO_RPC_METHODS,
    PAGES_HANDLERS,
    WEBSOCKET_HANDLERS,
    Owes,
    handler_signature,
    handlers_of,
    pages_handler,
    python_handler,
    python_handlers_of,
)
from cflint.project.code import parameters
from cflint.project.code.parameters import handler_parameters
from cflint.project.code.values import ValueKind
from cflint.project.python import values as python_values

pytestmark = pytest.mark.portable

KINDS = [None, *ClassKind]


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_evaluate_to_what_the_signatures_say(kind: ClassKind | None) -> None:
    known = parameters._MODULE_HANDLERS if kind is None else parameters._CLASS_HANDLERS.get(kind, {})
    for name in known:
        signature = handler_signature(kind, name)
        kinds = handler_parameters(kind, name)
        assert signature is not None and kinds is not None, name
        said = tuple(ValueKind(kind) if kind else ValueKind.UNKNOWN for kind in signature.kinds)
        assert said[: len(kinds)] == kinds, name
        assert set(said[len(kinds) :]) <= {ValueKind.UNKNOWN}, name


@pytest.mark.parametrize("kind", python_values._HANDLER_PARAMETERS)
def test_so_do_those_of_python(kind: ClassKind | None) -> None:
    for name, kinds in python_values._HANDLER_PARAMETERS[kind].items():
        signature = python_handler(kind, name)
        assert signature is not None, name
        said = tuple(ValueKind(kind) if kind else ValueKind.UNKNOWN for kind in signature.kinds)
        assert said[: len(kinds)] == kinds, name


def test_all_kinds_of_parameters_are_known() -> None:
    tables = [*map(handlers_of, KINDS), *map(python_handlers_of, KINDS)]
    for signature in (signature for table in tables for signature in table.values()):
        for parameter in signature.parameters:
            assert not parameter.kind or ValueKind(parameter.kind)
    assert all(name == found.name for table in tables for name, found in table.items())


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [
        (ClassKind.DURABLE_OBJECT, "cloudflare:workers", "DurableObject"),
        (ClassKind.WORKER_ENTRYPOINT, "cloudflare:workers", "WorkerEntrypoint"),
        (ClassKind.WORKFLOW, "cloudflare:workers", "WorkflowEntrypoint"),
        (ClassKind.PARTY_SERVER, "partyserver", "Server"),
        (ClassKind.AGENT, "agents", "Agent"),
        (ClassKind.CONTAINER, "@cloudflare/containers", "Container"),
    ],
)
def test_every_handler_is_a_member_of_the_base(kind: ClassKind, module: str, name: str) -> None:
    members = base_members(module, name)
    assert members is not None
    optional = {"onEmail"}  # an Agent has it only if it takes mail
    assert handlers_of(kind).keys() - optional <= members


def test_names_of_handlers() -> None:
    assert frozenset({"fetch", "scheduled", "queue", "email", "tail", "test", "connect"}) < MODULE_HANDLERS
    assert {"fetch", "alarm"} < DURABLE_OBJECT_HANDLERS and "constructor" not in DURABLE_OBJECT_HANDLERS
    assert {"onRequest", "onConnect", "onStateUpdate", "onEmail", "onAlarm"} < AGENT_HANDLERS
    assert WEBSOCKET_HANDLERS < DURABLE_OBJECT_HANDLERS < NO_RPC_METHODS
    assert {"onRequest", "onRequestPost"} < PAGES_HANDLERS
    assert "dup" in NO_RPC_METHODS and "getUser" not in NO_RPC_METHODS


def test_what_handlers_owe() -> None:
    fetch, constructor = handler_signature(None, "fetch"), handler_signature(ClassKind.AGENT, "constructor")
    assert fetch is not None and fetch.owes is Owes.RESPONSE and fetch.return_type == "Promise<Response>"
    assert constructor is not None and not constructor.is_awaited
    alarm = handler_signature(ClassKind.DURABLE_OBJECT, "alarm")
    assert alarm is not None and alarm.owes is Owes.NOTHING and alarm.return_type == "Promise<void>"
    pages = pages_handler("onRequestGet")
    assert pages is not None and pages.owes is Owes.RESPONSE and pages.kinds == ("EventContext",)


def test_what_is_no_handler() -> None:
    assert handler_signature(None, "alarm") is None
    assert handler_signature(ClassKind.PLAIN, "fetch") is None
    assert handler_signature(ClassKind.DURABLE_OBJECT, "scheduled") is None
    assert pages_handler("onRequestEverything") is None
    assert python_handler(None, "fetch") is None
    assert python_handler(ClassKind.AGENT, "onRequest") is None


def test_parameters_as_code() -> None:
    message = handler_signature(ClassKind.DURABLE_OBJECT, "webSocketMessage")
    close = handler_signature(ClassKind.DURABLE_OBJECT, "webSocketClose")
    alarm = handler_signature(ClassKind.DURABLE_OBJECT, "alarm")
    constructor = handler_signature(ClassKind.WORKFLOW, "constructor")
    assert message is not None and close is not None and alarm is not None and constructor is not None
    assert message.written(typed=True) == "ws: WebSocket, message: string | ArrayBuffer"
    assert message.written(typed=False) == "ws, message"
    assert close.written(typed=True, count=3) == "ws: WebSocket, code: number, reason: string"
    assert alarm.written(typed=True) == "alarmInfo?: AlarmInvocationInfo"
    assert constructor.written(typed=True, env="Bindings") == "ctx: ExecutionContext, env: Bindings"
