"""What one evaluation of a configuration shares: its budget, its problems, and what may be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from cflint.finding import Location
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Cell,
    Choice,
    Entry,
    Frame,
    Func,
    Import,
    Item,
    Native,
    Obj,
    Opening,
    Promised,
    Scalar,
    Scope,
    Unknown,
    Value,
    choice,
    options,
)
from cflint.record import record
from cflint.source import Document
from cflint.syntax.javascript import Syntax, span_of

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_STEPS = 50_000
"""How many expressions, statements and copied members one evaluation may have."""

MAX_STEPS_OF_ALL = 150_000
"""The same for the evaluations in all modes together."""

MAX_DEPTH = 90
"""How deep expressions and statements may be inside each other, calls included."""

MAX_TEXT = 20_000
"""A string with more characters than this is unknown."""


class Fault(Enum):
    """What the loader refuses, or what it takes although it says something else than it seems to."""

    SYNTAX = "syntax"
    TOO_LARGE = "too-large"
    NO_DEFAULT_EXPORT = "no-default-export"
    NOT_A_CONFIG = "not-a-config"
    THROWS = "throws"
    IMPORT_EXTENSION = "import-extension"
    ENTRYPOINT_IMPORT = "entrypoint-import"
    UNKNOWN_HELPER = "unknown-helper"
    UNKNOWN_KEY = "unknown-key"
    REMOVED_KEY = "removed-key"
    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    BAD_VALUE = "bad-value"
    NOT_A_BINDING = "not-a-binding"
    SINGLETON_TWICE = "singleton-twice"
    CONTAINER_LINK = "container-link"
    SPREAD_FUNCTION = "spread-function"
    DUPLICATE_KEY = "duplicate-key"


@record(frozen=True)
class ConfigFault:
    """Something wrong with a configuration in TypeScript.

    `place` may be in another file that the configuration imports. `path` leads to the value in the
    configuration's own words (`("worker", "env", "DB", "id")`); () where there is none. `suggestion` is a
    key, helper or file name that was probably meant. `refused` says that the loader stops there, `until` is
    the last version of wrangler that did not.
    """

    fault: Fault
    message: str
    place: Location
    path: tuple[str | int, ...] = ()
    related: Location | None = None
    suggestion: str | None = None
    refused: bool = True
    until: str | None = None


class OutOfBudget(Exception):
    """The evaluation takes more steps than it may."""


class Thrown(Exception):
    """The configuration throws, at a place; `what` is the message, where it is known."""

    def __init__(self, place: Location, what: str | None) -> None:
        super().__init__(what)
        self.place = place
        self.what = what


class Unfollowed(Exception):
    """Whether a loop or `switch` goes on is not known."""


class Done(Enum):
    """How a statement ends."""

    NORMAL = "normal"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    PERHAPS = "normal, or continue"


_Write = tuple[dict[str, Any] | list[Any], str | None, Any]
_MISSING = object()


class Machine:
    """The state of one evaluation.

    How to evaluate an expression, execute a statement, call a function, get a member and look up an import is
    set by the modules that know; they raise `Thrown` and `OutOfBudget`.
    """

    evaluate: Callable[[Node, Scope], Value]
    execute: Callable[[Node, Scope, Frame], Done]
    call: Callable[[Value, list[Value], Location], Value]
    get: Callable[[Value, str | int, Location], Value]
    imported: Callable[[Node | Import, Scope], Value]

    def __init__(self) -> None:
        self.mode: Value
        self.is_preview = False
        self.syntaxes: dict[str, Syntax] = {}
        self.faults: list[ConfigFault] = []
        self.limit = MAX_STEPS
        self.steps = 0
        self.depth = 0
        self.calls = 0
        self.weak = 0
        self.modes: dict[str | None, Location] = {}
        self.reads_mode = False
        self.reads_preview = False
        self._log: list[_Write] | None = None

    # -- budget and places ----------------------------------------------------------------------------

    def step(self, count: int = 1) -> None:
        """Count steps; raises OutOfBudget."""
        self.steps += count
        if self.steps > self.limit:
            raise OutOfBudget

    def document(self, scope: Scope) -> Document:
        return self.syntaxes[scope.module].document

    def place(self, node: Node, scope: Scope) -> Location:
        """Where a node stands."""
        return Location(self.syntaxes[scope.module].document, span_of(node))

    def text(self, node: Node, scope: Scope) -> str:
        return self.syntaxes[scope.module].text(node)

    def report(self, fault: Fault, message: str, place: Location, **more: Any) -> None:
        self.faults.append(ConfigFault(fault, message, place, **more))

    # -- the mode --------------------------------------------------------------------------------------

    def compared(self, first: Value, second: Value) -> None:
        """Note what the mode is compared with; None is `undefined`."""
        for mode, other in ((first, second), (second, first)):
            if isinstance(mode, Scalar | Unknown) and mode.of_mode:
                for option in options(other):
                    if isinstance(option, Scalar) and isinstance(option.value, str):
                        self.modes.setdefault(option.value, option.place)
                    elif isinstance(option, Scalar) and option.value is UNDEFINED:
                        self.modes.setdefault(None, option.place)

    def looked_up(self, key: Value, found: Obj) -> None:
        """Note the keys of an object in which the mode is looked up."""
        if isinstance(key, Scalar | Unknown) and key.of_mode:
            for name, entry in found.members.items():
                self.modes.setdefault(name, entry.key)

    def context(self, key: str, place: Location) -> Value:
        """What a configuration that is a function finds in its parameter."""
        if key == "mode":
            self.reads_mode = True
            return self.mode
        if key == "isPreview":
            self.reads_preview = True
            return Scalar(self.is_preview, place)
        return Scalar(UNDEFINED, place)

    # -- changes ---------------------------------------------------------------------------------------

    def set_value(self, cell: Cell, value: Value) -> None:
        """Give a variable a value."""
        self._noted(cell.value, list(cell.value))
        cell.value[:] = [value]
        cell.pending.clear()

    def set_member(self, target: Obj, key: str, entry: Entry) -> None:
        """Give an object a member."""
        self.step()
        old = target.members.get(key)
        if self.weak:
            if old is None:
                entry = Entry(entry.value, entry.key, entry.use, True)
            else:
                entry = _either(old, entry)
        if self._log is not None:
            self._log.append((target.members, key, _MISSING if old is None else old))
        target.members[key] = entry

    def delete_member(self, target: Obj, key: str) -> None:
        """Take a member from an object."""
        old = target.members.get(key)
        if old is None:
            return
        if self._log is not None:
            self._log.append((target.members, key, old))
        if self.weak:
            target.members[key] = Entry(old.value, old.key, old.use, True)
        else:
            del target.members[key]

    def append(self, target: Arr, items: list[Item]) -> None:
        """Put elements at the end of an array."""
        self.step(len(items))
        self._noted(target.items, list(target.items))
        if self.weak:
            items = [Item(item.value, item.use, True) for item in items]
        target.items.extend(items)

    def _noted(self, target: list[Any], old: list[Any]) -> None:
        if self._log is not None:
            self._log.append((target, None, old))

    def escape(self, values: list[Value], reason: str, place: Location) -> None:
        """Note that code which is not followed gets the values: it may change them."""
        todo = list(values)
        seen: set[int] = set()
        while todo:
            value = todo.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            self.step()
            match value:
                case Obj():
                    value.openings.append(Opening(reason, place))
                    todo += [entry.value for entry in value.members.values()]
                case Arr():
                    value.openings.append(Opening(reason, place))
                    todo += [item.value for item in value.items]
                case Choice():
                    todo += value.options
                case Promised():
                    todo.append(value.value)
                case _:
                    pass

    @contextmanager
    def uncertain(self) -> Iterator[None]:
        """Within it, what objects get they may get or not."""
        self.weak += 1
        try:
            yield
        finally:
            self.weak -= 1

    def branches(self, runs: list[Callable[[], Done]], place: Location) -> list[Done | Thrown]:
        """Run alternatives of which one happens, each from the same state; afterwards the state is what any
        of those that end normally leaves, or any at all when none does."""
        before = self._log
        ends: list[Done | Thrown] = []
        states: list[dict[tuple[int, str | None], tuple[Any, str | None, Any, Any]]] = []
        for run in runs:
            self._log = []
            try:
                end: Done | Thrown = run()
            except Thrown as thrown:
                end = thrown
            finally:
                log, self._log = self._log, before
            ends.append(end)
            states.append(_rolled_back(log))
        alive = [state for state, end in zip(states, ends, strict=True) if end is Done.NORMAL]
        if not alive:
            alive = [s for s, end in zip(states, ends, strict=True) if not isinstance(end, Thrown)]
        self._merge(alive, place)
        return ends

    def _merge(self, states: list[dict[tuple[int, str | None], Any]], place: Location) -> None:
        targets = {key: written for state in states for key, written in state.items()}
        for key, (target, name, old, _) in targets.items():
            news = [state[key][3] if key in state else old for state in states]
            if isinstance(target, dict):
                assert name is not None
                entry = _merged_entries(news)
                if self._log is not None:
                    self._log.append((target, name, target.get(name, _MISSING)))
                if entry is None:
                    target.pop(name, None)
                else:
                    target[name] = entry
            else:
                self._noted(target, list(target))
                target[:] = _merged_lists(news, place)


def _rolled_back(log: list[_Write]) -> dict[tuple[int, str | None], tuple[Any, str | None, Any, Any]]:
    """Undo what a log holds; for each place that was written (itself, key, value before, value after)."""
    written: dict[tuple[int, str | None], tuple[Any, str | None, Any, Any]] = {}
    for target, key, _ in log:
        if (id(target), key) not in written:
            if isinstance(target, dict):
                assert key is not None
                now: Any = target.get(key, _MISSING)
            else:
                now = list(target)
            written[id(target), key] = (target, key, None, now)
    for target, key, old in reversed(log):
        if isinstance(target, list):
            target[:] = old
        elif old is _MISSING:
            assert key is not None
            target.pop(key, None)
        else:
            assert key is not None
            target[key] = old
    result = {}
    for place, (target, key, _, now) in written.items():
        if isinstance(target, dict):
            assert key is not None
            before: Any = target.get(key, _MISSING)
        else:
            before = list(target)
        result[place] = (target, key, before, now)
    return result


def _merged_entries(entries: list[Any]) -> Entry | None:
    present = [entry for entry in entries if entry is not _MISSING]
    if not present:
        return None
    merged: Entry = present[0]
    for entry in present[1:]:
        merged = _either(merged, entry)
    return merged if len(present) == len(entries) else Entry(merged.value, merged.key, merged.use, True)


def _either(old: Entry, new: Entry) -> Entry:
    if old is new:
        return old
    value = choice((old.value, new.value), new.use)
    return Entry(value, new.key, new.use, old.conditional or new.conditional)


def _merged_lists(lists: list[list[Any]], place: Location) -> list[Any]:
    """One list for several that may be there: elements of arrays, or the single value of a variable."""
    first = lists[0]
    if all(len(one) == len(first) and all(a is b for a, b in zip(one, first, strict=True)) for one in lists):
        return first
    if any(isinstance(item, Item) for one in lists for item in one):
        common = 0
        shortest = min(map(len, lists))
        while common < shortest and all(one[common] is first[common] for one in lists):
            common += 1
        rest = [Item(item.value, item.use, True) for one in lists for item in one[common:]]
        return first[:common] + rest
    values = [one[0] if one else Scalar(UNDEFINED, place) for one in lists]
    return [choice(values, place)]


def describe(value: Value) -> str:
    """What a value is, for a message: `a string`, `a function`."""
    match value:
        case Scalar(value=str()):
            return "a string"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=None):
            return "null"
        case Scalar(value=found):
            return "undefined" if found is UNDEFINED else "a number"
        case Arr():
            return "an array"
        case Func() | Native():
            return "a function"
        case Promised():
            return "a promise"
        case _:
            return "an object"
