"""Where the imports of a project's modules lead, those between code blocks of Markdown included."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from cflint.project.modules.imports import ImportKind, import_specifiers
from cflint.project.modules.queries import Memo, query
from cflint.project.modules.resolve import Edge, Local, ModuleGraph, Resolver
from cflint.project.workers.owners import Owners
from cflint.project.workers.sources import Sources
from cflint.record import record


@record(frozen=True)
class Importer:
    """A module that imports another one; `passes_on`: it exports some of it (`export … from`)."""

    path: str
    passes_on: bool


class Imports:
    """Imports by module; `graph` is who imports whom among the files, `titles` what blocks of Markdown are
    called, by their paths."""

    def __init__(
        self,
        memo: Memo,
        sources: Sources,
        owners: Owners,
        resolver: Resolver,
        graph: ModuleGraph,
        titles: Mapping[str, str],
    ) -> None:
        self.memo = memo
        self.graph = graph
        self._sources = sources
        self._owners = owners
        self._resolver = resolver
        self._titles = titles

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The path of the project's module that an import means; None for packages and unknown ones."""
        if importer in self._sources.blocks:
            return self._resolve_block(specifier, importer)
        found = self._resolver.resolve(specifier, importer)
        return found.path if isinstance(found, Local) else None

    @property
    def aliases(self) -> Mapping[str, Mapping[str, str]]:
        """What apps say that specifiers mean, by folder (see `Resolver.alias`)."""
        return self._resolver.aliases

    def of(self, path: str) -> tuple[Edge, ...]:
        """The imports of a module and where they lead, in source order, without a tree (see `imports`)."""
        if self.memo.ledger is not None:
            self.memo.ledger.text(path)
        block = self._sources.blocks.get(path)
        if block is None:
            return self.graph.imports_of(path) or ()
        found = import_specifiers(block.data, python=path.endswith(".py"))
        return tuple(Edge(item, self._resolver.resolve(item.specifier, path)) for item in found)

    @query
    def importers(self, paths: tuple[str, ...]) -> dict[str, list[Importer]]:
        """Who of some modules imports a module of the project, by its path, in the order of `paths`."""
        found: dict[str, list[Importer]] = {}
        for path in paths:
            passes_on: dict[str, bool] = {}
            for edge in self.of(path):
                target = edge.to.path if isinstance(edge.to, Local) else None
                if target is None and path in self._sources.blocks:
                    target = self._resolve_block(edge.item.specifier, path)
                if target is not None:
                    is_passed = edge.item.kind is ImportKind.REEXPORT
                    passes_on[target] = passes_on.get(target, False) or is_passed
            for target, is_passed in passes_on.items():
                found.setdefault(target, []).append(Importer(path, is_passed))
        return found

    def _resolve_block(self, specifier: str, importer: str) -> str | None:
        """An import between the code blocks of one Markdown section, by the blocks' titles."""
        if not specifier.startswith("."):
            return None
        wanted = _stem(specifier)
        for worker in self._owners.of(importer):
            for path in worker.modules:
                if path != importer and _stem(self._titles.get(path, "")) == wanted:
                    return path
        return None


def _stem(path: str) -> str:
    """The name of a file without its folder and endings."""
    return posixpath.basename(path).split(".")[0]
