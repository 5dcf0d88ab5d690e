"""What an expression of a configuration may be: known, one of several, or unknown with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.record import field, record

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_OPTIONS = 16
"""Of more values that something may have it is only known that it is unknown."""


class Absent(Enum):
    """JavaScript's `undefined`."""

    UNDEFINED = "undefined"


UNDEFINED = Absent.UNDEFINED
Primitive = str | int | float | bool | None | Absent


@record(frozen=True)
class Scalar:
    """A primitive value. `of_mode` says that it is the mode itself, or `??` and the like of it."""

    value: Primitive
    place: Location
    of_mode: bool = False


@record(frozen=True, eq=False)
class Opening:
    """Why not all of an object or array is known, and where that is written."""

    reason: str
    place: Location


@record(frozen=True, eq=False)
class Entry:
    """What an object has under a key: `key` is where the key is written, `use` the expression of the value.
    `conditional`: it may be absent."""

    value: Value
    key: Location
    use: Location
    conditional: bool = False


@record(frozen=True, eq=False)
class Obj:
    """An object, compared by identity as in JavaScript; its members change as the program runs.

    `module` is the import statement of a namespace (`import * as x`) of a file that is not a Worker's entry.
    """

    members: dict[str, Entry]
    openings: list[Opening]
    place: Location
    module: Location | None = None


@record(frozen=True, eq=False)
class Item:
    """An element of an array; `use` is its expression. `conditional`: it may be absent."""

    value: Value
    use: Location
    conditional: bool = False


@record(frozen=True, eq=False)
class Arr:
    """An array, compared by identity; its elements change as the program runs."""

    items: list[Item]
    openings: list[Opening]
    place: Location


@record(frozen=True, eq=False)
class Cell:
    """A variable: its value once it is known, else what finds it; both lists have one element at most."""

    value: list[Value]
    pending: list[Node | Import]


@record(frozen=True, eq=False)
class Import:
    """What a name is imported as: `name` of the module of a specifier ("*" for all of it)."""

    specifier: str
    name: str
    attribute: str | None
    place: Location


@record(frozen=True, eq=False)
class Scope:
    """The variables of a block, function or module; `module` is the path of its document."""

    cells: dict[str, Cell]
    parent: Scope | None
    module: str

    def find(self, name: str) -> Cell | None:
        """The cell of a name, in this scope or one around it."""
        scope: Scope | None = self
        while scope is not None:
            cell = scope.cells.get(name)
            if cell is not None:
                return cell
            scope = scope.parent
        return None

    def child(self) -> Scope:
        return Scope({}, self, self.module)


@record(frozen=True, eq=False)
class Func:
    """A function of a file, with the scope that it closes over."""

    node: Node
    scope: Scope
    place: Location


@record(frozen=True, eq=False)
class Native:
    """A function or namespace that is not written in a file: `bindings.d1`, `Object.entries`, `[].map`.
    `receiver` is the value that a method belongs to."""

    name: str
    place: Location
    receiver: Value | None = None


@record(frozen=True, eq=False)
class Promised:
    """A promise of a value."""

    value: Value
    place: Location


@record(frozen=True, eq=False)
class Choice:
    """One of several values; which one is not known."""

    options: tuple[Value, ...]
    place: Location


@record(frozen=True, eq=False)
class Unknown:
    """A value that cannot be known, and why. `types` are those that it may have (None: any), in the words of
    `typeof` and "null"; `truth` whether it is truthy, where that is known. `of_mode`: it is a mode that is
    none of those that it is compared with."""

    reason: str
    place: Location
    types: frozenset[str] | None = None
    truth: bool | None = None
    of_mode: bool = False


Value = Scalar | Obj | Arr | Func | Native | Promised | Choice | Unknown


@record(frozen=True)
class Frame:
    """One run of a function: the values that it may return."""

    returned: list[Value] = field(default_factory=list)


def options(value: Value) -> tuple[Value, ...]:
    """The values that a value may be: itself, unless it is a choice."""
    return value.options if isinstance(value, Choice) else (value,)


def choice(values: Iterable[Value], place: Location) -> Value:
    """One of the values; equal ones count once."""
    found: list[Value] = []
    for value in values:
        for option in options(value):
            if not any(_same(option, other) for other in found):
                found.append(option)
    if len(found) == 1:
        return found[0]
    if len(found) > MAX_OPTIONS:
        types = [types_of(value) for value in found]
        known = frozenset().union(*(one for one in types if one)) if all(types) else None
        return Unknown("it is one of many values", place, known)
    return Choice(tuple(found), place)


def _same(first: Value, second: Value) -> bool:
    if first is second:
        return True
    if isinstance(first, Scalar) and isinstance(second, Scalar):
        return type(first.value) is type(second.value) and first.value == second.value
    if isinstance(first, Unknown) and isinstance(second, Unknown):
        return (first.reason, first.types, first.truth) == (second.reason, second.types, second.truth)
    return False


def types_of(value: Value) -> frozenset[str] | None:
    """What `typeof` may give for a value ("null" for null); None when it may be anything."""
    match value:
        case Unknown():
            return value.types
        case Choice():
            found = [types_of(option) for option in value.options]
            return frozenset().union(*(one for one in found if one)) if all(found) else None
        case Scalar():
            return frozenset((type_of(value.value),))
        case Func() | Native():
            return frozenset(("function",))
        case _:
            return frozenset(("object",))


def type_of(value: Primitive) -> str:
    """`typeof` of a primitive; "null" for null."""
    match value:
        case str():
            return "string"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
        case Absent():
            return "undefined"


def truth(value: Value) -> bool | None:
    """Whether a value is truthy; None when that is not known."""
    match value:
        case Scalar():
            if value.value is UNDEFINED:
                return False
            return bool(value.value) and not (isinstance(value.value, float) and math.isnan(value.value))
        case Unknown():
            if value.truth is not None:
                return value.truth
            if value.types is None or not value.types:
                return None
            if value.types <= {"undefined", "null"}:
                return False
            return True if value.types <= {"object", "function"} else None
        case Choice():
            found = {truth(option) for option in value.options}
            return found.pop() if len(found) == 1 else None
        case _:
            return True


def is_nullish(value: Value) -> bool | None:
    """Whether a value is null or undefined; None when that is not known."""
    match value:
        case Scalar():
            return value.value is None or value.value is UNDEFINED
        case Unknown():
            if value.truth:
                return False
            if value.types is None:
                return None
            nullish = value.types & {"undefined", "null"}
            return bool(nullish) if nullish == value.types or not nullish else None
        case Choice():
            found = {is_nullish(option) for option in value.options}
            return found.pop() if len(found) == 1 else None
        case _:
            return False


def narrowed(value: Value, keep: str) -> Iterator[Value]:
    """What a value may still be when it is `"truthy"`, `"falsy"`, `"nullish"` or `"present"`."""
    for option in options(value):
        known = truth(option) if keep in ("truthy", "falsy") else is_nullish(option)
        wanted = keep in ("truthy", "nullish")
        if known is not None:
            if known is wanted:
                yield option
        elif isinstance(option, Unknown):
            types = option.types
            if keep == "falsy":
                yield Unknown(option.reason, option.place, types, False)
            elif keep == "nullish":
                yield Unknown(option.reason, option.place, frozenset(("undefined", "null")), False)
            else:
                rest = None if types is None else types - {"undefined", "null"}
                yield Unknown(option.reason, option.place, rest, True if keep == "truthy" else option.truth)
        else:
            yield option


def first_opening(value: Obj | Arr) -> Opening:
    """Why an object or array is open; it has to be."""
    return value.openings[0]
