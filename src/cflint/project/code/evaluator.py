"""What an expression evaluates to: names, `this`, parameters and calls followed to what gives the value.

`Evaluator.value_of(expression)` follows names to their declarations, `this` to its class, handlers to their
parameters and methods to what they return. It answers `UNKNOWN` whenever two answers are possible.

Longer than 600 lines: its steps call one another in a circle, so they are one class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from cflint.lazy import Lazy
from cflint.pattern import pattern
from cflint.platform.drivers import DRIVERS
from cflint.platform.orms import orm_package
from cflint.project.code.by_use import REQUEST_NAMES, kind_of_parameter, request_by_use
from cflint.project.code.clients import client_for
from cflint.project.code.parameters import parameter_index, said_type
from cflint.project.code.results import (
    GLOBALS,
    HONO_CHAIN,
    STUB_MAKERS,
    constructed,
    global_call,
    method_result,
    property_of,
)
from cflint.project.code.routers import answer_of, route_parameter
from cflint.project.code.tree import string_across
from cflint.project.code.type_values import annotated_value, instance_of, type_value
from cflint.project.code.values import BY_NAME, UNKNOWN, Value, ValueKind, promise_of
from cflint.record import replace
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

    from cflint.project.code import app_values, load_contexts, orms
    from cflint.project.code.interface import ModuleLike
else:
    app_values = Lazy("cflint.project.code.app_values")
    load_contexts = Lazy("cflint.project.code.load_contexts")
    orms = Lazy("cflint.project.code.orms")

T = TypeVar("T")

_VARIABLES = frozenset(
    {DeclarationKind.CONST, DeclarationKind.LET, DeclarationKind.VAR, DeclarationKind.USING}
)

_BINDING_NAME = pattern(r"db|DB|d1|D1|database|kv|KV|\w*(?:KV|Kv|_kv|DB|Db|_db)|namespace|store")
"""Names of parameters that bindings are handed on by."""
_LIKE_BINDINGS = frozenset({ValueKind.BINDING, ValueKind.ORM, ValueKind.DATABASE_CLIENT})
"""What a member of `env` that nothing declares is where it stands in for one."""
_BY_USE = frozenset({"d1", "kv"})
_ENV_OWNERS = ("cloudflare", "platform", "runtime", "getCloudflareContext()", "getRequestContext()")
_EACH = frozenset({"forEach", "map", "flatMap", "filter", "some", "every", "find", "reduce"})
_ELEMENTS = {
    ValueKind.MESSAGES: ValueKind.MESSAGE,
    ValueKind.HIBERNATED_WEBSOCKETS: ValueKind.HIBERNATED_WEBSOCKET,
}


class Evaluator:
    """Evaluates expressions of one module; keeps every value."""

    def __init__(self, module: ModuleLike) -> None:
        self._module = module
        self._syntax = module.syntax
        self._scope = module.scope
        self._forget()

    def _forget(self) -> None:
        self._known: dict[int, Value] = {}
        self._declared: dict[int, Value] = {}
        self._returns: dict[int, Value] = {}
        self._cuts = 0  # how often a cycle was cut short: what was found meanwhile is not the last word
        self._busy: set[int] = set()

    def apart(self, question: Callable[[], T]) -> T:
        """The answer to a question that asks for values while something is not known yet. It starts from
        nothing and leaves nothing behind, so that neither depends on who asks first."""
        kept = self._known, self._declared, self._returns, self._cuts, self._busy
        self._forget()
        try:
            return question()
        finally:
            self._known, self._declared, self._returns, self._cuts, self._busy = kept

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
                    return self._global(self._syntax.text(node))
                return self.declared(declaration) or self._owned(declaration.name)
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
            case "object" if self._module.app is not None:
                return load_contexts.literal(self._module, node)
            case kind if kind in FUNCTIONS:
                return Value(ValueKind.FUNCTION, origin=node)
        return UNKNOWN

    def _global(self, name: str) -> Value:
        """What a name that nothing declares means."""
        if name == "env" and self._module.leaves_out_imports:
            return Value(ValueKind.ENV)
        known = GLOBALS.get(name)
        if known is not None:
            return known
        bound = any(environment.bindings_named(name) for environment in self._module.environments)
        return self._module.binding(name) if bound and self._module.has_global_bindings else UNKNOWN

    def _binary(self, node: Node) -> Value:
        operator = node.child_by_field_name("operator")
        if operator is None or operator.type not in ("??", "||", "&&"):
            return UNKNOWN
        left = self.value_of(node.child_by_field_name("left"))
        right = self.value_of(node.child_by_field_name("right"))
        if operator.type == "&&":
            return right
        return _rather(left, right) if left else right

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
        annotated = annotated_value(self._module, declaration.owner) if not declaration.path else UNKNOWN
        candidates = []
        if declaration.value is not None:
            candidates.append(self._taken(declaration.value, declaration.path))
        for assignment in self._scope.assignments(declaration):
            if assignment.type == "array_pattern":
                value = self._assigned_by_pattern(assignment, declaration.name)
                if not value:
                    return annotated
                candidates.append(value)
                continue
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

    def _taken(self, node: Node, path: tuple[PathStep, ...]) -> Value:
        """What a destructuring path takes out of an expression: `pair[1]` of `[pair[0], pair[1]]`."""
        while path and unwrap(node).type == "array" and isinstance(path[0], int):
            parts = [part for part in unwrap(node).named_children if part.type != "comment"]
            if path[0] >= len(parts) or any(part.type == "spread_element" for part in parts[: path[0] + 1]):
                return UNKNOWN
            node, path = parts[path[0]], path[1:]
        return self._follow(self.value_of(node), path)

    def _assigned_by_pattern(self, pattern: Node, name: str) -> Value:
        """What `[a, b] = …` gives to a name in the pattern."""
        assignment = self._syntax.parent(pattern)
        if assignment is None or assignment.type != "assignment_expression":
            return UNKNOWN
        right, index = assignment.child_by_field_name("right"), 0
        for part in pattern.children:
            if part.type == ",":
                index += 1
            elif part.type == "identifier" and self._syntax.text(part) == name and right is not None:
                return self._taken(right, (index,))
        return UNKNOWN

    def _imported(self, ref: ImportRef) -> Value:
        match (ref.module, ref.name):
            case ("cloudflare:workers", "env") | ("cloudflare:test", "env"):
                return Value(ValueKind.ENV)
            case ("sst" | "sst/resource", "Resource") if any(w.bound for w in self._module.workers):
                return Value(ValueKind.ENV)  # what SST links has the names of `env` there
            case ("cloudflare:workers", "exports"):
                return Value(ValueKind.CONTEXT_EXPORTS)
        return app_values.imported(self._module, ref) if self._module.app is not None else UNKNOWN

    def _parameter(self, declaration: Declaration) -> Value:
        annotated = annotated_value(self._module, declaration.owner)
        if annotated:
            return annotated
        function_kinds = self._module.parameter_kinds(declaration.scope)
        if function_kinds is not None:
            index = parameter_index(declaration)
            if index is not None and index < len(function_kinds):
                kind = function_kinds[index]
                # An annotation of a type of the user's own says it better than a position.
                said = None if declaration.path else said_type(self._syntax, declaration.owner)
                if said is None or said == kind.value:
                    return Value(kind) if kind is not ValueKind.UNKNOWN else UNKNOWN
        if self._module.app is not None:
            given = app_values.parameter(self._module, declaration)
            if given:
                return given
        return self._callback_parameter(declaration) or self._by_name(declaration)

    def _by_name(self, declaration: Declaration) -> Value:
        """What a parameter of which no type says anything is by its name, where a Worker runs it: `env`, a
        binding, or, by what is beside it and called on it, too, a request or Hono's context."""
        if declaration.path or not self._module.environments:
            return UNKNOWN
        if declaration.name in REQUEST_NAMES:
            return request_by_use(self._module, declaration)
        is_env = declaration.name == "env"
        if not is_env and _BINDING_NAME.fullmatch(declaration.name) is None:
            return UNKNOWN
        if said_type(self._syntax, declaration.owner) is not None:
            return UNKNOWN
        if is_env:
            return Value(ValueKind.ENV, detail=BY_NAME)
        kind = kind_of_parameter(self._module, declaration)
        return Value(ValueKind.BINDING, binding=kind) if kind is not None and kind.id in _BY_USE else UNKNOWN

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
        index = parameter_index(declaration)
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
                if name in HONO_CHAIN and index == wanted:
                    return Value(ValueKind.HONO_CONTEXT)
            case ValueKind.MESSAGES if index == 0 and name in _EACH:
                return Value(ValueKind.MESSAGE)
            case ValueKind.HIBERNATED_WEBSOCKETS if index == 0 and name in _EACH:
                return Value(ValueKind.HIBERNATED_WEBSOCKET)
            case ValueKind.PROMISE if index == 0 and name == "then" and receiver.inner is not None:
                return receiver.inner
            case ValueKind.UNKNOWN if not declaration.path:
                return route_parameter(self._module, callee, index, declaration.name)
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
        index = parameter_index(declaration)
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
        if given.kind is ValueKind.BINDING and given.binding is None:
            # what it is handed to does more with it than what hands it on
            return replace(given, binding=kind_of_parameter(self._module, declaration))
        return given

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
        value = self._property(self.value_of(target), name, node)
        if not value and self._module.app is not None:
            return app_values.owned(self._module, name)
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
        # the name of a binding is looked up, since little else is read by constants
        is_env = target.kind is ValueKind.ENV
        key = string_across(self._module, index) if is_env else string_value(self._syntax, index)
        return self._property(target, key, node) if key is not None else UNKNOWN

    def _property(self, owner: Value, name: str, at: Node) -> Value:
        if owner.kind is ValueKind.THIS:
            return self._own_member(name, at)
        return property_of(self._module, owner, name)

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
            value = type_value(self._module, annotation)
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
                if self._module.app is None:
                    return UNKNOWN
                value = app_values.owned(self._module, step) if isinstance(step, str) else UNKNOWN
                continue
            if isinstance(step, str):
                value = property_of(self._module, value, step)
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
            return self._called(None, name, call)
        ref = self._scope.origin(declaration)
        if ref is not None:
            driver = DRIVERS.get((ref.module, ref.name))
            if driver is not None and driver.made_by == "call":
                return self._client(call, driver.label, resolves=driver.resolves)
            made = (
                orms.database_of(self._module, call, ref) if orm_package(ref.module) is not None else UNKNOWN
            )
            given = made or self._called(ref, name, call) or self._env_of_adapter(ref, call)
            if given:
                return given
            resolves = STUB_MAKERS.get((ref.module, ref.name))
            if resolves is not None:
                stub = Value(ValueKind.STUB, origin=call)
                return promise_of(stub, call) if resolves else stub
            return self._module.imported_call(ref, call)
        function = self._module.function_of(declaration)
        if function is not None:
            return self._returned(function, call)
        return answer_of(self._module, declaration, call)

    def _called(self, ref: ImportRef | None, name: str, call: Node) -> Value:
        """What a framework's function gives; `ref` is None where nothing declares its name."""
        if self._module.app is None:
            return UNKNOWN
        return app_values.called(self._module, ref, name, call)

    def _env_of_adapter(self, ref: ImportRef, call: Node) -> Value:
        """What Hono's `env(c)` gives, which is `c.env` in a Worker; another runtime may be named."""
        if (ref.module, ref.name) != ("hono/adapter", "env") or not self._module.environments:
            return UNKNOWN
        given = arguments_of(call)
        runtime = string_value(self._syntax, given[1]) if len(given) > 1 else "workerd"
        return Value(ValueKind.ENV) if given and runtime == "workerd" else UNKNOWN

    def _owned(self, name: str) -> Value:
        """What something of this name is to a framework."""
        return app_values.owned(self._module, name) if self._module.app is not None else UNKNOWN

    def _client(self, call: Node, driver: str, *, resolves: bool) -> Value:
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

    def returned(self, declaration: Declaration) -> Value:
        """What calling a declared function gives."""
        function = self._module.function_of(declaration)
        return self._returned(function, function) if function is not None else UNKNOWN

    def _returned(self, function: Node, call: Node) -> Value:
        """What calling a local function gives: its declared type, or the one expression it returns."""
        annotation = function.child_by_field_name("return_type")
        inner = first_named(annotation)
        typed = type_value(self._module, inner) if inner is not None else UNKNOWN
        if typed and typed.awaited:
            return typed
        result = client_for(self._module, self._single_return(function), call)
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
                value = global_call(self._module, call, self._syntax.text(target), name)
                if value is not None:
                    return value
            else:
                ref = self._scope.origin(declaration)
            if ref is not None and ref.name in ("*", "default"):
                driver = DRIVERS.get((ref.module, name))
                if driver is not None and driver.made_by == "call":
                    return self._client(call, driver.label, resolves=driver.resolves)
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
        result = method_result(self._module, receiver, name, call)
        if not result and name == "get" and self._module.app is not None:
            return load_contexts.kept(self._module, call)
        return result

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
                return constructed(self._syntax.text(constructor), node)
            ref = self._scope.origin(declaration)
            if ref is None or self._module.is_own(ref):
                return instance_of(self._module, declaration)
        else:
            return UNKNOWN
        driver = DRIVERS.get((ref.module, ref.name))
        if driver is not None and driver.made_by == "new":
            return self._client(node, driver.label, resolves=False)
        if orm_package(ref.module) is not None:
            return orms.database_of(self._module, node, ref)
        if ref.module in ("hono", "hono/quick", "hono/tiny", "@hono/zod-openapi") and ref.name in (
            "Hono",
            "OpenAPIHono",
        ):
            return Value(ValueKind.HONO_APP, origin=node)
        return UNKNOWN


def _common(one: Value, other: Value) -> Value:
    if not one:
        return other
    if not other:
        return one
    if _is_any_binding(one) or _is_any_binding(other):
        return _rather(one, other)
    return one if one == other else UNKNOWN


def _is_any_binding(value: Value) -> bool:
    """Whether a value is a binding of which nothing says the kind."""
    return value.kind is ValueKind.BINDING and value.binding is None


def _rather(one: Value, other: Value) -> Value:
    """The first of two values that an expression can be; that of a binding of which nothing says the kind is
    what the other one is: `env.TEST_DB || drizzle(env.DB)`."""
    return other if _is_any_binding(one) and other.kind in _LIKE_BINDINGS else one


def _is_nothing(node: Node) -> bool:
    return unwrap(node).type in ("null", "undefined")


def evaluator_of(module: ModuleLike) -> Evaluator:
    """An evaluator for a module."""
    return Evaluator(module)
