"""What the runtime hands to the functions that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.platform.classes import ClassKind
from cflint.project.code import pages
from cflint.project.code.platform_names import called_name
from cflint.project.code.values import ValueKind
from cflint.scope import Declaration
from cflint.syntax.javascript import first_named, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike
    from cflint.syntax.javascript import Syntax

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


_CALLABLE = frozenset({("agents", "callable"), ("agents", "unstable_callable")})


def handler_parameters(class_kind: ClassKind | None, name: str) -> tuple[ValueKind, ...] | None:
    """The kinds of a handler's parameters, of a module handler (`class_kind` None) or a class's method; None
    when the runtime calls no such handler."""
    table = _MODULE_HANDLERS if class_kind is None else _CLASS_HANDLERS.get(class_kind, {})
    return table.get(name)


def parameter_nodes(function: Node) -> tuple[Node, ...]:
    """The parameters of a function, in their order; the single name of `name => …`."""
    listed = function.child_by_field_name("parameters")
    if listed is None:
        single = function.child_by_field_name("parameter")
        return (single,) if single is not None else ()
    return tuple(child for child in listed.named_children if child.type != "comment")


def parameter_index(declaration: Declaration) -> int | None:
    """The position, from 0, of the parameter that declares a name; None when it is no parameter."""
    if declaration.scope.child_by_field_name("parameters") is None:
        return 0
    nodes = parameter_nodes(declaration.scope)
    return next((i for i, node in enumerate(nodes) if node.id == declaration.owner.id), None)


def parameter_kinds(module: ModuleLike, function: Node) -> tuple[ValueKind, ...] | None:
    """The kinds of a function's parameters when the runtime calls it (constructors included)."""
    if function.type == "method_definition":
        parent = module.syntax.parent(function)
        if parent is not None and parent.type == "class_body":
            owner = module.enclosing_class(function)
            name = function.child_by_field_name("name")
            if owner is None or name is None:
                return None
            return handler_parameters(owner.kind, module.text(name))
    handler = module.handler_of(function)
    if handler is not None:
        return handler_parameters(handler.owner.kind if handler.owner else None, handler.name)
    if pages.is_function(module, function):
        return (ValueKind.PAGES_CONTEXT,)
    if _satisfies_handler(module, function):
        name = function.child_by_field_name("name")
        return handler_parameters(None, module.text(name)) if name is not None else None
    return None


def said_type(syntax: Syntax, owner: Node) -> str | None:
    """The type that a parameter's annotation says it holds; None where there is none, or `any` or
    `unknown`."""
    annotation = first_named(owner.child_by_field_name("type"))
    said = syntax.text(annotation) if annotation is not None else "any"
    return None if said in ("any", "unknown") else said


def is_callable(module: ModuleLike, function: Node) -> bool:
    """Whether a function is a method of an Agent that its clients call: `@callable()` stands before it."""
    before = function.prev_named_sibling if function.type == "method_definition" else None
    while before is not None and before.type in ("decorator", "comment"):
        made = first_named(before) if before.type == "decorator" else None
        called = called_name(module, made) if made is not None and made.type == "call_expression" else None
        if called is not None and (called.module, called.name) in _CALLABLE:
            return True
        before = before.prev_named_sibling
    return False


def _satisfies_handler(module: ModuleLike, function: Node) -> bool:
    parent = module.syntax.parent(function)
    if function.type != "method_definition" or parent is None or parent.type != "object":
        return False
    around = module.syntax.parent(with_wrappers(module.syntax, parent)) or parent
    outer = with_wrappers(module.syntax, parent)
    return (
        b"ExportedHandler" in module.document.data[parent.end_byte : max(outer.end_byte, around.start_byte)]
    )
