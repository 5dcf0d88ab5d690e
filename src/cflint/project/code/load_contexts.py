"""Objects that a Worker makes and a framework hands on: `{ cloudflare: { env, ctx } }`, `{ ...env, db }`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.apps.kind import LoadContext
from cflint.project.apps.realms import Realm
from cflint.project.code.values import UNKNOWN, Value, ValueKind
from cflint.syntax.javascript import (
    FUNCTIONS,
    arguments_of,
    first_named,
    property_name,
    unwrap,
    with_wrappers,
)
from cflint.syntax.suffixes import MODULE_SUFFIXES

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike


def literal(module: ModuleLike, node: Node) -> Value:
    """The value of an object literal in the code of an app: its members are looked at when they are asked
    for. Two literals are two values."""
    place = f"{node.start_byte}:{node.end_byte}"
    return Value(ValueKind.APP_OBJECT, name=place, detail=module.path, origin=node)


def member_of_literal(module: ModuleLike, owner: Value, name: str) -> Value:
    """What a member of an object literal is, in whatever module it stands; the last that gives it counts."""
    home = module if owner.detail == module.path else module.other(owner.detail)
    if home is None or owner.origin is None:
        return UNKNOWN
    node = home.syntax.node_at(owner.origin.start_byte, owner.origin.end_byte)
    if node is None or node.type != "object":
        return UNKNOWN
    for part in reversed(node.named_children):
        match part.type:
            case "pair":
                key = part.child_by_field_name("key")
                written = property_name(home.syntax, key) if key is not None else None
                if written is None:
                    return UNKNOWN
                if written == name:
                    return home.value_of(part.child_by_field_name("value"))
            case "shorthand_property_identifier":
                if home.text(part) == name:
                    return home.value_of(part)
            case "method_definition":
                key = part.child_by_field_name("name")
                if key is not None and property_name(home.syntax, key) == name:
                    return UNKNOWN
            case "spread_element":
                spread = home.value_of(first_named(part))
                if spread.kind is ValueKind.ENV:
                    return home.binding(name)
                if spread.kind is not ValueKind.APP_OBJECT:
                    return UNKNOWN
                found = member_of_literal(home, spread, name) if spread.shape is None else UNKNOWN
                if found:
                    return found
    return UNKNOWN


def load_context(module: ModuleLike) -> Value:
    """The object that the Worker of an app makes for the framework; UNKNOWN where it makes several, or none
    that can be seen."""
    app = module.app
    found = UNKNOWN
    for path in app.modules(Realm.SERVER) if app is not None and app.accessors.contexts else ():
        document = module.project.sources.document(path)
        rules = [
            rule
            for rule in (app.accessors.contexts if app is not None else ())
            if document is not None and rule.maker.encode() in document.data
        ]
        home = module.other(path) if rules and path.endswith(MODULE_SUFFIXES) else None
        for value in _contexts(home, rules) if home is not None else ():
            if not value or (found and value != found):
                return UNKNOWN
            found = value
    return found


def _contexts(module: ModuleLike, rules: list[LoadContext]) -> Iterator[Value]:
    for rule in rules:
        for leaf in module.syntax.leaves(rule.maker, module.syntax.root):
            call = module.syntax.parent(leaf)
            callee = call.child_by_field_name("function") if call is not None else None
            if call is None or callee is None or callee.id != leaf.id or not _is_maker(module, leaf, rule):
                continue
            for node in _given(module, call, rule):
                value = module.value_of(node)
                for key in rule.path:
                    value = (
                        member_of_literal(module, value, key)
                        if value.kind is ValueKind.APP_OBJECT and value.shape is None
                        else UNKNOWN
                    )
                yield value


def _is_maker(module: ModuleLike, name: Node, rule: LoadContext) -> bool:
    declared = module.scope.resolve(name)
    ref = module.scope.origin(declared) if declared is not None else None
    return ref is not None and ref.name == rule.maker and ref.module.startswith(rule.module)


def _given(module: ModuleLike, call: Node, rule: LoadContext) -> Iterator[Node]:
    """The expressions of which one is the context."""
    if rule.option is not None:
        yield from _of_option(module, call, rule.option)
        return
    syntax = module.syntax
    holders = [with_wrappers(syntax, call)]
    parent = syntax.parent(holders[0])
    name = parent.child_by_field_name("name") if parent is not None else None
    if parent is not None and parent.type == "variable_declarator" and name is not None:
        declared = module.scope.resolve(name)
        holders += module.scope.references(declared) if declared is not None else ()
    for holder in holders:
        callee = with_wrappers(syntax, holder)
        around = syntax.parent(callee)
        if rule.method is not None:
            key = around.child_by_field_name("property") if around is not None else None
            if around is None or key is None or module.text(key) != rule.method:
                continue
            callee, around = around, syntax.parent(around)
        function = around.child_by_field_name("function") if around is not None else None
        if around is None or function is None or unwrap(function).id != unwrap(callee).id:
            continue
        arguments = arguments_of(around)
        if len(arguments) > rule.position:
            yield arguments[rule.position]


def _of_option(module: ModuleLike, call: Node, option: str) -> Iterator[Node]:
    arguments = arguments_of(call)
    options = module.initializer(arguments[0]) if arguments else None
    for part in options.named_children if options is not None and options.type == "object" else ():
        key = part.child_by_field_name("key") or part.child_by_field_name("name")
        if part.type == "shorthand_property_identifier" and module.text(part) == option:
            declared = module.scope.resolve(part)
            function = module.function_of(declared) if declared is not None else None
        elif key is not None and property_name(module.syntax, key) == option:
            value = part.child_by_field_name("value")
            function = module.initializer(value) if value is not None else part
        else:
            continue
        if function is not None and (function.type in FUNCTIONS or function.type == "method_definition"):
            yield from _results(module, function)


def _results(module: ModuleLike, function: Node) -> Iterator[Node]:
    body = function.child_by_field_name("body")
    if body is None:
        return
    if body.type != "statement_block":
        yield body
        return
    for word in module.syntax.leaves("return", body):
        statement = module.syntax.parent(word)
        value = first_named(statement) if statement is not None else None
        if value is not None and statement is not None and statement.type == "return_statement":
            yield value
