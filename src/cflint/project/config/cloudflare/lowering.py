"""A configuration with wrangler's keys: what `convertToWranglerConfig` makes, as nodes with their places.

A node stands where its value is used, if that is in the configuration's own file: at the literal when that
is part of the expression, else at the expression. What comes from another file stands at the use, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from cflint.finding import Location
from cflint.project.config.cloudflare.machine import Machine
from cflint.project.config.cloudflare.names import (
    ASSETS,
    BINDINGS,
    CONSUMER,
    CONTAINER,
    DEVELOPMENT,
    DOMAIN,
    DURABLE_OBJECT,
    ENV_PATHS,
    EVENT,
    SETTINGS,
    TAIL,
    TCP,
    TOOLING,
    TRIGGER_PATHS,
    UDP,
    UNSAFE,
    WORKER,
    WORKFLOW,
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
    Unknown,
    Value,
    first_opening,
    options,
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


class Lowering:
    """Makes the tree of one configuration. `paths` tells for each node where its value stands in the
    configuration's own words; `definitions` where it is written, when that is not where the node stands;
    `conditional` holds the nodes that may be absent."""

    def __init__(self, machine: Machine, document: Document) -> None:
        self.machine = machine
        self.document = document
        self.paths: dict[Node, Path] = {}
        self.definitions: dict[Node, Location] = {}
        self.conditional: set[Node] = set()
        self.open: list[OpenSet] = []
        self._count = 0
        self._depth = 0

    # -- nodes -----------------------------------------------------------------------------------------

    def _span(self, value: Value, use: Location, around: Span) -> Span:
        if use.document is not self.document:
            return around
        inside = value.place.document is self.document and use.span.covers(value.place.span)
        return value.place.span if inside else use.span

    def _key_span(self, place: Location, around: Span) -> Span:
        return place.span if place.document is self.document else around

    def _made(
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
        span = self._span(value, use, around)
        self._depth += 1
        try:
            node = self._value(value, span, path) if self._depth < _DEEPEST else None
            if node is None and self._depth >= _DEEPEST:
                node = self._made(Kind.INVALID, span, path)
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
                members = self._members(value, span, path, None)
                return self._made(Kind.OBJECT, span, path, members=members, broken=bool(value.openings))
            case Arr():
                items = self._items(value, span, path)
                return self._made(Kind.ARRAY, span, path, items=items, broken=bool(value.openings))
            case Choice():
                return self._choice(value, span, path)
        return self._made(Kind.INVALID, span, path)

    def _scalar(self, value: Scalar, span: Span, path: Path) -> Node | None:
        primitive = value.value
        if primitive is UNDEFINED:
            return None
        assert not isinstance(primitive, type(UNDEFINED))
        kind = {"string": Kind.STRING, "boolean": Kind.BOOLEAN, "null": Kind.NULL}
        found = next(iter(types_of(value) or ("number",)))
        return self._made(kind.get(found, Kind.NUMBER), span, path, primitive)

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
            node = self._made(Kind.INVALID, span, path)
        if len(present) < len(value.options):
            self.conditional.add(node)
        return node

    def _members(self, value: Obj, around: Span, path: Path, names: Names | None) -> list[Member]:
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
                found.append(self._member(name.to or key, entry, node, around))
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
        span = self._span(value, use, around)
        if name.each is Each.MEMBERS:
            whole = as_object(self.machine, value)
            if whole is None:
                return self.value(value, use, around, path)
            members = []
            for key, inner in whole.members.items():
                node = self.struct(inner, span, (*path, key), name.inside)
                if node is not None:
                    members.append(self._member(key, inner, node, span))
            return self._made(Kind.OBJECT, span, path, members=members, broken=bool(whole.openings))
        listed = as_array(self.machine, value)
        if listed is None:
            return self.value(value, use, around, path)
        items = []
        for index, item in enumerate(listed.items):
            one = Entry(item.value, item.use, item.use, item.conditional)
            node = self.struct(one, span, (*path, index), name.inside)
            if node is not None:
                items.append(node)
        return self._made(Kind.ARRAY, span, path, items=items, broken=bool(listed.openings))

    def _member(self, name: str, entry: Entry, node: Node, around: Span) -> Member:
        if entry.conditional:
            self.conditional.add(node)
        return Member(name, self._key_span(entry.key, around), node)

    def _items(self, value: Arr, around: Span, path: Path) -> list[Node]:
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
        span = self._span(entry.value, entry.use, around)
        found = as_object(self.machine, entry.value)
        if found is None:
            return self.value(entry.value, entry.use, around, path)
        members = self._members(found, span, path, names)
        return self._made(Kind.OBJECT, span, path, members=members, broken=bool(found.openings))

    def name_node(self, name: str, entry: Entry, around: Span, path: Path) -> tuple[Span, Node]:
        """The key of an entry, and the string that wrangler has for it."""
        span = self._key_span(entry.key, around)
        return span, self._made(Kind.STRING, span, path, name)

    # -- the configuration -----------------------------------------------------------------------------

    def config(self, config: Obj) -> Node:
        """The root of a configuration."""
        around = self._span(config, config.place, Span(0, 0))
        root = _Members()
        if config.openings:
            self._opened([()], (), first_opening(config))
        entry = config.members.get("worker")
        if entry is not None:
            if entry.conditional:
                self._opened([()], ("worker",), Opening("there may be no Worker", entry.use))
            self._worker(entry, around, root)
        for member in self._members(config, around, (), SETTINGS):
            root.put(member)
        containers = config.members.get("containers")
        if containers is not None:
            self._containers(containers, around, root)
        return self._made(Kind.OBJECT, around, (), members=root.members(), broken=bool(config.openings))

    def tooling(self, config: Obj) -> Node:
        """The root of a `wrangler.config.ts`."""
        around = self._span(config, config.place, Span(0, 0))
        root = _Members()
        if config.openings:
            self._opened([()], (), first_opening(config))
        for member in self._members(config, around, (), TOOLING):
            root.put(member)
        directory = config.members.get("assetsDirectory")
        if directory is not None:
            node = self.value(directory.value, directory.use, around, ("assetsDirectory",))
            if node is not None:
                inner = self._member("directory", directory, node, around)
                whole = self._made(Kind.OBJECT, node.span, ("assetsDirectory",), members=(inner,))
                root.put(Member("assets", inner.key_span, whole))
        return self._made(Kind.OBJECT, around, (), members=root.members(), broken=bool(config.openings))

    def _opened(self, paths: Sequence[tuple[str, ...]], source: Path, opening: Opening) -> None:
        for path in paths:
            self.open.append(OpenSet(path, source, opening.reason, opening.place))

    def _worker(self, entry: Entry, around: Span, root: _Members) -> None:
        worker = as_object(self.machine, entry.value)
        path: Path = ("worker",)
        if worker is None:
            self._opened([()], path, Opening("what the Worker is is not known", entry.use))
            return
        span = self._span(entry.value, entry.use, around)
        if worker.openings:
            self._opened([()], path, first_opening(worker))
        for member in self._members(worker, span, path, WORKER):
            root.put(member)
        for key, change in (
            ("env", self._env),
            ("assets", self._assets),
            ("unsafe", self._unsafe),
            ("exports", self._exports),
            ("domains", self._domains),
            ("triggers", self._triggers),
            ("tailConsumers", self._tails),
            ("experimental", self._experimental),
        ):
            found = worker.members.get(key)
            if found is not None:
                change(found, span, (*path, key), root)

    def _whole(self, entry: Entry, path: Path, opens: Sequence[tuple[str, ...]]) -> Obj | None:
        found = as_object(self.machine, entry.value)
        if found is not None and found.openings:
            self._opened(opens, path, first_opening(found))
        return found

    def _listed(self, entry: Entry, path: Path, opens: Sequence[tuple[str, ...]]) -> Arr | None:
        found = as_array(self.machine, entry.value)
        if found is not None and found.openings:
            self._opened(opens, path, first_opening(found))
        return found

    def _group(self, entry: Entry, around: Span, path: Path, items: Sequence[Node]) -> tuple[Span, Node]:
        """A list that the configuration does not have itself: it stands where its source stands."""
        span = self._span(entry.value, entry.use, around)
        found = as_array(self.machine, entry.value) or as_object(self.machine, entry.value)
        is_open = found is not None and bool(found.openings)
        node = self._made(Kind.ARRAY, span, path, items=items, broken=is_open)
        if entry.conditional:
            self.conditional.update(items)
        return self._key_span(entry.key, around), node

    # -- bindings --------------------------------------------------------------------------------------

    def _env(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        env = self._whole(entry, path, ENV_PATHS)
        if env is None:
            return
        if entry.conditional:
            env = _uncertain(env)
        span = self._span(entry.value, entry.use, around)
        lists: dict[tuple[str, ...], list[Node]] = {}
        variables: list[Member] = []
        for name, found in env.members.items():
            by_type: dict[str, list[Obj]] = {}
            for option in options(found.value):
                kind = option.members.get("type") if isinstance(option, Obj) else None
                if isinstance(option, Obj) and kind is not None and isinstance(kind.value, Scalar):
                    by_type.setdefault(str(kind.value.value), []).append(option)
                else:
                    reason = option.reason if isinstance(option, Unknown) else "it is no binding"
                    self._opened(ENV_PATHS, (*path, name), Opening(reason, found.use))
            for type, same in by_type.items():
                whole = same[0] if len(same) == 1 else as_object(self.machine, Choice(tuple(same), found.use))
                if whole is None:
                    continue
                conditional = found.conditional or len(by_type) > 1
                one = Entry(whole, found.key, found.use, conditional)
                self._binding(type, name, one, span, (*path, name), lists, variables, root)
        for key, nodes in lists.items():
            key_span, node = self._group(entry, around, path, nodes)
            root.put_at(key, key_span, node, self)
        if variables:
            node = self._made(Kind.OBJECT, span, path, members=variables, broken=bool(env.openings))
            root.put(Member("vars", self._key_span(entry.key, around), node))

    def _binding(
        self,
        type: str,
        name: str,
        entry: Entry,
        around: Span,
        path: Path,
        lists: dict[tuple[str, ...], list[Node]],
        variables: list[Member],
        root: _Members,
    ) -> None:
        whole = entry.value
        assert isinstance(whole, Obj)
        key_span, name_node = self.name_node(name, entry, around, path)
        if entry.conditional:
            self.conditional.add(name_node)
        if type in ("text", "json"):
            value = whole.members.get("value")
            node = self.value(value.value, value.use, around, path) if value is not None else None
            if node is not None:
                variables.append(self._member(name, entry, node, around))
            return
        if type == "secret":
            lists.setdefault(("secrets", "required"), []).append(name_node)
            return
        if type == "assets":
            root.put_at(("assets", "binding"), key_span, name_node, self)
            return
        span = self._span(whole, entry.use, around)
        if type.startswith("unsafe:"):
            members = self._members(whole, span, path, None)
            members = [member for member in members if member.key not in ("type", "name")]
            kind = self._made(Kind.STRING, span, path, type[7:])
            members += [Member("name", key_span, name_node), Member("type", key_span, kind)]
            target: tuple[str, ...] = ("unsafe", "bindings")
        elif type in BINDINGS:
            row = BINDINGS[type]
            members = [
                Member(row.name_key, key_span, name_node),
                *self._members(whole, span, path, row.names),
            ]
            members += self._development(whole, span, path)
            target = row.path
        else:
            self._opened(ENV_PATHS, path, Opening(f"`{type}` is no kind of binding", entry.use))
            return
        node = self._made(Kind.OBJECT, span, path, members=members, broken=bool(whole.openings))
        if entry.conditional:
            self.conditional.add(node)
        if type in BINDINGS and BINDINGS[type].single:
            root.put(Member(target[0], key_span, node))
        else:
            lists.setdefault(target, []).append(node)

    def _development(self, whole: Obj, around: Span, path: Path) -> list[Member]:
        entry = whole.members.get("dev")
        dev = as_object(self.machine, entry.value) if entry is not None else None
        if dev is None:
            return []
        found = self._members(dev, around, (*path, "dev"), DEVELOPMENT)
        for index, member in enumerate(found):
            if member.key == "local_dev":
                inside = Member("experimental_s3_credentials", member.key_span, member.value)
                inner = self._made(Kind.OBJECT, member.value.span, (*path, "dev"), members=(inside,))
                found[index] = Member("local_dev", member.key_span, inner)
        return found

    # -- the other parts -------------------------------------------------------------------------------

    def _assets(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        self._joined("assets", entry, around, path, ASSETS, root)

    def _unsafe(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        self._joined("unsafe", entry, around, path, UNSAFE, root)

    def _joined(self, key: str, entry: Entry, around: Span, path: Path, names: Names, root: _Members) -> None:
        found = self._whole(entry, path, [(key,)])
        if found is None:
            return
        span = self._span(entry.value, entry.use, around)
        key_span = self._key_span(entry.key, around)
        root.object_at(key, key_span, span, path, self)
        for member in self._members(_uncertain(found) if entry.conditional else found, span, path, names):
            root.put_at((key, member.key), key_span, member.value, self, member.key_span)

    def _exports(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        exports = self._whole(entry, path, [("exports",)])
        if exports is None:
            return
        if entry.conditional:
            exports = _uncertain(exports)
        span = self._span(entry.value, entry.use, around)
        members: list[Member] = []
        events: list[Node] = []
        for name, found in exports.members.items():
            below = (*path, name)
            value = as_object(self.machine, found.value)
            if value is None:
                continue
            if value.openings:
                self._opened([("exports", name)], below, first_opening(value))
            kind = _text(value, "type")
            names = {"durable-object": DURABLE_OBJECT, "workflow": WORKFLOW}.get(kind or "")
            if _text(value, "storage") == "legacy-kv" and names is not None:
                names = {key: name for key, name in names.items() if key != "container"}
            inner = self._members(value, self._span(value, found.use, span), below, names)
            if _text(value, "state") == "created":
                inner = [member for member in inner if member.key != "state"]
            at = self._span(value, found.use, span)
            node = self._made(Kind.OBJECT, at, below, members=inner, broken=bool(value.openings))
            members.append(self._member(name, found, node, span))
            if kind == "workflow":
                events += self._events(value, at, below)
        if members or exports.openings:
            node = self._made(Kind.OBJECT, span, path, members=members, broken=bool(exports.openings))
            root.put(Member("exports", self._key_span(entry.key, around), node))
        if events:
            key_span, node = self._group(entry, around, path, events)
            root.put_at(("triggers", "events"), key_span, node, self)

    def _events(self, value: Obj, around: Span, path: Path) -> list[Node]:
        entry, name = value.members.get("events"), value.members.get("name")
        listed = as_array(self.machine, entry.value) if entry is not None else None
        if entry is None or listed is None or name is None:
            return []
        if listed.openings:
            self._opened([("triggers", "events")], path, first_opening(listed))
        found = []
        for index, item in enumerate(listed.items):
            event = as_object(self.machine, item.value)
            if event is None:
                continue
            at = (*path, "events", index)
            span = self._span(item.value, item.use, around)
            members = self._members(event, span, at, EVENT)
            target = self.value(name.value, name.use, span, (*path, "name"))
            kind = self._made(Kind.STRING, span, at, "workflow")
            inner = [Member("type", span, kind)]
            inner += [Member("workflow_name", span, target)] if target is not None else []
            targets = self._made(
                Kind.ARRAY, span, at, items=(self._made(Kind.OBJECT, span, at, members=inner),)
            )
            members.append(Member("targets", span, targets))
            found.append(self._made(Kind.OBJECT, span, at, members=members))
        return found

    def _domains(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        listed = self._listed(entry, path, [("routes",)])
        if listed is None:
            return
        found = []
        for index, item in enumerate(listed.items):
            at = (*path, index)
            span = self._span(item.value, item.use, around)
            domain = (
                as_object(self.machine, item.value)
                if types_of(item.value) != frozenset(("string",))
                else None
            )
            if domain is not None:
                members = self._members(domain, span, at, DOMAIN)
            else:
                node = self.value(item.value, item.use, around, at)
                members = [Member("pattern", span, node)] if node is not None else []
            members.append(Member("custom_domain", span, self._made(Kind.BOOLEAN, span, at, True)))
            is_open = domain is None and any(not isinstance(one, Scalar) for one in options(item.value))
            found.append(self._entry(item, span, at, members, is_open))
        self._grouped(("routes",), entry, around, path, found, listed, root)

    def _entry(
        self, item: Item, span: Span, path: Path, members: Sequence[Member], broken: bool = False
    ) -> Node:
        node = self._made(Kind.OBJECT, span, path, members=members, broken=broken)
        if item.conditional:
            self.conditional.add(node)
        return node

    def _grouped(
        self,
        key: tuple[str, ...],
        entry: Entry,
        around: Span,
        path: Path,
        nodes: Sequence[Node],
        listed: Arr,
        root: _Members,
    ) -> None:
        if nodes or listed.openings:
            key_span, node = self._group(entry, around, path, nodes)
            root.put_at(key, key_span, node, self)

    def _triggers(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        listed = self._listed(entry, path, TRIGGER_PATHS)
        if listed is None:
            return
        found: dict[tuple[str, ...], list[Node]] = {}
        for index, item in enumerate(listed.items):
            for option in options(item.value):
                trigger = as_object(self.machine, option)
                if trigger is None or trigger.openings:
                    self._opened(
                        TRIGGER_PATHS, (*path, index), Opening("what this trigger is is not known", item.use)
                    )
                if trigger is not None:
                    several = isinstance(item.value, Choice)
                    one = Item(trigger, item.use, item.conditional or several)
                    self._trigger(one, trigger, around, (*path, index), found)
        for key, nodes in found.items():
            if nodes or key == ("addresses",):
                key_span, node = self._group(entry, around, path, nodes)
                root.put_at(key, key_span, node, self)

    def _trigger(
        self, item: Item, trigger: Obj, around: Span, path: Path, found: dict[tuple[str, ...], list[Node]]
    ) -> None:
        span = self._span(trigger, item.use, around)
        kind = _text(trigger, "type")
        if kind == "scheduled":
            entry = trigger.members.get("schedule")
            node = self.value(entry.value, entry.use, span, (*path, "schedule")) if entry else None
            self._append(found, ("triggers", "crons"), node, item)
        elif kind == "email":
            entry = trigger.members.get("addresses")
            addresses = as_array(self.machine, entry.value) if entry is not None else None
            found.setdefault(("addresses",), [])
            if addresses is not None:
                if addresses.openings:
                    self._opened([("addresses",)], path, first_opening(addresses))
                for node in self._items(addresses, span, (*path, "addresses")):
                    self._append(found, ("addresses",), node, item)
        elif kind == "fetch":
            self._append(found, ("routes",), self._route(trigger, span, path), item)
        elif kind in ("queue", "connect"):
            names = TCP if _text(trigger, "protocol") == "tcp" else UDP
            names = CONSUMER if kind == "queue" else names
            members = self._members(trigger, span, path, names)
            key = ("queues", "consumers") if kind == "queue" else ("connect",)
            self._append(found, key, self._entry(item, span, path, members), item)

    def _append(
        self, found: dict[tuple[str, ...], list[Node]], key: tuple[str, ...], node: Node | None, item: Item
    ) -> None:
        if node is not None:
            if item.conditional:
                self.conditional.add(node)
            found.setdefault(key, []).append(node)

    def _route(self, trigger: Obj, span: Span, path: Path) -> Node | None:
        entry, zone = trigger.members.get("pattern"), trigger.members.get("zone")
        pattern = self.value(entry.value, entry.use, span, (*path, "pattern")) if entry else None
        where = self.value(zone.value, zone.use, span, (*path, "zone")) if zone is not None else None
        if entry is None or pattern is None or zone is None or where is None:
            return pattern
        key = "zone_name" if where.text is None or "." in where.text else "zone_id"
        members = [
            self._member("pattern", entry, pattern, span),
            self._member(key, zone, where, span),
        ]
        return self._made(Kind.OBJECT, span, path, members=members)

    def _experimental(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        found = self._whole(entry, path, [("streaming_tail_consumers",), ("first_party_worker",)])
        if found is None:
            return
        span = self._span(entry.value, entry.use, around)
        for member in self._members(found, span, path, {"firstPartyWorker": Name("first_party_worker")}):
            root.put(member)
        tails = found.members.get("streamingTailConsumers")
        if tails is not None:
            self._tails(tails, span, (*path, "streamingTailConsumers"), root)

    def _tails(self, entry: Entry, around: Span, path: Path, root: _Members) -> None:
        key = "tail_consumers" if path[-1] == "tailConsumers" else "streaming_tail_consumers"
        listed = self._listed(entry, path, [(key,)])
        if listed is None:
            return
        found = []
        for index, item in enumerate(listed.items):
            tail = as_object(self.machine, item.value)
            if tail is not None:
                span = self._span(item.value, item.use, around)
                members = self._members(tail, span, (*path, index), TAIL)
                is_open = bool(tail.openings)
                found.append(self._entry(item, span, (*path, index), members, is_open))
        self._grouped((key,), entry, around, path, found, listed, root)

    def _containers(self, entry: Entry, around: Span, root: _Members) -> None:
        path: Path = ("containers",)
        listed = self._listed(entry, path, [("containers",)])
        if listed is None:
            return
        found = []
        for index, item in enumerate(listed.items):
            container = as_object(self.machine, item.value)
            if container is None:
                continue
            if container.openings:
                self._opened([("containers",)], (*path, index), first_opening(container))
            span = self._span(item.value, item.use, around)
            members = self._members(container, span, (*path, index), CONTAINER)
            is_open = bool(container.openings)
            found.append(self._entry(item, span, (*path, index), members, is_open))
        self._grouped(("containers",), entry, around, path, found, listed, root)


class _Members:
    """The members of the root while they are gathered; those of the same object come together."""

    def __init__(self) -> None:
        self._found: dict[str, Member] = {}

    def put(self, member: Member) -> None:
        self._found[member.key] = member

    def object_at(self, key: str, key_span: Span, span: Span, path: Path, lowering: Lowering) -> None:
        """Make sure that there is an object under a key."""
        old = self._found.get(key)
        members = old.value.members if old is not None else ()
        node = lowering._made(Kind.OBJECT, span, path, members=members)
        self._found[key] = Member(key, key_span, node)

    def put_at(
        self,
        path: tuple[str, ...],
        key_span: Span,
        node: Node,
        lowering: Lowering,
        inner_span: Span | None = None,
    ) -> None:
        """Put a node at a path of one or two keys; two lists at one path become one."""
        if len(path) == 1:
            old = self._found.get(path[0])
            if old is not None and old.value.kind is Kind.ARRAY:
                items = (*old.value.items, *node.items)
                broken = old.value.broken or node.broken
                source = lowering.paths[old.value]
                node = lowering._made(Kind.ARRAY, old.value.span, source, items=items, broken=broken)
                key_span = old.key_span
            self._found[path[0]] = Member(path[0], key_span, node)
            return
        key, inner = path
        old = self._found.get(key)
        made = Member(inner, inner_span or key_span, node)
        members = (*(m for m in old.value.members if m.key != inner), made) if old is not None else (made,)
        span = old.value.span if old is not None else node.span
        source = lowering.paths[old.value] if old is not None else lowering.paths[node]
        whole = lowering._made(Kind.OBJECT, span, source, members=members)
        self._found[key] = Member(key, old.key_span if old is not None else key_span, whole)

    def members(self) -> tuple[Member, ...]:
        return tuple(self._found.values())


def _uncertain(value: Obj) -> Obj:
    """An object of which nothing is sure to be there."""
    members = {key: Entry(entry.value, entry.key, entry.use, True) for key, entry in value.members.items()}
    return Obj(members, value.openings, value.place)


def _text(value: Obj, key: str) -> str | None:
    entry = value.members.get(key)
    if entry is None or not isinstance(entry.value, Scalar):
        return None
    return entry.value.value if isinstance(entry.value.value, str) else None
