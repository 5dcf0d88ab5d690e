"""The functions that the runtime and its SDKs call: what each is given, and what it owes.

Types are those of `wrangler types` (2026-08), of `agents` 0.21 and of `partyserver` 0.5. `{env}`, `{state}`
and `{parameters}` stand for what the class's own type arguments say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from cflint.platform.classes import ClassKind
from cflint.record import record


class Owes(Enum):
    """What a handler has to return."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    NOTHING = "void"
    RESPONSE = "Response"
    VALUE = "unknown"


@record(frozen=True)
class HandlerParameter:
    """One parameter of a handler.

    `name` is what documentation calls it, `type` its type in TypeScript, `kind` the name of what it evaluates
    to (a value of `ValueKind`), "" of what is not followed. `is_optional`: the runtime does not always give
    it. `is_imported`: the type is no global one, the module of the class's base exports it.
    """

    name: str
    type: str
    kind: str = ""
    is_optional: bool = False
    is_imported: bool = False


@record(frozen=True)
class HandlerSignature:
    """How the runtime calls one handler.

    `is_awaited`: it may be `async`, as the runtime waits for what it returns; of a constructor it may not.
    """

    name: str
    parameters: tuple[HandlerParameter, ...]
    owes: Owes = Owes.NOTHING
    is_awaited: bool = True

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the parameters evaluate to, "" of those that are not followed."""
        return tuple(parameter.kind for parameter in self.parameters)

    @property
    def return_type(self) -> str:
        """What an `async` implementation returns in TypeScript: `Promise<Response>`."""
        return f"Promise<{self.owes.value}>"

    def written(self, *, typed: bool, env: str = "Env", count: int | None = None) -> str:
        """The parameters as code, with types or without: `ws: WebSocket, message: string | ArrayBuffer`; the
        first `count` of them."""
        return ", ".join(
            f"{one.name}{'?' * one.is_optional}: {one.type.replace('{env}', env)}" if typed else one.name
            for one in self.parameters[:count]
        )


def handler_signature(kind: ClassKind | None, name: str) -> HandlerSignature | None:
    """The signature of a handler: of a class's method (`constructor` included), or, without a kind, of the
    default export; None when the runtime calls nothing of that name."""
    return handlers_of(kind).get(name)


def handlers_of(kind: ClassKind | None) -> Mapping[str, HandlerSignature]:
    """The signatures of all handlers of a kind of class or, without one, of the default export, by name."""
    return _MODULE if kind is None else _CLASSES.get(kind, {})


def pages_handler(name: str) -> HandlerSignature | None:
    """The signature of an export of a Pages function (`onRequest`, `onRequestGet`, …)."""
    return _PAGES.get(name)


def python_handler(kind: ClassKind | None, name: str) -> HandlerSignature | None:
    """The signature of a handler of a Python Worker, without `self`: of a class's method, or, without a kind,
    of a function of the entry module as the runtime called it before 2025-08-14 (`on_fetch`, …)."""
    table = _PYTHON_FUNCTIONS if kind is None else _PYTHON_CLASSES.get(kind, {})
    return table.get(name)


def python_handlers_of(kind: ClassKind | None) -> Mapping[str, HandlerSignature]:
    """The signatures of all handlers of a kind of class of Python, or of the entry module, by name."""
    return _PYTHON_FUNCTIONS if kind is None else _PYTHON_CLASSES.get(kind, {})


_REQUEST = HandlerParameter("request", "Request", "Request")
_ENV = HandlerParameter("env", "{env}", "Env")
_CONTEXT = HandlerParameter("ctx", "ExecutionContext", "ExecutionContext")
_STATE = HandlerParameter("ctx", "DurableObjectState", "DurableObjectState")
_CONTROLLER = HandlerParameter("controller", "ScheduledController", "ScheduledController")
_BATCH = HandlerParameter("batch", "MessageBatch", "MessageBatch")
_MAIL = HandlerParameter("message", "ForwardableEmailMessage")
_EVENTS = HandlerParameter("events", "TraceItem[]")
_ONSET = HandlerParameter("event", "TailStream.TailEvent<TailStream.Onset>")
_TEST = HandlerParameter("controller", "TestController")
_SOCKET = HandlerParameter("socket", "Socket")
_ALARM = HandlerParameter("alarmInfo", "AlarmInvocationInfo", is_optional=True)
_WS = HandlerParameter("ws", "WebSocket", "WebSocket")
_CODE = HandlerParameter("code", "number")
_REASON = HandlerParameter("reason", "string")
_WAS_CLEAN = HandlerParameter("wasClean", "boolean")
_ERROR = HandlerParameter("error", "unknown")
_EVENT = HandlerParameter("event", "WorkflowEvent<{parameters}>", "WorkflowEvent", is_imported=True)
_STEP = HandlerParameter("step", "WorkflowStep", "WorkflowStep", is_imported=True)
_CONNECTION = HandlerParameter("connection", "Connection", "Connection", is_imported=True)
_CONNECTING = HandlerParameter("ctx", "ConnectionContext", is_imported=True)
_WS_MESSAGE = HandlerParameter("message", "WSMessage", is_imported=True)
_NEW_STATE = HandlerParameter("state", "{state}")
_SOURCE = HandlerParameter("source", 'Connection | "server"', is_imported=True)
_AGENT_MAIL = HandlerParameter("email", "AgentEmail", is_imported=True)
_PAGES_CONTEXT = HandlerParameter("context", "EventContext<{env}, string, unknown>", "EventContext")


def _table(*signatures: HandlerSignature) -> dict[str, HandlerSignature]:
    return {one.name: one for one in signatures}


def _handler(name: str, *parameters: HandlerParameter, owes: Owes = Owes.NOTHING) -> HandlerSignature:
    return HandlerSignature(name, parameters, owes)


def _fetch(*more: HandlerParameter, name: str = "fetch") -> HandlerSignature:
    return HandlerSignature(name, (_REQUEST, *more), Owes.RESPONSE)


def _constructor(context: HandlerParameter, name: str = "constructor") -> HandlerSignature:
    return HandlerSignature(name, (context, _ENV), is_awaited=False)


_CALLS = _table(
    _fetch(),
    _handler("scheduled", _CONTROLLER),
    _handler("queue", _BATCH),
    _handler("email", _MAIL),
    _handler("tail", _EVENTS),
    _handler("trace", _EVENTS),
    _handler("tailStream", _ONSET, owes=Owes.VALUE),
    _handler("test", _TEST),
    _handler("connect", _SOCKET),
)
"""What the runtime calls on a Worker, with the first parameter only."""

_MODULE = {
    name: HandlerSignature(name, (*found.parameters, _ENV, _CONTEXT), found.owes)
    for name, found in _CALLS.items()
}
_OBJECT = _table(
    _constructor(_STATE),
    _fetch(),
    _handler("connect", _SOCKET),
    _handler("alarm", _ALARM),
    _handler("webSocketMessage", _WS, HandlerParameter("message", "string | ArrayBuffer")),
    _handler("webSocketClose", _WS, _CODE, _REASON, _WAS_CLEAN),
    _handler("webSocketError", _WS, _ERROR),
)
_ENTRYPOINT = {"constructor": _constructor(_CONTEXT), **_CALLS}
_WORKFLOW = _table(_constructor(_CONTEXT), _handler("run", _EVENT, _STEP, owes=Owes.VALUE))
_PARTY = _table(
    _constructor(_STATE),
    _fetch(),
    _fetch(name="onRequest"),
    _handler("onStart"),
    _handler("onConnect", _CONNECTION, _CONNECTING),
    _handler("onMessage", _CONNECTION, _WS_MESSAGE),
    _handler("onClose", _CONNECTION, _CODE, _REASON, _WAS_CLEAN),
    _handler("onError", _CONNECTION, _ERROR),
    _handler("onAlarm"),
)
_AGENT = {
    **_PARTY,
    **_table(
        _handler("onStateUpdate", _NEW_STATE, _SOURCE),
        _handler("onStateChanged", _NEW_STATE, _SOURCE),
        _handler("onEmail", _AGENT_MAIL),
    ),
}
_CONTAINER = _table(_constructor(_STATE), _fetch(), _handler("onStart"), _handler("onError", _ERROR))
_CLASSES: dict[ClassKind, dict[str, HandlerSignature]] = {
    ClassKind.DURABLE_OBJECT: _OBJECT,
    ClassKind.WORKER_ENTRYPOINT: _ENTRYPOINT,
    ClassKind.WORKFLOW: _WORKFLOW,
    ClassKind.AGENT: _AGENT,
    ClassKind.PARTY_SERVER: _PARTY,
    ClassKind.CONTAINER: _CONTAINER,
}
_PAGES = {
    name: HandlerSignature(name, (_PAGES_CONTEXT,), Owes.RESPONSE)
    for verb in ("", "Get", "Post", "Put", "Patch", "Delete", "Head", "Options")
    for name in (f"onRequest{verb}",)
}
PAGES_NAMES = frozenset(_PAGES)
"""The names by which a module below `functions/` exports what Pages calls."""

_PYTHON_CALLS = _table(
    _fetch(_ENV, _CONTEXT), _handler("scheduled", _CONTROLLER, _ENV, _CONTEXT),
    _handler("queue", _BATCH, _ENV, _CONTEXT),
)  # fmt: skip
_PYTHON_FUNCTIONS = {
    **{
        f"on_{name}": HandlerSignature(f"on_{name}", found.parameters, found.owes)
        for name, found in _PYTHON_CALLS.items()
    },
    "on_alarm": _handler("on_alarm", HandlerParameter("event", ""), _ENV, _CONTEXT),
}
_PYTHON_CLASSES: dict[ClassKind, dict[str, HandlerSignature]] = {
    ClassKind.WORKER_ENTRYPOINT: {
        "__init__": _constructor(_CONTEXT, "__init__"),
        **_PYTHON_CALLS,
        "on_fetch": _PYTHON_FUNCTIONS["on_fetch"],
    },
    ClassKind.DURABLE_OBJECT: {
        "__init__": _constructor(_STATE, "__init__"),
        **{name: _OBJECT[name] for name in _OBJECT if name not in ("constructor", "connect")},
        "on_fetch": _fetch(_ENV, _STATE, name="on_fetch"),
    },
    ClassKind.WORKFLOW: {"__init__": _constructor(_CONTEXT, "__init__"), "run": _WORKFLOW["run"]},
}


def _names(tables: Iterable[Mapping[str, HandlerSignature]]) -> frozenset[str]:
    return frozenset(name for table in tables for name in table)


MODULE_HANDLERS = frozenset(_MODULE)
"""The handlers that a default export may have."""

DURABLE_OBJECT_HANDLERS = frozenset(_OBJECT) - {"constructor"}

WEBSOCKET_HANDLERS = frozenset({"webSocketMessage", "webSocketClose", "webSocketError"})
"""What the runtime calls on a Durable Object that has given a socket to `acceptWebSocket()`."""

AGENT_HANDLERS = frozenset(_AGENT) - {"constructor"}

PAGES_HANDLERS = frozenset(_PAGES)

NO_RPC_METHODS = _names((_OBJECT, _ENTRYPOINT)) | {"dup"}
"""Methods that no other Worker reaches by RPC: the runtime means something of its own by them."""
