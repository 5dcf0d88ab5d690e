"""The model of a workspace: its Workers, what they reach, and the questions that cross files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.platform.bindings import BindingKind, kinds_by_type
from cflint.platform.classes import BASES, PLATFORM_BASE_NAMES, ClassKind
from cflint.platform.env_types import ENV_TYPE_NAMES, may_be_env_type
from cflint.project.modules.facts import (
    ClassFacts,
    Export,
    FunctionFacts,
    LiteralKind,
    Member,
    ModuleFacts,
    ObjectFacts,
    TopLevel,
    TypeFacts,
    facts_of,
)
from cflint.project.modules.reads import Ledger
from cflint.project.modules.resolve import Edge, Local, ModuleGraph, Resolver, import_specifiers
from cflint.project.workers.preferences import Preferences, no_preferences
from cflint.record import record
from cflint.scope import ImportRef, ModuleScope
from cflint.source import Document
from cflint.syntax.anchors import Anchors
from cflint.syntax.javascript import EXTENSIONS, ParseTimeout, Syntax, parse

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.config.lifecycle import ActiveClass
    from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
    from cflint.project.files.workspace import Workspace
    from cflint.project.python.module import PythonModule

T = TypeVar("T")

KEPT_BYTES = 400_000
"""Trees are kept for at most this much source."""

_NO_LEDGER = nullcontext()
_MAX_HOPS = 20  # re-exports, base classes: longer chains are cycles or not worth following


@record(frozen=True, eq=False)
class Worker:
    """One deployable: a configuration and the code that its `main` reaches.

    `config` is None where code stands without one (a Markdown section, say). `entries` are the modules whose
    exports the runtime sees: `main`, or all code blocks of a Markdown section; empty when `main` is missing,
    generated or unresolved. `modules` are all modules reached, those in `type_only` by types alone; `section`
    is the heading of a Markdown section, `manifest` the package.json that it shows.
    """

    config: WranglerConfig | None
    entries: tuple[str, ...]
    modules: tuple[str, ...]
    section: Location | None = None
    unresolved: bool = False
    type_only: frozenset[str] = frozenset()
    manifest: Document | None = None

    @property
    def environments(self) -> tuple[Environment, ...]:
        return self.config.environments if self.config is not None else ()

    @property
    def name(self) -> str | None:
        """The Worker's name, as the top level of its configuration gives it."""
        return self.config.top.worker_name if self.config is not None else None

    @property
    def is_deployed(self) -> bool:
        """Whether the Worker has a configuration that is not there for tests (see `WranglerConfig.role`)."""
        return self.config is not None and self.config.role.is_deployed

    @property
    def is_document(self) -> bool:
        """Whether the Worker is a section of a Markdown file."""
        return self.section is not None


@record(frozen=True)
class ExportSet:
    """The names that an entry exports; `complete` is false when there may be more."""

    names: Mapping[str, ExportTarget]
    complete: bool

    def __contains__(self, name: str) -> bool:
        return name in self.names


@record(frozen=True)
class ExportTarget:
    """Where an exported name is declared: the module and the local name (None when it could not be followed),
    and the span of the export in the entry."""

    module: str
    local: str | None
    at: Location


@record(frozen=True)
class Entrypoint:
    """The handlers of a default export: their names; `complete` is false when there may be others.

    `at` is the place of the default export, `owner` the class when it is one. `places` are those of the
    handlers' names, where they are written down.
    """

    handlers: frozenset[str]
    complete: bool
    at: Location
    owner: ClassFacts | None = None
    places: Mapping[str, Location] = field(default_factory=dict)


@record(frozen=True, eq=False)
class DurableObject:
    """A Durable Object class of one environment of a Worker: the configuration and the code side by side.

    `name` is the name under which `main` exports it; `binding` its first binding there, `live` its entry in
    the lifecycle; `facts` the class, when it was found.
    """

    name: str
    worker: Worker
    environment: Environment
    binding: Binding | None
    live: ActiveClass | None
    facts: ClassFacts | None
    location: Location | None = field(default=None)


