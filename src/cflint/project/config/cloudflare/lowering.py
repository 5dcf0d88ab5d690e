"""A configuration with wrangler's keys: what `convertToWranglerConfig` makes, as nodes with their places."""

from __future__ import annotations

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
    Name,
    Names,
)
from cflint.project.config.cloudflare.nodes import NodeMaker, Path, RootMembers
from cflint.project.config.cloudflare.resolution import as_array, as_object
from cflint.project.config.cloudflare.values import (
    Choice,
    Entry,
    Item,
    Obj,
    Opening,
    Scalar,
    Unknown,
    first_opening,
    options,
)
from cflint.source import Document, Span
from cflint.syntax.data import Kind, Member, Node


class Lowering:
    """Makes the tree of one configuration; what is known of its nodes is in `nodes`."""

    def __init__(self, machine: Machine, document: Document) -> None:
        self.machine = machine
        self.nodes = NodeMaker(machine, document)

    # -- the configuration -----------------------------------------------------------------------------

    def config(self, config: Obj) -> Node:
        """The root of a configuration."""
        around = self.nodes.span(config, config.place, Span(0, 0))
        root = RootMembers()
        if config.openings:
            self.nodes.opened([()], (), first_opening(config))
        entry = config.members.get("worker")
        if entry is not None:
            if entry.conditional:
                self.nodes.opened([()], ("worker",), Opening("there may be no Worker", entry.use))
            self._worker(entry, around, root)
        for member in self.nodes.members(config, around, (), SETTINGS):
            root.put(member)
        containers = config.members.get("containers")
        if containers is not None:
            self._containers(containers, around, root)
        return self.nodes.made(Kind.OBJECT, around, (), members=root.members(), broken=bool(config.openings))

    def tooling(self, config: Obj) -> Node:
        """The root of a `wrangler.config.ts`."""
        around = self.nodes.span(config, config.place, Span(0, 0))
        root = RootMembers()
        if config.openings:
            self.nodes.opened([()], (), first_opening(config))
        for member in self.nodes.members(config, around, (), TOOLING):
            root.put(member)
        directory = config.members.get("assetsDirectory")
        if directory is not None:
            node = self.nodes.value(directory.value, directory.use, around, ("assetsDirectory",))
            if node is not None:
                inner = self.nodes.member("directory", directory, node, around)
                whole = self.nodes.made(Kind.OBJECT, node.span, ("assetsDirectory",), members=(inner,))
                root.put(Member("assets", inner.key_span, whole))
        return self.nodes.made(Kind.OBJECT, around, (), members=root.members(), broken=bool(config.openings))

    def _worker(self, entry: Entry, around: Span, root: RootMembers) -> None:
        worker = as_object(self.machine, entry.value)
        path: Path = ("worker",)
        if worker is None:
            self.nodes.opened([()], path, Opening("what the Worker is is not known", entry.use))
            return
        span = self.nodes.span(entry.value, entry.use, around)
        if worker.openings:
            self.nodes.opened([()], path, first_opening(worker))
        for member in self.nodes.members(worker, span, path, WORKER):
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

    # -- bindings --------------------------------------------------------------------------------------

    def _env(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        env = self.nodes.whole(entry, path, ENV_PATHS)
        if env is None:
            return
        if entry.conditional:
            env = _uncertain(env)
        span = self.nodes.span(entry.value, entry.use, around)
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
                    self.nodes.opened(ENV_PATHS, (*path, name), Opening(reason, found.use))
            for type, same in by_type.items():
                whole = same[0] if len(same) == 1 else as_object(self.machine, Choice(tuple(same), found.use))
                if whole is None:
                    continue
                conditional = found.conditional or len(by_type) > 1
                one = Entry(whole, found.key, found.use, conditional)
                self._binding(type, name, one, span, (*path, name), lists, variables, root)
        for key, nodes in lists.items():
            key_span, node = self.nodes.group(entry, around, path, nodes)
            root.put_at(key, key_span, node, self.nodes)
        if variables:
            node = self.nodes.made(Kind.OBJECT, span, path, members=variables, broken=bool(env.openings))
            root.put(Member("vars", self.nodes.key_span(entry.key, around), node))

    def _binding(
        self,
        type: str,
        name: str,
        entry: Entry,
        around: Span,
        path: Path,
        lists: dict[tuple[str, ...], list[Node]],
        variables: list[Member],
        root: RootMembers,
    ) -> None:
        whole = entry.value
        assert isinstance(whole, Obj)
        key_span, name_node = self.nodes.name_node(name, entry, around, path)
        if entry.conditional:
            self.nodes.conditional.add(name_node)
        if type in ("text", "json"):
            value = whole.members.get("value")
            node = self.nodes.value(value.value, value.use, around, path) if value is not None else None
            if node is not None:
                variables.append(self.nodes.member(name, entry, node, around))
            return
        if type == "secret":
            lists.setdefault(("secrets", "required"), []).append(name_node)
            return
        if type == "assets":
            root.put_at(("assets", "binding"), key_span, name_node, self.nodes)
            return
        span = self.nodes.span(whole, entry.use, around)
        if type.startswith("unsafe:"):
            members = self.nodes.members(whole, span, path, None)
            members = [member for member in members if member.key not in ("type", "name")]
            kind = self.nodes.made(Kind.STRING, span, path, type[7:])
            members += [Member("name", key_span, name_node), Member("type", key_span, kind)]
            target: tuple[str, ...] = ("unsafe", "bindings")
        elif type in BINDINGS:
            row = BINDINGS[type]
            members = [
                Member(row.name_key, key_span, name_node),
                *self.nodes.members(whole, span, path, row.names),
            ]
            members += self._development(whole, span, path)
            target = row.path
        else:
            self.nodes.opened(ENV_PATHS, path, Opening(f"`{type}` is no kind of binding", entry.use))
            return
        node = self.nodes.made(Kind.OBJECT, span, path, members=members, broken=bool(whole.openings))
        if entry.conditional:
            self.nodes.conditional.add(node)
        if type in BINDINGS and BINDINGS[type].single:
            root.put(Member(target[0], key_span, node))
        else:
            lists.setdefault(target, []).append(node)

    def _development(self, whole: Obj, around: Span, path: Path) -> list[Member]:
        entry = whole.members.get("dev")
        dev = as_object(self.machine, entry.value) if entry is not None else None
        if dev is None:
            return []
        found = self.nodes.members(dev, around, (*path, "dev"), DEVELOPMENT)
        for index, member in enumerate(found):
            if member.key == "local_dev":
                inside = Member("experimental_s3_credentials", member.key_span, member.value)
                inner = self.nodes.made(Kind.OBJECT, member.value.span, (*path, "dev"), members=(inside,))
                found[index] = Member("local_dev", member.key_span, inner)
        return found

    # -- the other parts -------------------------------------------------------------------------------

    def _assets(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        self._joined("assets", entry, around, path, ASSETS, root)

    def _unsafe(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        self._joined("unsafe", entry, around, path, UNSAFE, root)

    def _joined(
        self, key: str, entry: Entry, around: Span, path: Path, names: Names, root: RootMembers
    ) -> None:
        found = self.nodes.whole(entry, path, [(key,)])
        if found is None:
            return
        span = self.nodes.span(entry.value, entry.use, around)
        key_span = self.nodes.key_span(entry.key, around)
        root.object_at(key, key_span, span, path, self.nodes)
        for member in self.nodes.members(
            _uncertain(found) if entry.conditional else found, span, path, names
        ):
            root.put_at((key, member.key), key_span, member.value, self.nodes, member.key_span)

    def _exports(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        exports = self.nodes.whole(entry, path, [("exports",)])
        if exports is None:
            return
        if entry.conditional:
            exports = _uncertain(exports)
        span = self.nodes.span(entry.value, entry.use, around)
        members: list[Member] = []
        events: list[Node] = []
        for name, found in exports.members.items():
            below = (*path, name)
            value = as_object(self.machine, found.value)
            if value is None:
                continue
            if value.openings:
                self.nodes.opened([("exports", name)], below, first_opening(value))
            kind = _text(value, "type")
            names = {"durable-object": DURABLE_OBJECT, "workflow": WORKFLOW}.get(kind or "")
            if _text(value, "storage") == "legacy-kv" and names is not None:
                names = {key: name for key, name in names.items() if key != "container"}
            inner = self.nodes.members(value, self.nodes.span(value, found.use, span), below, names)
            if _text(value, "state") == "created":
                inner = [member for member in inner if member.key != "state"]
            at = self.nodes.span(value, found.use, span)
            node = self.nodes.made(Kind.OBJECT, at, below, members=inner, broken=bool(value.openings))
            members.append(self.nodes.member(name, found, node, span))
            if kind == "workflow":
                events += self._events(value, at, below)
        if members or exports.openings:
            node = self.nodes.made(Kind.OBJECT, span, path, members=members, broken=bool(exports.openings))
            root.put(Member("exports", self.nodes.key_span(entry.key, around), node))
        if events:
            key_span, node = self.nodes.group(entry, around, path, events)
            root.put_at(("triggers", "events"), key_span, node, self.nodes)

    def _events(self, value: Obj, around: Span, path: Path) -> list[Node]:
        entry, name = value.members.get("events"), value.members.get("name")
        listed = as_array(self.machine, entry.value) if entry is not None else None
        if entry is None or listed is None or name is None:
            return []
        if listed.openings:
            self.nodes.opened([("triggers", "events")], path, first_opening(listed))
        found = []
        for index, item in enumerate(listed.items):
            event = as_object(self.machine, item.value)
            if event is None:
                continue
            at = (*path, "events", index)
            span = self.nodes.span(item.value, item.use, around)
            members = self.nodes.members(event, span, at, EVENT)
            target = self.nodes.value(name.value, name.use, span, (*path, "name"))
            kind = self.nodes.made(Kind.STRING, span, at, "workflow")
            inner = [Member("type", span, kind)]
            inner += [Member("workflow_name", span, target)] if target is not None else []
            targets = self.nodes.made(
                Kind.ARRAY, span, at, items=(self.nodes.made(Kind.OBJECT, span, at, members=inner),)
            )
            members.append(Member("targets", span, targets))
            found.append(self.nodes.made(Kind.OBJECT, span, at, members=members))
        return found

    def _domains(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        listed = self.nodes.listed(entry, path, [("routes",)])
        if listed is None:
            return
        found = []
        for index, item in enumerate(listed.items):
            at = (*path, index)
            span = self.nodes.span(item.value, item.use, around)
            objects = all(isinstance(option, Obj) for option in options(item.value))
            domain = as_object(self.machine, item.value) if objects else None
            if domain is not None:
                members = self.nodes.members(domain, span, at, DOMAIN)
            else:
                node = self.nodes.value(item.value, item.use, around, at)
                members = [Member("pattern", span, node)] if node is not None else []
            members.append(Member("custom_domain", span, self.nodes.made(Kind.BOOLEAN, span, at, True)))
            is_open = domain is None and any(not isinstance(one, Scalar) for one in options(item.value))
            found.append(self.nodes.entry(item, span, at, members, is_open))
        self.nodes.grouped(("routes",), entry, around, path, found, listed, root)

    def _triggers(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        listed = self.nodes.listed(entry, path, TRIGGER_PATHS)
        if listed is None:
            return
        found: dict[tuple[str, ...], list[Node]] = {}
        for index, item in enumerate(listed.items):
            for option in options(item.value):
                trigger = as_object(self.machine, option)
                if trigger is None or trigger.openings:
                    self.nodes.opened(
                        TRIGGER_PATHS, (*path, index), Opening("what this trigger is is not known", item.use)
                    )
                if trigger is not None:
                    several = isinstance(item.value, Choice)
                    one = Item(trigger, item.use, item.conditional or several)
                    self._trigger(one, trigger, around, (*path, index), found)
        for key, nodes in found.items():
            if nodes or key == ("addresses",):
                key_span, node = self.nodes.group(entry, around, path, nodes)
                root.put_at(key, key_span, node, self.nodes)

    def _trigger(
        self, item: Item, trigger: Obj, around: Span, path: Path, found: dict[tuple[str, ...], list[Node]]
    ) -> None:
        span = self.nodes.span(trigger, item.use, around)
        kind = _text(trigger, "type")
        if kind == "scheduled":
            entry = trigger.members.get("schedule")
            node = self.nodes.value(entry.value, entry.use, span, (*path, "schedule")) if entry else None
            self._append(found, ("triggers", "crons"), node, item)
        elif kind == "email":
            entry = trigger.members.get("addresses")
            addresses = as_array(self.machine, entry.value) if entry is not None else None
            found.setdefault(("addresses",), [])
            if addresses is not None:
                if addresses.openings:
                    self.nodes.opened([("addresses",)], path, first_opening(addresses))
                for node in self.nodes.items(addresses, span, (*path, "addresses")):
                    self._append(found, ("addresses",), node, item)
        elif kind == "fetch":
            self._append(found, ("routes",), self._route(trigger, span, path), item)
        elif kind in ("queue", "connect"):
            names = TCP if _text(trigger, "protocol") == "tcp" else UDP
            names = CONSUMER if kind == "queue" else names
            members = self.nodes.members(trigger, span, path, names)
            key = ("queues", "consumers") if kind == "queue" else ("connect",)
            self._append(found, key, self.nodes.entry(item, span, path, members), item)

    def _append(
        self, found: dict[tuple[str, ...], list[Node]], key: tuple[str, ...], node: Node | None, item: Item
    ) -> None:
        if node is not None:
            if item.conditional:
                self.nodes.conditional.add(node)
            found.setdefault(key, []).append(node)

    def _route(self, trigger: Obj, span: Span, path: Path) -> Node | None:
        entry, zone = trigger.members.get("pattern"), trigger.members.get("zone")
        pattern = self.nodes.value(entry.value, entry.use, span, (*path, "pattern")) if entry else None
        where = self.nodes.value(zone.value, zone.use, span, (*path, "zone")) if zone is not None else None
        if entry is None or pattern is None or zone is None or where is None:
            return pattern
        key = "zone_name" if where.text is None or "." in where.text else "zone_id"
        members = [
            self.nodes.member("pattern", entry, pattern, span),
            self.nodes.member(key, zone, where, span),
        ]
        return self.nodes.made(Kind.OBJECT, span, path, members=members)

    def _experimental(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        found = self.nodes.whole(entry, path, [("streaming_tail_consumers",), ("first_party_worker",)])
        if found is None:
            return
        span = self.nodes.span(entry.value, entry.use, around)
        for member in self.nodes.members(found, span, path, {"firstPartyWorker": Name("first_party_worker")}):
            root.put(member)
        tails = found.members.get("streamingTailConsumers")
        if tails is not None:
            self._tails(tails, span, (*path, "streamingTailConsumers"), root)

    def _tails(self, entry: Entry, around: Span, path: Path, root: RootMembers) -> None:
        key = "tail_consumers" if path[-1] == "tailConsumers" else "streaming_tail_consumers"
        listed = self.nodes.listed(entry, path, [(key,)])
        if listed is None:
            return
        found = []
        for index, item in enumerate(listed.items):
            tail = as_object(self.machine, item.value)
            if tail is not None:
                span = self.nodes.span(item.value, item.use, around)
                members = self.nodes.members(tail, span, (*path, index), TAIL)
                is_open = bool(tail.openings)
                found.append(self.nodes.entry(item, span, (*path, index), members, is_open))
        self.nodes.grouped((key,), entry, around, path, found, listed, root)

    def _containers(self, entry: Entry, around: Span, root: RootMembers) -> None:
        path: Path = ("containers",)
        listed = self.nodes.listed(entry, path, [("containers",)])
        if listed is None:
            return
        found = []
        for index, item in enumerate(listed.items):
            container = as_object(self.machine, item.value)
            if container is None:
                continue
            if container.openings:
                self.nodes.opened([("containers",)], (*path, index), first_opening(container))
            span = self.nodes.span(item.value, item.use, around)
            members = self.nodes.members(container, span, (*path, index), CONTAINER)
            is_open = bool(container.openings)
            found.append(self.nodes.entry(item, span, (*path, index), members, is_open))
        self.nodes.grouped(("containers",), entry, around, path, found, listed, root)


def _uncertain(value: Obj) -> Obj:
    """An object of which nothing is sure to be there."""
    members = {key: Entry(entry.value, entry.key, entry.use, True) for key, entry in value.members.items()}
    return Obj(members, value.openings, value.place)


def _text(value: Obj, key: str) -> str | None:
    entry = value.members.get(key)
    if entry is None or not isinstance(entry.value, Scalar):
        return None
    return entry.value.value if isinstance(entry.value.value, str) else None
