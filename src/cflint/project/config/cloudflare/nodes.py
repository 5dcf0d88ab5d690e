"""Nodes for values, with the places where the values stand.

A node stands where its value is used, if that is in the configuration's own file: at the literal when that
is part of the expression, else at the expression. What comes from another file stands at the use, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import Machine
from cflint.project.config.cloudflare.names import (
    Each,
    Name,
    Names,
)
from cflint.project.config.cloudflare.resolution import as_array, as_object
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Choice,
    Entry,
    Item,
    Obj,
    Opening,
    Scalar,
    Value,
    first_opening,
    types_of,
)
from cflint.record import record
from cflint.source import Document, Span
from cflint.syntax.data import Kind, Member, Node

Path = tuple[str | int, ...]

MAX_NODES = 20_000
"""A configuration with more values than this is not read."""

_DEEPEST = 60


@record(frozen=True, eq=False)
class OpenSet:
    """A part of a configuration that may have more than is known.

    `path` leads to it in wrangler's keys (() for all), `source` in the configuration's own words.
    """

    path: tuple[str, ...]
    source: Path
    reason: str
    place: Location


class TooMuch(Exception):
    """The configuration has more values than are read."""


class NodeMaker:
    """Makes the nodes of one configuration. `paths` tells for each node where its value stands in the
    configuration's own words; `definitions` where it is written, when that is not where the node stands;
    `keys` where the key of a node is written, when that is in another file; `conditional` holds the nodes
    that may be absent."""

    def __init__(self, machine: Machine, document: Document) -> None:
        self.machine = machine
        self.document = document
        self.paths: dict[Node, Path] = {}
        self.definitions: dict[Node, Location] = {}
        self.keys: dict[Node, Location] = {}
        self.conditional: set[Node] = set()
        self.open: list[OpenSet] = []
        self._count = 0
        self._depth = 0

    # -- nodes -----------------------------------------------------------------------------------------

    def span(self, value: Value, use: Location, around: Span) -> Span:
        if use.document is not self.document.file:
            return around
        inside = value.place.document is self.document.file and use.span.covers(value.place.span)
        return value.place.span if inside else use.span

    def key_span(self, place: Location, around: Span) -> Span:
        return place.span if place.document is self.document.file else around

    def made(
        self,
        kind: Kind,
        span: Span,
        path: Path,
        scalar: str | int | float | bool | None = None,
        members: Sequence[Member] = (),
        items: Sequence[Node] = (),
        broken: bool = False,
    ) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise TooMuch
        node = Node(kind, span, scalar, tuple(members), tuple(items), broken)
        self.paths[node] = path
        return node

    def value(self, value: Value, use: Location, around: Span, path: Path) -> Node | None:
        """The node of a value as it is written; None of `undefined`."""
        span = self.span(value, use, around)
        self._depth += 1
        try:
            node = self._value(value, span, path) if self._depth < _DEEPEST else None
            if node is None and self._depth >= _DEEPEST:
                node = self.made(Kind.UNKNOWN, span, path)
        finally:
            self._depth -= 1
        if node is not None and Location(self.document, span) != value.place:
            self.definitions[node] = value.place
        return node

    def _value(self, value: Value, span: Span, path: Path) -> Node | None:
        match value:
            case Scalar():
                return self._scalar(value, span, path)
            case Obj():
                members = self.members(value, span, path, None)
                return self.made(Kind.OBJECT, span, path, members=members, broken=bool(value.openings))
            case Arr():
                items = self.items(value, span, path)
                return self.made(Kind.ARRAY, span, path, items=items, broken=bool(value.openings))
            case Choice():
                return self._choice(value, span, path)
        return self.made(Kind.UNKNOWN, span, path)

    def _scalar(self, value: Scalar, span: Span, path: Path) -> Node | None:
        primitive = value.value
        if primitive is UNDEFINED:
            return None
        assert not isinstance(primitive, type(UNDEFINED))
        kind = {"string": Kind.STRING, "boolean": Kind.BOOLEAN, "null": Kind.NULL}
        found = next(iter(types_of(value) or ("number",)))
        return self.made(kind.get(found, Kind.NUMBER), span, path, primitive)

    def _choice(self, value: Choice, span: Span, path: Path) -> Node | None:
        present = [
            option
            for option in value.options
            if not (isinstance(option, Scalar) and option.value is UNDEFINED)
        ]
        node: Node | None = None
        if len(present) == 1:
            node = self.value(present[0], present[0].place, span, path)
        elif all(isinstance(option, Obj) for option in present):
            merged = as_object(self.machine, Choice(tuple(present), value.place))
            node = self._value(merged, span, path) if merged is not None else None
        elif all(isinstance(option, Arr) for option in present):
            listed = as_array(self.machine, Choice(tuple(present), value.place))
            node = self._value(listed, span, path) if listed is not None else None
        if node is None:
            node = self.made(Kind.UNKNOWN, span, path)
        if len(present) < len(value.options):
            self.conditional.add(node)
        return node

    def members(self, value: Obj, around: Span, path: Path, names: Names | None) -> list[Member]:
        """The members of an object, under wrangler's names; without names all of them as they are."""
        found: list[Member] = []
        for key, entry in value.members.items():
            name = Name(key) if names is None else names.get(key)
            if name is None:
                continue
            node = self._named(name, entry, around, (*path, key))
            if node is None:
                continue
            if name.to or node.kind is not Kind.OBJECT:
                found.append(self.member(name.to or key, entry, node, around))
            else:
                found += node.members
        return found

    def _named(self, name: Name, entry: Entry, around: Span, path: Path) -> Node | None:
        """The node of a field that has another name, or fields of other names, for wrangler."""
        value, use = entry.value, entry.use
        if name.values is not None and isinstance(value, Scalar) and isinstance(value.value, str):
            value = Scalar(name.values.get(value.value, value.value), value.place)
        if name.inside is None:
            return self.value(value, use, around, path)
        if name.each is Each.SELF:
            return self.struct(entry, around, path, name.inside)
        span = self.span(value, use, around)
        if name.each is Each.MEMBERS:
            whole = as_object(self.machine, value)
            if whole is None:
                return self.value(value, use, around, path)
            members = []
            for key, inner in whole.members.items():
                node = self.struct(inner, span, (*path, key), name.inside)
                if node is not None:
                    members.append(self.member(key, inner, node, span))
            return self.made(Kind.OBJECT, span, path, members=members, broken=bool(whole.openings))
        listed = as_array(self.machine, value)
        if listed is None:
            return self.value(value, use, around, path)
        items = []
        for index, item in enumerate(listed.items):
            one = Entry(item.value, item.use, item.use, item.conditional)
            node = self.struct(one, span, (*path, index), name.inside)
            if node is not None:
                items.append(node)
        return self.made(Kind.ARRAY, span, path, items=items, broken=bool(listed.openings))

    def member(self, name: str, entry: Entry, node: Node, around: Span) -> Member:
        if entry.conditional:
            self.conditional.add(node)
        self._remember_key(node, entry)
        return Member(name, self.key_span(entry.key, around), node)

    def _remember_key(self, node: Node, entry: Entry) -> None:
        if entry.key.document is not self.document.file:
            self.keys[node] = entry.key

    def items(self, value: Arr, around: Span, path: Path) -> list[Node]:
        found = []
        for index, item in enumerate(value.items):
            node = self.value(item.value, item.use, around, (*path, index))
            if node is not None:
                if item.conditional:
                    self.conditional.add(node)
                found.append(node)
        return found

    def struct(self, entry: Entry, around: Span, path: Path, names: Names) -> Node | None:
        """The node of an object whose keys have other names for wrangler."""
        span = self.span(entry.value, entry.use, around)
        found = as_object(self.machine, entry.value)
        if found is None:
            return self.value(entry.value, entry.use, around, path)
        members = self.members(found, span, path, names)
        return self.made(Kind.OBJECT, span, path, members=members, broken=bool(found.openings))

    def name_node(self, name: str, entry: Entry, around: Span, path: Path) -> tuple[Span, Node]:
        """The key of an entry, and the string that wrangler has for it."""
        span = self.key_span(entry.key, around)
        node = self.made(Kind.STRING, span, path, name)
        self._remember_key(node, entry)
        return span, node

    def opened(self, paths: Sequence[tuple[str, ...]], source: Path, opening: Opening) -> None:
        for path in paths:
            self.open.append(OpenSet(path, source, opening.reason, opening.place))

    def whole(self, entry: Entry, path: Path, opens: Sequence[tuple[str, ...]]) -> Obj | None:
        found = as_object(self.machine, entry.value)
        if found is not None and found.openings:
            self.opened(opens, path, first_opening(found))
        return found

    def listed(self, entry: Entry, path: Path, opens: Sequence[tuple[str, ...]]) -> Arr | None:
        found = as_array(self.machine, entry.value)
        if found is not None and found.openings:
            self.opened(opens, path, first_opening(found))
        return found

    def group(self, entry: Entry, around: Span, path: Path, items: Sequence[Node]) -> tuple[Span, Node]:
        """A list that the configuration does not have itself: it stands where its source stands."""
        span = self.span(entry.value, entry.use, around)
        found = as_array(self.machine, entry.value) or as_object(self.machine, entry.value)
        is_open = found is not None and bool(found.openings)
        node = self.made(Kind.ARRAY, span, path, items=items, broken=is_open)
        if entry.conditional:
            self.conditional.update(items)
        return self.key_span(entry.key, around), node

    def entry(
        self, item: Item, span: Span, path: Path, members: Sequence[Member], broken: bool = False
    ) -> Node:
        node = self.made(Kind.OBJECT, span, path, members=members, broken=broken)
        if item.conditional:
            self.conditional.add(node)
        return node

    def grouped(
        self,
        key: tuple[str, ...],
        entry: Entry,
        around: Span,
        path: Path,
        nodes: Sequence[Node],
        listed: Arr,
        root: RootMembers,
    ) -> None:
        if nodes or listed.openings:
            key_span, node = self.group(entry, around, path, nodes)
            root.put_at(key, key_span, node, self)


