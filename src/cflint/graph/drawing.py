"""From the model and the findings to a picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cflint.finding import Finding, Location, Severity
from cflint.graph.picture import Group, Item, Link, Picture, Role
from cflint.graph.troubles import Troubles
from cflint.project.code.env_uses import env_uses
from cflint.project.code.module import module_of
from cflint.project.config.wrangler import Binding, Environment
from cflint.project.modules.facts import ClassFacts
from cflint.project.workers.model import Project
from cflint.project.workers.worker import DurableObject, Worker
from cflint.record import record, replace
from cflint.syntax.data import Kind, Node
from cflint.syntax.suffixes import MODULE_SUFFIXES

MANY_WORKERS = 12
"""From how many Workers on each is drawn as a single item."""
MANY_MODULES = 12
"""From how many modules on those that use bindings are left out, unless they are asked for."""
_MANY_TRIGGERS = 4
"""From how many routes, or crons, on they become one item."""

_STORES = frozenset({"kv", "r2", "d1", "hyperdrive", "vectorize", "analytics_engine", "secrets_store_secret"})
_SHARED = _STORES | {"queue", "dispatch_namespace", "pipeline", "vpc_service", "mtls_certificate"}
"""Kinds of which two bindings of the same resource are one item."""
_ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F-]{36}")


@record(frozen=True)
class Wishes:
    """What a picture is to show: `environment` instead of the top level, `modules` and single Workers'
    `parts` whether or not that makes it large (None: by the size of the project)."""

    environment: str | None = None
    modules: bool | None = None
    parts: bool | None = None


def draw(project: Project, findings: Iterable[Finding], wishes: Wishes) -> Picture:
    """The picture of a project's Workers that have a configuration or a file of their own; documents are
    left out. Errors and warnings are shown at what they are about."""
    workers = [worker for worker in project.workers if not worker.is_document]
    return _Drawing(project, workers, findings, wishes).picture()


class _Drawing:
    def __init__(
        self, project: Project, workers: Sequence[Worker], findings: Iterable[Finding], wishes: Wishes
    ) -> None:
        self._project = project
        self._workers = workers
        self._wishes = wishes
        self._folded = not wishes.parts if wishes.parts is not None else len(workers) >= MANY_WORKERS
        self._items: dict[str, Item] = {}
        self._links: dict[tuple[str, str, str], Link] = {}
        self._troubles = Troubles(f for f in findings if (f.severity or Severity.NOTE) > Severity.NOTE)
        self._by_name = {name: w for w in workers if (name := _name_in(w, self._wishes.environment))}

    def picture(self) -> Picture:
        for worker in self._workers:
            self._worker(worker)
        for worker in self._workers:
            self._bindings(worker)
        if not self._folded:
            self._modules()
        for worker in self._workers:
            self._troubles.owned(_worker_id(worker), (*worker.modules, *_config_paths(worker)))
        items = [replace(item, troubles=self._troubles.of(item.id)) for item in self._items.values()]
        reached = {link.target for link in self._links.values() if link.kind != "has"}
        links = [
            replace(link, troubles=self._troubles.of("\n".join(key)))
            for key, link in self._links.items()
            if link.kind != "has" or link.target not in reached
        ]
        if self._folded:  # what a Worker has is counted in its item
            links = [link for link in links if link.source != link.target or link.troubles]
        return Picture(
            tuple(self._groups(items)),
            tuple(items),
            tuple(links),
            self._wishes.environment,
            self._folded,
            self._troubles.all(),
        )

    def _groups(self, items: Iterable[Item]) -> Iterator[Group]:
        sizes = Counter(item.group for item in items if item.group)
        for worker in self._workers:
            id = _worker_id(worker)
            if sizes[id]:
                environments = [e.label for e in worker.environments if e.name is not None]
                details = (f"also: {', '.join(environments)}",) if environments else ()
                yield Group(id, _label(worker, self._wishes.environment), details)

    # -- items ------------------------------------------------------------------------------------------

    def _put(self, item: Item, spans: Iterable[Location | None] = ()) -> str:
        self._items.setdefault(item.id, item)
        for at in (item.at, *spans):
            if at is not None:
                self._troubles.place(item.id, at)
        return item.id

    def _link(
        self, source: str, target: str, label: str = "", kind: str = "binding", at: Location | None = None
    ) -> None:
        key = (source, target, label)
        self._links.setdefault(key, Link(source, target, label, kind, at))
        if at is not None:
            self._troubles.place("\n".join(key), at)

    def _worker(self, worker: Worker) -> None:
        id = _worker_id(worker)
        environment = _environment(worker, self._wishes.environment)
        parts = list(self._parts(worker, environment)) if environment is not None else []
        details = list(self._about(worker))
        if self._folded:
            counts = Counter(part.kind for part, _ in parts)
            details += [_counted(kind, number) for kind, number in sorted(counts.items())]
        at = environment.place if environment is not None else None
        group = "" if self._folded else id
        self._put(
            Item(
                id, Role.WORKER, "worker", _label(worker, self._wishes.environment), tuple(details), group, at
            )
        )
        for part, entry in () if self._folded else parts:
            self._put(part, [entry])
            if part.role is Role.TRIGGER:
                self._link(part.id, id, "", "trigger")
            else:
                self._link(id, part.id, "", "has")

    def _about(self, worker: Worker) -> Iterator[str]:
        entrypoint = self._project.entrypoints.of(worker)
        if entrypoint is not None and entrypoint.handlers:
            yield ", ".join(sorted(entrypoint.handlers))
        if worker.entries:
            yield worker.entries[0].rpartition("/")[2]
        elif worker.app is not None:
            yield worker.app.summary(
                self._project.sources.has_types_alone, is_configured=worker.config is not None
            )
        if worker.config is None:
            yield "no configuration"

    def _parts(self, worker: Worker, environment: Environment) -> Iterator[tuple[Item, Location | None]]:
        yield from self._triggers(worker, environment)
        yield from self._classes(worker, environment)

    def _triggers(self, worker: Worker, environment: Environment) -> Iterator[tuple[Item, Location | None]]:
        owner = _worker_id(worker)
        routes = list(_routes(environment))
        crons = [(node.text or "", node) for node in environment.crons]
        for kind, found in (("route", routes), ("cron", crons)):
            if len(found) >= _MANY_TRIGGERS:
                first = environment.location(found[0][1])
                names = tuple(text for text, _ in found[: _MANY_TRIGGERS - 1])
                item = Item(
                    f"{owner}/{kind}s",
                    Role.TRIGGER,
                    kind,
                    f"{len(found)} {kind}s",
                    (*names, "…"),
                    owner,
                    first,
                )
                yield item, None
                for _, node in found:
                    self._troubles.place(item.id, environment.location(node))
                continue
            for number, (text, node) in enumerate(found):
                at = environment.location(node)
                yield Item(f"{owner}/{kind}/{number}", Role.TRIGGER, kind, text, (), owner, at), None

    def _classes(self, worker: Worker, environment: Environment) -> Iterator[tuple[Item, Location | None]]:
        owner = _worker_id(worker)
        live = environment.lifecycle.classes
        for found in self._project.durable_objects.of(worker):
            if found.environment is environment:
                item = Item(
                    f"{owner}/class/{found.name}",
                    Role.CLASS,
                    "durable_object",
                    found.name,
                    ("Durable Object", *_life(found)),
                    owner,
                    self._code_of(found.facts) or found.location,
                )
                yield item, environment.location(live[found.name].span) if found.name in live else None
        for name, binding in environment.workflow_classes.items():
            entry = environment.location(binding.node)
            classes = self._project.classes.named(worker, name)
            at = self._code_of(classes[0]) if len(classes) == 1 else None
            item = Item(
                f"{owner}/class/{name}", Role.CLASS, "workflow", name, ("Workflow",), owner, at or entry
            )
            yield item, entry
        for name, gone in environment.lifecycle.gone.items():
            what = f"{gone.state.value} in {gone.tag}" if gone.tag else gone.state.value
            yield (
                Item(
                    f"{owner}/class/{name}",
                    Role.CLASS,
                    "durable_object",
                    name,
                    (what,),
                    owner,
                    environment.location(gone.span),
                    is_gone=True,
                ),
                None,
            )

    def _code_of(self, facts: ClassFacts | None) -> Location | None:
        document = self._project.sources.document(facts.path) if facts is not None else None
        return Location(document, facts.span) if facts is not None and document is not None else None

    # -- links ------------------------------------------------------------------------------------------

    def _bindings(self, worker: Worker) -> None:
        environment = _environment(worker, self._wishes.environment)
        if environment is None:
            return
        source = _worker_id(worker)
        values = Counter[str]()
        for binding in environment.bindings:
            if binding.kind.is_value:
                values[binding.kind.label] += 1
                continue
            self._link(source, self._target(worker, binding), binding.name, "binding", _entry(binding))
        if values and not self._folded:
            label = ", ".join(
                f"{number} {kind if number == 1 else _plural(kind)}"
                for kind, number in sorted(values.items())
            )
            id = self._put(Item(f"{source}/values", Role.VALUES, "var", label, (), source))
            self._link(source, id, "", "has")
        for consumer in environment.queue_consumers:
            if consumer.queue:
                at = environment.location(consumer.node)
                self._link(self._queue(consumer.queue), source, "consumes", "queue", at)
                if consumer.dead_letter_queue:
                    self._link(
                        self._queue(consumer.queue),
                        self._queue(consumer.dead_letter_queue),
                        "dead letters",
                        "queue",
                        at,
                    )
        for tail in environment.tail_consumers:
            if tail.service:
                self._link(source, self._worker_named(tail.service), "logs", "service", tail.location)

    def _target(self, worker: Worker, binding: Binding) -> str:
        kind = binding.kind.id
        if kind == "service" and binding.service:
            return self._worker_named(binding.service, binding.entrypoint)
        if kind in ("durable_object", "workflow") and binding.class_name:
            return self._class(worker, binding, binding.class_name)
        if kind == "queue" and binding.queue:
            return self._queue(binding.queue)
        return self._resource(worker, binding)

    def _queue(self, name: str) -> str:
        return self._put(Item(f"queue:{name}", Role.QUEUE, "queue", name, ("queue",)))

    def _worker_named(self, name: str, entrypoint: str | None = None) -> str:
        known = self._by_name.get(name)
        if known is None:
            return self._put(
                Item(f"elsewhere:{name}", Role.ELSEWHERE, "worker", name, ("not in this project",))
            )
        id = _worker_id(known)
        if entrypoint is None or self._folded:
            return id
        own = f"{id}/class/{entrypoint}"
        self._put(Item(own, Role.CLASS, "entrypoint", entrypoint, ("entry point",), id))
        self._link(id, own, "", "has")
        return own

    def _class(self, worker: Worker, binding: Binding, name: str) -> str:
        if binding.is_local:
            owner = _worker_id(worker)
        else:
            owner = self._worker_named(binding.script_name or "")
        if self._folded or not owner.startswith("worker:"):
            return owner
        id = f"{owner}/class/{name}"
        if id not in self._items:
            self._put(
                Item(id, Role.CLASS, binding.kind.id, name, (binding.kind.label,), owner, binding.location)
            )
            self._link(owner, id, "", "has")
        return id

    def _resource(self, worker: Worker, binding: Binding) -> str:
        kind, resource = binding.kind, binding.resource
        role = Role.STORE if kind.id in _STORES else Role.SERVICE
        if resource is not None and kind.id in _SHARED:
            id, group = f"{kind.id}:{resource}", ""
        else:
            owner = _worker_id(worker)
            id = f"{owner}/{kind.id}/{binding.name}"
            group = "" if self._folded else owner
        label = _resource_label(binding)
        details = (kind.label,) if label != kind.label else ()
        return self._put(Item(id, role, kind.id, label, details, group, _entry(binding)))

    def _modules(self) -> None:
        """The modules that use bindings, with links to what they use instead of the Worker's."""
        users = {worker: dict(self._uses(worker)) for worker in self._workers}
        number = len({path for uses in users.values() for path in uses})
        if self._wishes.modules is False or (self._wishes.modules is None and number > MANY_MODULES):
            return
        bound: dict[str, dict[str, Link]] = {}
        for link in self._links.values():
            if link.kind == "binding":
                bound.setdefault(link.source, {})[link.label] = link
        for worker, uses in users.items():
            source = _worker_id(worker)
            if len(uses) < 2 and not self._wishes.modules:
                continue
            reached = bound.get(source, {})
            for path, names in uses.items():
                document = self._project.sources.document(path)
                shown = path.rpartition("/")[2]
                id = self._put(Item(f"{source}/module/{path}", Role.MODULE, "module", shown, (), source))
                if document is not None:
                    self._troubles.whole(id, path)
                self._link(source, id, "", "module")
                for name in sorted(names & reached.keys()):
                    link = reached[name]
                    self._link(id, link.target, name, "use", link.at)
            used = set().union(*uses.values()) if uses else set()
            for name in used & reached.keys():
                link = reached[name]
                del self._links[link.source, link.target, link.label]

    def _uses(self, worker: Worker) -> Iterator[tuple[str, set[str]]]:
        """The modules of a Worker that name bindings, and which."""
        environment = _environment(worker, self._wishes.environment)
        bound = {binding.name for binding in environment.bindings} if environment is not None else set()
        if not bound:
            return
        for path in worker.modules:
            document = self._project.sources.document(path)
            if document is None or path in worker.idle or not path.endswith(MODULE_SUFFIXES):
                continue
            if not any(name.encode() in document.data for name in bound):
                continue
            module = module_of(self._project, path)
            names = {use.name for use in env_uses(module)} & bound if module is not None else set()
            self._project.trees.release(path)
            if names:
                yield path, names


