"""Expressions of a configuration, evaluated to what they may be."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import (
    MAX_DEPTH,
    Fault,
    Machine,
    Thrown,
)
from cflint.project.config.cloudflare.natives import (
    DEFINERS,
    GLOBALS,
    call_native,
    helper_namespaces,
    member_of,
    method_of,
)
from cflint.project.config.cloudflare.operations import (
    copy_members,
    make_text,
    reason_of,
    spread_items,
    text_of,
    text_of_primitive,
)
from cflint.project.config.cloudflare.operators import assignment, binary, sequence, ternary, unary, update
from cflint.project.config.cloudflare.statements import call_function, execute
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Cell,
    Choice,
    Entry,
    Func,
    Item,
    Native,
    Obj,
    Opening,
    Primitive,
    Promised,
    Scalar,
    Scope,
    Unknown,
    Value,
    choice,
    first_opening,
    is_nullish,
    narrowed,
)
from cflint.syntax.javascript import FUNCTIONS, arguments_of, first_named, property_name, string_value, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_BOOLEAN = frozenset(("boolean",))
_NUMBER = frozenset(("number",))
_STRING = frozenset(("string",))
_WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
    }
)


def make_machine() -> Machine:
    """A machine that can evaluate; what an import gives is to be set."""
    machine = Machine()
    machine.evaluate = partial(evaluate, machine)
    machine.execute = partial(execute, machine)
    machine.call = partial(call, machine)
    machine.get = partial(get, machine)
    return machine


def evaluate(machine: Machine, node: Node, scope: Scope) -> Value:
    """What an expression may be."""
    machine.step()
    node = unwrap(node) if node.type in _WRAPPERS else node
    handler = _EXPRESSIONS.get(node.type)
    if handler is None:
        return _not_followed(machine, node, scope)
    if machine.depth >= MAX_DEPTH:
        return Unknown("expressions are nested too deep", machine.place(node, scope))
    machine.depth += 1
    try:
        return handler(machine, node, scope)
    finally:
        machine.depth -= 1


def _not_followed(machine: Machine, node: Node, scope: Scope) -> Value:
    place = machine.place(node, scope)
    if node.type == "new_expression":
        constructor = node.child_by_field_name("constructor")
        name = machine.text(constructor, scope) if constructor is not None else ""
        given = [evaluate(machine, argument, scope) for argument in arguments_of(node)]
        machine.escape(given, f"`new {name}` is not followed", place)
        return Unknown(f"`new {name}` is not followed", place, frozenset(("object",)))
    words = node.type.replace("_", " ")
    return Unknown(f"this is not followed ({words})", place)


# -- names and literals ----------------------------------------------------------------------------------


def _constant(value: Primitive) -> Callable[[Machine, Node, Scope], Value]:
    return lambda machine, node, scope: Scalar(value, machine.place(node, scope))


def _string(machine: Machine, node: Node, scope: Scope) -> Value:
    text = string_value(machine.syntaxes[scope.module], node) or ""
    return make_text(text, machine.place(node, scope))


def _number(machine: Machine, node: Node, scope: Scope) -> Value:
    text = machine.text(node, scope).replace("_", "")
    try:
        found: int | float = int(text, 0) if text[:2].lower() in ("0x", "0o", "0b") else float(text)
    except ValueError:
        return Unknown("this number is not followed", machine.place(node, scope), _NUMBER)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    return Scalar(found, machine.place(node, scope))


def _template(machine: Machine, node: Node, scope: Scope) -> Value:
    place = machine.place(node, scope)
    plain = string_value(machine.syntaxes[scope.module], node)
    if plain is not None:
        return make_text(plain, place)
    texts: list[str] = []
    reason: str | None = None
    for child in node.named_children:
        if child.type == "template_substitution":
            inner = first_named(child)
            value = evaluate(machine, inner, scope) if inner is not None else Scalar("", place)
            text = text_of(value)
            if text is None:
                reason = reason or reason_of(value)
            texts.append(text or "")
        elif child.type == "escape_sequence":
            texts.append(_unescaped(machine.text(child, scope)))
        else:
            texts.append(machine.text(child, scope))
    if reason is not None:
        return Unknown(reason, place, _STRING)
    return make_text("".join(texts), place)


def _unescaped(text: str) -> str:
    simple = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\n": ""}
    return simple.get(text, text[1:])


def _identifier(machine: Machine, node: Node, scope: Scope) -> Value:
    name = machine.text(node, scope)
    place = machine.place(node, scope)
    cell = scope.find(name)
    if cell is not None:
        return read_cell(machine, cell, scope, place)
    if name == "undefined":
        return Scalar(UNDEFINED, place)
    if name == "NaN":
        return Scalar(math.nan, place)
    if name in GLOBALS or name == "structuredClone":
        return Native(name, place)
    return Unknown(f"`{name}` is not followed", place)


def read_cell(machine: Machine, cell: Cell, scope: Scope, place: Location) -> Value:
    """The value of a variable; it is found now if it was only declared so far."""
    if cell.value:
        return cell.value[0]
    if not cell.pending:
        return Scalar(UNDEFINED, place)
    pending = cell.pending.pop()
    cell.value[:] = [Unknown("it is used before it is known", place)]
    value = machine.imported(pending, scope)
    cell.value[:] = [value]
    return value


def _function(machine: Machine, node: Node, scope: Scope) -> Value:
    return Func(node, scope, machine.place(node, scope))


# -- objects and arrays ----------------------------------------------------------------------------------


def _object(machine: Machine, node: Node, scope: Scope) -> Value:
    made = Obj({}, [], machine.place(node, scope))
    written: dict[str, Location] = {}
    syntax = machine.syntaxes[scope.module]
    for child in node.named_children:
        machine.step()
        match child.type:
            case "pair":
                name, value_node = child.child_by_field_name("key"), child.child_by_field_name("value")
                if name is None or value_node is None:
                    continue
                key = property_name(syntax, name)
                if key is None and name.type == "computed_property_name":
                    key = _computed_key(machine, name, made, scope)
                value = evaluate(machine, value_node, scope)
                if key is not None:
                    use = machine.place(value_node, scope)
                    _write(machine, made, written, key, value, machine.place(name, scope), use)
            case "shorthand_property_identifier":
                place = machine.place(child, scope)
                value = _identifier(machine, child, scope)
                _write(machine, made, written, machine.text(child, scope), value, place, place)
            case "spread_element":
                inner = first_named(child)
                if inner is not None:
                    copied = evaluate(machine, inner, scope)
                    copy_members(machine, made, copied, machine.place(inner, scope))
            case "method_definition":
                name = child.child_by_field_name("name")
                key = property_name(syntax, name) if name is not None else None
                if name is None or key is None:
                    made.openings.append(Opening("a computed key is not known", machine.place(child, scope)))
                    continue
                place = machine.place(name, scope)
                accessor = any(part.type in ("get", "set") for part in child.children)
                method: Value = _function(machine, child, scope)
                if accessor:
                    method = Unknown("a getter is not followed", place)
                _write(machine, made, written, key, method, place, machine.place(child, scope))
            case "comment":
                continue
            case _:
                made.openings.append(Opening("this is not followed", machine.place(child, scope)))
    return made


def _computed_key(machine: Machine, name: Node, target: Obj, scope: Scope) -> str | None:
    inner = first_named(name)
    value = evaluate(machine, inner, scope) if inner is not None else None
    if isinstance(value, Scalar):
        return text_of_primitive(value.value)
    place = machine.place(name, scope)
    target.openings.append(Opening(reason_of(value) if value is not None else "the key is empty", place))
    return None


def _write(
    machine: Machine,
    target: Obj,
    written: dict[str, Location],
    key: str,
    value: Value,
    place: Location,
    use: Location,
) -> None:
    first = written.get(key)
    if first is not None:
        machine.report(
            Fault.DUPLICATE_KEY,
            f"`{key}` is written twice here; the second one counts",
            place,
            related=first,
            refused=False,
        )
    written[key] = place
    target.members[key] = Entry(value, place, use)


def _array(machine: Machine, node: Node, scope: Scope) -> Value:
    made = Arr([], [], machine.place(node, scope))
    for child in node.named_children:
        if child.type == "comment":
            continue
        if child.type == "spread_element":
            inner = first_named(child)
            if inner is not None:
                place = machine.place(inner, scope)
                spread_items(machine, made, evaluate(machine, inner, scope), place, conditional=False)
        else:
            made.items.append(Item(evaluate(machine, child, scope), machine.place(child, scope)))
    return made


# -- members and calls -----------------------------------------------------------------------------------


def get(machine: Machine, value: Value, key: str | int, place: Location) -> Value:
    """What a value has under a key; `undefined` and null throw."""
    match value:
        case Obj():
            return _member(value, str(key), place)
        case Arr():
            return _element(machine, value, key, place)
        case Choice():
            present = [option for option in value.options if is_nullish(option) is not True]
            return choice(
                [get(machine, option, key, place) for option in present or [value.options[0]]], place
            )
        case Scalar() if value.value is None or value.value is UNDEFINED:
            raise Thrown(place, f"`{key}` of {text_of_primitive(value.value)}")
        case Native():
            return member_of(machine, value, str(key), place)
        case Scalar(value=str(text)) if key == "length":
            return Scalar(len(text.encode("utf-16-le", "surrogatepass")) // 2, place)
    method = method_of(value, str(key), place)
    if method is not None:
        return method
    reason = value.reason if isinstance(value, Unknown) else f"`{key}` is not followed here"
    return Unknown(reason, place)


def _member(value: Obj, key: str, place: Location) -> Value:
    entry = value.members.get(key)
    if entry is None:
        if value.openings:
            opening = first_opening(value)
            return Unknown(opening.reason, opening.place)
        if key in ("toString", "hasOwnProperty", "constructor", "__proto__"):
            return Unknown(f"`{key}` is not followed", place)
        return Scalar(UNDEFINED, place)
    return choice([entry.value, Scalar(UNDEFINED, place)], place) if entry.conditional else entry.value


def _element(machine: Machine, value: Arr, key: str | int, place: Location) -> Value:
    sure = not value.openings and not any(item.conditional for item in value.items)
    if isinstance(key, int) or key.isdecimal():
        at = int(key)
        if at < len(value.items) and not any(item.conditional for item in value.items[: at + 1]):
            return value.items[at].value
        return Scalar(UNDEFINED, place) if sure else Unknown("not all of the array is known", place)
    if key == "length":
        return Scalar(len(value.items), place) if sure else Unknown("its length is not known", place, _NUMBER)
    method = method_of(value, key, place)
    if method is not None:
        return method
    machine.escape([value], f"`{key}` is not followed", place)
    return Unknown(f"`{key}` is not followed", place)


def _is_optional(node: Node) -> bool:
    return any(child.type in ("optional_chain", "?.") for child in node.children)


def _through(node: Node, whole: Value, place: Location, then: Callable[[Value], Value]) -> Value:
    """A member or call of a value; with `?.`, undefined where the value is null or undefined."""
    if not _is_optional(node):
        return then(whole)
    known = is_nullish(whole)
    if known:
        return Scalar(UNDEFINED, place)
    if known is False:
        return then(whole)
    present = choice(list(narrowed(whole, "present")), place)
    return choice([then(present), Scalar(UNDEFINED, place)], place)


def _member_expression(machine: Machine, node: Node, scope: Scope) -> Value:
    target, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    place = machine.place(node, scope)
    if target is None or name is None or name.type != "property_identifier":
        return Unknown("this is not followed", place)
    whole = evaluate(machine, target, scope)
    key = machine.text(name, scope)
    if _short_circuited(target, whole):
        return whole
    named = machine.place(name, scope) if isinstance(whole, Native) else place
    return _through(node, whole, place, lambda value: get(machine, value, key, named))


def _short_circuited(target: Node, value: Value) -> bool:
    """Whether `a?.b` gave undefined, so that all of the chain behind it does, too."""
    chained = target.type in ("member_expression", "call_expression", "subscript_expression")
    return chained and _is_optional(target) and isinstance(value, Scalar) and value.value is UNDEFINED


def _subscript(machine: Machine, node: Node, scope: Scope) -> Value:
    target, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    place = machine.place(node, scope)
    if target is None or index is None:
        return Unknown("this is not followed", place)
    whole = evaluate(machine, target, scope)
    key = evaluate(machine, index, scope)
    return _through(node, whole, place, lambda value: _indexed(machine, value, key, place))


def _indexed(machine: Machine, value: Value, key: Value, place: Location) -> Value:
    if isinstance(value, Obj):
        machine.looked_up(key, value)
        if isinstance(key, Unknown) and key.of_mode and not value.openings:
            return Scalar(UNDEFINED, place)
    if isinstance(key, Scalar):
        primitive = key.value
        whole = primitive if isinstance(primitive, int) and not isinstance(primitive, bool) else None
        return get(machine, value, text_of_primitive(primitive) if whole is None else whole, place)
    if isinstance(key, Choice):
        return choice([_indexed(machine, value, option, place) for option in key.options], place)
    if isinstance(value, Native) and value.name == "process.env":
        return Unknown(
            "an environment variable is not part of the repository", place, _STRING | {"undefined"}
        )
    return Unknown(reason_of(key), place)


def _call_expression(machine: Machine, node: Node, scope: Scope) -> Value:
    callee = node.child_by_field_name("function")
    place = machine.place(node, scope)
    if callee is None or node.child_by_field_name("arguments") is None:
        return Unknown("this is not followed", place)
    if callee.type in ("import", "super"):
        return Unknown(f"`{callee.type}()` is not followed", place)
    function = evaluate(machine, callee, scope)
    if _short_circuited(unwrap(callee), function):
        return function
    given: list[Value] = []
    for argument in arguments_of(node):
        if argument.type != "spread_element":
            given.append(evaluate(machine, argument, scope))
            continue
        inner = first_named(argument)
        spread = Arr([], [], place)
        if inner is not None:
            spread_items(machine, spread, evaluate(machine, inner, scope), place, conditional=False)
        if spread.openings or any(item.conditional for item in spread.items):
            function = Unknown("what it is called with is not known", place)
        given += [item.value for item in spread.items]
    return _through(node, function, place, lambda value: call(machine, value, given, place))


def call(machine: Machine, function: Value, arguments: list[Value], place: Location) -> Value:
    """What a call gives."""
    if isinstance(function, Func):
        return call_function(machine, function, arguments, place)
    if isinstance(function, Native):
        return call_native(machine, function, arguments, place)
    if isinstance(function, Scalar):
        raise Thrown(place, f"{text_of_primitive(function.value)} is not a function")
    reason = reason_of(function) if isinstance(function, Unknown | Choice) else "this call is not followed"
    machine.escape(arguments, reason, place)
    return Unknown(reason, place)


def _await(machine: Machine, node: Node, scope: Scope) -> Value:
    inner = first_named(node)
    if inner is None:
        return _not_followed(machine, node, scope)
    return awaited(evaluate(machine, inner, scope))


def awaited(value: Value) -> Value:
    """What waiting for a value gives."""
    while isinstance(value, Promised):
        value = value.value
    if isinstance(value, Choice) and any(isinstance(option, Promised) for option in value.options):
        return choice([awaited(option) for option in value.options], value.place)
    return value


_EXPRESSIONS: dict[str, Callable[[Machine, Node, Scope], Value]] = {
    "string": _string,
    "number": _number,
    "template_string": _template,
    "true": _constant(True),
    "false": _constant(False),
    "null": _constant(None),
    "undefined": _constant(UNDEFINED),
    "identifier": _identifier,
    "object": _object,
    "array": _array,
    "member_expression": _member_expression,
    "subscript_expression": _subscript,
    "call_expression": _call_expression,
    "await_expression": _await,
    "ternary_expression": ternary,
    "binary_expression": binary,
    "unary_expression": unary,
    "assignment_expression": assignment,
    "augmented_assignment_expression": assignment,
    "update_expression": update,
    "sequence_expression": sequence,
    **dict.fromkeys(sorted(FUNCTIONS), _function),
}


def helper_named(name: str, place: Location) -> Value:
    """What a module of helpers exports under a name."""
    if name in DEFINERS or name in helper_namespaces():
        return Native(name, place)
    return Unknown(f"`{name}` is not followed", place)
