"""Objects that a Worker makes and a framework hands on: `{ cloudflare: { env, ctx } }`, `{ ...env, db }`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING

from cflint.project.apps.globs import which
from cflint.project.apps.kind import LoadContext
from cflint.project.apps.realms import Realm
from cflint.project.code.values import UNKNOWN, Value, ValueKind
from cflint.project.modules.queries import CycleError
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

    from cflint.project.apps.app import App
    from cflint.project.code.interface import ModuleLike


def literal(module: ModuleLike, node: Node) -> Value:
    """The value of an object literal in the code of an app: its members are looked at when they are asked
    for. Two literals are two values."""
    place = f"{node.start_byte}:{node.end_byte}"
    return Value(ValueKind.APP_OBJECT, name=place, detail=module.path, origin=node)


def _asked(module: ModuleLike, question: Hashable, find: Callable[[], Value]) -> Value:
    """The answer to a question about the project; UNKNOWN where it depends on itself."""
    try:
        return module.project.memo.memoized(question, find)
    except CycleError:
        return UNKNOWN


def member_of_literal(module: ModuleLike, owner: Value, name: str) -> Value:
    """What a member of an object literal is, in whatever module it stands; the last that gives it counts."""
    question = ("member of a literal", owner.detail, owner.name, name)
    return _asked(module, question, lambda: _member_of_literal(module, owner, name))


def _member_of_literal(module: ModuleLike, owner: Value, name: str) -> Value:
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
    if app is None or not app.accessors.contexts:
        return UNKNOWN
    return _asked(module, ("load context", app.folder), lambda: _load_context(module, app))


def _load_context(module: ModuleLike, app: App) -> Value:
    found = UNKNOWN
    for path in app.modules(Realm.SERVER):
        document = module.project.sources.document(path)
        rules = [
            rule
            for rule in app.accessors.contexts
            if document is not None and _word_of(rule) in document.data
        ]
        home = module.other(path) if rules and path.endswith(MODULE_SUFFIXES) else None
        for value in _contexts(home, rules) if home is not None else ():
            if not value or (found and value != found):
                return UNKNOWN
            found = value
    return found


def _word_of(rule: LoadContext) -> bytes:
    """What stands in every module that uses a maker."""
    word = rule.maker if rule.maker != "default" else rule.module.rpartition("/")[2]
    return word.encode()


def _contexts(module: ModuleLike, rules: list[LoadContext]) -> Iterator[Value]:
    for rule in rules:
        if rule.maker == "default":
            for declared in module.scope.imports:
                ref = declared.imported
                if ref is not None and ref.name == "default" and which((rule.module,), ref.module) == 0:
                    for use in module.scope.references(declared):
                        yield from _values(module, _handed_to(module, [use], rule), rule)
            continue
        for leaf in module.syntax.leaves(rule.maker, module.syntax.root):
            call = module.syntax.parent(leaf)
            callee = call.child_by_field_name("function") if call is not None else None
            if call is None or callee is None or callee.id != leaf.id or not _is_maker(module, leaf, rule):
                continue
            yield from _values(module, _given(module, call, rule), rule)


def _values(
    module: ModuleLike, given: Iterator[tuple[ModuleLike, Node]], rule: LoadContext
) -> Iterator[Value]:
    for home, node in given:
        value = _value(home, node)
        for key in rule.path:
            is_literal = value.kind is ValueKind.APP_OBJECT and value.shape is None
            value = member_of_literal(module, value, key) if is_literal else UNKNOWN
        yield value


def _value(module: ModuleLike, node: Node) -> Value:
    """The value of an expression; through a function of another module that makes it."""
    value = module.value_of(node).awaited
    if value:
        return value
    node = unwrap(node)
    if node.type == "await_expression":
        node = unwrap(first_named(node) or node)
    elif node.type == "identifier":
        node = unwrap(module.initializer(node))
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    if callee is None or callee.type != "identifier":
        return UNKNOWN
    home, function = _function(module, callee)
    if home is None or home is module or function is None:
        return UNKNOWN
    values = [home.value_of(result).awaited for result in _results(home, function)]
    return values[0] if values and all(value == values[0] for value in values) else UNKNOWN


def _function(module: ModuleLike, name: Node) -> tuple[ModuleLike | None, Node | None]:
    """The function that a name means, and the module that it is in."""
    declared = module.scope.resolve(name)
    ref = module.scope.origin(declared) if declared is not None else None
    if ref is None:
        return module, module.function_of(declared) if declared is not None else None
    found = module.project.exports.declaration(module.path, ref)
    home = module.other(found[0]) if found is not None else None
    declared = home.scope.top_level.get(found[1]) if home is not None and found is not None else None
    return home, home.function_of(declared) if home is not None and declared is not None else None


def _is_maker(module: ModuleLike, name: Node, rule: LoadContext) -> bool:
    declared = module.scope.resolve(name)
    ref = module.scope.origin(declared) if declared is not None else None
    return ref is not None and ref.name == rule.maker and ref.module.startswith(rule.module)


def _given(module: ModuleLike, call: Node, rule: LoadContext) -> Iterator[tuple[ModuleLike, Node]]:
    """The expressions of which one is the context, and the modules that they are in."""
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
    yield from _handed_to(module, holders, rule)


def _handed_to(
    module: ModuleLike, holders: list[Node], rule: LoadContext
) -> Iterator[tuple[ModuleLike, Node]]:
    """What the calls of some expressions hand on."""
    syntax = module.syntax
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
            yield module, arguments[rule.position]


def _of_option(module: ModuleLike, call: Node, option: str) -> Iterator[tuple[ModuleLike, Node]]:
    arguments = arguments_of(call)
    options = module.initializer(arguments[0]) if arguments else None
    for part in options.named_children if options is not None and options.type == "object" else ():
        home: ModuleLike | None = module
        key = part.child_by_field_name("key") or part.child_by_field_name("name")
        if part.type == "shorthand_property_identifier" and module.text(part) == option:
            home, function = _function(module, part)
        elif key is not None and property_name(module.syntax, key) == option:
            value = part.child_by_field_name("value")
            function = module.initializer(value) if value is not None else part
            if function.type == "identifier":
                home, function = _function(module, function)
        else:
            continue
        if home is not None and function is not None and function.type in _FUNCTIONS:
            yield from ((home, result) for result in _results(home, function))


_FUNCTIONS = (*FUNCTIONS, "method_definition")


def kept(module: ModuleLike, call: Node) -> Value:
    """What `X.get(KEY)` gives, where KEY is one of a framework's keys: the value that all of `X.set(KEY, …)`
    have, in whatever modules of the app."""
    app = module.app
    arguments = arguments_of(call)
    if app is None or not app.accessors.keys or len(arguments) != 1:
        return UNKNOWN
    key = _key_of(module, arguments[0])
    if key is None:
        return UNKNOWN
    return _asked(module, ("kept", app.folder, key), lambda: _kept(module, app, key))


def _kept(module: ModuleLike, app: App, key: tuple[str, str]) -> Value:
    found = UNKNOWN
    for path in app.modules(Realm.SERVER, Realm.BOTH):
        document = module.project.sources.document(path)
        if document is None or key[1].encode() not in document.data or b".set" not in document.data:
            continue
        home = module.other(path) if path.endswith(MODULE_SUFFIXES) else None
        for call in home.calls_of("set", home.syntax.root) if home is not None else ():
            arguments = arguments_of(call)
            if home is None or len(arguments) != 2 or _key_of(home, arguments[0]) != key:
                continue
            value = home.value_of(arguments[1])
            if not value or (found and value != found):
                return UNKNOWN
            found = value
    return found


def _key_of(module: ModuleLike, node: Node) -> tuple[str, str] | None:
    """The module that declares a key, and its name there; None of anything that is no key."""
    declared = module.scope.resolve(node) if node.type == "identifier" else None
    if declared is None:
        return None
    place, home = (module.path, declared.name), module
    ref = module.scope.origin(declared)
    if ref is not None:
        found = module.project.exports.declaration(module.path, ref)
        other = module.other(found[0]) if found is not None else None
        if found is None or other is None:
            return None
        place, home = found, other
        declared = home.scope.top_level.get(found[1])
    made = unwrap(declared.value) if declared is not None and declared.value is not None else None
    callee = made.child_by_field_name("function") if made is not None else None
    maker = home.scope.resolve(callee) if callee is not None and callee.type == "identifier" else None
    origin = home.scope.origin(maker) if maker is not None else None
    rules = module.app.accessors.keys if module.app is not None else ()
    is_key = origin is not None and any((it.module, it.maker) == (origin.module, origin.name) for it in rules)
    return place if is_key else None


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
