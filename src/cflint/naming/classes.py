"""Where configurations name the classes of Durable Objects and Workflows, and where code declares them."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.finding import Location
from cflint.naming import python_classes
from cflint.naming.mention import Role, mention_of
from cflint.project.config.lifecycle import ClassRow, RenameRow, created_with
from cflint.project.config.wrangler import Binding, Environment
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.record import record


@record(frozen=True)
class ClassSubject:
    """A class of a Durable Object or Workflow: its Worker, and the name under which it exports the class."""

    project: Project
    worker: Worker
    name: str

    @property
    def declaration(self) -> Location | None:
        """The class's name where it is declared."""
        return class_place(self.project, self.worker, self.name)

    @property
    def bindings(self) -> list[Binding]:
        """The bindings of the class, those of other Workers too."""
        return [
            binding
            for worker in self.project.workers
            for environment in worker.environments
            for binding in _bindings(environment)
            if binding.class_name == self.name and self._is_ours(worker, binding)
        ]

    def places(self, *, declarations: bool = True) -> list[Location]:
        """The places that name the class: its declaration, then those in configurations."""
        found: list[Location | None] = [self.declaration] if declarations else []
        found += (binding.place("class_name") for binding in self.bindings)
        for environment in self.worker.environments:
            found += (place for name, place in _own_places(environment) if name == self.name)
        return list(dict.fromkeys(_without_quotes(place, self.name) for place in found if place is not None))

    def _is_ours(self, worker: Worker, binding: Binding) -> bool:
        if worker is self.worker:
            return binding.is_local
        return binding.script_name is not None and binding.script_name in self.worker.names


def class_at(loaded: Loaded, path: str, offset: int) -> ClassSubject | None:
    """The class that a configuration names at a byte offset of a file, or that is declared there."""
    project = loaded.project
    for worker in project.workers:
        if worker.config is not None and worker.config.path == path:
            for environment in worker.environments:
                for name, place in _own_places(environment):
                    if _covers(place, path, offset):
                        return ClassSubject(project, worker, name)
                for binding in _bindings(environment):
                    if binding.class_name and _covers(binding.place("class_name"), path, offset):
                        owner = _owner(project, worker, binding)
                        return ClassSubject(project, owner, binding.class_name) if owner is not None else None
    for found in classes_in(loaded, path):
        declared = found.declaration
        if declared is not None and _covers(declared, path, offset):
            return found
    return None


def classes_in(loaded: Loaded, path: str) -> list[ClassSubject]:
    """The classes of Durable Objects and Workflows that a module declares and a configuration names."""
    project = loaded.project
    found: list[ClassSubject] = []
    for worker in project.owners.of(path):
        names = dict.fromkeys(
            name
            for environment in worker.environments
            for name in (*(name for name, _ in _own_places(environment)), *environment.durable_object_classes)
        )
        names.update(dict.fromkeys(name for one in worker.environments for name in one.workflow_classes))
        for name in names:
            place = class_place(project, worker, name)
            if place is not None and place.document.path == path:
                found.append(ClassSubject(project, worker, name))
    return found


def birth(environment: Environment, name: str) -> str | None:
    """The tag of the migration that created a class of a Durable Object; None where none is seen."""
    live = environment.lifecycle.classes.get(name)
    if live is None:
        return None
    born = created_with(environment.lifecycle, live) if live.renamed_from else None
    return born[0].tag if born is not None else live.tag


def class_place(project: Project, worker: Worker, name: str) -> Location | None:
    """The name, where it is declared, of the class that a Worker exports under a name."""
    facts = project.exports.find_class(worker, name)
    if facts is not None:
        document = project.sources.document(facts.path)
        return Location(document, facts.name_span) if document is not None else None
    if any(entry.endswith(".py") for entry in worker.entries):
        owner = python_classes.class_of_worker(project, worker, name)
        return python_classes.place_of(owner) if owner is not None else None
    return None


def _bindings(environment: Environment) -> tuple[Binding, ...]:
    return (*environment.bindings_of("durable_object"), *environment.workflows)


def _own_places(environment: Environment) -> Iterator[tuple[str, Location]]:
    """What `migrations` and `exports` name, and where."""
    for migration in environment.lifecycle.migrations:
        for row in (*migration.created, *migration.renamed, *migration.transferred, *migration.deleted):
            rows = (row.old, row.new) if isinstance(row, RenameRow) else (row,)
            for one in rows:
                if isinstance(one, ClassRow):
                    yield one.name, environment.location(one.span)
    for export in environment.exports:
        yield export.name, export.location


def _owner(project: Project, worker: Worker, binding: Binding) -> Worker | None:
    if binding.is_local:
        return worker
    script = binding.script_name
    return next((other for other in project.workers if script and script in other.names), None)


def _covers(place: Location, path: str, offset: int) -> bool:
    return place.document.path == path and place.span.start <= offset <= place.span.end


def _without_quotes(place: Location, name: str) -> Location:
    return mention_of(place.document, place.span, name, Role.USE).at
