"""What becomes of a promise, who gave it, how it can be kept: the one notion of "consumed" for all rules."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.finding import Edit, Fix, Safety
from cflint.project.code.edits import made_async
from cflint.project.code.values import Value, ValueKind
from cflint.record import record
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import (
    FUNCTIONS,
    arguments_of,
    is_async,
    is_static,
    may_be_cut,
    unwrap,
    with_wrappers,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


class PromiseOutcome(Enum):
    """What becomes of a promise.

    `CONSUMED`: awaited, returned, passed on, stored, or `void`-ed. `DROPPED`: nobody looks at it. `VALUE`:
    used as if it were its result (compared, interpolated, a property read, a condition, made JSON of).
    """

    CONSUMED = "consumed"
    DROPPED = "dropped"
    VALUE = "value"


@record(frozen=True)
class PromiseUse:
    """The outcome of a promise.

    `promise` is the expression that an `await` or `waitUntil()` has to hold (a `.then()` chain included),
    `expression` the whole expression that is dropped or used (`ready && promise`), `at` the node that drops
    or uses it: a statement, a declarator, an operator.
    """

    outcome: PromiseOutcome
    promise: Node
    expression: Node
    at: Node


class PromiseSource(Enum):
    """Who gives a promise; each promise has one, so that one rule speaks of it."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    ALARM = "alarm"
    STORAGE = "storage"
    CLIENT_END = "the end of a database client"
    BINDING = "binding"
    RPC = "remote procedure call"
    STEP = "workflow step"
    CACHE = "cache"
    FETCH = "fetch"
    STREAM = "stream"
    TIMER = "timer"
    FUNCTION = "asynchronous function"
    PROMISE = "Promise"


