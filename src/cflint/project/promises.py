"""What becomes of a promise, and how one can be kept: the one notion of "consumed" for all rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from cflint.project.values import Kind
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import FUNCTIONS, is_async, outermost, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.module import Module


class Fate(Enum):
    """What becomes of a promise.

    `CONSUMED`: awaited, returned, passed on, stored, or `void`-ed. `DROPPED`: nobody looks at it. `VALUE`:
    used as if it were its result (compared, interpolated, a property read, a condition).
    """

    CONSUMED = "consumed"
    DROPPED = "dropped"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class PromiseUse:
    """The fate of a promise. `expression` is the whole expression that is dropped or used (a `.then()` chain
    included); `at` the node that drops or uses it: a statement, a declarator, an operator."""

    fate: Fate
    expression: Node
    at: Node


_CHAIN = frozenset({"then", "catch", "finally"})
_VALUE_OPERATORS = frozenset(
    {"+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "===", "!=", "!==", "in", "instanceof"}
)
_DROPPING_CALLBACKS = frozenset({"forEach"})
_CONDITIONS = frozenset({"if_statement", "while_statement", "do_statement"})


def use_of_promise(module: Module, promise: Node) -> PromiseUse:
    """What becomes of the promise that an expression gives."""
    return _use(module, promise, 0)


def _use(module: Module, promise: Node, depth: int) -> PromiseUse:
    syntax = module.syntax
    node = outermost(syntax, promise)
    while True:
        parent = syntax.parent(node)
        if parent is None:
            return PromiseUse(Fate.CONSUMED, node, node)
        match parent.type:
            case "expression_statement":
                return PromiseUse(Fate.DROPPED, node, parent)
            case "member_expression":
                target = parent.child_by_field_name("object")
                if target is None or target.id != node.id:
                    return PromiseUse(Fate.CONSUMED, node, parent)
                name = parent.child_by_field_name("property")
                around = syntax.parent(outermost(syntax, parent))
                called = around is not None and around.type == "call_expression"
                if name is not None and module.text(name) in _CHAIN and called and around is not None:
                    node = outermost(syntax, around)
                    continue
                return PromiseUse(Fate.VALUE, node, parent)
            case "subscript_expression":
                target = parent.child_by_field_name("object")
                fate = Fate.VALUE if target is not None and target.id == node.id else Fate.CONSUMED
                return PromiseUse(fate, node, parent)
            case "ternary_expression":
                condition = parent.child_by_field_name("condition")
                if condition is not None and condition.id == node.id:
                    return PromiseUse(Fate.VALUE, node, parent)
                node = outermost(syntax, parent)
                continue
            case "binary_expression":
                operator = parent.child_by_field_name("operator")
                text = operator.type if operator is not None else ""
                if text in _VALUE_OPERATORS:
                    return PromiseUse(Fate.VALUE, node, parent)
                left = parent.child_by_field_name("left")
                if left is not None and left.id == node.id and text == "&&":
                    return PromiseUse(Fate.VALUE, node, parent)
                node = outermost(syntax, parent)
                continue
            case "sequence_expression":
                if parent.named_children[-1].id != node.id:
                    return PromiseUse(Fate.DROPPED, node, parent)
                node = outermost(syntax, parent)
                continue
            case "unary_expression":
                operator = parent.child_by_field_name("operator")
                is_void = operator is not None and operator.type == "void"
                return PromiseUse(Fate.CONSUMED if is_void else Fate.VALUE, node, parent)
            case "template_substitution":
                return PromiseUse(Fate.VALUE, node, parent)
            case "array":
                node = outermost(syntax, parent)
                continue
            case "variable_declarator":
                return _use_of_variable(module, node, parent, depth)
            case "assignment_expression":
                return _use_of_assignment(module, node, parent, depth)
            case "arrow_function":
                return _use_of_result(module, node, parent)
            case kind if kind in _CONDITIONS:
                return PromiseUse(Fate.VALUE, node, parent)
        return PromiseUse(Fate.CONSUMED, node, parent)


def _use_of_variable(module: Module, node: Node, declarator: Node, depth: int) -> PromiseUse:
    name = declarator.child_by_field_name("name")
    if name is None:
        return PromiseUse(Fate.CONSUMED, node, declarator)
    if name.type != "identifier":  # destructuring a promise reads properties that it does not have
        is_object = name.type == "object_pattern"
        return PromiseUse(Fate.VALUE if is_object else Fate.CONSUMED, node, declarator)
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.kind is DeclarationKind.USING:
        return PromiseUse(Fate.CONSUMED, node, declarator)
    return _use_of_name(module, node, declarator, declaration, depth)


def _use_of_assignment(module: Module, node: Node, assignment: Node, depth: int) -> PromiseUse:
    left = assignment.child_by_field_name("left")
    if left is None or unwrap(left).type != "identifier":
        return PromiseUse(Fate.CONSUMED, node, assignment)  # stored in an object: somebody else's to await
    declaration = module.scope.resolve(unwrap(left))
    if declaration is None or declaration.scope.type == "program":
        return PromiseUse(Fate.CONSUMED, node, assignment)
    return _use_of_name(module, node, assignment, declaration, depth)


def _use_of_name(module: Module, node: Node, at: Node, declaration: Declaration, depth: int) -> PromiseUse:
    """The fate of a promise that is put in a variable: the best of what becomes of the variable."""
    if depth > 4:
        return PromiseUse(Fate.CONSUMED, node, at)
    value: PromiseUse | None = None
    assigned = {assignment.id for assignment in module.scope.assignments(declaration)}
    for reference in module.scope.references(declaration):
        parent = module.syntax.parent(reference)
        if parent is not None and parent.id in assigned:
            continue
        use = _use(module, reference, depth + 1)
        if use.fate is Fate.CONSUMED:
            return PromiseUse(Fate.CONSUMED, node, at)
        if use.fate is Fate.VALUE:
            value = value or PromiseUse(Fate.VALUE, node, use.at)
    return value or PromiseUse(Fate.DROPPED, node, at)


def _use_of_result(module: Module, node: Node, arrow: Node) -> PromiseUse:
    """A promise that an arrow function returns: dropped only where the callback's result is."""
    syntax = module.syntax
    parent = syntax.parent(outermost(syntax, arrow))
    call = syntax.parent(parent) if parent is not None and parent.type == "arguments" else None
    callee = call.child_by_field_name("function") if call is not None else None
    if callee is not None and unwrap(callee).type == "member_expression":
        name = unwrap(callee).child_by_field_name("property")
        if name is not None and module.text(name) in _DROPPING_CALLBACKS:
            return PromiseUse(Fate.DROPPED, node, arrow)
    return PromiseUse(Fate.CONSUMED, node, arrow)


