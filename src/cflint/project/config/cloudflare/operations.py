"""What JavaScript does with values: compare, spread, make texts and numbers of them."""

from __future__ import annotations

import math
import re

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.project.config.cloudflare.machine import MAX_TEXT, Fault, Machine, describe
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Choice,
    Entry,
    Func,
    Item,
    Obj,
    Opening,
    Primitive,
    Promised,
    Scalar,
    Unknown,
    Value,
    choice,
    first_opening,
    truth,
    type_of,
)

_STRING = frozenset(("string",))
_BOOLEAN = frozenset(("boolean",))


def reason_of(value: Value) -> str:
    """Why a value is not known."""
    for option in value.options if isinstance(value, Choice) else (value,):
        if isinstance(option, Unknown):
            return option.reason
    return "which of several values it is is not known"


def text_of(value: Value) -> str | None:
    """A primitive as JavaScript writes it into a template; None when it is not known."""
    if not isinstance(value, Scalar):
        return None
    return text_of_primitive(value.value)


def text_of_primitive(value: Primitive) -> str:
    """A primitive as a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return str(value)


def make_text(text: str, place: Location) -> Value:
    """A string, unless it is longer than what is followed."""
    if len(text) > MAX_TEXT:
        return Unknown("the string is too long to be followed", place, _STRING)
    return Scalar(text, place)


_NUMBER = pattern(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def to_number(value: Primitive) -> int | float | None:
    """A primitive as a number; None for NaN and for what is not followed."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        found = float(value)
        if math.isfinite(found):
            return int(found) if found.is_integer() else found
    return 0 if value is None or value == "" else None


def equal(machine: Machine, first: Value, second: Value) -> bool | None:
    """Whether `===` holds; None when that is not known."""
    if isinstance(first, Choice) or isinstance(second, Choice):
        lefts = first.options if isinstance(first, Choice) else (first,)
        rights = second.options if isinstance(second, Choice) else (second,)
        found = {equal(machine, left, right) for left in lefts for right in rights}
        return found.pop() if len(found) == 1 else None
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        for one, other in ((first, second), (second, first)):
            if isinstance(one, Unknown):
                if one.of_mode and isinstance(other, Scalar):
                    return False
                if one.types is not None and isinstance(other, Scalar):
                    from_types = type_of(other.value)
                    if from_types not in one.types:
                        return False
                if one.truth is not None and truth(other) is not None and one.truth is not truth(other):
                    return False
        return None
    if isinstance(first, Scalar) and isinstance(second, Scalar):
        left, right = first.value, second.value
        if type_of(left) != type_of(right):
            return False
        return left == right
    return first is second


def has_member(machine: Machine, target: Obj, key: Value, place: Location) -> Value:
    """Whether an object has a member of that name."""
    machine.looked_up(key, target)
    types = _BOOLEAN
    if isinstance(key, Unknown) and key.of_mode and not target.openings:
        return Scalar(False, place)
    if not isinstance(key, Scalar):
        return Unknown("which key is meant is not known", place, types)
    entry = target.members.get(text_of_primitive(key.value))
    if entry is not None and not entry.conditional:
        return Scalar(True, place)
    if entry is not None or target.openings:
        return Unknown("whether it has the key is not known", place, types)
    return Scalar(False, place)


def copy_members(machine: Machine, target: Obj, source: Value, use: Location) -> None:
    """Spread a value into an object."""
    match source:
        case Obj():
            if source.openings:
                _open_by_spread(machine, target, first_opening(source))
            for key, entry in list(source.members.items()):
                _copy_member(machine, target, key, entry)
        case Choice():
            _copy_choice(machine, target, source, use)
        case Unknown():
            if source.truth is not False and not _copies_nothing(source.types):
                _open_by_spread(machine, target, Opening(source.reason, source.place))
        case Arr() | Scalar(value=str()):
            _open_by_spread(machine, target, Opening("what is spread here is no object", use))
        case Func() | Promised():
            machine.report(
                Fault.SPREAD_FUNCTION,
                f"spreading {describe(source)} copies nothing: its members are only there once it is "
                + ("awaited" if isinstance(source, Promised) else "called"),
                use,
                refused=False,
            )
        case _:
            pass


def _copies_nothing(types: frozenset[str] | None) -> bool:
    return types is not None and types <= {"boolean", "number", "undefined", "null", "function"}


def _copy_member(machine: Machine, target: Obj, key: str, entry: Entry) -> None:
    old = target.members.get(key)
    if entry.conditional and old is not None:
        value = choice((old.value, entry.value), entry.use)
        entry = Entry(value, entry.key, entry.use, old.conditional)
    machine.set_member(target, key, entry)


def _copy_choice(machine: Machine, target: Obj, source: Choice, use: Location) -> None:
    copies = []
    for option in source.options:
        copied = Obj({}, [], use)
        copy_members(machine, copied, option, use)
        copies.append(copied)
    for copied in copies:
        if copied.openings:
            _open_by_spread(machine, target, first_opening(copied))
    for key in dict.fromkeys(key for copied in copies for key in copied.members):
        entries = [copied.members[key] for copied in copies if key in copied.members]
        value = choice([entry.value for entry in entries], entries[0].use)
        everywhere = len(entries) == len(copies) and not any(entry.conditional for entry in entries)
        made = Entry(value, entries[0].key, entries[0].use, not everywhere)
        _copy_member(machine, target, key, made)


def _open_by_spread(machine: Machine, target: Obj, opening: Opening) -> None:
    """Note that an object gets members that are not known, which may replace those that it has."""
    target.openings.append(opening)
    for key, entry in list(target.members.items()):
        other = Unknown(opening.reason, opening.place)
        value = choice((entry.value, other), entry.use)
        machine.set_member(target, key, Entry(value, entry.key, entry.use, entry.conditional))


def spread_items(
    machine: Machine, target: Arr, value: Value, use: Location, conditional: bool, *, whole: bool = False
) -> None:
    """Put the elements of an array into another; with `whole`, what is no array is put in itself."""
    match value:
        case Arr():
            target.openings.extend(value.openings)
            machine.step(len(value.items))
            for item in value.items:
                target.items.append(Item(item.value, item.use, item.conditional or conditional))
        case Choice():
            for option in value.options:
                spread_items(machine, target, option, use, True, whole=whole)
        case Unknown():
            target.openings.append(Opening(value.reason, value.place))
        case _:
            if whole:
                target.items.append(Item(value, use, conditional))
            else:
                target.openings.append(Opening("what is spread here is no array", use))