class Project:
    """All Workers of one run, and the facts of all modules they reach."""

    def __init__(
        self,
        workspace: Workspace,
        resolver: Resolver,
        workers: tuple[Worker, ...],
        documents: Mapping[str, Document],
        titles: Mapping[str, str],
        graph: ModuleGraph | None = None,
    ) -> None:
        self.workspace = workspace
        self.preferences: Preferences = no_preferences
        self._graph = graph or ModuleGraph(workspace, resolver)
        self.workers = workers
        self.resolver = resolver
        self._documents = documents  # blocks of Markdown files, by path
        self._titles = titles  # what these blocks say they are called
        self._facts: dict[str, ModuleFacts | None] = {}
        self._trees: dict[str, tuple[Syntax, ModuleScope]] = {}
        self._held: dict[str, object] = {}
        self._kept_bytes = 0
        self._durable: dict[tuple[Environment, str], DurableObject] = {}
        self._worker_exports: dict[Worker, ExportSet] = {}
        self._kinds: dict[tuple[str, str, int], ClassKind] = {}
        self._exports: dict[str, ExportSet] = {}
        self._named_exports: dict[tuple[str, str], ExportTarget | None] = {}
        self._homes: dict[Worker, dict[str | None, list[tuple[int, Environment, str]]]] = {}
        self._ways: dict[tuple[str, str], _Way] = {}
        self._promises: dict[tuple[str, str], bool | None] = {}
        self._shown: dict[str, Mapping[str, tuple[str, str]]] = {}
        self._answers: dict[Hashable, Any] = {}
        self._by_module: dict[str, tuple[Worker, ...]] | None = None
        self._sections: dict[str, list[Worker]] | None = None
        self._ledger: Ledger | None = None

    # -- what stays from one run to the next -------------------------------------------------------------

    def keep_ledger(self) -> Ledger:
        """Write down from now on what is read."""
        self._ledger = Ledger()
        return self._ledger

    @property
    def graph(self) -> ModuleGraph:
        """Who imports whom."""
        return self._graph

    @property
    def ledger(self) -> Ledger | None:
        """Where it is written down what is read, if it is."""
        return self._ledger

    def adopt_facts(self, facts: Mapping[str, ModuleFacts]) -> None:
        """Take over the facts of modules that have not changed since another project took them."""
        self._facts.update(facts)

    @property
    def known_facts(self) -> Mapping[str, ModuleFacts]:
        """The facts that have been taken so far, by path."""
        return {path: facts for path, facts in self._facts.items() if facts is not None}

    def _keeping(self, *question: object) -> AbstractContextManager[None]:
        return _NO_LEDGER if self._ledger is None else self._ledger.kept(*question)

    def memoized(self, question: Hashable, find: Callable[[], T]) -> T:
        """The answer to a question about the project, found once. The question has to name everything that
        the answer depends on but the files that are read for it."""
        with self._keeping("remembered", question):
            if question not in self._answers:
                self._answers[question] = find()
        answer: T = self._answers[question]
        return answer

    # -- modules -----------------------------------------------------------------------------------------

    def document(self, path: str) -> Document | None:
        """The document of a module or configuration; None when it cannot be read."""
        if self._ledger is not None:
            self._ledger.text(path)
        return self._documents.get(path) or self.workspace.read(path)

    def _place(self, path: str) -> Document | None:
        """The document of a module whose facts were asked, to point into it, or in place of them."""
        return self._documents.get(path) or self.workspace.read(path)

    def tree(self, path: str) -> tuple[Syntax, ModuleScope] | None:
        """The tree and names of a module; None when it cannot be read or parsed.

        Trees are kept until `release` or until there are too many: a tree weighs twenty times its source.
        """
        if self._ledger is not None:
            self._ledger.text(path)
        found = self._trees.get(path)
        if found is not None:
            return found
        document = self.document(path)
        if document is None or not document.path.endswith(EXTENSIONS):
            return None
        try:
            syntax = parse(document)
        except ParseTimeout:
            return None
        scope = ModuleScope(syntax)
        self._kept_bytes += len(document.data)
        while self._trees and self._kept_bytes > KEPT_BYTES:
            self.release(next(iter(self._trees)))
        self._trees[path] = (syntax, scope)
        return syntax, scope

    @property
    def kept_trees(self) -> Iterable[str]:
        """The modules whose trees are at hand, the one that will be forgotten first in front."""
        return self._trees.keys()

    def release(self, path: str) -> None:
        """Forget a module's tree: nothing but its facts will be asked for."""
        self._held.pop(path, None)
        found = self._trees.pop(path, None)
        if found is not None:
            self._kept_bytes -= len(found[0].document.data)

    def facts(self, path: str) -> ModuleFacts | None:
        """The facts of a module; None when it cannot be read or parsed, or is no JavaScript."""
        if self._ledger is not None:
            self._ledger.facts(path)
        if path not in self._facts:
            self._facts[path] = None  # while it is being read: a module that imports itself
            with _NO_LEDGER if self._ledger is None else self._ledger.aside():
                found = self.tree(path)
            if found is not None:
                self._facts[path] = facts_of(*found)
        return self._facts[path]

    def module(self, path: str) -> Module | None:
        """A module with its tree; None when it cannot be read or parsed, or is no JavaScript."""
        from cflint.project.code.module import module_of  # it knows the project

        return module_of(self, path)

    def python_module(self, path: str) -> PythonModule | None:
        """A module of Python, parsed when something of it is asked for; None when it cannot be read."""
        from cflint.project.python.module import python_module_of  # loads libcst

        return python_module_of(self, path)

    def python_module_named(self, dotted: str, importer: str) -> PythonModule | None:
        """The project's module that a dotted name means in a module of Python, names in it included."""
        path = self.resolve(dotted, importer)
        return self.python_module(path) if path is not None else None

    def held(self, path: str, kind: type[T], make: Callable[[], T]) -> T:
        """What stands for a module until `release`: made once, and kept as long as its tree would be."""
        found = self._held.get(path)
        if not isinstance(found, kind):
            found = self._held[path] = make()
        return found

    def workers_of(self, path: str) -> tuple[Worker, ...]:
        """The Workers that reach a module."""
        if self._by_module is None:
            gathered: dict[str, list[Worker]] = {}
            for worker in self.workers:
                for module in worker.modules:
                    gathered.setdefault(module, []).append(worker)
            self._by_module = {module: tuple(workers) for module, workers in gathered.items()}
        return self._by_module.get(path, ())

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The path of the project's module that an import means; None for packages and unknown ones."""
        if importer in self._documents:
            return self._resolve_block(specifier, importer)
        found = self.resolver.resolve(specifier, importer)
        return found.path if isinstance(found, Local) else None

    def _resolve_block(self, specifier: str, importer: str) -> str | None:
        """An import between the code blocks of one Markdown section, by the blocks' titles."""
        if not specifier.startswith("."):
            return None
        wanted = _stem(specifier)
        for worker in self.workers_of(importer):
            for path in worker.modules:
                if path != importer and _stem(self._titles.get(path, "")) == wanted:
                    return path
        return None

    def imports_of(self, path: str) -> tuple[Edge, ...]:
        """The imports of a module and where they lead, in source order, without a tree (see `imports`)."""
        if self._ledger is not None:
            self._ledger.text(path)
        block = self._documents.get(path)
        if block is None:
            return self._graph.imports_of(path) or ()
        found = import_specifiers(block.data, python=path.endswith(".py"))
        return tuple(Edge(item, self.resolver.resolve(item.specifier, path)) for item in found)

    # -- exports -----------------------------------------------------------------------------------------

    def exports_of(self, path: str) -> ExportSet:
        """The names that a module exports, re-exports followed."""
        with self._keeping("exports", path):
            found = self._exports.get(path)
            if found is None:
                self._exports[path] = ExportSet({}, False)  # a cycle of re-exports adds nothing
                found = self._exports[path] = self._read_exports(path)
        return found

    def _read_exports(self, path: str) -> ExportSet:
        facts = self.facts(path)
        document = self._place(path)
        if facts is None or document is None:
            return ExportSet({}, False)
        complete = not facts.has_errors and not (facts.is_commonjs and not facts.exports)
        names: dict[str, ExportTarget] = {}
        for star in facts.star_exports:
            target = self.resolve(star, path)
            if target is None:
                complete = False
                continue
            inner = self.exports_of(target)
            complete = complete and inner.complete
            for name, exported in inner.names.items():
                if name != "default":
                    names.setdefault(name, exported)
        for name, export in facts.exports.items():
            if not export.type_only:
                names[name] = self._export_target(path, document, export)
        return ExportSet(names, complete)

    def _export_target(self, path: str, document: Document, export: Export) -> ExportTarget:
        module, local = self._follow(path, export.source, export.imported, export.local)
        return ExportTarget(module, local, Location(document, export.span))

    def export_of(self, path: str, name: str) -> ExportTarget | None:
        """What a module exports under a name, re-exports followed; None when that is nothing, or not known.

        The same as `exports_of(path).names.get(name)`, but no more modules are read than the answer needs.
        """
        question = (path, name)
        with self._keeping("export", question):
            if question not in self._named_exports:
                self._named_exports[question] = None  # a cycle of re-exports adds nothing
                self._named_exports[question] = self._find_export(path, name)
        return self._named_exports[question]

    def _find_export(self, path: str, name: str) -> ExportTarget | None:
        facts = self.facts(path)
        document = self._place(path)
        if facts is None or document is None:
            return None
        export = facts.exports.get(name)
        if export is not None and not export.type_only:
            return self._export_target(path, document, export)
        if name == "default":
            return None
        for star in facts.star_exports:
            target = self.resolve(star, path)
            found = self.export_of(target, name) if target is not None else None
            if found is not None:
                return found
        return None

    def _follow(
        self, path: str, source: str | None, imported: str | None, local: str | None
    ) -> tuple[str, str | None]:
        """Where a name that a module exports is declared: (module, local name), None when it is not known."""
        for _ in range(_MAX_HOPS):
            if source is None:
                facts = self.facts(path)
                if facts is None or local is None:
                    return path, local
                ref = facts.imports.get(local)
                if ref is None:
                    return path, local
                source, imported = ref.module, ref.name
            target = self.resolve(source, path)
            if target is None or imported in (None, "*"):
                return path, None
            facts = self.facts(target)
            if facts is None:
                return target, None
            export = facts.exports.get(imported or "")
            if export is None:
                found = None
                for star in facts.star_exports:
                    inner = self.resolve(star, target)
                    found = self.export_of(inner, imported or "") if inner is not None else None
                    if found is not None:
                        return found.module, found.local
                return target, None
            path, source, imported, local = target, export.source, export.imported, export.local
        return path, None

    def declaration_of(self, path: str, ref: ImportRef) -> tuple[str, str] | None:
        """The module of the project and the name there that an import means; None when it is not known."""
        module, local = self._follow(path, ref.module, ref.name, None)
        return (module, local) if local is not None else None

    def worker_exports(self, worker: Worker) -> ExportSet:
        """The names that the runtime sees of a Worker; not complete when its entry is not known."""
        with self._keeping("worker", worker):
            found = self._worker_exports.get(worker)
            if found is None:
                sets = [self.exports_of(entry) for entry in worker.entries]
                names: dict[str, ExportTarget] = {}
                for exported in sets:
                    names.update(exported.names)
                complete = bool(sets) and all(exported.complete for exported in sets)
                found = self._worker_exports[worker] = ExportSet(names, complete)
        return found

    def is_exported(self, worker: Worker, name: str) -> bool:
        """Whether a Worker is known to export a name, whatever that is."""
        return any(
            bool(self._way_shown(entry, name).home) or self.export_of(entry, name) is not None
            for entry in worker.entries
        )

    def exported_class(self, worker: Worker, name: str) -> ClassFacts | None:
        """The class that a Worker exports under a name; None when there is none or it is not known."""
        exported = (self.export_of(entry, name) for entry in reversed(worker.entries))
        target = next((found for found in exported if found is not None), None)
        if target is None or target.local is None:
            return None
        facts = self.facts(target.module)
        return facts.classes.get(target.local) if facts is not None else None

    def entrypoint(self, worker: Worker) -> Entrypoint | None:
        """The default export of a Worker; None when it has none, or its entry is not known."""
        for entry in worker.entries:
            target = self.export_of(entry, "default")
            if target is not None:
                return self._entrypoint(target)
        return None

    def _entrypoint(self, target: ExportTarget) -> Entrypoint:
        unknown = Entrypoint(frozenset(), False, target.at)
        facts = self.facts(target.module)
        if facts is None:
            return unknown
        value = facts.default if target.local is None else facts.values.get(target.local, facts.default)
        for _ in range(_MAX_HOPS):
            if value is None:
                return unknown
            if value.alias is not None and value.kind is LiteralKind.OTHER:
                alias = value.alias
                ref = facts.imports.get(alias)
                if ref is not None:
                    found = self.declaration_of(facts.path, ref)
                    next_facts = self.facts(found[0]) if found is not None else None
                    if found is None or next_facts is None:
                        return unknown
                    facts = next_facts
                    value = (
                        facts.default if found[1] == "default" else facts.values.get(found[1], facts.default)
                    )
                    continue
                value = facts.values.get(alias)
                continue
            return self._entrypoint_of_value(facts, value, target)
        return unknown

    def _entrypoint_of_value(self, facts: ModuleFacts, value: TopLevel, target: ExportTarget) -> Entrypoint:
        unknown = Entrypoint(frozenset(), False, target.at)
        match value.kind:
            case LiteralKind.OBJECT if value.object is not None:
                return self._entrypoint_of_object(facts, value.object, target)
            case LiteralKind.CLASS:
                owner = next((found for found in facts.classes.values() if found.span == value.span), None)
                if owner is None:
                    return unknown
                members, complete = self.members_of(owner)
                line = (*reversed(tuple(self.bases_of(owner))), owner)
                places = {
                    member.name: Location(document, member.name_span)
                    for facts in line
                    if (document := self._place(facts.path)) is not None
                    for member in facts.members
                    if not member.is_static
                }
                complete &= not facts.has_errors  # a handler may be in what does not parse
                return Entrypoint(frozenset(members), complete, target.at, owner, places)
            case LiteralKind.NEW if value.callee is not None:
                root = value.callee.split(".")[0]
                ref = facts.imports.get(root)
                if ref is not None and ref.module.split("/")[0] in ("hono", "itty-router", "@hono"):
                    return Entrypoint(frozenset({"fetch"}), True, target.at)
        return unknown

    def _entrypoint_of_object(
        self, facts: ModuleFacts, value: ObjectFacts, target: ExportTarget
    ) -> Entrypoint:
        names = frozenset(name for name, _ in value.keys)
        document = self._place(facts.path)
        places = {name: Location(document, span) for name, span in value.keys} if document is not None else {}
        complete = not value.is_open and not facts.has_errors  # a handler may be in what does not parse
        return Entrypoint(names, complete, target.at, places=places)

    def section_mates(self, worker: Worker) -> tuple[Worker, ...]:
        """The other sections of the Markdown file that a section is of, in their order."""
        if worker.section is None:
            return ()
        if self._sections is None:
            self._sections = {}
            for other in self.workers:
                if other.section is not None:
                    self._sections.setdefault(other.section.document.path, []).append(other)
        mates = self._sections.get(worker.section.document.path, [])
        return tuple(other for other in mates if other is not worker)

    def shown_before(self, worker: Worker, class_name: str) -> bool:
        """Whether another section of the Markdown file configures a Durable Object class, or an earlier one
        already shows a class of that name."""
        if worker.section is None:
            return False
        for mate in self.section_mates(worker):
            for environment in mate.environments:
                if (
                    class_name in environment.durable_object_classes
                    or class_name in environment.lifecycle.classes
                ):
                    return True
            assert mate.section is not None
            if mate.section.span.start < worker.section.span.start and class_name in self.worker_exports(
                mate
            ):
                return True
        return False

    # -- classes -----------------------------------------------------------------------------------------

    def classes_named(self, worker: Worker, name: str) -> tuple[ClassFacts, ...]:
        """The classes of a name at the top level of the modules that a Worker reaches, and of the files in
        the folder of its `main` and below. Reads and parses: for what is asked seldom."""
        from cflint.project.files.discovery import discover

        folders = {posixpath.dirname(entry) for entry in worker.entries} - {""}
        beside = discover(self.workspace, sorted(folders)).sources if not worker.is_document else ()
        word = re.compile(rb"\bclass\s+" + re.escape(name.encode()) + rb"(?![\w$])")
        found: dict[tuple[str, int], ClassFacts] = {}
        for path in dict.fromkeys((*worker.modules, *beside)):
            document = self.document(path)
            if document is None or word.search(document.data) is None or path.endswith(".d.ts"):
                continue
            facts = self.facts(path)
            owner = facts.classes.get(name) if facts is not None else None
            if owner is not None:
                found[path, owner.span.start] = owner
        return tuple(found.values())

    def class_kind(self, facts: ClassFacts) -> ClassKind:
        """What the runtime takes a class for: by its bases, or because a configuration names it."""
        key = (facts.path, facts.name, facts.span.start)
        with self._keeping("kind", key):
            found = self._kinds.get(key)
            if found is None:
                self._kinds[key] = ClassKind.UNKNOWN
                found = self._kinds[key] = self._read_kind(facts)
        return found

    def _read_kind(self, facts: ClassFacts) -> ClassKind:
        kind = self._kind_by_base(facts)
        if kind is ClassKind.PLAIN:
            if "DurableObject" in facts.implements and self._is_platform_type(facts.path, "DurableObject"):
                return ClassKind.DURABLE_OBJECT
            if any(True for _ in self.sites_of_class(facts)):
                return ClassKind.DURABLE_OBJECT
        return kind

    def _is_platform_type(self, path: str, name: str) -> bool:
        module = self.facts(path)
        if module is None or name in module.types or name in module.classes:
            return False
        ref = module.imports.get(name)
        return ref is None or ref.module.startswith(("@cloudflare/workers-types", "cloudflare:"))

    def _kind_by_base(self, facts: ClassFacts) -> ClassKind:
        base = facts.base
        if base is None:
            return ClassKind.PLAIN
        if base.imported is not None:
            known = BASES.get((base.imported.module, base.imported.name))
            if known is not None:
                return known
            if base.imported.module.startswith("cloudflare:"):
                return PLATFORM_BASE_NAMES.get(base.imported.name, ClassKind.UNKNOWN)
        parent = self.base_class(facts)
        if parent is not None:
            return self.class_kind(parent)
        if base.imported is None and base.local is None and base.text in PLATFORM_BASE_NAMES:
            return PLATFORM_BASE_NAMES[base.text]
        if (
            base.imported is None
            and base.local is None
            and base.text in ("Error", "EventTarget", "Map", "Set", "Array")
        ):
            return ClassKind.PLAIN
        return ClassKind.UNKNOWN

    def base_class(self, facts: ClassFacts) -> ClassFacts | None:
        """The class of the project that a class extends; None when there is none or it is not known, and for
        the bases of SDKs: in the SDK's own repository they mean no more than everywhere else."""
        base = facts.base
        if base is None or (base.imported is not None and self._is_known_base(base.imported)):
            return None
        module = self.facts(facts.path)
        if base.local is not None and module is not None:
            found = module.classes.get(base.local)
            return found if found is not None and found.span != facts.span else None
        if base.imported is not None:
            target = self.declaration_of(facts.path, base.imported)
            owner = self.facts(target[0]) if target is not None else None
            if target is not None and owner is not None:
                return owner.classes.get(target[1])
        return None

    def _is_known_base(self, ref: ImportRef) -> bool:
        return (ref.module, ref.name) in BASES

    def bases_of(self, facts: ClassFacts) -> Iterator[ClassFacts]:
        """The classes of the project that a class extends, nearest first."""
        seen = {(facts.path, facts.span)}
        parent = self.base_class(facts)
        while parent is not None and (parent.path, parent.span) not in seen:
            seen.add((parent.path, parent.span))
            yield parent
            parent = self.base_class(parent)

    def members_of(self, facts: ClassFacts) -> tuple[frozenset[str], bool]:
        """The names of a class's members, bases of the project included, and whether these are all but the
        platform's own."""
        names = {member.name for member in facts.members if not member.is_static}
        last = facts
        for base in self.bases_of(facts):
            names |= {member.name for member in base.members if not member.is_static}
            last = base
        complete = last.base is None or self._is_platform_base(last)
        return frozenset(names), complete

    def _is_platform_base(self, facts: ClassFacts) -> bool:
        base = facts.base
        if base is None:
            return False
        if base.imported is not None:
            return (base.imported.module, base.imported.name) in BASES
        return base.local is None and base.text in PLATFORM_BASE_NAMES

    def find_members(self, facts: ClassFacts, name: str) -> tuple[Member, ...]:
        """The members that instances have under a name (several when it is overloaded), the class's own or
        those of the nearest base of the project that has any."""
        for owner in (facts, *self.bases_of(facts)):
            found = tuple(one for one in owner.members if one.name == name and not one.is_static)
            if found:
                return found
        return ()

    def inherits_member(self, facts: ClassFacts, name: str) -> bool | None:
        """Whether a base of the project defines a member; None when a base is unknown, or an SDK's."""
        last = facts
        for base in self.bases_of(facts):
            if any(member.name == name and not member.is_static for member in base.members):
                return True
            last = base
        if last.base is None:
            return False
        raw = self._is_platform_base(last) and self._kind_by_base(last) in _BARE_BASES
        return False if raw else None

    def sites_of_class(self, facts: ClassFacts) -> Iterator[tuple[Worker, Environment]]:
        """The environments in which a configuration makes the class a Durable Object."""
        for site in self.durable_objects_of(facts):
            yield site.worker, site.environment

    def durable_objects_of(self, facts: ClassFacts) -> Iterator[DurableObject]:
        """The Durable Objects, one per environment, that a class is by a configuration that names it."""
        for worker in self.workers_of(facts.path):
            homes = self._class_homes(worker)
            for _, environment, name in sorted(
                (*homes.get(facts.path, ()), *homes.get(None, ())), key=lambda place: place[0]
            ):
                found = self._durable_object(worker, environment, name)
                owner = found.facts
                if owner is not None and (owner.path, owner.span) == (facts.path, facts.span):
                    yield found

    def _class_homes(self, worker: Worker) -> Mapping[str | None, Sequence[tuple[int, Environment, str]]]:
        """The classes that a Worker's configuration names, with their rank, by the modules that may declare
        them; under None those of which it is not seen at a glance, without any tree, which these are."""
        with self._keeping("homes", worker):
            found = self._homes.get(worker)
            if found is None:
                found = self._homes[worker] = {}
                for rank, (environment, name) in enumerate(_configured_classes(worker)):
                    way = self._way_shown(worker.entries[0], name) if len(worker.entries) == 1 else None
                    seen = way is not None and way.home is not None
                    for module in way.modules if way is not None and seen else (None,):
                        found.setdefault(module, []).append((rank, environment, name))
        return found

    def _way_shown(self, at: str, name: str) -> _Way:
        """The way from a module that exports a name to the one that declares it."""
        with self._keeping("way", (at, name)):
            found = self._ways.get((at, name))
            if found is None:
                found = self._ways[at, name] = self._find_way(at, name)
        return found

    def _find_way(self, at: str, name: str) -> _Way:
        passed = [at]
        while len(passed) < _MAX_HOPS:
            shown = self._exports_shown(at)
            if name not in shown:
                break
            source, name = shown[name]
            module = self.resolve(source, at) if source else None
            if module is None:
                return _Way(frozenset(passed), "" if source else at, name)
            passed.append(module)
            at = module
        return _Way(frozenset(passed), None, name)

    def _exports_shown(self, path: str) -> Mapping[str, tuple[str, str]]:
        """What the starts of lines show of a module's exports: `export class A` as `A: ("", A)`, and
        `export { A as B } from "x"` as `B: (x, A)`, also when it takes an import and an export."""
        with self._keeping("exports shown", path):
            found = self._shown.get(path)
            if found is None:
                if self._ledger is not None:
                    self._ledger.facts(path)  # they show no less, and do not change with every text
                document = self._place(path)
                found = self._shown[path] = (
                    dict(_exports_shown(document.data)) if document is not None else {}
                )
        return found

    def durable_objects(self, worker: Worker) -> tuple[DurableObject, ...]:
        """The Durable Object classes that a Worker's configuration names, per environment."""
        return tuple(
            self._durable_object(worker, environment, name)
            for environment, name in _configured_classes(worker)
        )

    def _durable_object(self, worker: Worker, environment: Environment, name: str) -> DurableObject:
        question = (environment, name)
        with self._keeping("durable object", question):
            found = self._durable.get(question)
            if found is None:
                binding = environment.durable_object_classes.get(name)
                live = environment.lifecycle.classes.get(name)
                at = binding.place("class_name") if binding is not None else None
                if at is None and live is not None:
                    at = environment.location(live.span)
                owner = self.exported_class(worker, name)
                found = DurableObject(name, worker, environment, binding, live, owner, at)
                self._durable[question] = found
        return found

    # -- functions and types -----------------------------------------------------------------------------

    def imported_function(self, path: str, ref: ImportRef) -> FunctionFacts | None:
        """The function of the project that an import means."""
        target = self.declaration_of(path, ref)
        owner = self.facts(target[0]) if target is not None else None
        return owner.functions.get(target[1]) if target is not None and owner is not None else None

    def calls_give_promises(self, path: str, ref: ImportRef) -> bool:
        """Whether calling the function of the project that an import means gives a promise."""
        module = self.resolve(ref.module, path)
        way = self._way_shown(module, ref.name) if module is not None and ref.name != "*" else None
        if way is not None and way.home:
            seen = self._promise_shown(way.home, way.name)
            if seen is not None:
                return seen
        function = self.imported_function(path, ref)
        return function is not None and (
            function.is_async or (function.return_type or "").startswith("Promise<")
        )

    def _promise_shown(self, path: str, name: str) -> bool | None:
        """Whether an exported function gives a promise, if its text shows it: `async`, or no word of one."""
        with self._keeping("promise shown", (path, name)):
            if (path, name) not in self._promises:
                document = self.document(path)
                found = _gives_promise(document.data, name) if document is not None else None
                self._promises[path, name] = found
        return self._promises[path, name]

    def is_constant(self, path: str, ref: ImportRef) -> bool:
        """Whether an import means a constant of the project that is a literal."""
        target = self.declaration_of(path, ref)
        owner = self.facts(target[0]) if target is not None else None
        value = owner.values.get(target[1]) if target is not None and owner is not None else None
        return value is not None and value.kind is LiteralKind.LITERAL and not value.is_mutable

    def is_env_type(self, path: str, name: str) -> bool:
        """Whether a type describes `env`: by its name, or because a member has a binding's type."""
        if name in ENV_TYPE_NAMES:
            return True
        if not may_be_env_type(name):
            return False
        facts = self.facts(path)
        found = facts.types.get(name) if facts is not None else None
        return found is not None and any(binding_kind_of_type(member.type) for member in found.members)

    def env_types(self, module: str) -> Iterator[TypeFacts]:
        """The types that describe `env` for a module: its own, imported ones, and the generated one."""
        facts = self.facts(module)
        if facts is None:
            return
        for name, found in facts.types.items():
            if self.is_env_type(module, name):
                yield found
        for local, ref in facts.imports.items():
            if ref.name in ENV_TYPE_NAMES or local in ENV_TYPE_NAMES:
                target = self.declaration_of(module, ref)
                owner = self.facts(target[0]) if target is not None else None
                if target is not None and owner is not None and target[1] in owner.types:
                    yield owner.types[target[1]]
        for worker in self.workers_of(module):
            generated = self.generated_types(worker)
            if generated is not None:
                yield from (found for name, found in generated.types.items() if name in ENV_TYPE_NAMES)

    def generated_types(self, worker: Worker) -> ModuleFacts | None:
        """The facts of the `worker-configuration.d.ts` beside a Worker's configuration."""
        if worker.config is None:
            return None
        path = posixpath.join(worker.config.directory, "worker-configuration.d.ts")
        if self._ledger is not None:
            self._ledger.facts(path)
        if path not in self._facts:
            self._facts[path] = None
            document = self.workspace.read(path)
            if document is not None:
                head = _binding_types_only(document.data)
                syntax = parse(Document(path, head))
                self._facts[path] = facts_of(syntax, ModuleScope(syntax))
        return self._facts[path]

    def env_member(self, path: str, name: str) -> BindingKind | None:
        """The kind of `env.name` as the types of `env` tell; None when they do not, or disagree."""
        kinds = {}
        for found in self.env_types(path):
            for member in found.members:
                if member.name == name and (kind := binding_kind_of_type(member.type)) is not None:
                    kinds[kind.id] = kind
        return next(iter(kinds.values())) if len(kinds) == 1 else None


