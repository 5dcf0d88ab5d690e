"""What a configuration may call without writing it: the helpers, and the methods of strings, arrays, objects.

Whatever is not here is unknown, and what it gets is open from then on.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import cache

from cflint.finding import Location
from cflint.platform.cloudflare_config import binding_types, export_types, helper_of, trigger_types
from cflint.project.config.cloudflare.library import FUNCTIONS as LIBRARY
from cflint.project.config.cloudflare.machine import Fault, Machine
from cflint.project.config.cloudflare.operations import (
    copy_members,
    equal,
    make_text,
    spread_items,
    text_of,
)
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Entry,
    Func,
    Item,
    Native,
    Obj,
    Opening,
    Primitive,
    Scalar,
    Unknown,
    Value,
    truth,
)

HELPER_MODULES = frozenset(
    {
        "cf/config",
        "@cloudflare/config",
        "@cloudflare/config/public",
        "@cloudflare/vite-plugin/experimental-config",
        "wrangler/experimental-config",
    }
)
"""The modules that have had the helpers, first the one that has them now."""

CONTEXT = "ctx"
"""The name of what a configuration that is a function is called with."""

DEFINERS = frozenset(
    {"defineConfig", "defineWorker", "defineContainer", "defineSettings", "defineWranglerConfig"}
)
"""Helpers that return what they get."""

GLOBALS = frozenset(
    {"process", "Object", "JSON", "String", "Number", "Boolean", "Array", "Promise", "Reflect", "console"}
)
_STRING = frozenset(("string",))
_BOOLEAN = frozenset(("boolean",))
_OF_STRINGS = {
    "trim": _STRING,
    "trimStart": _STRING,
    "trimEnd": _STRING,
    "toLowerCase": _STRING,
    "toUpperCase": _STRING,
    "toString": _STRING,
    "slice": _STRING,
    "substring": _STRING,
    "replace": _STRING,
    "replaceAll": _STRING,
    "padStart": _STRING,
    "padEnd": _STRING,
    "concat": _STRING,
    "startsWith": _BOOLEAN,
    "endsWith": _BOOLEAN,
    "includes": _BOOLEAN,
    "split": None,
}
"""Methods of strings that are followed, and the type of what they return."""

_OF_ARRAYS = frozenset(
    {
        "map",
        "filter",
        "flatMap",
        "forEach",
        "find",
        "some",
        "every",
        "includes",
        "concat",
        "join",
        "push",
        "slice",
        "at",
        "flat",
        "indexOf",
    }
)
"""Methods of arrays that are followed."""


def helper_namespaces() -> dict[str, Callable[[], tuple[str, ...]]]:
    """The namespaces of helpers, with the `type`s that they make."""
    return {"bindings": binding_types, "triggers": trigger_types, "exports": export_types}


@cache
def helpers_of(namespace: str) -> dict[str, str]:
    """The helpers of `bindings`, `triggers` or `exports`, with the `type` that each makes."""
    return {helper_of(type): type for type in helper_namespaces()[namespace]()}


def member_of(machine: Machine, native: Native, name: str, place: Location) -> Value:
    """A member of a namespace that is not written in a file."""
    if native.name == CONTEXT:
        return machine.context(name, place)
    whole = f"{native.name}.{name}"
    if native.name in helper_namespaces():
        known = helpers_of(native.name)
        if name not in known:
            same = [other for other in known if other.lower() == name.lower()]
            if same:  # `analyticsSQL`: how `cf` spells it is not known for sure
                return Native(f"{native.name}.{same[0]}", place)
            near = difflib.get_close_matches(name, known, 1, 0.6)
            hint = f"; did you mean `{native.name}.{near[0]}`?" if near else ""
            machine.report(
                Fault.UNKNOWN_HELPER,
                f"there is no helper `{whole}`{hint}",
                place,
                suggestion=near[0] if near else None,
            )
            return Unknown(f"there is no helper `{whole}`", place)
        return Native(whole, place)
    if native.name == "process.env":
        return Unknown(
            f"the environment variable `{name}` is not part of the repository",
            place,
            frozenset(("string", "undefined")),
        )
    if whole == "process.env" or whole in LIBRARY or whole == "Reflect.get" or native.name == "console":
        return Native(whole, place)
    return Unknown(f"`{whole}` is not followed", place)


def method_of(value: Value, name: str, place: Location) -> Native | None:
    """A method of a string or an array that is followed; None of any other."""
    match value:
        case Scalar(value=str()) if name in _OF_STRINGS:
            return Native(f"''.{name}", place, value)
        case Unknown(types=types) if types and types <= {"string", "undefined", "null"}:
            return Native(f"''.{name}", place, value) if name in _OF_STRINGS else None
        case Arr() if name in _OF_ARRAYS:
            return Native(f"[].{name}", place, value)
    return None


def call_native(machine: Machine, native: Native, arguments: list[Value], place: Location) -> Value:
    """What a call of a function that is not written in a file gives."""
    name = native.name
    if name in DEFINERS:
        return arguments[0] if arguments else Scalar(UNDEFINED, place)
    if name == "Reflect.get":
        found = _reflect_get(machine, arguments, place)
        if found is not None:
            return found
    namespace, _, helper = name.partition(".")
    if namespace in helper_namespaces():
        return _helper(machine, namespace, helper, arguments, place, native.place)
    if name.startswith("''.") and native.receiver is not None:
        return _string_method(helper, native.receiver, arguments, place)
    if name.startswith("[].") and isinstance(native.receiver, Arr):
        return _array_method(machine, helper, native.receiver, arguments, place)
    if namespace == "console":
        return Scalar(UNDEFINED, place)
    function = LIBRARY.get(name)
    found = function(machine, arguments, place) if function is not None else None
    if found is not None:
        return found
    reasons = [argument.reason for argument in arguments if isinstance(argument, Unknown)]
    reason = reasons[0] if reasons else f"`{name}` is not followed"
    machine.escape(arguments, reason, place)
    return Unknown(reason, place)


def _helper(
    machine: Machine, namespace: str, helper: str, arguments: list[Value], place: Location, at: Location
) -> Value:
    kind = Entry(Scalar(helpers_of(namespace)[helper], at), at, at)
    if namespace == "bindings" and helper in ("text", "json"):
        value = arguments[0] if arguments else Scalar(UNDEFINED, place)
        return Obj({"type": kind, "value": Entry(value, at, place)}, [], place)
    made = Obj({}, [], place)
    if arguments:
        copy_members(machine, made, arguments[0], place)
    return Obj({"type": kind, **made.members} | {"type": kind}, made.openings, place)


# -- strings ---------------------------------------------------------------------------------------------


def _string_method(name: str, receiver: Value, arguments: list[Value], place: Location) -> Value:
    given = [argument.value for argument in arguments if isinstance(argument, Scalar)]
    unknown = Unknown(f"what `{name}` gets is not known", place, _OF_STRINGS[name])
    if not isinstance(receiver, Scalar) or not isinstance(receiver.value, str):
        reason = receiver.reason if isinstance(receiver, Unknown) else unknown.reason
        return Unknown(reason, place, _OF_STRINGS[name])
    if len(given) != len(arguments):
        return unknown
    text = receiver.value
    match name, given:
        case (("trim" | "trimStart" | "trimEnd"), []):
            found: Primitive = {"trim": text.strip, "trimStart": text.lstrip, "trimEnd": text.rstrip}[name]()
        case "toLowerCase", []:
            found = text.lower()
        case "toUpperCase", []:
            found = text.upper()
        case "toString", []:
            found = text
        case "startsWith", [str(part)]:
            found = text.startswith(part)
        case "endsWith", [str(part)]:
            found = text.endswith(part)
        case "includes", [str(part)]:
            found = part in text
        case "replaceAll", [str(old), str(new)] if old and "$" not in new:
            found = text.replace(old, new)
        case "replace", [str(old), str(new)] if "$" not in new:
            found = text.replace(old, new, 1)
        case "concat", _ if all(isinstance(part, str) for part in given):
            found = text + "".join(str(part) for part in given)
        case "slice", [int(start)] if not isinstance(start, bool):
            found = text[start:]
        case "slice", [int(start), int(end)] if not isinstance(start, bool):
            found = text[start:end]
        case "split", [str(by)] if by:
            parts = text.split(by)
            return Arr([Item(Scalar(part, place), place) for part in parts], [], place)
        case _:
            return unknown
    if isinstance(found, str):
        return make_text(found, place)
    return Scalar(found, place)


# -- arrays ----------------------------------------------------------------------------------------------


def _array_method(
    machine: Machine, name: str, receiver: Arr, arguments: list[Value], place: Location
) -> Value:
    machine.step(len(receiver.items))
    if name == "push":
        machine.append(receiver, [Item(argument, place) for argument in arguments])
        return Unknown("how long an array is is not followed", place, frozenset(("number",)))
    sure = not receiver.openings and not any(item.conditional for item in receiver.items)
    first = arguments[0] if arguments else None
    if name in ("map", "filter", "flatMap", "forEach", "find", "some", "every"):
        return _with_callback(machine, name, receiver, first, sure, place)
    if name == "concat":
        made = Arr(list(receiver.items), list(receiver.openings), place)
        for argument in arguments:
            if isinstance(argument, Arr):
                made.items.extend(argument.items)
                made.openings.extend(argument.openings)
                machine.step(len(argument.items))
            else:
                made.items.append(Item(argument, place))
        return made
    if name == "flat" and not arguments:
        return _flattened(machine, receiver.items, list(receiver.openings), place)
    if not sure:
        return Unknown("not all of the array is known", place)
    values = [item.value for item in receiver.items]
    if name in ("includes", "indexOf") and isinstance(first, Scalar | Unknown):
        return _position(machine, name, values, first, place)
    given = [argument.value for argument in arguments if isinstance(argument, Scalar)]
    if len(given) != len(arguments):
        return Unknown(f"what `{name}` gets is not known", place)
    match name, given:
        case "join", ([] | [str()]):
            texts = [text_of(value) for value in values]
            if all(text is not None for text in texts):
                by = given[0] if given else ","
                return make_text(str(by).join(text or "" for text in texts), place)
            return Unknown("not all of the parts are known", place, _STRING)
        case "at", [int(index)] if -len(values) <= index < len(values):
            return values[index]
        case "at", [int()]:
            return Scalar(UNDEFINED, place)
        case "slice", []:
            return Arr(list(receiver.items), [], place)
        case "slice", [int(start)]:
            return Arr(receiver.items[start:], [], place)
        case "slice", [int(start), int(end)]:
            return Arr(receiver.items[start:end], [], place)
    return Unknown(f"`{name}` is not followed here", place)


def _position(
    machine: Machine, name: str, values: list[Value], wanted: Scalar | Unknown, place: Location
) -> Value:
    answers: list[bool | None] = []
    for value in values:
        machine.compared(value, wanted)
        answers.append(equal(machine, value, wanted))
    types = _BOOLEAN if name == "includes" else frozenset(("number",))
    if True in answers:
        at = answers.index(True)
        if None in answers[:at] and name == "indexOf":
            return Unknown("not all of the elements are known", place, types)
        return Scalar(True if name == "includes" else at, place)
    if None in answers:
        return Unknown("not all of the elements are known", place, types)
    return Scalar(False if name == "includes" else -1, place)


def _with_callback(
    machine: Machine, name: str, receiver: Arr, function: Value | None, sure: bool, place: Location
) -> Value:
    if not isinstance(function, Func | Native):
        machine.escape([receiver], "what is called for each element is not known", place)
        return Unknown("what is called for each element is not known", place)
    results: list[Value] = []
    for index, item in enumerate(receiver.items):
        given: list[Value] = [item.value, Scalar(index, place)]
        if item.conditional:
            with machine.uncertain():
                results.append(machine.call(function, given, place))
        else:
            results.append(machine.call(function, given, place))
    if receiver.openings and name in ("forEach", "find", "some", "every"):
        machine.escape([function], receiver.openings[0].reason, place)
        return Unknown(receiver.openings[0].reason, place)
    items = receiver.items
    match name:
        case "map":
            made = [
                Item(value, item.use, item.conditional) for item, value in zip(items, results, strict=True)
            ]
            return Arr(made, list(receiver.openings), place)
        case "flatMap":
            made = [
                Item(value, item.use, item.conditional) for item, value in zip(items, results, strict=True)
            ]
            return _flattened(machine, made, list(receiver.openings), place)
        case "filter":
            kept = []
            for item, value in zip(items, results, strict=True):
                known = truth(value)
                if known is not False:
                    kept.append(Item(item.value, item.use, item.conditional or known is None))
            return Arr(kept, list(receiver.openings), place)
        case "forEach":
            return Scalar(UNDEFINED, place)
    truths = [truth(value) for value in results]
    if not sure or None in truths:
        return Unknown("not all of the elements are known", place)
    match name:
        case "find":
            return items[truths.index(True)].value if True in truths else Scalar(UNDEFINED, place)
        case "some":
            return Scalar(True in truths, place)
        case _:
            return Scalar(False not in truths, place)


def _flattened(machine: Machine, items: Iterable[Item], openings: list[Opening], place: Location) -> Value:
    made = Arr([], openings, place)
    for item in items:
        spread_items(machine, made, item.value, item.use, item.conditional, whole=True)
    return made


# -- objects and the rest --------------------------------------------------------------------------------


def _reflect_get(machine: Machine, arguments: list[Value], place: Location) -> Value | None:
    if len(arguments) == 2 and isinstance(arguments[0], Native) and isinstance(arguments[1], Scalar):
        key = arguments[1].value
        if isinstance(key, str):
            return member_of(machine, arguments[0], key, place)
    return None
