"""What frameworks hand to the code of an app, as values: by calls, parameters, types and names of members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.platform.bindings import kind_by_id
from cflint.project.apps.globs import which
from cflint.project.apps.islands import builder_of
from cflint.project.apps.kind import Bound, Given, Handlers, Offer, Shape
from cflint.project.code.load_contexts import load_context, member_of_literal
from cflint.project.code.parameters import parameter_index
from cflint.project.code.values import UNKNOWN, Value, ValueKind, promise_of
from cflint.scope import Declaration, ImportRef
from cflint.syntax.javascript import FUNCTIONS as _FUNCTIONS
from cflint.syntax.javascript import arguments_of, property_name, string_value, unwrap, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.apps.app import App
    from cflint.project.code.interface import ModuleLike

_GIVEN = {
    Given.ENV: Value(ValueKind.ENV),
    Given.CONTEXT: Value(ValueKind.EXECUTION_CONTEXT),
    Given.REQUEST: Value(ValueKind.REQUEST),
    Given.URL: Value(ValueKind.REQUEST_URL),
    Given.CACHES: Value(ValueKind.CACHE_STORAGE),
    Given.CONTROLLER: Value(ValueKind.CONTROLLER),
    Given.BATCH: Value(ValueKind.MESSAGE_BATCH),
}


def offered(module: ModuleLike, offer: Offer | None) -> Value:
    """The value of what a framework gives."""
    match offer:
        case Given.LOAD_CONTEXT:
            return load_context(module)
        case Given():
            return _GIVEN[offer]
        case Bound():
            return Value(ValueKind.BINDING, name=offer.name, binding=kind_by_id(offer.kind))
        case Shape():
            return Value(ValueKind.APP_OBJECT, shape=offer)
    return UNKNOWN


def member_of(module: ModuleLike, owner: Value, name: str) -> Value:
    """What a member of an object of an app is: a framework's, or a literal of some module."""
    if owner.shape is not None:
        return offered(module, owner.shape.members.get(name))
    return member_of_literal(module, owner, name)


def result_of_method(module: ModuleLike, owner: Value, name: str, call: Node) -> Value:
    """What calling a method of a framework's object gives: a binding, where it looks one up."""
    if owner.shape is None or name != owner.shape.lookup:
        return UNKNOWN
    arguments = arguments_of(call)
    key = string_value(module.syntax, arguments[0]) if len(arguments) == 1 else None
    return module.binding(key) if key is not None else UNKNOWN


def called(module: ModuleLike, ref: ImportRef | None, name: str, call: Node) -> Value:
    """What calling a framework's function gives; `ref` is None of a name that nothing declares."""
    app = module.app
    if app is None:
        return UNKNOWN
    source, wanted = (ref.module, ref.name) if ref is not None else ("", name)
    for accessor in app.accessors.calls:
        if (accessor.module, accessor.name) == (source, wanted):
            value = offered(module, accessor.gives)
            promised = accessor.promised_by is not None and _has_true(module, call, accessor.promised_by)
            return promise_of(value, call) if promised else value
    return UNKNOWN


def _has_true(module: ModuleLike, call: Node, key: str) -> bool:
    arguments = arguments_of(call)
    options = module.initializer(arguments[0]) if arguments else None
    for part in options.named_children if options is not None and options.type == "object" else ():
        name, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        if name is not None and value is not None and property_name(module.syntax, name) == key:
            return value.type == "true"
    return False


def imported(module: ModuleLike, ref: ImportRef) -> Value:
    """What an imported name is that a framework gives."""
    app = module.app
    for accessor in app.accessors.imports if app is not None else ():
        if (accessor.module, accessor.name) == (ref.module, ref.name):
            return offered(module, accessor.gives)
    return UNKNOWN


def typed(module: ModuleLike, ref: ImportRef | None, name: str) -> Value:
    """What a value of a framework's type is; `ref` is the import that the name comes from, if any."""
    app = module.app
    for accessor in app.accessors.types if app is not None else ():
        source = ref.module if ref is not None else ""
        if accessor.name == (ref.name if ref is not None else name) and source.startswith(accessor.module):
            return offered(module, accessor.gives)
    return UNKNOWN


def owned(module: ModuleLike, name: str) -> Value:
    """What a member of this name is, whatever it is a member of: `runtime` of `locals.runtime`."""
    app = module.app
    return offered(module, app.accessors.owners.get(name)) if app is not None else UNKNOWN


def parameter(module: ModuleLike, declaration: Declaration) -> Value:
    """What a framework gives a function that it calls, where the parameter is of one."""
    index = parameter_index(declaration)
    rule = handler_at(module, declaration.scope)
    if rule is None or index is None or index >= len(rule.gives):
        return UNKNOWN
    return offered(module, rule.gives[index])


def handler_at(module: ModuleLike, function: Node) -> Handlers | None:
    """What a framework says of a function that it calls; None of any other function."""
    app = module.app
    if app is None or not app.handlers:
        return None
    return module.memoized(("app handler", function.id), lambda: _handler_at(module, app, function))