class RootMembers:
    """The members of the root while they are gathered; those of the same object come together."""

    def __init__(self) -> None:
        self._found: dict[str, Member] = {}

    def put(self, member: Member) -> None:
        self._found[member.key] = member

    def object_at(self, key: str, key_span: Span, span: Span, path: Path, nodes: NodeMaker) -> None:
        """Make sure that there is an object under a key."""
        old = self._found.get(key)
        members = old.value.members if old is not None else ()
        node = nodes.made(Kind.OBJECT, span, path, members=members)
        self._found[key] = Member(key, key_span, node)

    def put_at(
        self,
        path: tuple[str, ...],
        key_span: Span,
        node: Node,
        nodes: NodeMaker,
        inner_span: Span | None = None,
    ) -> None:
        """Put a node at a path of one or two keys; two lists at one path become one."""
        if len(path) == 1:
            old = self._found.get(path[0])
            if old is not None and old.value.kind is Kind.ARRAY:
                items = (*old.value.items, *node.items)
                broken = old.value.broken or node.broken
                source = nodes.paths[old.value]
                node = nodes.made(Kind.ARRAY, old.value.span, source, items=items, broken=broken)
                key_span = old.key_span
            self._found[path[0]] = Member(path[0], key_span, node)
            return
        key, inner = path
        old = self._found.get(key)
        made = Member(inner, inner_span or key_span, node)
        members = (*(m for m in old.value.members if m.key != inner), made) if old is not None else (made,)
        span = old.value.span if old is not None else node.span
        source = nodes.paths[old.value] if old is not None else nodes.paths[node]
        whole = nodes.made(Kind.OBJECT, span, source, members=members)
        self._found[key] = Member(key, old.key_span if old is not None else key_span, whole)

    def members(self) -> tuple[Member, ...]:
        return tuple(self._found.values())
