"""What a value is: the part of the model that knows `env`, bindings, stubs, storage, sockets and clients.

`Evaluator.value_of(expression)` follows names to their declarations, `this` to its class, handlers to their
parameters and methods to what they return. It answers `UNKNOWN` whenever two answers are possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from cflint.platform.bindings import BindingKind, kind_by_id, kinds_by_type, methods_of_type
from cflint.platform.classes import ClassKind
from cflint.platform.drivers import DRIVERS
from cflint.platform.env_types import UNSEEN_ENV_TYPE_NAMES
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind, ImportRef, PathStep, Step
from cflint.syntax.javascript import (
    FUNCTIONS,
    arguments_of,
    first_named,
    is_async,
    property_name,
    string_value,
    unwrap,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module


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


_UNKNOWN = ValueKind.UNKNOWN  # to name a member of an Enum takes as long as a call in Python 3.11


@record(frozen=True)
class Value:
    """What an expression evaluates to.

    `name` is the binding's name in `env` (BINDING), the index of a WEBSOCKET_PAIR_END (`0`, `1`), the name
    of a CLASS or FUNCTION, or the name of the project's class of an INSTANCE, with the module that it is
    imported from in `detail`. `binding` is the kind of a BINDING when it is known. `inner` is what a PROMISE
    resolves to, the namespace of a STUB, the owner of HEADERS or BODY, the connection string of a
    DATABASE_CLIENT, or the binding of a CONNECTION_STRING. `detail` tells where a RESPONSE comes from
    (`fetch`, `cache`, `redirect`, `new`), or a client's driver. `origin` is the expression that made the
    value: the `new WebSocketPair()`, the `fetch(…)`, the `postgres(…)`.
    """

    kind: ValueKind
    name: str | None = None
    binding: BindingKind | None = None
    inner: Value | None = None
    detail: str = ""
    origin: Node | None = field(default=None, compare=False)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return self.kind is not _UNKNOWN

    def is_binding(self, kind_id: str) -> bool:
        """Whether it is a binding of that kind (`kv`, `d1`, `durable_object`, …)."""
        return self.kind is ValueKind.BINDING and self.binding is not None and self.binding.id == kind_id

    @property
    def awaited(self) -> Value:
        """What `await` makes of it."""
        if self.kind is ValueKind.PROMISE:
            return self.inner if self.inner is not None else UNKNOWN
        return self


UNKNOWN = Value(ValueKind.UNKNOWN)


def promise_of(inner: Value = UNKNOWN, origin: Node | None = None) -> Value:
    """A promise that resolves to a value."""
    return Value(ValueKind.PROMISE, inner=inner, origin=origin)


_TYPES: dict[str, Value] = {
    "DurableObjectState": Value(ValueKind.DURABLE_OBJECT_STATE),
    "DurableObjectStorage": Value(ValueKind.STORAGE),
    "SqlStorage": Value(ValueKind.SQL_STORAGE),
    "ExecutionContext": Value(ValueKind.EXECUTION_CONTEXT),
    "DurableObjectStub": Value(ValueKind.STUB),
    "DurableObjectId": Value(ValueKind.DURABLE_OBJECT_ID),
    "Request": Value(ValueKind.REQUEST),
    "MessageBatch": Value(ValueKind.MESSAGE_BATCH),
    "Message": Value(ValueKind.MESSAGE),
    "D1PreparedStatement": Value(ValueKind.D1_STATEMENT),
    "EventContext": Value(ValueKind.PAGES_CONTEXT),
    "ScheduledController": Value(ValueKind.CONTROLLER),
    "ScheduledEvent": Value(ValueKind.CONTROLLER),
    "CacheStorage": Value(ValueKind.CACHE_STORAGE),
}
"""Values by the name of a global type of the runtime."""

_IMPORTED_TYPES: dict[tuple[str, str], Value] = {
    ("cloudflare:workers", "WorkflowStep"): Value(ValueKind.WORKFLOW_STEP),
    ("cloudflare:workers", "WorkflowEvent"): Value(ValueKind.WORKFLOW_EVENT),
    ("agents/workflows", "AgentWorkflowStep"): Value(ValueKind.WORKFLOW_STEP),
    ("agents", "Connection"): Value(ValueKind.CONNECTION),
    ("partyserver", "Connection"): Value(ValueKind.CONNECTION),
    ("hono", "Context"): Value(ValueKind.HONO_CONTEXT),
    ("hono", "Hono"): Value(ValueKind.HONO_APP),
}
_TYPE_PACKAGES = frozenset(
    {"@cloudflare/workers-types", "cloudflare:workers", "@cloudflare/workers-types/experimental"}
)

_MODULE_HANDLERS: dict[str, tuple[ValueKind, ...]] = {
    "fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    "scheduled": (ValueKind.CONTROLLER, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    "queue": (ValueKind.MESSAGE_BATCH, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    "email": (ValueKind.UNKNOWN, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    "tail": (ValueKind.UNKNOWN, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    "trace": (ValueKind.UNKNOWN, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    "tailStream": (ValueKind.UNKNOWN, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
}
_OBJECT_HANDLERS: dict[str, tuple[ValueKind, ...]] = {
    "constructor": (ValueKind.DURABLE_OBJECT_STATE, ValueKind.ENV),
    "fetch": (ValueKind.REQUEST,),
    "webSocketMessage": (ValueKind.HIBERNATED_WEBSOCKET, ValueKind.UNKNOWN),
    "webSocketClose": (ValueKind.HIBERNATED_WEBSOCKET,),
    "webSocketError": (ValueKind.HIBERNATED_WEBSOCKET,),
}
_ENTRYPOINT_HANDLERS: dict[str, tuple[ValueKind, ...]] = {
    "constructor": (ValueKind.EXECUTION_CONTEXT, ValueKind.ENV),
    "fetch": (ValueKind.REQUEST,),
    "queue": (ValueKind.MESSAGE_BATCH,),
    "scheduled": (ValueKind.CONTROLLER,),
}
_WORKFLOW_HANDLERS: dict[str, tuple[ValueKind, ...]] = {
    "constructor": (ValueKind.EXECUTION_CONTEXT, ValueKind.ENV),
    "run": (ValueKind.WORKFLOW_EVENT, ValueKind.WORKFLOW_STEP),
}
_AGENT_HANDLERS: dict[str, tuple[ValueKind, ...]] = {
    "constructor": (ValueKind.DURABLE_OBJECT_STATE, ValueKind.ENV),
    "fetch": (ValueKind.REQUEST,),
    "onRequest": (ValueKind.REQUEST,),
    "onConnect": (ValueKind.CONNECTION,),
    "onMessage": (ValueKind.CONNECTION,),
    "onClose": (ValueKind.CONNECTION,),
    "onError": (ValueKind.CONNECTION,),
}
_CLASS_HANDLERS: dict[ClassKind, dict[str, tuple[ValueKind, ...]]] = {
    ClassKind.DURABLE_OBJECT: _OBJECT_HANDLERS,
    ClassKind.CONTAINER: {"constructor": _OBJECT_HANDLERS["constructor"], "fetch": (ValueKind.REQUEST,)},
    ClassKind.AGENT: _AGENT_HANDLERS,
    ClassKind.PARTY_SERVER: _AGENT_HANDLERS,
    ClassKind.WORKER_ENTRYPOINT: _ENTRYPOINT_HANDLERS,
    ClassKind.WORKFLOW: _WORKFLOW_HANDLERS,
}


def handler_parameters(class_kind: ClassKind | None, name: str) -> tuple[ValueKind, ...] | None:
    """The kinds of a handler's parameters, of a module handler (`class_kind` None) or a class's method; None
    when the runtime calls no such handler."""
    table = _MODULE_HANDLERS if class_kind is None else _CLASS_HANDLERS.get(class_kind, {})
    return table.get(name)


_HONO_ROUTES = frozenset(
    {"get", "post", "put", "patch", "delete", "options", "all", "use", "on", "notFound", "head"}
)
_HONO_CHAIN = _HONO_ROUTES | {"route", "basePath", "onError", "mount"}
_BODY_READS = frozenset({"json", "text", "arrayBuffer", "formData", "blob", "bytes"})
_STUB_SYNC = frozenset({"dup", "onRpcBroken", "connect"})
_STUB_MAKERS: dict[tuple[str, str], bool] = {
    ("agents", "getAgentByName"): True,
    ("partyserver", "getServerByName"): True,
    ("@cloudflare/containers", "getRandom"): True,
    ("@cloudflare/containers", "getContainer"): False,
}
"""Functions of SDKs that give the stub of a Durable Object, and whether they give a promise of it."""
_PROMISE_CHAIN = frozenset({"then", "catch", "finally"})
_ENV_OWNERS = ("cloudflare", "platform", "runtime", "getCloudflareContext()", "getRequestContext()")

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
_GLOBALS: dict[str, Value] = {
    "caches": Value(ValueKind.CACHE_STORAGE),
    "globalThis": Value(ValueKind.GLOBAL),
    "self": Value(ValueKind.GLOBAL),
}


_VARIABLES = frozenset(
    {DeclarationKind.CONST, DeclarationKind.LET, DeclarationKind.VAR, DeclarationKind.USING}
)


class Evaluator:
    """Evaluates expressions of one module; remembers every answer."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._syntax = module.syntax
        self._scope = module.scope
        self._known: dict[int, Value] = {}
        self._declared: dict[int, Value] = {}
        self._returns: dict[int, Value] = {}
        self._cuts = 0  # how often a cycle was cut short: what was found meanwhile is not the last word
        self._busy: set[int] = set()

    def value_of(self, node: Node | None) -> Value:
        """What an expression evaluates to; UNKNOWN of None."""
        if node is None:
            return UNKNOWN
        node = unwrap(node)
        id = node.id
        found = self._known.get(id)
        if found is not None:
            return found
        if id in self._busy or len(self._busy) > 60:
            self._cuts += 1
            return UNKNOWN
        self._busy.add(id)
        try:
            value = self._evaluate(node)
        finally:
            self._busy.discard(id)
        self._known[id] = value
        return value

    def _evaluate(self, node: Node) -> Value:
        match node.type:
            case "identifier" | "shorthand_property_identifier":
                declaration = self._scope.resolve(node)
                if declaration is None:
                    return _GLOBALS.get(self._syntax.text(node), UNKNOWN)
                return self.declared(declaration)
            case "this":
                owner = self._module.this_class(node)
                return Value(ValueKind.THIS, name=owner.name) if owner is not None else UNKNOWN
            case "member_expression":
                return self._member(node)
            case "subscript_expression":
                return self._subscript(node)
            case "call_expression":
                return self._call(node)
            case "new_expression":
                return self._new(node)
            case "await_expression":
                return self.value_of(first_named(node)).awaited
            case "assignment_expression":
                return self.value_of(node.child_by_field_name("right"))
            case "ternary_expression":
                return _common(
                    self.value_of(node.child_by_field_name("consequence")),
                    self.value_of(node.child_by_field_name("alternative")),
                )
            case "binary_expression":
                return self._binary(node)
            case "sequence_expression":
                return self.value_of(node.named_children[-1])
            case "class":
                name = node.child_by_field_name("name")
                return Value(ValueKind.CLASS, name=self._syntax.text(name) if name is not None else None)
            case kind if kind in FUNCTIONS:
                return Value(ValueKind.FUNCTION, origin=node)
        return UNKNOWN

    def _binary(self, node: Node) -> Value:
        operator = node.child_by_field_name("operator")
        if operator is None or operator.type not in ("??", "||", "&&"):
            return UNKNOWN
        left = self.value_of(node.child_by_field_name("left"))
        right = self.value_of(node.child_by_field_name("right"))
        if operator.type == "&&":
            return right
        return left or right

    # -- declarations ------------------------------------------------------------------------------------

    def declared(self, declaration: Declaration) -> Value:
        """What a declared name holds."""
        found = self._declared.get(declaration.node.id)
        if found is None:
            cuts = self._cuts
            found = self._read_declared(declaration)
            if cuts == self._cuts:
                self._declared[declaration.node.id] = found
        return found

    def _read_declared(self, declaration: Declaration) -> Value:
        if declaration.kind in _VARIABLES:
            return self._variable(declaration)
        match declaration.kind:
            case DeclarationKind.IMPORT:
                assert declaration.imported is not None
                return self._imported(declaration.imported)
            case DeclarationKind.PARAMETER:
                return self._follow(self._parameter(declaration), declaration.path)
            case DeclarationKind.CLASS:
                return Value(ValueKind.CLASS, name=declaration.name)
            case DeclarationKind.FUNCTION:
                return Value(ValueKind.FUNCTION, name=declaration.name, origin=declaration.owner)
        return UNKNOWN

    def _variable(self, declaration: Declaration) -> Value:
        reference = self._scope.origin(declaration)
        if reference is not None:
            return self._imported(reference)
        annotated = self._annotated(declaration.owner) if not declaration.path else UNKNOWN
        candidates = []
        if declaration.value is not None:
            candidates.append(self._follow(self.value_of(declaration.value), declaration.path))
        for assignment in self._scope.assignments(declaration):
            if assignment.type != "assignment_expression":
                return annotated
            candidates.append(self.value_of(assignment.child_by_field_name("right")))
        if not candidates:
            return annotated
        first = candidates[0]
        if declaration.value is not None and _is_nothing(declaration.value) and len(candidates) > 1:
            candidates, first = candidates[1:], candidates[1]
        if all(other == first for other in candidates):
            return first or annotated
        return annotated

    def _imported(self, ref: ImportRef) -> Value:
        match (ref.module, ref.name):
            case ("cloudflare:workers", "env") | ("cloudflare:test", "env"):
                return Value(ValueKind.ENV)
            case ("cloudflare:workers", "exports"):
                return Value(ValueKind.CONTEXT_EXPORTS)
        return UNKNOWN

    def _parameter(self, declaration: Declaration) -> Value:
        annotated = self._annotated(declaration.owner)
        if annotated:
            return annotated
        if declaration.owner.child_by_field_name("type") is not None and not declaration.path:
            function_kinds = None  # an annotation of a type of the user's own says it better than a position
        else:
            function_kinds = self._module.parameter_kinds(declaration.scope)
        if function_kinds is not None:
            index = self._parameter_index(declaration)
            if index is not None and index < len(function_kinds):
                return (
                    Value(function_kinds[index])
                    if function_kinds[index] is not ValueKind.UNKNOWN
                    else UNKNOWN
                )
        return self._callback_parameter(declaration)

    def _parameter_index(self, declaration: Declaration) -> int | None:
        parameters = declaration.scope.child_by_field_name("parameters")
        if parameters is None:
            return 0
        named = [child for child in parameters.named_children if child.type != "comment"]
        return next((i for i, child in enumerate(named) if child.id == declaration.owner.id), None)

    def _callback_parameter(self, declaration: Declaration) -> Value:
        """Parameters of callbacks: Hono's routes, `batch.messages.forEach`, `getWebSockets().forEach`, …"""
        function = declaration.scope
        parent = self._syntax.parent(function)
        if parent is None or parent.type != "arguments":
            return self._given(declaration)
        call = self._syntax.parent(parent)
        callee = call.child_by_field_name("function") if call is not None else None
        if callee is None:
            return UNKNOWN
        index = self._parameter_index(declaration)
        if callee.type == "identifier":
            ref = self._reference(callee)
            if ref is not None and ref.module.startswith("hono") and ref.name in ("createMiddleware",):
                return Value(ValueKind.HONO_CONTEXT) if index == 0 else UNKNOWN
            return UNKNOWN
        if callee.type != "member_expression":
            return UNKNOWN
        receiver = self.value_of(callee.child_by_field_name("object"))
        name = self._property_text(callee)
        match receiver.kind:
            case ValueKind.HONO_APP:
                wanted = 1 if name == "onError" else 0
                if name in _HONO_CHAIN and index == wanted:
                    return Value(ValueKind.HONO_CONTEXT)
            case ValueKind.MESSAGES if index == 0 and name in _EACH:
                return Value(ValueKind.MESSAGE)
            case ValueKind.HIBERNATED_WEBSOCKETS if index == 0 and name in _EACH:
                return Value(ValueKind.HIBERNATED_WEBSOCKET)
            case ValueKind.PROMISE if index == 0 and name == "then" and receiver.inner is not None:
                return receiver.inner
        return UNKNOWN

    def _given(self, declaration: Declaration) -> Value:
        """What all calls give a parameter of a function that is only called, and only in this module."""
        function = declaration.scope
        name = function.child_by_field_name("name")
        holder = self._syntax.parent(function)
        if holder is not None and holder.type == "variable_declarator":
            name, holder = holder.child_by_field_name("name"), self._syntax.parent(holder)
            holder = self._syntax.parent(holder) if holder is not None else None
        own = self._scope.resolve(name) if name is not None and name.type == "identifier" else None
        index = self._parameter_index(declaration)
        if own is None or index is None or holder is None or holder.type == "export_statement":
            return UNKNOWN
        if declaration.owner.type == "rest_pattern" or self._module.function_of(own) != function:
            return UNKNOWN
        given = UNKNOWN
        for use in self._scope.references(own):
            call = self._syntax.parent(use)
            callee = call.child_by_field_name("function") if call is not None else None
            if call is None or call.type != "call_expression" or callee is None or callee.id != use.id:
                return UNKNOWN
            if function.start_byte <= call.start_byte < function.end_byte:
                continue  # hands on what it was given
            arguments = arguments_of(call)
            if index >= len(arguments) or any(part.type == "spread_element" for part in arguments[:index]):
                return UNKNOWN
            value = self.value_of(arguments[index])
            if not value or (given and value != given):
                return UNKNOWN
            given = value
        return given

    def _annotated(self, owner: Node) -> Value:
        annotation = owner.child_by_field_name("type")
        inner = first_named(annotation)
        return self.typed(inner) if inner is not None else UNKNOWN

    def typed(self, type_node: Node) -> Value:
        """What a value of an annotated type is."""
        if type_node.type == "union_type":
            parts = [
                part
                for part in type_node.named_children
                if self._syntax.text(part) not in ("null", "undefined", "void")
            ]
            return self.typed(parts[0]) if len(parts) == 1 else UNKNOWN
        if type_node.type == "parenthesized_type" and type_node.named_child_count == 1:
            return self.typed(type_node.named_children[0])
        name_node = type_node
        if type_node.type == "generic_type":
            name_node = type_node.child_by_field_name("name") or type_node
        name = self._syntax.text(name_node)
        if name == "Promise" and type_node.type == "generic_type":
            arguments = type_node.child_by_field_name("type_arguments")
            inner = first_named(arguments)
            return promise_of(self.typed(inner) if inner is not None else UNKNOWN)
        if name_node.type not in ("type_identifier", "nested_type_identifier"):
            return UNKNOWN
        declaration = self._scope.lookup_type(name, type_node) if "." not in name else None
        if declaration is not None and declaration.imported is not None:
            ref = declaration.imported
            known = _IMPORTED_TYPES.get((ref.module, ref.name))
            if known is not None:
                return known
            if ref.module in _TYPE_PACKAGES:
                return self._global_type(ref.name)
            return Value(ValueKind.ENV) if ref.name in UNSEEN_ENV_TYPE_NAMES else self._instance(declaration)
        if declaration is not None:
            return Value(ValueKind.ENV) if self._module.is_env_type(name) else self._instance(declaration)
        if name in UNSEEN_ENV_TYPE_NAMES:
            return Value(ValueKind.ENV)
        return self._global_type(name)

    def _instance(self, declaration: Declaration) -> Value:
        """An instance of a class of the project that a name means; of an imported type, perhaps no class."""
        if declaration.kind is DeclarationKind.CLASS:
            return Value(ValueKind.INSTANCE, name=declaration.name)
        ref = self._scope.origin(declaration)
        if ref is None or ref.name == "*" or not self._module.is_own(ref):
            return UNKNOWN
        return Value(ValueKind.INSTANCE, name=ref.name, detail=ref.module)

    def _global_type(self, name: str) -> Value:
        known = _TYPES.get(name)
        if known is not None:
            return known
        kinds = kinds_by_type(name)
        if len(kinds) == 1 and kinds[0].types and name != "string":
            return Value(ValueKind.BINDING, binding=kinds[0])
        return UNKNOWN

    def _reference(self, identifier: Node) -> ImportRef | None:
        declaration = self._scope.resolve(identifier)
        return self._scope.origin(declaration) if declaration is not None else None

    # -- members -----------------------------------------------------------------------------------------

    def _property_text(self, member: Node) -> str:
        name = member.child_by_field_name("property")
        return self._syntax.text(name) if name is not None else ""

    def _member(self, node: Node) -> Value:
        target = node.child_by_field_name("object")
        name = self._property_text(node)
        if target is None:
            return UNKNOWN
        value = self.property_of(self.value_of(target), name, node)
        if not value and name == "env" and self._syntax.text(target).endswith(_ENV_OWNERS):
            return Value(ValueKind.ENV)
        return value

    def _subscript(self, node: Node) -> Value:
        target = self.value_of(node.child_by_field_name("object"))
        index = node.child_by_field_name("index")
        if index is None or not target:
            return UNKNOWN
        if index.type == "number":
            return self._follow(
                target, (int(text) if (text := self._syntax.text(index)).isdecimal() else text,)
            )
        key = string_value(self._syntax, index)
        return self.property_of(target, key, node) if key is not None else UNKNOWN

    def property_of(self, owner: Value, name: str, at: Node) -> Value:
        """What a property of a value is; `at` is the expression that reads it."""
        if owner.kind is _UNKNOWN:
            return UNKNOWN
        if owner.kind is ValueKind.ENV:
            return self._module.binding(name)
        if owner.kind is ValueKind.THIS:
            return self._own_member(name, at)
        if owner.kind is ValueKind.WEBSOCKET_PAIR and name in ("0", "1"):
            return Value(ValueKind.WEBSOCKET_PAIR_END, name=name, origin=owner.origin)
        if owner.kind is ValueKind.BINDING and name == "connectionString" and _may_be_hyperdrive(owner):
            return Value(ValueKind.CONNECTION_STRING, inner=owner)
        if owner.kind is ValueKind.GLOBAL:
            return _GLOBALS.get(name, UNKNOWN)
        if owner.kind is ValueKind.CONTEXT_EXPORTS:
            return Value(ValueKind.BINDING, name=name, detail="exports")
        kind = _PROPERTIES.get((owner.kind, name))
        if kind is None:
            return UNKNOWN
        return Value(
            kind,
            inner=owner
            if kind in (ValueKind.HEADERS, ValueKind.BODY, ValueKind.OUTGOING_WEBSOCKET)
            else None,
        )

    def _own_member(self, name: str, at: Node) -> Value:
        owner = self._module.this_class_of_member(at)
        if owner is None:
            return UNKNOWN
        declared = owner.field_value(name)
        if declared is not None:
            value = self.value_of(declared)
            if value:
                return value
        annotation = owner.field_type(name)
        if annotation is not None:
            value = self.typed(annotation)
            if value:
                return value
        if owner.kind.is_platform:
            if name == "env":
                return Value(ValueKind.ENV)
            if name == "ctx":
                durable = owner.kind.runs_as_durable_object
                return Value(ValueKind.DURABLE_OBJECT_STATE if durable else ValueKind.EXECUTION_CONTEXT)
        return UNKNOWN

    def _follow(self, value: Value, path: Iterable[PathStep]) -> Value:
        """Walk a destructuring path from a value."""
        for step in path:
            if not value:
                return UNKNOWN
            if isinstance(step, str):
                value = (
                    self.property_of(value, step, self._syntax.root)
                    if value.kind is not ValueKind.THIS
                    else UNKNOWN
                )
            elif isinstance(step, int):
                if value.kind is ValueKind.WEBSOCKET_PAIR and step in (0, 1):
                    value = Value(ValueKind.WEBSOCKET_PAIR_END, name=str(step), origin=value.origin)
                elif value.kind is ValueKind.MESSAGES:
                    value = Value(ValueKind.MESSAGE)
                else:
                    return UNKNOWN
            elif step is Step.EACH:
                element = _ELEMENTS.get(value.kind)
                value = Value(element) if element is not None else UNKNOWN
            else:
                return UNKNOWN
        return value

    # -- calls -------------------------------------------------------------------------------------------

    def _call(self, node: Node) -> Value:
        callee = node.child_by_field_name("function")
        if callee is None:
            return UNKNOWN
        callee = unwrap(callee)
        if callee.type == "identifier":
            return self._call_name(node, callee)
        if callee.type == "member_expression":
            return self._call_method(node, callee)
        if callee.type in FUNCTIONS:
            return promise_of(origin=node) if is_async(callee) else UNKNOWN
        return UNKNOWN

    def _call_name(self, call: Node, callee: Node) -> Value:
        name = self._syntax.text(callee)
        declaration = self._scope.resolve(callee)
        if declaration is None:
            if name == "fetch":
                return promise_of(Value(ValueKind.RESPONSE, detail="fetch", origin=call), call)
            return UNKNOWN
        ref = self._scope.origin(declaration)
        if ref is not None:
            driver = DRIVERS.get((ref.module, ref.name))
            if driver is not None and driver.made_by == "call":
                return self._client(call, driver.label, driver.resolves)
            if (ref.module, ref.name) in (("@opennextjs/cloudflare", "getCloudflareContext"),):
                return UNKNOWN
            resolves = _STUB_MAKERS.get((ref.module, ref.name))
            if resolves is not None:
                stub = Value(ValueKind.STUB, origin=call)
                return promise_of(stub, call) if resolves else stub
            return self._module.imported_call(ref, call)
        function = self._module.function_of(declaration)
        return self._returned(function, call) if function is not None else UNKNOWN

    def _client(self, call: Node, driver: str, resolves: bool) -> Value:
        """A database client; `inner` is the connection string it was made with, when that is known."""
        inner = UNKNOWN
        for argument in arguments_of(call):
            argument = self._module.initializer(argument)
            if argument.type != "object":
                inner = self.value_of(argument)
            else:
                for part in argument.named_children:
                    key = part.child_by_field_name("key") if part.type == "pair" else None
                    name = property_name(self._syntax, key) if key is not None else None
                    if name in ("connectionString", "uri"):
                        inner = self.value_of(part.child_by_field_name("value"))
                    elif name in ("host", "user", "password") and not inner:
                        inner = self._hyperdrive_part(part.child_by_field_name("value"))
            if inner:
                break
        value = Value(ValueKind.DATABASE_CLIENT, inner=inner or None, detail=driver, origin=call)
        return promise_of(value, call) if resolves else value

    def _hyperdrive_part(self, node: Node | None) -> Value:
        if node is None or unwrap(node).type != "member_expression":
            return UNKNOWN
        owner = self.value_of(unwrap(node).child_by_field_name("object"))
        return Value(ValueKind.CONNECTION_STRING, inner=owner) if owner.is_binding("hyperdrive") else UNKNOWN

    def _returned(self, function: Node, call: Node) -> Value:
        """What calling a local function gives: its declared type, or the one expression it returns."""
        annotation = function.child_by_field_name("return_type")
        inner = first_named(annotation)
        typed = self.typed(inner) if inner is not None else UNKNOWN
        if typed and typed.awaited:
            return typed
        result = self._single_return(function)
        if is_async(function):
            return promise_of(result.awaited, call)
        return result or typed

    def _single_return(self, function: Node) -> Value:
        known = self._returns.get(function.id)
        if known is None:
            cuts = self._cuts
            known = self._find_single_return(function)
            if cuts == self._cuts:
                self._returns[function.id] = known
        return known

    def _find_single_return(self, function: Node) -> Value:
        body = function.child_by_field_name("body")
        if body is None:
            return UNKNOWN
        if body.type != "statement_block":
            return self.value_of(body)
        found: Value | None = None
        for word in self._syntax.leaves("return", body):
            node = self._syntax.parent(word)
            if node is None or node.type != "return_statement" or not node.named_child_count:
                continue
            around = self._syntax.enclosing(node, FUNCTIONS)
            if around is not None and around.id == function.id:
                value = self.value_of(first_named(node))
                if found is not None and value != found:
                    return UNKNOWN
                found = value
        return found or UNKNOWN

    def _call_method(self, call: Node, callee: Node) -> Value:
        target = callee.child_by_field_name("object")
        if target is None:
            return UNKNOWN
        name = self._property_text(callee)
        ref = None
        if target.type == "identifier":
            declaration = self._scope.resolve(target)
            if declaration is None:
                value = self._call_global(call, self._syntax.text(target), name)
                if value is not None:
                    return value
            else:
                ref = self._scope.origin(declaration)
            if ref is not None and ref.name in ("*", "default"):
                driver = DRIVERS.get((ref.module, name))
                if driver is not None and driver.made_by == "call":
                    return self._client(call, driver.label, driver.resolves)
        receiver = self.value_of(target)
        if receiver.kind is ValueKind.THIS:
            owner = self._module.this_class_of_member(callee)
            method = owner.method(name) if owner is not None else None
            if method is not None:
                return self._returned(method, call)
            held = self._own_member(name, callee)
            if held.kind is ValueKind.FUNCTION and held.origin is not None:
                return self._returned(held.origin, call)
            inherits = owner is not None and self._module.gives_promise(owner.facts, name)
            return promise_of(origin=call) if inherits else UNKNOWN
        if ref is not None and ref.name == "*" and not receiver:
            return self._module.imported_call(ImportRef(ref.module, name), call)
        return self.method_result(receiver, name, call)

    def _call_global(self, call: Node, target: str, name: str) -> Value | None:
        """Calls on a global object; None when the global is none that is known."""
        match (target, name):
            case ("Object", "values"):
                arguments = arguments_of(call)
                value = self.value_of(arguments[0]) if arguments else UNKNOWN
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

    def method_result(self, receiver: Value, name: str, call: Node) -> Value:
        """What calling a method of a value gives."""
        kind = receiver.kind
        if kind is _UNKNOWN and name != "pipeTo":
            return UNKNOWN
        if kind is ValueKind.BINDING:
            return self._binding_call(receiver, name, call)
        if kind is ValueKind.INSTANCE:
            owner = self._module.class_named(receiver.name or "", receiver.detail)
            gives = owner is not None and self._module.gives_promise(owner, name)
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
            return (
                promise_of(receiver.inner or UNKNOWN, call) if name == "finally" else promise_of(origin=call)
            )
        if kind in (ValueKind.REQUEST, ValueKind.RESPONSE):
            if name in _BODY_READS:
                return promise_of(origin=call)
            return receiver if name == "clone" else UNKNOWN
        if kind is ValueKind.HONO_REQUEST and name in _BODY_READS | {"parseBody"}:
            return promise_of(origin=call)
        if kind is ValueKind.HONO_APP and name in _HONO_CHAIN:
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

    def _binding_call(self, receiver: Value, name: str, call: Node) -> Value:
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
                return Value(
                    ValueKind.BINDING, binding=kind_by_id("service"), name=receiver.name, origin=call
                )
        if name == "fetch" and (name in binding.async_methods or binding.rpc):
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch", origin=call), call)
        if name in binding.async_methods or (binding.rpc and name not in binding.sync_methods):
            return promise_of(origin=call)
        return UNKNOWN

    def _new(self, node: Node) -> Value:
        constructor = node.child_by_field_name("constructor")
        if constructor is None:
            return UNKNOWN
        if constructor.type == "member_expression":
            target = constructor.child_by_field_name("object")
            ref = self._reference(target) if target is not None and target.type == "identifier" else None
            if ref is None:
                return UNKNOWN
            ref = ImportRef(ref.module, self._property_text(constructor))
        elif constructor.type == "identifier":
            declaration = self._scope.resolve(constructor)
            if declaration is None:
                return _constructed(self._syntax.text(constructor), node)
            ref = self._scope.origin(declaration)
            if ref is None or self._module.is_own(ref):
                return self._instance(declaration)
        else:
            return UNKNOWN
        driver = DRIVERS.get((ref.module, ref.name))
        if driver is not None and driver.made_by == "new":
            return self._client(node, driver.label, False)
        if ref.module in ("hono", "hono/quick", "hono/tiny", "@hono/zod-openapi") and ref.name in (
            "Hono",
            "OpenAPIHono",
        ):
            return Value(ValueKind.HONO_APP, origin=node)
        return UNKNOWN


_EACH = frozenset({"forEach", "map", "flatMap", "filter", "some", "every", "find", "reduce"})
_ELEMENTS = {
    ValueKind.MESSAGES: ValueKind.MESSAGE,
    ValueKind.HIBERNATED_WEBSOCKETS: ValueKind.HIBERNATED_WEBSOCKET,
}


def _constructed(name: str, node: Node) -> Value:
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


def _common(one: Value, other: Value) -> Value:
    if not one:
        return other
    if not other:
        return one
    return one if one == other else UNKNOWN


def _is_nothing(node: Node) -> bool:
    return unwrap(node).type in ("null", "undefined")