def can_await(module: Module, node: Node) -> bool:
    """Whether `await` is legal at a node: in an async function, or at a module's top level."""
    for above in module.syntax.ancestors(node):
        if above.type in FUNCTIONS:
            return is_async(above)
        if above.type in ("class_static_block", "class_body"):
            return False
    return True


def wait_until_at(module: Module, node: Node) -> str | None:
    """The function that keeps a promise alive at a node, as one calls it there: `ctx.waitUntil`,
    `this.ctx.waitUntil`, `c.executionCtx.waitUntil`, `waitUntil`; None when none is in reach."""
    for above in module.syntax.ancestors(node):
        if above.type not in FUNCTIONS:
            continue
        for name, declaration in module.scope.declared_in(above).items():
            if (
                declaration.kind is not DeclarationKind.PARAMETER
                or module.scope.lookup(name, node) is not declaration
            ):
                continue
            match module.value_declared(declaration).kind:
                case Kind.EXECUTION_CONTEXT | Kind.PAGES_CONTEXT | Kind.DURABLE_OBJECT_STATE:
                    return f"{name}.waitUntil"
                case Kind.HONO_CONTEXT:
                    return f"{name}.executionCtx.waitUntil"
    imported = module.import_named("cloudflare:workers", "waitUntil")
    if imported is not None and module.scope.lookup(imported.name, node) is imported:
        return imported.name
    owner = module.enclosing_class(node)
    method = module.method_around(node)
    if owner is not None and owner.kind.is_platform and method is not None:
        nested = any(
            above.type in ("function_expression", "function_declaration")
            for above in module.syntax.ancestors(node)
            if above.start_byte > method.start_byte
        )
        static = any(child.type == "static" for child in method.children)
        if not nested and not static and method.id != (owner.constructor.id if owner.constructor else None):
            return "this.ctx.waitUntil"
    return None
