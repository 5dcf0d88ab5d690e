"""The model of a workspace: its Workers, what they reach, and the questions that cross files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ParamSpec, Protocol, TypeVar

from cflint.project.files.workspace import Workspace
from cflint.project.modules.queries import Memo
from cflint.project.modules.resolve import ModuleGraph, Resolver
from cflint.project.workers.classes import Classes
from cflint.project.workers.durable_objects import DurableObjects
from cflint.project.workers.entrypoints import Entrypoints
from cflint.project.workers.env_types import EnvTypes, binding_kind_of_type
from cflint.project.workers.exports import Exports
from cflint.project.workers.facts import Facts
from cflint.project.workers.imported import Imported
from cflint.project.workers.imports import Imports
from cflint.project.workers.owners import Owners
from cflint.project.workers.preferences import Preferences
from cflint.project.workers.realms import Realms
from cflint.project.workers.scan import Scan
from cflint.project.workers.sections import Sections
from cflint.project.workers.sources import Sources
from cflint.project.workers.trees import Trees
from cflint.project.workers.worker import DurableObject, Entrypoint, ExportSet, ExportTarget, Worker
from cflint.source import Document

__all__ = [
    "DurableObject",
    "Entrypoint",
    "ExportSet",
    "ExportTarget",
    "Project",
    "Worker",
    "binding_kind_of_type",
]

P = ParamSpec("P")
T = TypeVar("T")


class Timed(Protocol):
    """Makes of a function one that is measured under a name."""

    def __call__(self, name: str, function: Callable[P, T], /) -> Callable[P, T]: ...


class Project:
    """All Workers of one run, and the parts that answer questions about them and the modules they reach.

    `base` is the model of the commit that changes are counted from, where a run has one. `preferences` is
    what the settings say of the options of rules. `documents` are the code blocks of
    Markdown files, by path, and `titles` what these are called.
    """

    def __init__(
        self,
        workspace: Workspace,
        resolver: Resolver,
        workers: tuple[Worker, ...],
        documents: Mapping[str, Document],
        titles: Mapping[str, str],
        preferences: Preferences,
        graph: ModuleGraph | None = None,
    ) -> None:
        self.workspace = workspace
        self.workers = workers
        self.preferences = preferences
        self.base: Project | None = None
        self.memo = memo = Memo()
        self.sources = Sources(memo, workspace, documents)
        self.trees = Trees(memo, self.sources)
        self.facts = Facts(memo, self.sources, self.trees)
        self.owners = Owners(workers)
        self.realms = Realms(workers)
        graph = graph or ModuleGraph(workspace, resolver)
        self.imports = Imports(memo, self.sources, self.owners, resolver, graph, titles)
        self.scan = Scan(memo, self.sources, self.imports)
        self.exports = Exports(memo, self.sources, self.facts, self.imports, self.scan)
        self.imported = Imported(self.facts, self.imports, self.exports, self.scan)
        self.durable_objects = DurableObjects(memo, self.owners, self.exports, self.scan)
        self.classes = Classes(memo, self.sources, self.facts, self.exports, self.durable_objects)
        self.entrypoints = Entrypoints(memo, self.sources, self.facts, self.exports, self.classes)
        self.sections = Sections(workers, self.exports)
        self.env_types = EnvTypes(self.facts, self.exports, self.owners)

    def measure(self, timed: Timed) -> None:
        """Measure from now on how long trees and facts take."""
        self.trees.read = timed("parse", self.trees.read)
        self.facts.take = timed("facts of modules", self.facts.take)