_BARE_BASES = frozenset(
    {ClassKind.DURABLE_OBJECT, ClassKind.WORKER_ENTRYPOINT, ClassKind.WORKFLOW, ClassKind.RPC_TARGET}
)


def binding_kind_of_type(type_text: str) -> BindingKind | None:
    """The kind of binding that a type in `Env` means; None when it is none, or could be several."""
    name = type_text.split("<", 1)[0].strip()
    if name in ("string", "") or not name[0].isupper():
        return None
    kinds = kinds_by_type(name)
    if len(kinds) == 1:
        return kinds[0]
    if name == "Service":
        return next((kind for kind in kinds if kind.id == "service"), None)
    return None


def _stem(path: str) -> str:
    """The name of a file without its folder and endings."""
    return posixpath.basename(path).split(".")[0]


@record(frozen=True)
class _Way:
    """What is seen without a tree of the way from an export to its declaration: the modules on it, the one
    that declares the name ("" when there is none, None when that is not seen), and the name there."""

    modules: frozenset[str]
    home: str | None
    name: str


def _gives_promise(data: bytes, name: str) -> bool | None:
    """Whether a function exported at a line\'s start gives a promise; None when its text does not tell."""
    needle = b"function " + name.encode()
    at = data.find(needle)
    shown: bool | None = None
    while at != -1:
        end = at + len(needle)
        before = data[data.rfind(b"\n", 0, at) + 1 : at]
        if data[end : end + 1] in (b"(", b"<"):
            if before == b"export async ":
                return True
            if before == b"export ":
                close = data.find(b"\n}", end)
                if close == -1 or data.find(b"Promise", end, close) != -1:
                    return None
                shown = False
        at = data.find(needle, end)
    return shown


