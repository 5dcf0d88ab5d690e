"""What a value of an annotated type is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.platform.bindings import kind_by_id, kinds_by_type
from cflint.platform.env_types import UNSEEN_ENV_TYPE_NAMES
from cflint.platform.orms import mentions_orm
from cflint.project.code.values import UNKNOWN, Value, ValueKind, promise_of
from cflint.scope import Declaration, DeclarationKind, ImportRef
from cflint.syntax.javascript import first_named

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code import app_values, orms
    from cflint.project.code.interface import ModuleLike
else:
    orms = Lazy("cflint.project.code.orms")
    app_values = Lazy("cflint.project.code.app_values")

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
    "WorkflowStep": Value(ValueKind.WORKFLOW_STEP),
    "WorkflowEvent": Value(ValueKind.WORKFLOW_EVENT),
}
"""Values by the name of a global type of the runtime, and of types that nobody else means, even when the
import was forgotten."""

_IMPORTED_TYPES: dict[tuple[str, str], Value] = {
    ("cloudflare:workers", "WorkflowStep"): Value(ValueKind.WORKFLOW_STEP),
    ("cloudflare:workers", "WorkflowEvent"): Value(ValueKind.WORKFLOW_EVENT),
    ("agents/workflows", "AgentWorkflowStep"): Value(ValueKind.WORKFLOW_STEP),
    ("agents", "Connection"): Value(ValueKind.CONNECTION),
    ("partyserver", "Connection"): Value(ValueKind.CONNECTION),
    ("drizzle-orm/d1", "DrizzleD1Database"): Value(
        ValueKind.ORM, inner=Value(ValueKind.BINDING, binding=kind_by_id("d1")), detail="Drizzle"
    ),
    ("hono", "Context"): Value(ValueKind.HONO_CONTEXT),
    ("hono", "Hono"): Value(ValueKind.HONO_APP),
    ("itty-router", "IRequest"): Value(ValueKind.REQUEST),
}
_TYPE_PACKAGES = frozenset(
    {"@cloudflare/workers-types", "cloudflare:workers", "@cloudflare/workers-types/experimental"}
)

_BINDINGS_OF_HONO = "Bindings"
"""The key of the type that a Hono app is given, under which the type of `env` stands."""


def annotated_value(module: ModuleLike, owner: Node) -> Value:
    """What a parameter or variable with a type annotation holds; UNKNOWN without one."""
    annotation = owner.child_by_field_name("type")
    inner = first_named(annotation)
    return type_value(module, inner) if inner is not None else UNKNOWN


def type_value(module: ModuleLike, type_node: Node) -> Value:
    """What a value of an annotated type is."""
    if type_node.type == "union_type":
        parts = [
            part
            for part in type_node.named_children
            if module.syntax.text(part) not in ("null", "undefined", "void")
        ]
        return type_value(module, parts[0]) if len(parts) == 1 else UNKNOWN
    if type_node.type == "parenthesized_type" and type_node.named_child_count == 1:
        return type_value(module, type_node.named_children[0])
    if type_node.type == "lookup_type":
        return Value(ValueKind.ENV) if _key_of(module, type_node) == _BINDINGS_OF_HONO else UNKNOWN
    name_node = type_node
    if type_node.type == "generic_type":
        name_node = type_node.child_by_field_name("name") or type_node
    name = module.syntax.text(name_node)
    if name == "Promise" and type_node.type == "generic_type":
        arguments = type_node.child_by_field_name("type_arguments")
        inner = first_named(arguments)
        return promise_of(type_value(module, inner) if inner is not None else UNKNOWN)
    if name_node.type not in ("type_identifier", "nested_type_identifier"):
        return UNKNOWN
    declaration = module.scope.lookup_type(name, type_node) if "." not in name else None
    if declaration is not None and declaration.imported is not None:
        ref = declaration.imported
        known = _IMPORTED_TYPES.get((ref.module, ref.name)) or _of_app(module, ref, name)
        if known:
            return known
        if ref.module in _TYPE_PACKAGES:
            return _global_type(ref.name)
        if mentions_orm(module.document) and (
            database := orms.database_typed(module, declaration, type_value)
        ):
            return database
        return Value(ValueKind.ENV) if ref.name in UNSEEN_ENV_TYPE_NAMES else instance_of(module, declaration)
    if declaration is not None:
        if mentions_orm(module.document) and (
            database := orms.database_typed(module, declaration, type_value)
        ):
            return database
        return Value(ValueKind.ENV) if module.is_env_type(name) else instance_of(module, declaration)
    if name in UNSEEN_ENV_TYPE_NAMES:
        return Value(ValueKind.ENV)
    return _global_type(name) or _of_app(module, None, name)


def _key_of(module: ModuleLike, type_node: Node) -> str:
    """`Bindings` of `AppEnv["Bindings"]`; "" where the key is no text."""
    parts = type_node.named_children
    return module.syntax.text(parts[-1]).strip("\"'") if parts and parts[-1].type == "literal_type" else ""


def _of_app(module: ModuleLike, ref: ImportRef | None, name: str) -> Value:
    """What a value of a framework's type is."""
    return app_values.typed(module, ref, name) if module.app is not None else UNKNOWN


def instance_of(module: ModuleLike, declaration: Declaration) -> Value:
    """An instance of a class of the project that a name means; of an imported type, perhaps no class."""
    if declaration.kind is DeclarationKind.CLASS:
        return Value(ValueKind.INSTANCE, name=declaration.name)
    ref = module.scope.origin(declaration)
    if ref is None or ref.name == "*" or not module.is_own(ref):
        return UNKNOWN
    return Value(ValueKind.INSTANCE, name=ref.name, detail=ref.module)


def _global_type(name: str) -> Value:
    known = _TYPES.get(name)
    if known is not None:
        return known
    kinds = kinds_by_type(name)
    if len(kinds) == 1 and kinds[0].types and name != "string":
        return Value(ValueKind.BINDING, binding=kinds[0])
    return UNKNOWN
