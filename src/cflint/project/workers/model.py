"""The model of a workspace: its Workers, what they reach, and the questions that cross files."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from cflint.platform.bindings import BindingKind
from cflint.platform.classes import ClassKind
from cflint.project.config.wrangler import Environment
from cflint.project.files.workspace import Workspace
from cflint.project.modules.facts import ClassFacts, FunctionFacts, Member, ModuleFacts
from cflint.project.modules.queries import Memo
from cflint.project.modules.reads import Ledger
from cflint.project.modules.resolve import Edge, ModuleGraph, Resolver
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
from cflint.project.workers.scan import Scan
from cflint.project.workers.sections import Sections
from cflint.project.workers.sources import Sources
from cflint.project.workers.trees import Tree, Trees
from cflint.project.workers.worker import DurableObject, Entrypoint, ExportSet, ExportTarget, Worker
from cflint.scope import ImportRef
from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.python.module import PythonModule

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

    `preferences` is what the settings say of the options of rules. `documents` are the code blocks of
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
        self.memo = memo = Memo()
        self.sources = Sources(memo, workspace, documents)
        self.trees = Trees(memo, self.sources)
        self.facts = Facts(memo, self.sources, self.trees)
        self.owners = Owners(workers)
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

    # == names from before the parts, for callers that still use them: to be removed =========================
    # (`facts`, `durable_objects` and `env_types` can be called for the same reason.)

    def keep_ledger(self) -> Ledger:
        return self.memo.keep_ledger()

    @property
    def ledger(self) -> Ledger | None:
        return self.memo.ledger

    @property
    def graph(self) -> ModuleGraph:
        return self.imports.graph

    def adopt_facts(self, facts: Mapping[str, ModuleFacts]) -> None:
        self.facts.adopt(facts)

    @property
    def known_facts(self) -> Mapping[str, ModuleFacts]:
        return self.facts.known

    def memoized(self, question: Hashable, find: Callable[[], T]) -> T:
        return self.memo.memoized(question, find)

    def document(self, path: str) -> Document | None:
        return self.sources.document(path)

    def tree(self, path: str) -> Tree | None:
        return self.trees.of(path)

    @property
    def kept_trees(self) -> Iterable[str]:
        return self.trees.kept

    def held(self, path: str, kind: type[T], make: Callable[[], T]) -> T:
        return self.trees.held(path, kind, make)

    def release(self, path: str) -> None:
        self.trees.release(path)

    def module(self, path: str) -> Module | None:
        from cflint.project.code.module import module_of

        return module_of(self, path)

    def python_module(self, path: str) -> PythonModule | None:
        from cflint.project.python.module import python_module_of

        return python_module_of(self, path)

    def python_module_named(self, dotted: str, importer: str) -> PythonModule | None:
        path = self.imports.resolve(dotted, importer)
        return self.python_module(path) if path is not None else None

    def workers_of(self, path: str) -> tuple[Worker, ...]:
        return self.owners.of(path)

    def resolve(self, specifier: str, importer: str) -> str | None:
        return self.imports.resolve(specifier, importer)

    def imports_of(self, path: str) -> tuple[Edge, ...]:
        return self.imports.of(path)

    def exports_of(self, path: str) -> ExportSet:
        return self.exports.of(path)

    def export_of(self, path: str, name: str) -> ExportTarget | None:
        return self.exports.named(path, name)

    def declaration_of(self, path: str, ref: ImportRef) -> tuple[str, str] | None:
        return self.exports.declaration(path, ref)

    def worker_exports(self, worker: Worker) -> ExportSet:
        return self.exports.of_worker(worker)

    def is_exported(self, worker: Worker, name: str) -> bool:
        return self.exports.has(worker, name)

    def exported_class(self, worker: Worker, name: str) -> ClassFacts | None:
        return self.exports.find_class(worker, name)

    def entrypoint(self, worker: Worker) -> Entrypoint | None:
        return self.entrypoints.of(worker)

    def section_mates(self, worker: Worker) -> tuple[Worker, ...]:
        return self.sections.mates(worker)

    def shown_before(self, worker: Worker, class_name: str) -> bool:
        return self.sections.shown_before(worker, class_name)

    def classes_named(self, worker: Worker, name: str) -> tuple[ClassFacts, ...]:
        return self.classes.named(worker, name)

    def class_kind(self, facts: ClassFacts) -> ClassKind:
        return self.classes.kind(facts)

    def base_class(self, facts: ClassFacts) -> ClassFacts | None:
        return self.classes.base(facts)

    def bases_of(self, facts: ClassFacts) -> Iterator[ClassFacts]:
        return self.classes.bases(facts)

    def members_of(self, facts: ClassFacts) -> tuple[frozenset[str], bool]:
        return self.classes.members(facts)

    def find_members(self, facts: ClassFacts, name: str) -> tuple[Member, ...]:
        return self.classes.find_members(facts, name)

    def inherits_member(self, facts: ClassFacts, name: str) -> bool | None:
        return self.classes.inherits(facts, name)

    def sites_of_class(self, facts: ClassFacts) -> Iterator[tuple[Worker, Environment]]:
        return self.durable_objects.sites(facts)

    def durable_objects_of(self, facts: ClassFacts) -> Iterator[DurableObject]:
        return self.durable_objects.of_class(facts)

    def imported_function(self, path: str, ref: ImportRef) -> FunctionFacts | None:
        return self.imported.function(path, ref)

    def calls_give_promises(self, path: str, ref: ImportRef) -> bool:
        return self.imported.gives_promise(path, ref)

    def is_constant(self, path: str, ref: ImportRef) -> bool:
        return self.imported.is_constant(path, ref)

    def is_env_type(self, path: str, name: str) -> bool:
        return self.env_types.describes_env(path, name)

    def generated_types(self, worker: Worker) -> ModuleFacts | None:
        return self.env_types.generated(worker)

    def env_member(self, path: str, name: str) -> BindingKind | None:
        return self.env_types.member(path, name)

    # == end of the names from before the parts ==============================================================