def _worker_id(worker: Worker) -> str:
    place = worker.config.path if worker.config is not None else next(iter(worker.modules), "")
    return f"worker:{place}"


def _config_paths(worker: Worker) -> tuple[str, ...]:
    return () if worker.config is None else tuple(document.path for document in worker.config.documents)


def _environment(worker: Worker, name: str | None) -> Environment | None:
    """The environment that is drawn: the one of a name, or the top level where there is none of that name."""
    config = worker.config
    return None if config is None else config.environment(name) or config.top


def _name_in(worker: Worker, name: str | None) -> str | None:
    environment = _environment(worker, name)
    return environment.worker_name if environment is not None else None


def _label(worker: Worker, environment: str | None) -> str:
    name = _name_in(worker, environment) or worker.name
    return name or next(iter(worker.entries), None) or _worker_id(worker).partition(":")[2]


def _entry(binding: Binding) -> Location:
    """The whole entry of a binding; of one that is a name alone, that."""
    place = binding.environment.location(binding.node)
    return place if place.document.path == binding.location.document.path else binding.location


def _resource_label(binding: Binding) -> str:
    for key in ("database_name", "bucket_name", "index_name", "dataset", "namespace", "directory"):
        node = binding.field(key)
        if node is not None and node.text:
            return node.text
    resource = binding.resource
    return resource if resource is not None and not _ID.fullmatch(resource) else binding.name


def _life(found: DurableObject) -> Iterator[str]:
    live = found.live
    if live is None:
        return
    parts = [live.backend.value]
    if live.tag:
        parts.append(f"since {live.tag}")
    if live.renamed_from:
        parts.append(f"once {live.renamed_from}")
    yield ", ".join(parts)


def _routes(environment: Environment) -> Iterator[tuple[str, Node]]:
    single, several = environment.value("route"), environment.value("routes")
    for node in (*([single] if single is not None else ()), *(several.items if several is not None else ())):
        pattern = node if node.kind is Kind.STRING else node.get("pattern")
        if pattern is not None and pattern.text:
            yield pattern.text, node


def _counted(kind: str, number: int) -> str:
    word = kind.replace("_", " ").replace("durable object", "Durable Object").replace("workflow", "Workflow")
    return f"{number} {word if number == 1 else _plural(word)}"


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
