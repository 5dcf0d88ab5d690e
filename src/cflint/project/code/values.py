"""What a value is: a kind, and what is known beside it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cflint.platform.bindings import BindingKind
from cflint.record import field, record

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.apps.kind import Shape


class ValueKind(Enum):
    """Kinds of values; the enum's value is the runtime's type name where there is one."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    UNKNOWN = "unknown"
    ENV = "Env"
    BINDING = "binding"
    STUB = "DurableObjectStub"
    DURABLE_OBJECT_ID = "DurableObjectId"
    EXECUTION_CONTEXT = "ExecutionContext"
    DURABLE_OBJECT_STATE = "DurableObjectState"
    STORAGE = "DurableObjectStorage"
    SQL_STORAGE = "SqlStorage"
    SQL_CURSOR = "SqlStorageCursor"
    SYNC_KV = "SyncKvStorage"
    CONTEXT_EXPORTS = "exports"
    REQUEST = "Request"
    REQUEST_URL = "URL of a Request"
    RESPONSE = "Response"
    HEADERS = "Headers"
    BODY = "ReadableStream"
    WEBSOCKET_PAIR = "WebSocketPair"
    WEBSOCKET_PAIR_END = "WebSocketPair end"
    HIBERNATED_WEBSOCKET = "WebSocket"
    HIBERNATED_WEBSOCKETS = "WebSocket[]"
    OUTGOING_WEBSOCKET = "outgoing WebSocket"
    CONNECTION = "Connection"
    DATABASE_CLIENT = "database client"
    CONNECTION_STRING = "connection string"
    ORM = "database of an ORM"
    D1_STATEMENT = "D1PreparedStatement"
    D1_RESULT = "D1Result"
    R2_OBJECT = "R2ObjectBody"
    WORKFLOW_INSTANCE = "WorkflowInstance"
    WORKFLOW_STEP = "WorkflowStep"
    WORKFLOW_EVENT = "WorkflowEvent"
    MESSAGE_BATCH = "MessageBatch"
    MESSAGES = "Message[]"
    MESSAGE = "Message"
    CACHE_STORAGE = "CacheStorage"
    CACHE = "Cache"
    PROMISE = "Promise"
    THIS = "this"
    INSTANCE = "instance"
    CLASS = "class"
    FUNCTION = "function"
    HONO_APP = "Hono"
    HONO_CONTEXT = "Context"
    HONO_REQUEST = "HonoRequest"
    PAGES_CONTEXT = "EventContext"
    CONTROLLER = "ScheduledController"
    GLOBAL = "globalThis"
    APP_OBJECT = "object of a framework"


_UNKNOWN = ValueKind.UNKNOWN  # to name a member of an Enum takes as long as a call in Python 3.11


BY_NAME = "by name"
"""The `detail` of an ENV that is only told by the name of a parameter: what it lacks, it may well have."""


@record(frozen=True)
class Value:
    """What an expression evaluates to.

    `name` is the binding's name in `env` (BINDING), the index of a WEBSOCKET_PAIR_END (`0`, `1`), the name
    of a CLASS or FUNCTION, or the name of the project's class of an INSTANCE, with the module that it is
    imported from in `detail`. `binding` is the kind of a BINDING when it is known. `inner` is what a PROMISE
    resolves to, the namespace of a STUB, the owner of HEADERS or BODY, the connection string of a
    DATABASE_CLIENT, the binding of a CONNECTION_STRING, or the D1 database of an ORM (None: another one).
    `detail` tells how an ENV is known (BY_NAME, or by what the runtime gives), where a RESPONSE comes from
    (`fetch`, `cache`, `redirect`, `new`), a client's driver, or an ORM's name. `origin` is the expression
    that made the value: the `new WebSocketPair()`, the `fetch(…)`, the `postgres(…)`. `shape` has the members
    of an APP_OBJECT.
    """

    kind: ValueKind
    name: str | None = None
    binding: BindingKind | None = None
    inner: Value | None = None
    detail: str = ""
    origin: Node | None = field(default=None, compare=False)
    shape: Shape | None = None

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return self.kind is not _UNKNOWN

    def is_binding(self, kind_id: str) -> bool:
        """Whether it is a binding of that kind (`kv`, `d1`, `durable_object`, …)."""
        return self.kind is ValueKind.BINDING and self.binding is not None and self.binding.id == kind_id

    @property
    def uses_hyperdrive(self) -> bool:
        """Whether it is a database client that is given what a Hyperdrive binding says of the database."""
        is_client = self.kind is ValueKind.DATABASE_CLIENT and self.inner is not None
        return is_client and self.inner is not None and self.inner.kind is ValueKind.CONNECTION_STRING

    @property
    def awaited(self) -> Value:
        """What `await` makes of it."""
        if self.kind is ValueKind.PROMISE:
            return self.inner if self.inner is not None else UNKNOWN
        return self


UNKNOWN = Value(ValueKind.UNKNOWN)

FROM_ENV = frozenset(
    {ValueKind.ENV, ValueKind.BINDING, ValueKind.EXECUTION_CONTEXT, ValueKind.CONTEXT_EXPORTS, ValueKind.STUB}
    | {ValueKind.DURABLE_OBJECT_ID, ValueKind.D1_STATEMENT, ValueKind.D1_RESULT, ValueKind.R2_OBJECT}
    | {ValueKind.WORKFLOW_INSTANCE, ValueKind.CONNECTION_STRING, ValueKind.DATABASE_CLIENT}
)
"""Kinds of values that come from `env` or the context, so that only a Worker has them."""


def promise_of(inner: Value = UNKNOWN, origin: Node | None = None) -> Value:
    """A promise that resolves to a value."""
    return Value(ValueKind.PROMISE, inner=inner, origin=origin)