def _handler_at(module: ModuleLike, app: App, function: Node) -> Handlers | None:
    path = module.path[len(app.folder) :].lstrip("/") if app.folder else module.path
    wrapper = _wrapper_of(module, function)
    if wrapper is None and any("(" in name for rule in app.handlers for name in rule.wrappers):
        wrapper = _key_of(module, function)
    exported, inside = _exported_as(module, function) if wrapper is None else (None, None)
    best: Handlers | None = None
    for rule in app.handlers:
        if rule.files and which(rule.files, path) is None:
            continue
        fits = wrapper is not None and wrapper in rule.wrappers
        fits = fits or (inside is not None and inside in rule.objects)
        fits = fits or (exported is not None and exported in rule.names)
        if fits and (best is None or rule.files):
            best = rule  # what says of files is more exact
    return best


def handlers_of(module: ModuleLike) -> Iterator[tuple[str, Node, Handlers]]:
    """The functions of a module that a framework calls by the name that they are exported by."""
    app, facts = module.app, None
    if app is None:
        return
    path = module.path[len(app.folder) :].lstrip("/") if app.folder else module.path
    rules = [rule for rule in app.handlers if rule.names and which(rule.files, path) is not None]
    facts = module.project.facts.of(module.path) if rules else None
    for name, exported in facts.exports.items() if facts is not None else ():
        rule = next((rule for rule in rules if name in rule.names), None)
        declared = module.scope.top_level.get(exported.local or "")
        function = module.function_of(declared) if rule is not None and declared is not None else None
        if rule is not None and function is not None:
            yield name, function, rule


def _wrapper_of(module: ModuleLike, function: Node) -> str | None:
    """The function that takes a function: `defineEventHandler`, or `hook:NAME` of `….hook("NAME", f)`."""
    syntax = module.syntax
    listed = syntax.parent(with_wrappers(syntax, function))
    call = syntax.parent(listed) if listed is not None and listed.type == "arguments" else None
    callee = call.child_by_field_name("function") if call is not None else None
    if call is None or callee is None:
        return None
    callee = unwrap(callee)
    if callee.type == "identifier":
        return module.text(callee)
    if callee.type == "member_expression":
        name = callee.child_by_field_name("property")
        arguments = arguments_of(call)
        if name is not None and module.text(name) == "hook" and len(arguments) == 2:
            key = string_value(syntax, arguments[0])
            return f"hook:{key}" if key is not None else None
        builder = builder_of(syntax, callee)
        return f"{builder}.{module.text(name)}" if builder is not None and name is not None else None
    return None


def _key_of(module: ModuleLike, function: Node) -> str | None:
    """The key of a call's argument below which a function is: `createFileRoute(server)`."""
    syntax = module.syntax
    key: Node | None = None
    node = function
    for above in syntax.ancestors(function):
        if above.type == "pair":
            key = above.child_by_field_name("key")
        elif above.type == "call_expression":
            callee = above.child_by_field_name("function")
            start = callee
            while start is not None and start.type == "call_expression":
                start = start.child_by_field_name("function")
            name = module.text(start) if start is not None and start.type == "identifier" else None
            if name is not None and name != "createHandlers":
                return f"{name}({module.text(key)})" if key is not None else None
            if name is None:
                return None
        elif above.type == "arrow_function":
            body = above.child_by_field_name("body")
            if body is None or body.id != node.id or node.type != "call_expression":
                return None
        elif above.type not in ("object", "arguments", "parenthesized_expression"):
            return None
        node = above
    return None


def _exported_as(module: ModuleLike, function: Node) -> tuple[str | None, str | None]:
    """The name that a function is exported by, or that of the exported object whose member it is."""
    syntax = module.syntax
    node = with_wrappers(syntax, function)
    above = syntax.parent(node)
    if function.type == "method_definition" and above is not None and above.type == "object":
        return None, _export_of(module, with_wrappers(syntax, above))
    if above is not None and above.type == "pair":
        owner = syntax.parent(above)
        return None, _export_of(module, with_wrappers(syntax, owner)) if owner is not None else None
    return _export_of(module, node), None


def _export_of(module: ModuleLike, node: Node) -> str | None:
    """The name by which a declaration, or the constant that an expression is set to, is exported."""
    syntax = module.syntax
    above = syntax.parent(node)
    if above is None:
        return None
    if node.type in _FUNCTIONS and above.type == "export_statement":
        name = node.child_by_field_name("name")
        is_default = any(child.type == "default" for child in above.children)
        return "default" if is_default else module.text(name) if name is not None else None
    if above.type == "export_statement":
        return "default"
    name = node.child_by_field_name("name")
    if above.type == "variable_declarator":
        name = above.child_by_field_name("name")
        statement = syntax.parent(above)
        above = syntax.parent(statement) if statement is not None else None
    if name is None or above is None or name.type != "identifier":
        return None
    local = module.text(name)
    if above.type == "export_statement":
        return local
    if above.type != "program":
        return None
    facts = module.project.facts.of(module.path)
    exports = facts.exports.items() if facts is not None else ()
    return next((exported for exported, found in exports if found.local == local), None)
