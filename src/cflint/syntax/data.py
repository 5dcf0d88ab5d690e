"""Configuration documents as values with a place for every key: one shape for TOML, JSON and JSONC.

`read(document)` never raises: what cannot be read becomes a `Problem`, and the objects around it are marked
`broken`, which means that a key that is absent there is unknown, not missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from cflint.source import Document, Span

MAX_DEPTH = 256
"""Deeper nesting than this is a problem, not a value."""

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
"""A plain Python value, as an editor of documents takes it."""


class Kind(Enum):
    """What a node is. `DATE` is TOML's bare date or time; `INVALID` is what no format allows."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    INVALID = "invalid"


class Format(Enum):
    """The language of a document."""

    JSON = "json"  # with comments and trailing commas, as wrangler reads both .json and .jsonc
    TOML = "toml"


@dataclass(frozen=True, slots=True)
class Member:
    """One key of an object. `key_span` covers the key with its quotes; in TOML it is the last part of a
    dotted key or header (`c` of `[a.b.c]`)."""

    key: str
    key_span: Span
    value: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place.

    `span` covers the whole value; for a TOML table it runs from its header (or first key) to the end of its
    last own line. `value` is the Python value of a scalar (a `DATE` has its source text). `members` are an
    object's keys in source order, duplicates included; `items` an array's elements.
    """

    kind: Kind
    span: Span
    value: Scalar = None
    members: tuple[Member, ...] = ()
    items: tuple[Node, ...] = ()
    broken: bool = False

    def get(self, key: str) -> Node | None:
        """The value of a key; the last of equal keys wins, as in wrangler. None when absent or no object."""
        member = self.member(key)
        return None if member is None else member.value

    def member(self, key: str) -> Member | None:
        """The last member of that name."""
        for member in reversed(self.members):
            if member.key == key:
                return member
        return None

    def at(self, *path: str | int) -> Node | None:
        """The node at a path of keys and 0-based indexes, or None."""
        node: Node | None = self
        for step in path:
            if node is None:
                return None
            if isinstance(step, str):
                node = node.get(step)
            else:
                node = node.items[step] if step < len(node.items) else None
        return node

    @property
    def text(self) -> str | None:
        """The value when it is a string, else None."""
        return self.value if self.kind is Kind.STRING and isinstance(self.value, str) else None

    @property
    def plain(self) -> Value:
        """The node as plain Python values."""
        if self.kind is Kind.OBJECT:
            return {member.key: member.value.plain for member in self.members}
        if self.kind is Kind.ARRAY:
            return [item.plain for item in self.items]
        return self.value

    def walk(self) -> Iterator[Node]:
        """The node and all below it, in source order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.items))
            stack.extend(member.value for member in reversed(node.members))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that stops (or that wrangler lets pass silently: `duplicate`) at a place of a document."""

    message: str
    span: Span
    related: Span | None = None
    duplicate: bool = False


@dataclass(frozen=True)
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


def read(document: Document, format: Format | None = None) -> DataDocument:
    """Read a configuration document; the format follows from the path's ending when not given."""
    if format is None:
        format = Format.TOML if document.path.endswith(".toml") else Format.JSON
    if format is Format.TOML:
        from cflint.syntax.toml import read_toml

        return read_toml(document)
    from cflint.syntax.jsonc import read_jsonc

    return read_jsonc(document)
