"""What an expression of Python evaluates to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cflint.platform.bindings import kind_by_id, methods_of_type
from cflint.platform.classes import ClassKind
from cflint.project.code.values import UNKNOWN, Value, ValueKind, promise_of
from cflint.project.python.nodes import arguments, is_name, is_static

if TYPE_CHECKING:
    from cflint.project.python.interface import PythonClassLike, PythonModuleLike

_HANDLER_PARAMETERS: dict[ClassKind | None, dict[str, tuple[ValueKind, ...]]] = {
    None: {
        "on_fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_scheduled": (ValueKind.CONTROLLER, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_queue": (ValueKind.MESSAGE_BATCH, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_alarm": (ValueKind.UNKNOWN, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    },
    ClassKind.WORKER_ENTRYPOINT: {
        "__init__": (ValueKind.EXECUTION_CONTEXT, ValueKind.ENV),
        "fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "on_fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "scheduled": (ValueKind.CONTROLLER, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
        "queue": (ValueKind.MESSAGE_BATCH, ValueKind.ENV, ValueKind.EXECUTION_CONTEXT),
    },
    ClassKind.DURABLE_OBJECT: {
        "__init__": (ValueKind.DURABLE_OBJECT_STATE, ValueKind.ENV),
        "fetch": (ValueKind.REQUEST,),
        "on_fetch": (ValueKind.REQUEST, ValueKind.ENV, ValueKind.DURABLE_OBJECT_STATE),
        "webSocketMessage": (ValueKind.HIBERNATED_WEBSOCKET,),
        "webSocketClose": (ValueKind.HIBERNATED_WEBSOCKET,),
        "webSocketError": (ValueKind.HIBERNATED_WEBSOCKET,),
    },
    ClassKind.WORKFLOW: {
        "__init__": (ValueKind.EXECUTION_CONTEXT, ValueKind.ENV),
        "run": (ValueKind.WORKFLOW_EVENT, ValueKind.WORKFLOW_STEP),
    },
}
_PROPERTIES = {
    (ValueKind.DURABLE_OBJECT_STATE, "storage"): ValueKind.STORAGE,
    (ValueKind.DURABLE_OBJECT_STATE, "id"): ValueKind.DURABLE_OBJECT_ID,
    (ValueKind.STORAGE, "sql"): ValueKind.SQL_STORAGE,
    (ValueKind.STORAGE, "kv"): ValueKind.SYNC_KV,
    (ValueKind.MESSAGE_BATCH, "messages"): ValueKind.MESSAGES,
    (ValueKind.REQUEST, "headers"): ValueKind.HEADERS,
    (ValueKind.RESPONSE, "headers"): ValueKind.HEADERS,
    (ValueKind.REQUEST, "body"): ValueKind.BODY,
    (ValueKind.RESPONSE, "body"): ValueKind.BODY,
}
_BODY_READS = frozenset(
    {"json", "text", "form_data", "formData", "blob", "bytes", "buffer", "array_buffer", "arrayBuffer"}
)
_STEP_PROMISES = frozenset(
    {"sleep", "sleep_until", "sleepUntil", "wait_for_event", "waitForEvent", "rollback_all"}
)
_STEP_DECORATORS = frozenset({"do", "with_rollback"})
_WORKFLOW_METHODS = frozenset({"get", "create", "create_batch", "createBatch"})
_INSTANCE_METHODS = frozenset(
    {"pause", "resume", "terminate", "restart", "status", "send_event", "sendEvent"}
)
_NAMESPACE_STUBS = frozenset({"get", "getByName"})
_NAMESPACE_IDS = frozenset({"idFromName", "idFromString", "newUniqueId"})
_TYPED = {
    ValueKind.STORAGE: "DurableObjectStorage",
    ValueKind.D1_STATEMENT: "D1PreparedStatement",
    ValueKind.DURABLE_OBJECT_STATE: "DurableObjectState",
}
_REQUESTS = frozenset(
    {
        "workers.Request",
        "js.Request",
        "fastapi.Request",
        "fastapi.requests.Request",
        "starlette.requests.Request",
    }
)
_HANDED = {
    "db": "d1",
    "d1": "d1",
    "database": "d1",
    "kv": "kv",
    "r2": "r2",
    "bucket": "r2",
}
"""What parameters are called that a binding is handed to, as a rule."""
GLOBAL_HANDLERS = frozenset(_HANDLER_PARAMETERS[None])
"""The functions at the top level that are handlers before 2025-08-14."""


class Values:
    """Evaluates expressions of one module; keeps every value."""

    def __init__(self, module: PythonModuleLike) -> None:
        self._module = module
        self._values: dict[cst.CSTNode, Value] = {}
        self._busy: set[cst.CSTNode] = set()

    def value_of(self, node: cst.BaseExpression | None) -> Value:
        """What an expression evaluates to; UNKNOWN whenever two answers are possible."""
        if node is None:
            return UNKNOWN
        found = self._values.get(node)
        if found is not None:
            return found
        if node in self._busy or len(self._busy) > 60:
            return UNKNOWN
        self._busy.add(node)
        try:
            value = self._evaluate(node)
        finally:
            self._busy.discard(node)
        if not self._busy:
            self._values[node] = value
        return value

    def _evaluate(self, node: cst.BaseExpression) -> Value:
        match node:
            case cst.Name():
                return self._of_name(node)
            case cst.Attribute():
                return self._of_attribute(node)
            case cst.Call():
                return self._of_call(node)
            case cst.Await():
                return self.value_of(node.expression).awaited
            case cst.NamedExpr():
                return self.value_of(node.value)
            case cst.Subscript():
                return self._of_subscript(node)
        return UNKNOWN

    def _of_subscript(self, node: cst.Subscript) -> Value:
        if self.value_of(node.value).kind is ValueKind.MESSAGES:
            return Value(ValueKind.MESSAGE)
        index = node.slice[0].slice if len(node.slice) == 1 else None
        key = string_of(self._module, index.value) if isinstance(index, cst.Index) else None
        return Value(ValueKind.ENV) if key == "env" and self._is_scope(node.value) else UNKNOWN

    def _is_scope(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is the scope of an ASGI request, in which the adapter puts `env`."""
        return (
            isinstance(node, cst.Attribute) and node.attr.value == "scope" and bool(self._module.workers)
        ) or is_name(node, "scope")

    def _of_name(self, node: cst.Name) -> Value:
        entries = self._module.resolve(node)
        if entries is not None and len(entries) > 1:
            # `query = query.bind(…)` makes of a statement what it was
            entries = tuple(one for one in entries if not _begins_with(one.value, node.value))
        if entries is None or len(entries) != 1:
            return UNKNOWN
        entry = entries[0]
        match entry.kind:
            case "import":
                return Value(ValueKind.ENV) if entry.imported in ("workers.env", "asgi.env") else UNKNOWN
            case "assignment":
                return self.value_of(entry.value)
            case "loop":
                return (
                    Value(ValueKind.MESSAGE)
                    if self.value_of(entry.value).kind is ValueKind.MESSAGES
                    else UNKNOWN
                )
            case "parameter" if isinstance(entry.node, cst.Param):
                return self._of_parameter(entry.node)
        return UNKNOWN

    def _of_parameter(self, node: cst.Param) -> Value:
        parameters = self._module.syntax.parent(node)
        function = self._module.syntax.parent(parameters) if parameters is not None else None
        if not isinstance(function, cst.FunctionDef):
            return UNKNOWN
        given = [*function.params.posonly_params, *function.params.params]
        owner = self._owner_of_method(function)
        if owner is not None:
            if not given or is_static(function):
                return UNKNOWN
            if node is given[0]:
                return Value(ValueKind.THIS, name=owner.name)
            table = _HANDLER_PARAMETERS.get(owner.kind, {})
            given = given[1:]
        else:
            top = self._module.class_or_function_around(function) is None
            table = _HANDLER_PARAMETERS[None] if top else {}
        kinds = table.get(function.name.value, ())
        if node in given and given.index(node) < len(kinds):
            return Value(kinds[given.index(node)])
        if node.name.value == "env" and self._module.workers:
            return Value(ValueKind.ENV)  # what a handler hands on
        handed = _HANDED.get(node.name.value.lower().removeprefix("_"))
        if handed is not None and node.default is None:
            return self._of_handed(node.name.value, handed)
        handed_on = any(other.name.value == "env" for other in given)
        if handed_on and node.name.value in ("request", "req") and self._module.workers:
            return Value(ValueKind.REQUEST)  # both of them
        typed = node.annotation.annotation if node.annotation is not None else None
        is_request = self._module.origin(typed) in _REQUESTS or (
            typed is None and node.name.value == "request"
        )
        return Value(ValueKind.REQUEST) if is_request and self._module.workers else UNKNOWN

    def _of_handed(self, name: str, kind: str) -> Value:
        """A parameter that is called as bindings of a kind are, in a Worker that has such bindings."""
        has = any(environment.bindings_of(kind) for environment in self._module.environments)
        return Value(ValueKind.BINDING, name=name, binding=kind_by_id(kind)) if has else UNKNOWN

    def _owner_of_method(self, function: cst.FunctionDef) -> PythonClassLike | None:
        around = self._module.class_or_function_around(function)
        return self._module.class_of(around) if isinstance(around, cst.ClassDef) else None

    def _of_attribute(self, node: cst.Attribute) -> Value:
        owner = self.value_of(node.value)
        name = node.attr.value
        match owner.kind:
            case ValueKind.ENV:
                return self._module.binding(name)
            case ValueKind.THIS:
                return self._of_field(node, name)
        kind = _PROPERTIES.get((owner.kind, name))
        return Value(kind) if kind is not None else UNKNOWN

    def _of_field(self, node: cst.Attribute, name: str) -> Value:
        owner = self._module.class_around(node)
        if owner is None:
            return UNKNOWN
        if owner.kind.is_platform and name == "env":
            return Value(ValueKind.ENV)
        if owner.kind.is_platform and name == "ctx":
            durable = owner.kind is ClassKind.DURABLE_OBJECT
            return Value(ValueKind.DURABLE_OBJECT_STATE if durable else ValueKind.EXECUTION_CONTEXT)
        return self.value_of(owner.field(name))

    def _of_call(self, node: cst.Call) -> Value:
        dotted = self._module.origin(node.func)
        if dotted in ("workers.fetch", "js.fetch", "pyodide.http.pyfetch"):
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch"))
        if not isinstance(node.func, cst.Attribute):
            if is_name(node.func, "getattr"):
                return self._of_getattr(node)
            return self._of_function(node.func)
        method = node.func.attr.value
        if method == "get" and self._is_scope(node.func.value):
            given = arguments(node)
            return Value(ValueKind.ENV) if given and string_of(self._module, given[0]) == "env" else UNKNOWN
        owner = self.value_of(node.func.value)
        match owner.kind:
            case ValueKind.BINDING:
                return self._of_binding_call(owner, method)
            case ValueKind.STUB:
                return promise_of(Value(ValueKind.RESPONSE, detail="fetch") if method == "fetch" else UNKNOWN)
            case ValueKind.REQUEST | ValueKind.RESPONSE:
                return promise_of() if method in _BODY_READS else UNKNOWN
            case ValueKind.WORKFLOW_STEP:
                return promise_of() if method in _STEP_PROMISES else UNKNOWN
            case ValueKind.WORKFLOW_INSTANCE:
                return promise_of() if method in _INSTANCE_METHODS else UNKNOWN
            case ValueKind.D1_STATEMENT if method == "bind":
                return Value(ValueKind.D1_STATEMENT)
        known = methods_of_type(_TYPED.get(owner.kind, ""))
        return promise_of() if known is not None and method in known[0] else UNKNOWN

    def _of_getattr(self, node: cst.Call) -> Value:
        """`getattr(env, "DB", None)`."""
        given = arguments(node)
        name = string_of(self._module, given[1]) if len(given) > 1 else None
        is_env = name is not None and self.value_of(given[0]).kind is ValueKind.ENV
        return self._module.binding(name) if is_env and name is not None else UNKNOWN

    def _of_function(self, node: cst.BaseExpression) -> Value:
        """What calling a function gives: a promise, when it is a step of a Workflow."""
        entries = self._module.resolve(node) if isinstance(node, cst.Name) else None
        function = entries[0].node if entries is not None and len(entries) == 1 else None
        if isinstance(function, cst.FunctionDef) and self.step_of(function) is not None:
            return promise_of()
        return UNKNOWN

    def step_of(self, function: cst.FunctionDef) -> cst.Decorator | None:
        """The `@step.do(…)` that makes a function a step of a Workflow; None when it is none."""
        for decorator in function.decorators:
            call = decorator.decorator
            if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
                continue
            owner = self.value_of(call.func.value)
            if call.func.attr.value in _STEP_DECORATORS and owner.kind is ValueKind.WORKFLOW_STEP:
                return decorator
        return None

    def _of_binding_call(self, owner: Value, method: str) -> Value:
        kind = owner.binding
        if kind is None or kind.is_value:
            return UNKNOWN
        if kind.id == "durable_object":
            if method in _NAMESPACE_STUBS:
                return Value(ValueKind.STUB, inner=owner)
            if method in _NAMESPACE_IDS:
                return Value(ValueKind.DURABLE_OBJECT_ID)
            return owner if method == "jurisdiction" else UNKNOWN
        if kind.id == "workflow":
            return promise_of(Value(ValueKind.WORKFLOW_INSTANCE)) if method in _WORKFLOW_METHODS else UNKNOWN
        if kind.id == "d1" and method == "prepare":
            return Value(ValueKind.D1_STATEMENT, inner=owner)
        if method == "fetch" and (kind.rpc or kind.types[:1] == ("Fetcher",)):
            return promise_of(Value(ValueKind.RESPONSE, detail="fetch"))
        return promise_of() if kind.rpc or method in kind.async_methods else UNKNOWN


