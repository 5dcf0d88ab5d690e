"""Tables and arrays of tables while a TOML document fills them; `freeze` makes nodes of them."""

from __future__ import annotations

from enum import IntEnum

from cflint.source import Span
from cflint.syntax.data import Kind, Member, Node


class Made(IntEnum):
    """How a table came to be, which decides what may be added to it."""

    IMPLIED = 0  # by `[a.b]`: a
    IMPLIED_BY_ARRAY = 1  # by `[[a.b]]`: a
    HEADER = 2
    DOTTED = 3  # by `a.b = 1`: a


IMPLIED, IMPLIED_BY_ARRAY, HEADER, DOTTED = Made


class Table:
    """A table that is being filled."""

    __slots__ = ("broken", "end", "keys", "made", "members", "node", "start")

    def __init__(self, made: Made, span: Span) -> None:
        self.made = made
        self.start = span.start
        self.end = span.end
        self.members: list[tuple[str, Span, Node | Table | Blocks]] = []
        self.keys: dict[str, int] = {}  # the key's last place in `members`
        self.broken = False
        self.node: Node | None = None

    def find(self, key: str) -> Node | Table | Blocks | None:
        at = self.keys.get(key)
        return None if at is None else self.members[at][2]

    def place(self, key: str) -> Span:
        return self.members[self.keys[key]][1]

    def add(self, key: str, span: Span, value: Node | Table | Blocks) -> None:
        self.keys[key] = len(self.members)
        self.members.append((key, span, value))


class Blocks:
    """An array of tables, `[[x]]`, that is being filled."""

    __slots__ = ("node", "tables")

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.node: Node | None = None


def freeze(made: list[Table | Blocks]) -> None:
    """Give each table its node. What is in a table was made after it, so the last is done first."""
    for part in reversed(made):
        if isinstance(part, Blocks):
            items = tuple(table.node for table in part.tables if table.node is not None)
            part.node = Node(Kind.ARRAY, Span(items[0].span.start, items[-1].span.end), items=items)
            continue
        members = tuple(
            [
                Member(key, span, value if isinstance(value, Node) else value.node)  # type: ignore[arg-type]
                for key, span, value in part.members
            ]
        )
        start, end = part.start, part.end
        if part.made <= IMPLIED_BY_ARRAY and members:
            start = min(member.value.span.start for member in members)
            end = max(member.value.span.end for member in members)
        part.node = Node(Kind.OBJECT, Span(start, end), members=members, broken=part.broken)
