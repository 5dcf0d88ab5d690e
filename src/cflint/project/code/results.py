"""What the properties, methods and constructors of the runtime's values give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.platform.bindings import kind_by_id, methods_of_type
from cflint.project.code.values import UNKNOWN, Value, ValueKind, promise_of
from cflint.syntax.javascript import arguments_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code import app_values
    from cflint.project.code.interface import ModuleLike
else:
    app_values = Lazy("cflint.project.code.app_values")

_NOTHING = ValueKind.UNKNOWN  # to name a member of an Enum takes as long as a call in Python 3.11
_HONO_ROUTES = frozenset(
    {"get", "post", "put", "patch", "delete", "options", "all", "use", "on", "notFound", "head"}
)
HONO_CHAIN = _HONO_ROUTES | {"route", "basePath", "onError", "mount"}
_BODY_READS = frozenset({"json", "text", "arrayBuffer", "formData", "blob", "bytes"})
_STUB_SYNC = frozenset({"dup", "onRpcBroken", "connect"})
STUB_MAKERS: dict[tuple[str, str], bool] = {
    ("agents", "getAgentByName"): True,
    ("partyserver", "getServerByName"): True,
    ("@cloudflare/containers", "getRandom"): True,
    ("@cloudflare/containers", "getContainer"): False,
}
"""Functions of SDKs that give the stub of a Durable Object, and whether they give a promise of it."""
_PROMISE_CHAIN = frozenset({"then", "catch", "finally"})

_PROPERTIES: dict[tuple[ValueKind, str], ValueKind] = {
    (ValueKind.EXECUTION_CONTEXT, "exports"): ValueKind.CONTEXT_EXPORTS,
    (ValueKind.DURABLE_OBJECT_STATE, "exports"): ValueKind.CONTEXT_EXPORTS,
    (ValueKind.DURABLE_OBJECT_STATE, "storage"): ValueKind.STORAGE,
    (ValueKind.DURABLE_OBJECT_STATE, "id"): ValueKind.DURABLE_OBJECT_ID,
    (ValueKind.STORAGE, "sql"): ValueKind.SQL_STORAGE,
    (ValueKind.STORAGE, "kv"): ValueKind.SYNC_KV,
    (ValueKind.HONO_CONTEXT, "env"): ValueKind.ENV,
    (ValueKind.HONO_CONTEXT, "executionCtx"): ValueKind.EXECUTION_CONTEXT,
    (ValueKind.HONO_CONTEXT, "req"): ValueKind.HONO_REQUEST,
    (ValueKind.HONO_REQUEST, "raw"): ValueKind.REQUEST,
    (ValueKind.PAGES_CONTEXT, "env"): ValueKind.ENV,
    (ValueKind.PAGES_CONTEXT, "request"): ValueKind.REQUEST,
    (ValueKind.REQUEST, "headers"): ValueKind.HEADERS,
    (ValueKind.RESPONSE, "headers"): ValueKind.HEADERS,
    (ValueKind.REQUEST, "body"): ValueKind.BODY,
    (ValueKind.RESPONSE, "body"): ValueKind.BODY,
    (ValueKind.RESPONSE, "webSocket"): ValueKind.OUTGOING_WEBSOCKET,
    (ValueKind.MESSAGE_BATCH, "messages"): ValueKind.MESSAGES,
    (ValueKind.CACHE_STORAGE, "default"): ValueKind.CACHE,
}

_STATEMENT_RESULTS = frozenset({"all", "run"})
GLOBALS: dict[str, Value] = {
    "caches": Value(ValueKind.CACHE_STORAGE),
    "globalThis": Value(ValueKind.GLOBAL),
    "self": Value(ValueKind.GLOBAL),
}


def property_of(module: ModuleLike, owner: Value, name: str) -> Value:
    """What a property of a value is; UNKNOWN of `this`, which takes a place to tell."""
    if owner.kind is _NOTHING:
        return UNKNOWN
    if owner.kind is ValueKind.ENV:
        return module.binding(name)
    if owner.kind is ValueKind.WEBSOCKET_PAIR and name in ("0", "1"):
        return Value(ValueKind.WEBSOCKET_PAIR_END, name=name, origin=owner.origin)
    if owner.kind is ValueKind.BINDING and name == "connectionString" and _may_be_hyperdrive(owner):
        return Value(ValueKind.CONNECTION_STRING, inner=owner)
    if owner.kind is ValueKind.GLOBAL:
        return GLOBALS.get(name, UNKNOWN)
    if owner.kind is ValueKind.APP_OBJECT:
        return app_values.member_of(module, owner, name)
    if owner.kind is ValueKind.CONTEXT_EXPORTS:
        return Value(ValueKind.BINDING, name=name, detail="exports")
    kind = _PROPERTIES.get((owner.kind, name))
    if kind is None:
        return UNKNOWN
    return Value(
        kind,
        inner=owner if kind in (ValueKind.HEADERS, ValueKind.BODY, ValueKind.OUTGOING_WEBSOCKET) else None,
    )


def global_call(module: ModuleLike, call: Node, target: str, name: str) -> Value | None:
    """Calls on a global object; None when the global is none that is known."""
    match (target, name):
        case ("Object", "values"):
            arguments = arguments_of(call)
            value = module.value_of(arguments[0]) if arguments else UNKNOWN
            return value if value.kind is ValueKind.WEBSOCKET_PAIR else UNKNOWN
        case ("Promise", "all" | "allSettled" | "any" | "race" | "resolve" | "reject" | "try"):
            return promise_of(origin=call)
        case ("Response", "redirect"):
            return Value(ValueKind.RESPONSE, detail="redirect", origin=call)
        case ("Response", _):
            return Value(ValueKind.RESPONSE, detail="new", origin=call)
        case ("globalThis" | "self", "fetch"):
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch", origin=call), call)
        case ("scheduler", "wait"):
            return promise_of(origin=call)
    return None


def method_result(module: ModuleLike, receiver: Value, name: str, call: Node) -> Value:
    """What calling a method of a value gives."""
    kind = receiver.kind
    if kind is _NOTHING and name != "pipeTo":
        return UNKNOWN
    if kind is ValueKind.BINDING:
        return _binding_call(receiver, name, call)
    if kind is ValueKind.APP_OBJECT:
        return app_values.result_of_method(module, receiver, name, call)
    if kind is ValueKind.INSTANCE:
        owner = module.class_named(receiver.name or "", receiver.detail)
        gives = owner is not None and module.gives_promise(owner, name)
        return promise_of(origin=call) if gives else UNKNOWN
    if name == "pipeTo" and len(arguments_of(call)) in (1, 2):
        return promise_of(origin=call)
    if kind is ValueKind.STUB:
        if name in _STUB_SYNC:
            return UNKNOWN
        if name == "fetch":
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch", origin=call), call)
        return promise_of(origin=call)
    if kind is ValueKind.PROMISE and name in _PROMISE_CHAIN:
        return promise_of(receiver.inner or UNKNOWN, call) if name == "finally" else promise_of(origin=call)
    if kind in (ValueKind.REQUEST, ValueKind.RESPONSE):
        if name in _BODY_READS:
            return promise_of(origin=call)
        return receiver if name == "clone" else UNKNOWN
    if kind is ValueKind.HONO_REQUEST and name in _BODY_READS | {"parseBody"}:
        return promise_of(origin=call)
    if kind is ValueKind.HONO_APP and name in HONO_CHAIN:
        return receiver
    if kind is ValueKind.D1_STATEMENT:
        if name == "bind":
            return receiver
        if name in _STATEMENT_RESULTS:
            return promise_of(Value(ValueKind.D1_RESULT, origin=call), call)
        return promise_of(origin=call) if name in ("first", "raw") else UNKNOWN
    if kind is ValueKind.SQL_STORAGE and name == "exec":
        return Value(ValueKind.SQL_CURSOR, origin=call)
    if kind is ValueKind.DURABLE_OBJECT_STATE and name == "getWebSockets":
        return Value(ValueKind.HIBERNATED_WEBSOCKETS)
    if kind is ValueKind.CACHE and name == "match":
        return promise_of(Value(ValueKind.RESPONSE, detail="cache", origin=call), call)
    if kind is ValueKind.CACHE_STORAGE and name == "open":
        return promise_of(Value(ValueKind.CACHE), call)
    if kind is ValueKind.MESSAGES and name in ("filter", "slice"):
        return receiver
    methods = methods_of_type(kind.value)
    if methods is not None and name in methods[0]:
        return promise_of(origin=call)
    return UNKNOWN


def _binding_call(receiver: Value, name: str, call: Node) -> Value:
    binding = receiver.binding
    if binding is None:
        return UNKNOWN
    match (binding.id, name):
        case ("durable_object", "get" | "getByName"):
            return Value(ValueKind.STUB, inner=receiver, origin=call)
        case ("durable_object", "idFromName" | "idFromString" | "newUniqueId"):
            return Value(ValueKind.DURABLE_OBJECT_ID, inner=receiver, detail=name, origin=call)
        case ("durable_object", "jurisdiction") | ("d1", "withSession"):
            return receiver
        case ("d1", "prepare"):
            return Value(ValueKind.D1_STATEMENT, inner=receiver, origin=call)
        case ("r2", "get" | "head"):
            return promise_of(Value(ValueKind.R2_OBJECT, inner=receiver, origin=call), call)
        case ("workflow", "create" | "get"):
            return promise_of(Value(ValueKind.WORKFLOW_INSTANCE, inner=receiver, origin=call), call)
        case ("dispatch_namespace", "get"):
            return Value(ValueKind.BINDING, binding=kind_by_id("service"), name=receiver.name, origin=call)
    if name == "fetch" and (name in binding.async_methods or binding.rpc):
        return promise_of(Value(ValueKind.RESPONSE, detail="fetch", origin=call), call)
    if name in binding.async_methods or (binding.rpc and name not in binding.sync_methods):
        return promise_of(origin=call)
    return UNKNOWN


def constructed(name: str, node: Node) -> Value:
    """What `new` of a global class of a name gives; `node` is the expression."""
    match name:
        case "WebSocketPair":
            return Value(ValueKind.WEBSOCKET_PAIR, origin=node)
        case "Response":
            return Value(ValueKind.RESPONSE, detail="new", origin=node)
        case "Request":
            return Value(ValueKind.REQUEST, detail="new", origin=node)
        case "WebSocket":
            return Value(ValueKind.OUTGOING_WEBSOCKET, origin=node)
        case "Promise":
            return promise_of(origin=node)
        case "Headers":
            return Value(ValueKind.HEADERS, detail="new", origin=node)
    return UNKNOWN


def _may_be_hyperdrive(binding: Value) -> bool:
    """No other kind of binding has a connection string."""
    return binding.binding is None or binding.binding.id == "hyperdrive"
