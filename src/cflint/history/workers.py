"""Which Workers have changed since a base, and what of a report is about them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property

from cflint.finding import Finding, Notice, Report
from cflint.history.changes import Changes
from cflint.project.files.roles import is_about_folder
from cflint.project.modules.resolve import Resolver
from cflint.project.modules.resolve.files import upwards
from cflint.project.modules.resolve.targets import Local
from cflint.project.workers.loading import Loaded
from cflint.project.workers.migrations import migration_folders
from cflint.project.workers.worker import Worker
from cflint.record import replace
from cflint.syntax.suffixes import SOURCE_SUFFIXES


class ChangedWorkers:
    """The Workers of a project of which something that they read has changed.

    A Worker reads its modules and the data that these import, its configuration with what else says how it is
    deployed, the settings, manifests and variables of its folder and those above, and its SQL migrations.
    """

    def __init__(self, loaded: Loaded, changes: Changes) -> None:
        self._loaded = loaded
        self._project = loaded.project
        self._changes = changes
        self._before = changes.base.workspace()
        self._known: dict[Worker, bool] = {}

    def narrowed(self, report: Report) -> Report:
        """A report with the findings that are about changed Workers, those on changed lines first, and a
        notice about how many Workers are left out. Raises HistoryError."""
        workers = self._loaded.project.workers
        changed = [worker for worker in workers if self.is_changed(worker)]
        kept = [finding for finding in report.findings if self._keeps(finding)]
        kept.sort(key=lambda finding: not self._is_new(finding))
        notices = report.notices
        if left := len(workers) - len(changed):
            base = self._changes.base
            notices = (*notices, Notice(_left_out(left, len(workers), base.name, base.commit)))
        read = {path for worker in changed for path in worker.modules}
        read.update(worker.config.path for worker in changed if worker.config is not None)
        silenced = tuple(filter(self._keeps, report.silenced))
        return replace(
            report,
            findings=tuple(kept),
            silenced=silenced,
            suppressed=len(silenced),
            notices=notices,
            files_checked=len(read),
            workers_checked=len(changed),
        )

    def is_changed(self, worker: Worker) -> bool:
        """Whether something that a Worker reads has changed. Raises HistoryError."""
        known = self._known.get(worker)
        if known is None:
            known = any(map(self._changes.is_changed, self._reads[worker])) or self._leads_elsewhere(worker)
            self._known[worker] = known
        return known

    # -- what a Worker reads -------------------------------------------------------------------------------

    @cached_property
    def _reads(self) -> dict[Worker, dict[str, None]]:
        return {worker: dict.fromkeys(self._read_by(worker)) for worker in self._project.workers}

    @cached_property
    def _readers(self) -> dict[str, list[Worker]]:
        found: dict[str, list[Worker]] = {}
        for worker, paths in self._reads.items():
            for path in paths:
                found.setdefault(path, []).append(worker)
        return found

    def _read_by(self, worker: Worker) -> Iterator[str]:
        config = worker.config
        if worker.section is not None:
            yield worker.section.document.file.path
        if config is not None:
            yield from (document.file.path for document in config.documents)
            for environment in config.environments:
                if (main := environment.main) is not None and main.text:
                    yield posixpath.normpath(posixpath.join(config.directory, main.text))
            for folder in migration_folders(config):
                yield from self._files_in(folder, ".sql")
        for path in worker.modules:
            yield path.split("#", 1)[0]
            for edge in self._project.imports.of(path):
                if isinstance(edge.to, Local):
                    yield edge.to.path
        if worker.app is not None:  # it takes modules that nothing imports
            for folder in {posixpath.dirname(path) for path in worker.modules}:
                yield from self._files_in(folder, *SOURCE_SUFFIXES)
        folder = folder_of(worker)
        for above in upwards(folder):
            yield from (
                posixpath.join(above, name) for name in self._names_in(above) if is_about_folder(name)
            )
        for path in self._loaded.consulted:
            if _is_below(path, folder) or not path.endswith(SOURCE_SUFFIXES):
                yield path

    def _names_in(self, folder: str) -> Iterable[str]:
        """The names that a folder has, or had."""
        return sorted({*self._project.workspace.entries(folder), *self._before.entries(folder)})

    def _files_in(self, folder: str, *suffixes: str) -> Iterator[str]:
        return (posixpath.join(folder, name) for name in self._names_in(folder) if name.endswith(suffixes))

    # -- imports that led elsewhere ------------------------------------------------------------------------

    @cached_property
    def _resolver(self) -> Resolver:
        resolver = Resolver(self._before)
        for folder, aliases in self._project.imports.aliases.items():
            resolver.alias(folder, aliases)
        return resolver

    def _leads_elsewhere(self, worker: Worker) -> bool:
        """Whether an import of an unchanged module led to another file, which may be gone."""
        for path in worker.modules:
            if path in self._project.sources.blocks:
                continue
            for edge in self._project.imports.of(path):
                before = self._resolver.resolve(edge.item.specifier, path)
                if isinstance(before, Local) and before != edge.to:
                    return True
        return False

    # -- findings ------------------------------------------------------------------------------------------

    def _keeps(self, finding: Finding) -> bool:
        """Whether a finding is about a changed Worker; one in a file that no Worker reads has to be in one
        that changed, or about a Worker's folder."""
        path = finding.at.document.path
        readers = self._readers.get(path)
        if readers is None:
            readers = self._around(path)
        return any(map(self.is_changed, readers)) or self._changes.is_changed(path)

    def _around(self, path: str) -> list[Worker]:
        """The Workers of the innermost folder around a path that has some."""
        for folder in upwards(posixpath.dirname(path)):
            found = [worker for worker in self._project.workers if folder_of(worker) == folder]
            if found:
                return found
        return []

    def _is_new(self, finding: Finding) -> bool:
        """Whether a finding stands on a line that has changed."""
        document, span = finding.at.document, finding.at.span
        lines = self._lines_of(document.path)
        if lines is None:
            return True
        first, last = document.line_of(span.start), document.line_of(max(span.start, span.end - 1))
        return any(line in lines for line in range(first, last + 1))

    def _lines_of(self, path: str) -> frozenset[int] | None:
        return (
            self._lines[path]
            if path in self._lines
            else self._lines.setdefault(path, self._changes.lines(path))
        )

    @cached_property
    def _lines(self) -> dict[str, frozenset[int] | None]:
        return {}


def folder_of(worker: Worker) -> str:
    """The folder that a Worker stands in: of its configuration, or of its first module."""
    if worker.config is not None:
        return worker.config.directory
    return posixpath.dirname(next(iter(worker.modules), "").split("#", 1)[0])


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")


def _left_out(left: int, count: int, name: str, commit: str) -> str:
    who = f"{left} of {count} Workers" if count > 1 else "the Worker"
    have = "has" if left == 1 else "have"
    return f"{who} {have} not changed since {name} ({commit[:10]}): nothing is said of what only they read"