def _configured_classes(worker: Worker) -> Iterator[tuple[Environment, str]]:
    """The classes that a Worker's configuration makes Durable Objects, per environment."""
    for environment in worker.environments:
        for name in dict.fromkeys((*environment.durable_object_classes, *environment.lifecycle.classes)):
            yield environment, name


_SHOWN = pattern(
    rb"(?:(export )?(?:class|(?:async )?function) (\w+)"
    rb"|(import|export) \{([\w\s,]*)\}(?: from [\"']([^\"'\n]+)[\"'])?)"
)
_OPENINGS = ("\nexport ", "\nimport {", "\nclass ", "\nfunction ", "\nasync function ")


@cache
def _openings() -> Anchors:
    return Anchors(_OPENINGS, whole=False)


def _exports_shown(data: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    known: dict[str, tuple[str, str]] = {}  # local names
    listed: dict[str, str] = {}
    starts = [0] if data[:1].isalpha() else []
    starts += [start + 1 for start, _, _ in _openings().find(data)]
    for start in starts:
        match = _SHOWN.match(data, start)
        if match is None:
            continue
        exported, name, keyword, names, source = match.groups()
        if name is not None:
            known[name.decode()] = ("", name.decode())
            if exported is not None:
                yield name.decode(), ("", name.decode())
            continue
        for part in names.decode().split(","):
            match part.split():
                case [outer] | [_, "as", outer] as words if keyword == b"import" and source is not None:
                    known[outer] = (source.decode("utf-8", "surrogateescape"), words[0])
                case [outer] | [_, "as", outer] as words if source is not None:
                    yield outer, (source.decode("utf-8", "surrogateescape"), words[0])
                case [outer] | [_, "as", outer] as words:
                    listed[outer] = words[0]
    for outer, local in listed.items():
        if local in known:
            yield outer, known[local]


_RUNTIME_TYPES = b"// Begin runtime types"


def _binding_types_only(data: bytes) -> bytes:
    """A generated `worker-configuration.d.ts` without the half megabyte of runtime types at its end."""
    at = data.find(_RUNTIME_TYPES)
    return data if at == -1 else data[:at]
