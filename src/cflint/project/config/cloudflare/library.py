"""Functions of JavaScript's own objects (`Object`, `JSON`, …) that a configuration may call."""

from __future__ import annotations

import json
from collections.abc import Callable

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import Machine
from cflint.project.config.cloudflare.operations import (
    copy_members,
    has_member,
    text_of,
    text_of_primitive,
    to_number,
)
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Choice,
    Entry,
    Item,
    Obj,
    Opening,
    Promised,
    Scalar,
    Unknown,
    Value,
    truth,
)

_STRING = frozenset(("string",))
_BOOLEAN = frozenset(("boolean",))


def _keys(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Obj):
        return None
    machine.step(len(first.members))
    items = [
        Item(Scalar(key, entry.key), entry.key, entry.conditional) for key, entry in first.members.items()
    ]
    return Arr(items, list(first.openings), place)


def _values(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Obj):
        return None
    machine.step(len(first.members))
    items = [Item(entry.value, entry.use, entry.conditional) for entry in first.members.values()]
    return Arr(items, list(first.openings), place)


def _entries(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Obj):
        return None
    machine.step(len(first.members))
    items = []
    for key, entry in first.members.items():
        pair = [Item(Scalar(key, entry.key), entry.key), Item(entry.value, entry.use)]
        items.append(Item(Arr(pair, [], entry.use), entry.use, entry.conditional))
    return Arr(items, list(first.openings), place)


def _from_entries(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Arr):
        return None
    made = Obj({}, list(first.openings), place)
    for item in first.items:
        pair = item.value
        key = pair.items[0].value if isinstance(pair, Arr) and len(pair.items) >= 2 else None
        if not isinstance(pair, Arr) or not isinstance(key, Scalar) or pair.openings:
            reason = key.reason if isinstance(key, Unknown) else "a key is not known"
            made.openings.append(Opening(reason, item.use))
            continue
        entry = Entry(pair.items[1].value, pair.items[0].use, pair.items[1].use, item.conditional)
        machine.set_member(made, text_of_primitive(key.value), entry)
    return made


def _assign(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    target = arguments[0] if arguments else None
    if not isinstance(target, Obj):
        return None
    for source in arguments[1:]:
        copy_members(machine, target, source, place)
    return target


def _same_back(_machine: Machine, arguments: list[Value], _place: Location) -> Value | None:
    return arguments[0] if arguments else None


def _has_own(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    if len(arguments) == 2 and isinstance(arguments[0], Obj):
        return has_member(machine, arguments[0], arguments[1], place)
    return None


def _string(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    if not arguments:
        return Scalar("", place)
    first = arguments[0]
    text = text_of(first)
    if text is None:
        reason = first.reason if isinstance(first, Unknown) else "what is written here is not known"
        return Unknown(reason, place, _STRING)
    return Scalar(text, place, isinstance(first, Scalar) and first.of_mode)


def _number(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else Scalar(0, place)
    if isinstance(first, Scalar):
        found = to_number(first.value)
        if found is not None:
            return Scalar(found, place)
    return Unknown("the number is not known", place, frozenset(("number",)))


def _boolean(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    known = truth(arguments[0]) if arguments else False
    if known is None:
        return Unknown("whether it is set is not known", place, _BOOLEAN)
    return Scalar(known, place)


def _is_array(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else Scalar(UNDEFINED, place)
    if isinstance(first, Unknown | Choice):
        return Unknown("whether it is an array is not known", place, _BOOLEAN)
    return Scalar(isinstance(first, Arr), place)


def _resolve(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    return Promised(arguments[0] if arguments else Scalar(UNDEFINED, place), place)


def _all(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Arr):
        return None
    items = [
        Item(item.value.value if isinstance(item.value, Promised) else item.value, item.use, item.conditional)
        for item in first.items
    ]
    return Promised(Arr(items, list(first.openings), place), place)


def _to_json(_machine: Machine, _arguments: list[Value], place: Location) -> Value | None:
    return Unknown("`JSON.stringify` is not followed", place, frozenset(("string", "undefined")))


def _from_json(_machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    first = arguments[0] if arguments else None
    if not isinstance(first, Scalar) or not isinstance(first.value, str):
        return None
    try:
        return _from_plain(json.loads(first.value), place)
    except (ValueError, RecursionError):
        return None


def _from_plain(value: object, place: Location) -> Value:
    if isinstance(value, dict):
        members = {str(key): Entry(_from_plain(item, place), place, place) for key, item in value.items()}
        return Obj(members, [], place)
    if isinstance(value, list):
        return Arr([Item(_from_plain(item, place), place) for item in value], [], place)
    assert value is None or isinstance(value, str | int | float)
    return Scalar(value, place)


def _cwd(_machine: Machine, _arguments: list[Value], place: Location) -> Value | None:
    return Unknown("the working directory is not known", place, _STRING)


FUNCTIONS: dict[str, Callable[[Machine, list[Value], Location], Value | None]] = {
    "Object.keys": _keys,
    "Object.values": _values,
    "Object.entries": _entries,
    "Object.fromEntries": _from_entries,
    "Object.assign": _assign,
    "Object.freeze": _same_back,
    "Object.seal": _same_back,
    "Object.hasOwn": _has_own,
    "structuredClone": _same_back,
    "JSON.stringify": _to_json,
    "JSON.parse": _from_json,
    "String": _string,
    "Number": _number,
    "Boolean": _boolean,
    "Array.isArray": _is_array,
    "Promise.resolve": _resolve,
    "Promise.all": _all,
    "process.cwd": _cwd,
}
"""Functions that are followed; one that gives None does not know about what it got."""
