"""Configuration documents as values with a place for every key: one shape for all formats.

What cannot be read becomes a `Problem`, and the objects around it are marked `broken`, which means that a key
that is absent there is unknown, not missing. `documents.read` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cached_property

from cflint.record import field, record
from cflint.source import Document, Span

MAX_DEPTH = 256
"""More arrays and objects inside each other than this are a problem, not a value."""

MAX_PROBLEMS = 100
"""After so many syntax errors the rest of a document is not read."""

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
"""A plain Python value, as an editor of documents takes it."""


_FEW = 16
"""How many members are looked through one by one."""


class Kind(Enum):
    """What a node is. `DATE` is TOML's bare date or time; `INVALID` is what no format allows; `UNKNOWN` the
    value of an expression that only a run could tell: something stands there, of whatever kind."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Format(Enum):
    """The language of a document."""

    JSON = "json"  # with comments and trailing commas, as wrangler reads both .json and .jsonc
    TOML = "toml"
    TYPESCRIPT = "typescript"  # evaluated; `documents.read` does not read it


@record(frozen=True, eq=False)
class Member:
    """One key of an object, compared by identity.

    `key_span` covers the key with its quotes; in TOML it is one part of a dotted key or header (`c` of
    `[a.b.c]`), where the key is first named.
    """

    key: str
    key_span: Span
    value: Node


@record(frozen=True, eq=False)
class Node:
    """A value with its place, compared by identity (no two places hold the same node).

    `span` covers the whole value; for a TOML table it runs from its header (or first key) to the end of its
    last own line, for one that only other headers imply, over those, and for an array of tables over all its
    blocks. `value` is the Python value of a scalar (a `DATE` has its source text, an `INVALID` and an
    `UNKNOWN` None).
    `members` are an object's keys in source order, duplicates included; `items` an array's elements.
    `broken`: there is a syntax error in it, not counting those in broken values below it.
    """

    kind: Kind
    span: Span
    value: Scalar = None
    members: tuple[Member, ...] = field(default=(), repr=False)
    items: tuple[Node, ...] = field(default=(), repr=False)
    broken: bool = False

    def get(self, key: str) -> Node | None:
        """The value of a key; the last of equal keys wins, as in wrangler. None when absent or no object."""
        member = self.member(key)
        return None if member is None else member.value

    def member(self, key: str) -> Member | None:
        """The last member of that name."""
        if len(self.members) > _FEW:
            return self._by_key.get(key)
        for member in reversed(self.members):
            if member.key == key:
                return member
        return None

    @cached_property
    def _by_key(self) -> dict[str, Member]:
        return {member.key: member for member in self.members}

    def is_unknown(self, key: str) -> bool:
        """Whether the value of a key is not known: an expression that only a run could tell, or nothing where
        not all could be read."""
        found = self.get(key)
        return self.broken if found is None else found.kind is Kind.UNKNOWN

    def at(self, *path: str | int) -> Node | None:
        """The node at a path of keys and 0-based indexes, or None."""
        node: Node | None = self
        for step in path:
            if node is None:
                return None
            if isinstance(step, str):
                node = node.get(step)
            else:
                node = node.items[step] if -len(node.items) <= step < len(node.items) else None
        return node

    @property
    def text(self) -> str | None:
        """The value when it is a string, else None."""
        return self.value if self.kind is Kind.STRING and isinstance(self.value, str) else None

    @property
    def number(self) -> int | float | None:
        """The value when it is a number, else None."""
        is_number = self.kind is Kind.NUMBER and isinstance(self.value, int | float)
        return self.value if is_number and isinstance(self.value, int | float) else None

    @property
    def plain(self) -> Value:
        """The node as plain Python values."""
        if self.kind not in _CONTAINERS:
            return self.value
        result: Value = {} if self.kind is Kind.OBJECT else []
        todo: list[tuple[Node, Value]] = [(self, result)]
        while todo:
            node, target = todo.pop()
            if isinstance(target, dict):
                for member in node.members:
                    target[member.key] = _empty(member.value, todo)
            elif isinstance(target, list):
                target.extend(_empty(item, todo) for item in node.items)
        return result

    def walk(self) -> Iterator[Node]:
        """The node and all below it, in source order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.items))
            stack.extend(member.value for member in reversed(node.members))

    def paths(self) -> Iterator[tuple[tuple[str | int, ...], Node]]:
        """The node and all below it that count, with their paths of keys and 0-based indexes, in source order
        (of equal keys the last one counts, at the place of the first)."""
        stack: list[tuple[tuple[str | int, ...], Node]] = [((), self)]
        while stack:
            path, node = stack.pop()
            yield path, node
            stack += [((*path, index), item) for index, item in enumerate(node.items)][::-1]
            last = {member.key: member.value for member in node.members}
            stack += [((*path, key), value) for key, value in last.items()][::-1]


_CONTAINERS = frozenset((Kind.OBJECT, Kind.ARRAY))


def _empty(node: Node, todo: list[tuple[Node, Value]]) -> Value:
    """The value of a scalar; of an object or array its empty form, noted in `todo` to be filled."""
    if node.kind not in _CONTAINERS:
        return node.value
    value: Value = {} if node.kind is Kind.OBJECT else []
    todo.append((node, value))
    return value


@record(frozen=True)
class Problem:
    """Something that stops (or that wrangler lets pass silently: `duplicate`) at a place of a document."""

    message: str
    span: Span
    related: Span | None = None
    duplicate: bool = False


@record(frozen=True)
class DataDocument:
    """A configuration document: its tree and what is wrong with its syntax."""

    document: Document
    format: Format
    root: Node
    problems: tuple[Problem, ...] = ()
    comments: tuple[Span, ...] = field(default=())

    @property
    def broken(self) -> bool:
        """Whether the document has a syntax error (a duplicate JSON key is none)."""
        return any(not problem.duplicate for problem in self.problems)


def shown(text: str) -> str:
    """A piece of source as a message of a `Problem` can show it: at most 40 characters, all printable."""
    short = text if len(text) <= 40 else text[:39] + "…"
    return "".join(char if char.isprintable() else "\ufffd" for char in short)
