"""Operators and assignments of a configuration, on values of which not all are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import (
    Done,
    Machine,
    Thrown,
)
from cflint.project.config.cloudflare.operations import (
    equal,
    has_member,
    make_text,
    reason_of,
    text_of,
    text_of_primitive,
    to_number,
)
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Choice,
    Entry,
    Obj,
    Primitive,
    Scalar,
    Scope,
    Unknown,
    Value,
    choice,
    is_nullish,
    narrowed,
    truth,
    types_of,
)
from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_BOOLEAN = frozenset(("boolean",))
_NUMBER = frozenset(("number",))
_STRING = frozenset(("string",))


def _either(machine: Machine, runs: Sequence[Callable[[], Value]], place: Location) -> Value:
    """The value of one of several expressions of which one is evaluated."""
    found: list[Value] = []

    def noted(run: Callable[[], Value]) -> Done:
        found.append(run())
        return Done.NORMAL

    ends = machine.branches([partial(noted, run) for run in runs], place)
    if not found:
        thrown = next(end for end in ends if isinstance(end, Thrown))
        raise thrown
    return choice(found, place)


def ternary(machine: Machine, node: Node, scope: Scope) -> Value:
    condition = node.child_by_field_name("condition")
    first, second = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
    if condition is None or first is None or second is None:
        return Unknown("this is not followed", machine.place(node, scope))
    known = truth(machine.evaluate(condition, scope))
    if known is not None:
        return machine.evaluate(first if known else second, scope)
    place = machine.place(node, scope)
    runs = [partial(machine.evaluate, first, scope), partial(machine.evaluate, second, scope)]
    return _either(machine, runs, place)


def binary(machine: Machine, node: Node, scope: Scope) -> Value:
    left_node, right_node = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left_node is None or right_node is None or operator is None:
        return Unknown("this is not followed", machine.place(node, scope))
    left = machine.evaluate(left_node, scope)
    place = machine.place(node, scope)
    if operator.type in ("&&", "||", "??"):
        return _logical(machine, operator.type, left, right_node, scope, place)
    return combined(machine, operator.type, left, machine.evaluate(right_node, scope), place)


_KEEPS = {"&&": ("falsy", "truthy"), "||": ("truthy", "falsy"), "??": ("present", "nullish")}
"""For which left side the result is the left side itself, and for which the right side."""


def _logical(
    machine: Machine, operator: str, left: Value, right: Node, scope: Scope, place: Location
) -> Value:
    keeps, takes = _KEEPS[operator]
    kept, taken = list(narrowed(left, keeps)), list(narrowed(left, takes))
    of_mode = isinstance(left, Scalar) and left.of_mode
    if not taken:
        return choice(kept, place)
    if not kept:
        value = machine.evaluate(right, scope)
        if of_mode and operator != "&&" and isinstance(value, Scalar):
            return Scalar(value.value, value.place, True)
        return value
    return _either(machine, [lambda: choice(kept, place), partial(machine.evaluate, right, scope)], place)


def combined(machine: Machine, operator: str, left: Value, right: Value, place: Location) -> Value:
    """What a binary operator other than `&&`, `||` and `??` gives."""
    match operator:
        case "===" | "==" | "!==" | "!=":
            machine.compared(left, right)
            known = equal(machine, left, right)
            if operator in ("==", "!=") and known is not True:
                nullish = (is_nullish(left), is_nullish(right))
                if True in nullish:
                    known = None if None in nullish else nullish == (True, True)
                elif known is False and types_of(left) != types_of(right):
                    known = None
            if known is None:
                return Unknown(_why(left, right), place, _BOOLEAN)
            return Scalar(known is operator.startswith("="), place)
        case "in" if isinstance(right, Obj):
            return has_member(machine, right, left, place)
        case "instanceof" | "in":
            return Unknown(f"`{operator}` is not followed", place, _BOOLEAN)
        case "+":
            return _sum(left, right, place)
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return _arithmetic(operator, left.value, right.value, place)
    types = _BOOLEAN if operator in ("<", ">", "<=", ">=") else _NUMBER
    return Unknown(_why(left, right), place, types)


def _why(left: Value, right: Value) -> str:
    return reason_of(left if isinstance(left, Unknown | Choice) else right)


def _sum(left: Value, right: Value, place: Location) -> Value:
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        if isinstance(left.value, str) or isinstance(right.value, str):
            return make_text(text_of_primitive(left.value) + text_of_primitive(right.value), place)
        return _arithmetic("+", left.value, right.value, place)
    is_text = any(types_of(value) == _STRING for value in (left, right))
    return Unknown(_why(left, right), place, _STRING if is_text else None)


def _arithmetic(operator: str, left: Primitive, right: Primitive, place: Location) -> Value:
    unknown = Unknown(f"`{operator}` is not followed here", place)
    if isinstance(left, str) and isinstance(right, str) and operator in ("<", ">", "<=", ">="):
        return Scalar(
            {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator], place
        )
    first, second = to_number(left), to_number(right)
    if first is None or second is None:
        return unknown
    try:
        match operator:
            case "+":
                found: int | float | bool = first + second
            case "-":
                found = first - second
            case "*":
                found = first * second
            case "/":
                found = first / second
            case "%" if first >= 0 and second > 0:
                found = first % second
            case "**" if abs(second) <= 64:
                found = first**second
            case "<":
                found = first < second
            case ">":
                found = first > second
            case "<=":
                found = first <= second
            case ">=":
                found = first >= second
            case _:
                return unknown
    except (ArithmeticError, ValueError):
        return unknown
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if not isinstance(found, bool) and abs(found) > 2**53:
        return unknown
    return Scalar(found, place)


def unary(machine: Machine, node: Node, scope: Scope) -> Value:
    operator, argument = node.child_by_field_name("operator"), node.child_by_field_name("argument")
    place = machine.place(node, scope)
    if operator is None or argument is None:
        return Unknown("this is not followed", machine.place(node, scope))
    if operator.type == "delete":
        return _delete(machine, argument, scope, place)
    value = machine.evaluate(argument, scope)
    match operator.type:
        case "!":
            known = truth(value)
            return Unknown(reason_of(value), place, _BOOLEAN) if known is None else Scalar(not known, place)
        case "void":
            return Scalar(UNDEFINED, place)
        case "typeof":
            types = types_of(value)
            if types is not None and len(types) == 1:
                return Scalar("object" if types == {"null"} else next(iter(types)), place)
            return Unknown(reason_of(value), place, _STRING)
        case "-" | "+":
            found = to_number(value.value) if isinstance(value, Scalar) else None
            if found is not None:
                return Scalar(-found if operator.type == "-" else found, place)
    return Unknown(reason_of(value), place, _NUMBER)


def _delete(machine: Machine, target: Node, scope: Scope, place: Location) -> Value:
    owner, key = _assigned_member(machine, target, scope)
    if isinstance(owner, Obj) and key is not None:
        machine.delete_member(owner, key)
    elif owner is not None:
        machine.escape([owner], "what is deleted here is not known", place)
    return Scalar(True, place)


def _assigned_member(machine: Machine, target: Node, scope: Scope) -> tuple[Value | None, str | None]:
    """The object and the key of a target of an assignment; no key where it is not known."""
    target = unwrap(target)
    whole = target.child_by_field_name("object")
    if whole is None:
        return None, None
    owner = machine.evaluate(whole, scope)
    name, index = target.child_by_field_name("property"), target.child_by_field_name("index")
    if name is not None:
        return owner, machine.text(name, scope)
    key = machine.evaluate(index, scope) if index is not None else None
    return owner, text_of(key) if key is not None else None


def assignment(machine: Machine, node: Node, scope: Scope) -> Value:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    place = machine.place(node, scope)
    if left is None or right is None:
        return Unknown("this is not followed", machine.place(node, scope))
    operator = node.child_by_field_name("operator")
    sign = operator.type[:-1] if operator is not None else ""
    target = unwrap(left)
    if not sign:
        value = machine.evaluate(right, scope)
    elif sign in _KEEPS:
        before = machine.evaluate(target, scope)
        value = _logical(machine, sign, before, right, scope, place)
    else:
        before = machine.evaluate(target, scope)
        value = combined(machine, sign, before, machine.evaluate(right, scope), place)
    store(machine, target, value, machine.place(right, scope), scope)
    return value


def store(machine: Machine, target: Node, value: Value, use: Location, scope: Scope) -> None:
    """Assign to a variable or a member."""
    place = machine.place(target, scope)
    if target.type == "identifier":
        cell = scope.find(machine.text(target, scope))
        if cell is not None:
            machine.set_value(cell, value)
        return
    owner, key = _assigned_member(machine, target, scope)
    if owner is None:
        return
    if isinstance(owner, Obj) and key is not None:
        name = target.child_by_field_name("property") or target.child_by_field_name("index") or target
        machine.set_member(owner, key, Entry(value, machine.place(name, scope), use))
    else:
        machine.escape([owner], "what is assigned here is not known", place)


def update(machine: Machine, node: Node, scope: Scope) -> Value:
    argument, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
    place = machine.place(node, scope)
    if argument is None or operator is None:
        return Unknown("this is not followed", machine.place(node, scope))
    value = combined(machine, operator.type[0], machine.evaluate(argument, scope), Scalar(1, place), place)
    store(machine, unwrap(argument), value, place, scope)
    return Unknown("`++` and `--` are only followed as statements", place, _NUMBER)


def sequence(machine: Machine, node: Node, scope: Scope) -> Value:
    value: Value = Scalar(UNDEFINED, machine.place(node, scope))
    for child in node.named_children:
        if child.type != "comment":
            value = machine.evaluate(child, scope)
    return value