_CHAIN = frozenset({"then", "catch", "finally"})
_VALUE_OPERATORS = frozenset({"+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "===", "!=", "!=="})
_VALUE_UNARY = frozenset({"!", "+", "-", "~"})
_CONDITIONS = frozenset({"if_statement", "while_statement", "do_statement"})
_TAKES_TEXT = frozenset(
    {"JSON.parse", "String", "Number", "parseInt", "parseFloat", "Boolean", "encodeURIComponent"}
    | {"decodeURIComponent", "atob", "btoa", "Object.keys", "Object.values", "Object.entries"}
)
_MAKES_JSON = frozenset({"JSON.stringify", "Response.json"})
_MAPS = frozenset({"map", "flatMap"})


def use_of_promise(module: ModuleLike, promise: Node, *, pipelined: bool = False) -> PromiseUse:
    """What becomes of the promise that an expression gives.

    With `pipelined`, members of the promise are promises too, as those of a remote procedure call are. What
    it is that gives a promise takes more to find out: ask that afterwards.
    """
    parent = module.syntax.parent(promise)
    if parent is not None and parent.type == "await_expression":  # most are
        return PromiseUse(PromiseOutcome.CONSUMED, promise, promise, promise)
    question = ("use of a promise", promise.id, pipelined)
    return module.memoized(question, lambda: _Follower(module, pipelined=pipelined).follow(promise))


def use_of_promises(module: ModuleLike, promises: Node) -> PromiseUse:
    """What becomes of the promises in the array that an expression gives; never `VALUE`."""
    return _Follower(module, pipelined=False).follow(promises, contained=True)


def use_of_callback(module: ModuleLike, function: Node) -> PromiseUse | None:
    """What becomes of the promises that a callback returns: DROPPED by `forEach()`, those of an array after
    `map()`; None when the function is no such callback."""
    return _Follower(module, pipelined=False).callback(function)


class _Follower:
    """Follows one promise through expressions, variables and callbacks."""

    def __init__(self, module: ModuleLike, *, pipelined: bool) -> None:
        self._module = module
        self._syntax = module.syntax
        self._pipelined = pipelined
        self._names: set[int] = set()

    def follow(self, promise: Node, *, contained: bool = False) -> PromiseUse:
        """`contained`: the expression is a collection that holds promises."""
        syntax = self._syntax
        node = top = with_wrappers(syntax, promise)
        operated = False  # whether an operator stands between the promise and `node`
        in_object = False
        for _ in range(400):
            parent = syntax.parent(node)
            if parent is None:
                break
            kind = parent.type
            value = PromiseOutcome.CONSUMED if contained else PromiseOutcome.VALUE
            if kind == "expression_statement":
                return PromiseUse(PromiseOutcome.DROPPED, top, node, parent)
            if kind == "member_expression":
                target = parent.child_by_field_name("object")
                name = parent.child_by_field_name("property")
                if target is None or target.id != node.id or name is None:
                    break
                member = with_wrappers(syntax, parent)
                around = syntax.parent(member)
                function = around.child_by_field_name("function") if around is not None else None
                called = around is not None and function is not None and function.id == member.id
                if (self._module.text(name) in _CHAIN or self._pipelined) and called and around is not None:
                    node = with_wrappers(syntax, around)
                elif self._pipelined:
                    node = member
                else:
                    return PromiseUse(value, top, node, parent)
                if not operated:
                    top = node
                continue
            if kind == "subscript_expression":
                target = parent.child_by_field_name("object")
                is_target = target is not None and target.id == node.id
                return PromiseUse(value if is_target else PromiseOutcome.CONSUMED, top, node, parent)
            if kind in ("ternary_expression", "binary_expression"):
                if self._is_condition(parent, node):
                    return PromiseUse(value, top, node, parent)
                operator = parent.child_by_field_name("operator")
                if operator is not None and operator.type in ("instanceof", "in"):
                    break  # asks what it is
                node, operated = with_wrappers(syntax, parent), True
                continue
            if kind == "sequence_expression":
                if parent.named_children[-1].id != node.id:
                    return PromiseUse(PromiseOutcome.DROPPED, top, node, parent)
                node, operated = with_wrappers(syntax, parent), True
                continue
            if kind == "unary_expression":
                operator = parent.child_by_field_name("operator")
                used = operator is not None and operator.type in _VALUE_UNARY
                return PromiseUse(value if used else PromiseOutcome.CONSUMED, top, node, parent)
            if kind == "template_substitution":
                template = syntax.parent(parent)
                around = syntax.parent(template) if template is not None else None
                tagged = around is not None and around.type == "call_expression"
                return PromiseUse(PromiseOutcome.CONSUMED if tagged else value, top, node, parent)
            if kind == "array":
                node, operated, contained = with_wrappers(syntax, parent), True, True
                continue
            if kind == "spread_element":
                if not contained:
                    return PromiseUse(PromiseOutcome.VALUE, top, node, parent)
                node = parent
                continue
            if kind in ("pair", "object"):
                node, operated, in_object = with_wrappers(syntax, parent), True, True
                continue
            if kind == "for_in_statement":
                asks = any(child.type == "await" for child in parent.children)
                return PromiseUse(PromiseOutcome.CONSUMED if asks else value, top, node, parent)
            if kind == "arguments":
                sink = self._takes_the_result(parent, nested=in_object or contained)
                return PromiseUse(
                    PromiseOutcome.VALUE if sink else PromiseOutcome.CONSUMED, top, node, parent
                )
            if kind in _CONDITIONS:
                return PromiseUse(value, top, node, parent)
            if in_object:
                break
            if kind == "variable_declarator":
                return self._variable(top, node, parent, contained=contained)
            if kind == "assignment_expression":
                return self._assignment(top, node, parent, contained=contained)
            if kind == "augmented_assignment_expression":
                operator = parent.child_by_field_name("operator")
                added = operator is not None and operator.type in ("+=", "-=", "*=", "/=")
                return PromiseUse(value if added else PromiseOutcome.CONSUMED, top, node, parent)
            if kind in ("arrow_function", "return_statement"):
                return self._result(top, node, parent)
            break
        return PromiseUse(PromiseOutcome.CONSUMED, top, node, node)

    def _is_condition(self, operation: Node, node: Node) -> bool:
        """Whether an operation looks at an operand's value (and does not hand it on)."""
        if operation.type == "ternary_expression":
            condition = operation.child_by_field_name("condition")
            return condition is not None and condition.id == node.id
        operator = operation.child_by_field_name("operator")
        text = operator.type if operator is not None else ""
        if text in _VALUE_OPERATORS:
            return True
        left = operation.child_by_field_name("left")
        return left is not None and left.id == node.id and text == "&&"

    def _takes_the_result(self, arguments: Node, *, nested: bool) -> bool:
        """Whether a function makes text or JSON of its argument, which does nothing good for a promise."""
        call = self._syntax.parent(arguments)
        if call is None:
            return False
        if call.type == "new_expression":
            made = call.child_by_field_name("constructor")
            return not nested and made is not None and self._module.text(made) == "Response"
        function = call.child_by_field_name("function")
        if function is None:
            return False
        function = unwrap(function)
        name = self._module.text(function)
        if name in _MAKES_JSON or (name in _TAKES_TEXT and not nested):
            root = function.child_by_field_name("object") or function
            return self._module.scope.resolve(root) is None
        if function.type == "member_expression" and name.endswith((".json", ".text")):
            receiver = self._module.value_of(function.child_by_field_name("object"))
            return receiver.kind is ValueKind.HONO_CONTEXT and (name.endswith(".json") or not nested)
        return False

    def _variable(self, top: Node, node: Node, declarator: Node, *, contained: bool) -> PromiseUse:
        name = declarator.child_by_field_name("name")
        if name is None:
            return PromiseUse(PromiseOutcome.CONSUMED, top, node, declarator)
        if name.type == "object_pattern" and not contained and not self._pipelined:
            return PromiseUse(
                PromiseOutcome.VALUE, top, node, declarator
            )  # a promise does not have these properties
        if name.type != "identifier":
            return PromiseUse(PromiseOutcome.CONSUMED, top, node, declarator)
        declaration = self._module.scope.resolve(name)
        if declaration is None or declaration.kind is DeclarationKind.USING:
            return PromiseUse(PromiseOutcome.CONSUMED, top, node, declarator)
        return self._name(top, node, declarator, declaration, contained=contained)

    def _assignment(self, top: Node, node: Node, assignment: Node, *, contained: bool) -> PromiseUse:
        left = assignment.child_by_field_name("left")
        if left is None or unwrap(left).type != "identifier":
            return PromiseUse(
                PromiseOutcome.CONSUMED, top, node, assignment
            )  # in an object: somebody else's to await
        declaration = self._module.scope.resolve(unwrap(left))
        around = self._syntax.parent(with_wrappers(self._syntax, assignment))
        if declaration is None or around is None or around.type != "expression_statement":
            return PromiseUse(PromiseOutcome.CONSUMED, top, node, assignment)
        return self._name(top, node, assignment, declaration, contained=contained)

    def _name(
        self, top: Node, node: Node, at: Node, declaration: Declaration, *, contained: bool
    ) -> PromiseUse:
        """The outcome of a promise that is put in a variable: the best of what becomes of the variable."""
        consumed = PromiseUse(PromiseOutcome.CONSUMED, top, node, at)
        if declaration.scope.type == "program" or len(self._names) > 4:
            return consumed  # other modules, and later events, see it
        if declaration.node.id in self._names:
            return PromiseUse(PromiseOutcome.DROPPED, top, node, at)
        self._names.add(declaration.node.id)
        scope = self._module.scope
        assigned = {assignment.id for assignment in scope.assignments(declaration)}
        value: PromiseUse | None = None
        for reference in scope.named(declaration.name, declaration.scope):  # the first one often tells
            if reference.id == declaration.node.id or scope.resolve(reference) is not declaration:
                continue
            parent = self._syntax.parent(with_wrappers(self._syntax, reference))
            if parent is not None and parent.id in assigned:
                continue
            use = self.follow(reference, contained=contained)
            if use.outcome is PromiseOutcome.CONSUMED:
                return consumed
            if use.outcome is PromiseOutcome.VALUE:
                value = value or PromiseUse(PromiseOutcome.VALUE, top, node, use.at)
        if value is not None:
            # what a variable holds where it is looked at is known only when it holds one thing
            one = len(assigned) == (0 if declaration.value is not None else 1)
            return value if one else consumed
        return PromiseUse(PromiseOutcome.DROPPED, top, node, at)

    def _result(self, top: Node, node: Node, at: Node) -> PromiseUse:
        """The outcome of a promise that a function returns: dropped only where the function is a callback
        whose result is."""
        function = at if at.type == "arrow_function" else self._module.enclosing_function(at)
        use = self.callback(function) if function is not None and not is_async(function) else None
        outcome = use.outcome if use is not None else PromiseOutcome.CONSUMED
        return PromiseUse(outcome, top, node, use.at if use is not None else at)

    def callback(self, function: Node) -> PromiseUse | None:
        syntax = self._syntax
        node = with_wrappers(syntax, function)
        parent = syntax.parent(node)
        call = syntax.parent(parent) if parent is not None and parent.type == "arguments" else None
        callee = call.child_by_field_name("function") if call is not None else None
        if call is None or callee is None or unwrap(callee).type != "member_expression":
            return None
        arguments = arguments_of(call)
        name = unwrap(callee).child_by_field_name("property")
        if name is None or not arguments or arguments[0].id != node.id:
            return None
        text = self._module.text(name)
        if text == "forEach":
            return PromiseUse(PromiseOutcome.DROPPED, call, call, call)
        if text in _MAPS:
            return self.follow(call, contained=True)
        return None


# -- who gives a promise -----------------------------------------------------------------------------------

_ALARMS = frozenset({"setAlarm", "deleteAlarm"})
_BY_RECEIVER: dict[ValueKind, PromiseSource] = {
    ValueKind.DATABASE_CLIENT: PromiseSource.CLIENT_END,
    ValueKind.D1_STATEMENT: PromiseSource.BINDING,
    ValueKind.R2_OBJECT: PromiseSource.BINDING,
    ValueKind.WORKFLOW_INSTANCE: PromiseSource.BINDING,
    ValueKind.WORKFLOW_STEP: PromiseSource.STEP,
    ValueKind.CACHE: PromiseSource.CACHE,
    ValueKind.CACHE_STORAGE: PromiseSource.CACHE,
    ValueKind.REQUEST: PromiseSource.STREAM,
    ValueKind.RESPONSE: PromiseSource.STREAM,
    ValueKind.HONO_REQUEST: PromiseSource.STREAM,
    ValueKind.BODY: PromiseSource.STREAM,
}


def source_of(module: ModuleLike, call: Node) -> PromiseSource | None:
    """Who gives the promise that a call gives; None when it is not known to give one, and for `.then()` and
    its siblings, which hand on the promise of somebody else."""
    if call.type == "new_expression":
        made = call.child_by_field_name("constructor")
        is_promise = made is not None and made.type == "identifier" and module.text(made) == "Promise"
        known = is_promise and made is not None and module.scope.resolve(made) is None
        return PromiseSource.PROMISE if known else None
    callee = call.child_by_field_name("function")
    if call.type != "call_expression" or callee is None:
        return None
    callee = unwrap(callee)
    if callee.type != "member_expression":
        if module.value_of(call).kind is not ValueKind.PROMISE:
            return None
        if callee.type == "identifier" and module.scope.resolve(callee) is None:
            return PromiseSource.FETCH
        return PromiseSource.FUNCTION
    target = callee.child_by_field_name("object")
    name_node = callee.child_by_field_name("property")
    if target is None or name_node is None:
        return None
    name = module.text(name_node)
    receiver = module.value_of(target)
    if receiver:
        if receiver.kind is ValueKind.DATABASE_CLIENT:
            return PromiseSource.CLIENT_END if name == "end" else None
        if receiver.kind is ValueKind.PROMISE and name in _CHAIN:
            return None
    elif name != "pipeTo" and (
        target.type != "identifier" or (name != "get" and _is_variable(module, target))
    ):
        return None  # nothing is known of its methods; what a framework's context gets may be known
    if module.value_of(call).kind is not ValueKind.PROMISE:
        return None
    if receiver.kind is ValueKind.STORAGE:
        return PromiseSource.ALARM if name in _ALARMS else PromiseSource.STORAGE
    if receiver.kind is ValueKind.DURABLE_OBJECT_STATE:
        return PromiseSource.STORAGE
    if receiver.kind is ValueKind.STUB or (receiver.kind is ValueKind.BINDING and is_remote(receiver, name)):
        return PromiseSource.BINDING if name == "fetch" else PromiseSource.RPC
    if receiver.kind is ValueKind.BINDING:
        return PromiseSource.BINDING
    if name == "pipeTo":
        return PromiseSource.STREAM
    if target.type == "identifier" and module.scope.resolve(target) is None:
        match module.text(target):
            case "Promise":
                return PromiseSource.PROMISE
            case "scheduler":
                return PromiseSource.TIMER
            case "globalThis" | "self":
                return PromiseSource.FETCH
    return _BY_RECEIVER.get(receiver.kind, PromiseSource.FUNCTION)


def _is_variable(module: ModuleLike, name: Node) -> bool:
    """Whether a name is declared, and no import."""
    declaration = module.scope.resolve(name)
    return declaration is not None and module.scope.origin(declaration) is None


def is_remote(receiver: Value, method: str) -> bool:
    """Whether a method of a binding is one of another Worker's, not one of the binding itself."""
    binding = receiver.binding
    return binding is not None and binding.rpc and method not in binding.async_methods


def calls_on(module: ModuleLike, node: Node) -> Iterator[tuple[Node, str]]:
    """The calls of methods of what an expression gives, with the method's name: direct ones, and those on the
    constant that holds it (`await` and casts looked through)."""
    syntax = module.syntax
    node = with_wrappers(syntax, node)
    parent = syntax.parent(node)
    while parent is not None and parent.type == "await_expression":
        node = with_wrappers(syntax, parent)
        parent = syntax.parent(node)
    if parent is None:
        return
    if parent.type == "member_expression":
        yield from _call_of(module, node, parent)
    elif parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declaration is not None and not module.scope.assignments(declaration):
            yield from calls_on_name(module, declaration)


def calls_on_name(module: ModuleLike, declaration: Declaration) -> Iterator[tuple[Node, str]]:
    """The calls of methods of what a name holds, with the method's name."""
    for reference in module.scope.references(declaration):
        node = with_wrappers(module.syntax, reference)
        member = module.syntax.parent(node)
        if member is not None and member.type == "member_expression":
            yield from _call_of(module, node, member)


def _call_of(module: ModuleLike, target: Node, member: Node) -> Iterator[tuple[Node, str]]:
    owner = member.child_by_field_name("object")
    name = member.child_by_field_name("property")
    callee = with_wrappers(module.syntax, member)
    call = module.syntax.parent(callee)
    if owner is None or owner.id != target.id or name is None or call is None:
        return
    function = call.child_by_field_name("function")
    if call.type == "call_expression" and function is not None and function.id == callee.id:
        yield call, module.text(name)


# -- keeping one -------------------------------------------------------------------------------------------


def can_await(module: ModuleLike, node: Node) -> bool:
    """Whether `await` is legal at a node: in an async function, or at a module's top level."""
    below = node
    for above in module.syntax.ancestors(node):
        if above.type in FUNCTIONS:
            parameters = above.child_by_field_name("parameters")
            return is_async(above) and (parameters is None or parameters.id != below.id)
        if above.type in ("class_static_block", "class_body"):
            return False
        below = above
    return True


def wait_until_at(module: ModuleLike, node: Node) -> str | None:
    """The function that keeps a promise alive at a node, as one calls it there: `ctx.waitUntil`,
    `this.ctx.waitUntil`, `c.executionCtx.waitUntil`, `waitUntil`; None when none is in reach."""
    owner = module.enclosing_class(node)
    durable = owner is not None and owner.kind.runs_as_durable_object
    for above in module.syntax.ancestors(node):
        if above.type not in FUNCTIONS:
            continue
        for name, declaration in module.scope.declared_in(above).items():
            is_given = declaration.kind is DeclarationKind.PARAMETER or (
                declaration.kind is DeclarationKind.CONST
                and module.app is not None
                and declaration.node.end_byte < node.start_byte
            )
            if not is_given or module.scope.lookup(name, node) is not declaration:
                continue
            if declaration.path == ("waitUntil",) and module.parameter_kinds(above) == (
                ValueKind.PAGES_CONTEXT,
            ):
                return name
            given = module.value_declared(declaration)
            if given.shape is not None and given.shape.waits:
                return f"{name}.{min(given.shape.waits)}"
            match given.kind:
                case ValueKind.EXECUTION_CONTEXT | ValueKind.PAGES_CONTEXT | ValueKind.DURABLE_OBJECT_STATE:
                    return f"{name}.waitUntil"
                case ValueKind.HONO_CONTEXT if not durable:
                    return f"{name}.executionCtx.waitUntil"
    imported = module.import_named("cloudflare:workers", "waitUntil")
    if imported is not None and module.scope.lookup(imported.name, node) is imported:
        return imported.name
    if owner is None or not owner.kind.is_platform:
        return None
    for above in module.syntax.ancestors(node):
        if above.type in ("function_expression", "function_declaration", "generator_function_declaration"):
            return None  # a `this` of its own
        if above.type == "method_definition":
            constructor = owner.constructor
            static = is_static(above)
            around = module.syntax.parent(above)
            outside = around is None or around.id != owner.body.id
            is_constructor = constructor is not None and above.id == constructor.id
            return None if static or outside or is_constructor else "this.ctx.waitUntil"
        if above.id == owner.node.id:
            return None
    return None


def missing_context(module: ModuleLike, node: Node) -> tuple[str, tuple[Edit, ...]] | None:
    """`ctx.waitUntil` with the edits that give the handler around its missing `ctx` parameter; None where a
    handler is not one that gets it, or has all its parameters, or `ctx` means something else."""
    handler = module.handler_around(node)
    if handler is None or handler.owner is not None or module.scope.lookup("ctx", node) is not None:
        return None
    listed = handler.function.child_by_field_name("parameters")
    given = handler.parameters
    if listed is None or len(given) > 2 or any(module.text(part).startswith("...") for part in given):
        return None
    first = "controller" if handler.name == "scheduled" else "batch" if handler.name == "queue" else "request"
    names = [f"_{first}", "_env"][len(given) :]
    typed = bool(given) and all(part.child_by_field_name("type") is not None for part in given)
    if typed:
        names = [f"{name}: Env" for name in names]
    names.append("ctx: ExecutionContext" if typed else "ctx")
    start = given[-1].end_byte if given else listed.start_byte + 1
    return "ctx.waitUntil", (module.insert(start, (", " if given else "") + ", ".join(names)),)


def fix_by_await(module: ModuleLike, promise: Node, safety: Safety) -> Fix | None:
    """`await` before a promise, where that is legal inside a function."""
    if module.enclosing_function(promise) is None or not can_await(module, promise):
        return None
    return Fix("Await the promise", (module.insert(promise.start_byte, "await "),), safety)


def fix_by_wait_until(module: ModuleLike, promise: Node, safety: Safety) -> Fix | None:
    """`ctx.waitUntil(…)` around a promise, with the context that is in reach."""
    keeper = wait_until_at(module, promise)
    if keeper is None:
        return None
    return Fix(f"Pass the promise to `{keeper}()`", _wrapped(module, promise, keeper), safety)


def fix_by_new_context(module: ModuleLike, promise: Node) -> Fix | None:
    """`ctx.waitUntil(…)` around a promise, and the `ctx` parameter that the handler lacks."""
    found = missing_context(module, promise)
    if found is None:
        return None
    keeper, edits = found
    title = f"Add the `ctx` parameter and pass the promise to `{keeper}()`"
    return Fix(title, (*edits, *_wrapped(module, promise, keeper)), Safety.UNSAFE)


def _wrapped(module: ModuleLike, promise: Node, keeper: str) -> tuple[Edit, ...]:
    none = " ?? Promise.resolve()" if may_be_cut(promise) else ""
    return (module.insert(promise.start_byte, f"{keeper}("), module.insert(promise.end_byte, f"{none})"))


def fix_by_async_handler(module: ModuleLike, promise: Node) -> Fix | None:
    """`await` before a promise, and `async` before the handler around, whose result the runtime waits for."""
    function = module.enclosing_function(promise)
    handler = module.handler_of(function) if function is not None else None
    if function is None or handler is None or is_async(function):
        return None
    edits = made_async(module, function)
    if edits is None:
        return None
    edits = (*edits, module.insert(promise.start_byte, "await "))
    return Fix(f"Make `{handler.name}()` async and await the promise", edits, Safety.UNSAFE)