def _begins_with(node: cst.BaseExpression | None, name: str) -> bool:
    """Whether an expression is a statement of SQL of that name to which more is bound: `name.bind(…)`."""
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "bind"
        and is_name(node.func.value, name)
    )


def string_of(module: PythonModuleLike, node: cst.BaseExpression | None) -> str | None:
    """The text of a string literal, of several beside each other, or of the constant a name means."""
    if isinstance(node, cst.Name):
        entries = module.resolve(node) or ()
        node = entries[0].value if len(entries) == 1 and entries[0].kind == "assignment" else None
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def value_given(module: PythonModuleLike, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a variable, or a field of `self`, is: the one expression that is assigned to it; None of others,
    and of what the platform sets."""
    if isinstance(node, cst.Name):
        entries = module.resolve(node) or ()
        return entries[0].value if len(entries) == 1 and entries[0].kind == "assignment" else None
    if isinstance(node, cst.Attribute) and module.value_of(node.value).kind is ValueKind.THIS:
        owner = module.class_around(node)
        name = node.attr.value
        if owner is not None and not (owner.kind.is_platform and name in ("env", "ctx")):
            return owner.field(name)
    return None


def binding(module: PythonModuleLike, name: str) -> Value:
    """The value of `env.name`: a binding whose kind the configuration tells, or what else declares the
    Worker."""
    kinds = {
        binding.kind.id: binding.kind
        for environment in module.environments
        for binding in environment.bindings_named(name)
    }
    if not kinds:
        bound = {worker.bound[name] for worker in module.workers if name in worker.bound}
        kinds = {id: kind_by_id(id) for id in bound}
    kind = next(iter(kinds.values())) if len(kinds) == 1 else None
    return Value(ValueKind.BINDING, name=name, binding=kind)
