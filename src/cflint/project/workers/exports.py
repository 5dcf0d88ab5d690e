"""What the modules of a project and its Workers export, re-exports followed to the declaration."""

from __future__ import annotations

from cflint.finding import Location
from cflint.project.modules.facts import ClassFacts, Export
from cflint.project.modules.queries import Memo, query
from cflint.project.workers.facts import Facts
from cflint.project.workers.imports import Imports
from cflint.project.workers.scan import MAX_HOPS, Scan
from cflint.project.workers.sources import Sources
from cflint.project.workers.worker import ExportSet, ExportTarget, Worker
from cflint.scope import ImportRef
from cflint.source import Document

_NOTHING_YET = ExportSet({}, False)
"""What a module adds to a cycle of re-exports of which it is a part."""


class Exports:
    """Exports of modules and Workers."""

    def __init__(self, memo: Memo, sources: Sources, facts: Facts, imports: Imports, scan: Scan) -> None:
        self.memo = memo
        self._sources = sources
        self._facts = facts
        self._imports = imports
        self._scan = scan

    @query(cycle=_NOTHING_YET)
    def of(self, path: str) -> ExportSet:
        """The names that a module exports, re-exports followed."""
        facts = self._facts.of(path)
        document = self._sources.place(path)
        if facts is None or document is None:
            return ExportSet({}, False)
        complete = not facts.has_errors and not (facts.is_commonjs and not facts.exports)
        names: dict[str, ExportTarget] = {}
        for star in facts.star_exports:
            target = self._imports.resolve(star, path)
            if target is None:
                complete = False
                continue
            inner = self.of(target)
            complete = complete and inner.complete
            for name, exported in inner.names.items():
                if name != "default":
                    names.setdefault(name, exported)
        for name, export in facts.exports.items():
            if not export.type_only:
                names[name] = self._target(path, document, export)
        return ExportSet(names, complete)

    @query(cycle=None)
    def named(self, path: str, name: str) -> ExportTarget | None:
        """What a module exports under a name, re-exports followed; None when that is nothing, or not known.

        The same as `of(path).names.get(name)`, but no more modules are read than the answer needs.
        """
        facts = self._facts.of(path)
        document = self._sources.place(path)
        if facts is None or document is None:
            return None
        export = facts.exports.get(name)
        if export is not None and not export.type_only:
            return self._target(path, document, export)
        if name == "default":
            return None
        return self._named_by_star(path, facts.star_exports, name)

    def declaration(self, path: str, ref: ImportRef) -> tuple[str, str] | None:
        """The module of the project and the name there that an import means; None when it is not known."""
        module, local = self._follow(path, ref.module, ref.name, None)
        return (module, local) if local is not None else None

    @query
    def of_worker(self, worker: Worker) -> ExportSet:
        """The names that the runtime sees of a Worker; not complete when its entry is not known."""
        sets = [self.of(entry) for entry in worker.entries]
        names: dict[str, ExportTarget] = {}
        for exported in sets:
            names.update(exported.names)
        return ExportSet(names, bool(sets) and all(exported.complete for exported in sets))

    def has(self, worker: Worker, name: str) -> bool:
        """Whether a Worker is known to export a name, whatever that is."""
        return any(
            bool(self._scan.way(entry, name).home) or self.named(entry, name) is not None
            for entry in worker.entries
        )

    def find_class(self, worker: Worker, name: str) -> ClassFacts | None:
        """The class that a Worker exports under a name; None when there is none or it is not known."""
        exported = (self.named(entry, name) for entry in reversed(worker.entries))
        target = next((found for found in exported if found is not None), None)
        if target is None or target.local is None:
            return None
        facts = self._facts.of(target.module)
        return facts.classes.get(target.local) if facts is not None else None

    def _named_by_star(self, path: str, stars: tuple[str, ...], name: str) -> ExportTarget | None:
        """What a module exports under a name by its `export * from`."""
        for star in stars:
            target = self._imports.resolve(star, path)
            found = self.named(target, name) if target is not None else None
            if found is not None:
                return found
        return None

    def _target(self, path: str, document: Document, export: Export) -> ExportTarget:
        module, local = self._follow(path, export.source, export.imported, export.local)
        return ExportTarget(module, local, Location(document, export.span))

    def _follow(
        self, path: str, source: str | None, imported: str | None, local: str | None
    ) -> tuple[str, str | None]:
        """Where a name that a module exports is declared: (module, local name), None when it is not known."""
        for _ in range(MAX_HOPS):
            if source is None:
                facts = self._facts.of(path)
                if facts is None or local is None:
                    return path, local
                ref = facts.imports.get(local)
                if ref is None:
                    return path, local
                source, imported = ref.module, ref.name
            target = self._imports.resolve(source, path)
            if target is None or imported in (None, "*"):
                return path, None
            facts = self._facts.of(target)
            if facts is None:
                return target, None
            export = facts.exports.get(imported or "")
            if export is None:
                found = self._named_by_star(target, facts.star_exports, imported or "")
                return (found.module, found.local) if found is not None else (target, None)
            path, source, imported, local = target, export.source, export.imported, export.local
        return path, None
