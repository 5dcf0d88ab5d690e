"""One workspace analysed again and again, as an editor does: only what a change can touch is done again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cflint.engine.analysis import Run, without_collector
from cflint.engine.outcome import Outcome, documents_of, merge
from cflint.engine.plan import Options
from cflint.engine.preview import LONG, Preview, carried_over, part_around
from cflint.engine.run import Stopped
from cflint.finding import Report
from cflint.project.modules.facts import ModuleFacts
from cflint.project.modules.reads import without_places
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import load
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.source import Document, change_between
from cflint.syntax.javascript import EXTENSIONS, ParseTimeout, parse, parse_again

if TYPE_CHECKING:
    from cflint.project.files.workspace import Workspace
    from cflint.syntax.javascript import Syntax

_PREVIEW_SECONDS = 0.2


class Configure(Protocol):
    """What the settings say as they are now."""

    def preferences(self, path: str, /) -> Mapping[tuple[str, str], int]:
        """The options of rules for a file (see `Preferences`)."""

    def __call__(self, loaded: Loaded, /) -> Options:
        """The options of a run, after the settings of what was loaded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A report, and the paths of the files whose findings it does not have yet; the last one has all."""

    report: Report
    incomplete_paths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _ModuleResult:
    """What the rules found in a module, and the dependencies: its own text and its Workers, the texts of
    others, the facts of others without their places."""

    outcome: Outcome
    data: bytes
    workers: object
    texts: Mapping[str, bytes | None]
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Whole:
    """The last whole report, the run that made it, and the texts of the modules that were analysed first."""

    run: Run
    report: Report
    texts: Mapping[str, bytes]


class Session:
    """Analyses the paths of a workspace, whose files may change between two analyses.

    Not for several threads at once. `loaded` is what the last analysis looked at; None before it.
    """

    def __init__(self, workspace: Workspace, paths: Collection[str], base: Path) -> None:
        self.workspace = workspace
        self.loaded: Loaded | None = None
        self._paths = tuple(paths)
        self._base = base
        self._results: dict[str, _ModuleResult] = {}
        self._facts: dict[str, tuple[bytes, ModuleFacts]] = {}
        self._placeless: dict[str, tuple[bytes, object]] = {}
        self._rules: tuple[str, ...] = ()
        self._whole: _Whole | None = None
        self._changed: set[str] = set()  # since the last whole report
        self._syntax: Syntax | None = None  # of the last preview

    def change(self, path: str, data: bytes | None) -> None:
        """Lay a buffer over a file, or take it away again with None."""
        known = self.workspace.is_file(path)
        self._changed.add(path)
        self.workspace.overlay(path, data)
        if known != self.workspace.is_file(path) or not self._is_tracked(path):
            self._results.clear()

    def refresh(self) -> None:
        """Read the disk again: anything may have changed there."""
        self._whole = None
        self.workspace.refresh()
        self._results.clear()

    def analyse(
        self,
        configure: Configure,
        *,
        excludes: Collection[str] = (),
        first: Collection[str] = (),
        pause: Callable[[], bool] = lambda: False,
        stopped: Callable[[], bool] | None = None,
        reported: Callable[[int, int], None] = lambda done, total: None,
    ) -> Iterator[Progress]:
        """Analyse the workspace as it is now; the last report is whole.

        Before it comes a quick one when there is much to do: modules that changed themselves, and those in
        `first`, are done before those that only may be touched by it. `pause` is called between modules, and
        may use the session; `stopped`, which has to be quick, is called within them too; when one returns
        True, Stopped is raised, and what was found in whole modules is kept. `reported` is called with how
        many of how many modules are done.
        """
        run = self._prepare(configure, excludes, stopped)
        try:
            _pause(pause)
            yield from self._steps(run, first, pause, reported)
        finally:
            self._keep_facts(run.loaded.project)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Around analyses of a workspace that is changed for a moment and restored before the end: the
        session keeps its results, also for an analysis that goes on afterwards."""
        kept = dict(self._results), self.loaded, self._rules, set(self._changed)
        try:
            yield
        finally:
            self._results, self.loaded, self._rules, self._changed = kept

    @contextmanager
    def imagined(
        self, texts: Mapping[str, bytes], configure: Configure, excludes: Collection[str] = ()
    ) -> Iterator[Loaded]:
        """What the workspace would load if some of its files had other texts; not to be used afterwards."""
        laid = {path: self.workspace.overlaid(path) for path in texts}
        try:
            for path, data in texts.items():
                self.workspace.overlay(path, data)
            loaded = load(self.workspace, self._paths, excludes, preferences=configure.preferences)
            loaded.project.memo.keep_ledger()
            yield loaded
        finally:
            for path, before in laid.items():
                self.workspace.overlay(path, before)

    def _steps(
        self,
        run: Run,
        first: Collection[str],
        pause: Callable[[], bool],
        reported: Callable[[int, int], None],
    ) -> Iterator[Progress]:
        stale = self._stale(run)
        reported(0, len(stale))
        changed = {path for path in stale if path in first or self._has_new_text(run, path)}
        soon = [path for path in stale if path in changed]
        later = [path for path in stale if path not in changed]
        _pause(pause)
        model = run.model()
        _pause(pause)
        for done, path in enumerate(soon, 1):
            self._check(run, path)
            reported(done, len(stale))
            _pause(pause)
        if later:
            yield self._progress(run, model, frozenset(later))
            _pause(pause)
        for done, path in enumerate(later, len(soon) + 1):
            self._check(run, path)
            reported(done, len(stale))
            _pause(pause)
        whole = self._progress(run, model, frozenset())
        texts = {path: data for path in first if (data := _data(run.loaded.project, path)) is not None}
        self._whole = _Whole(run, whole.report, texts)
        self._changed.clear()
        yield whole

    def preview(self) -> Preview | None:
        """The findings that are known right after an edit of a long module; None when it is short, or when
        more changed since the last whole report."""
        whole = self._whole
        path = next(iter(self._changed), "")
        document = self.workspace.read(path) if path else None
        if whole is None or len(self._changed) != 1 or document is None or path not in whole.texts:
            return None
        is_module = path in whole.run.loaded.modules and path.endswith(EXTENSIONS)
        change = change_between(whole.texts[path], document.data)
        if not is_module or len(document.data) < LONG or change is None:
            return None
        syntax = self._parsed(document)
        part = part_around(syntax, change) if syntax is not None else None
        if syntax is None or part is None:
            return None
        with without_collector():
            found = whole.run.part(syntax, part)
        before = change.before(part)
        for finding in whole.report.findings:
            if finding.at.document.path != path:
                continue
            if before.covers(finding.at.span) and whole.run.covers_in_part(finding.rule):
                continue
            moved = carried_over(finding, change, document)
            if moved is not None:
                found.append(moved)
        unique = {(finding.rule, finding.at.span, finding.message): finding for finding in found}
        return Preview(path, tuple(sorted(unique.values(), key=lambda finding: finding.at.span)))

    def _parsed(self, document: Document) -> Syntax | None:
        """The tree of a document that was edited, kept for its next edit."""
        before = self._syntax
        try:
            if before is not None and before.document.path == document.path:
                self._syntax = parse_again(before, document, _PREVIEW_SECONDS)
            else:
                self._syntax = parse(document, _PREVIEW_SECONDS)
        except ParseTimeout:
            self._syntax = None
        return self._syntax

    def look_at(self, configure: Configure, paths: Collection[str], excludes: Collection[str] = ()) -> Report:
        """A report with the findings of the given modules and of the model as they are now, the others as
        they were."""
        run = self._prepare(configure, excludes)
        stale = self._stale(run)
        model = run.model()
        for path in stale:
            if path in paths:
                self._check(run, path)
        return self._progress(run, model, frozenset(stale) - frozenset(paths)).report

    # -- running rules -------------------------------------------------------------------------------------

    def _prepare(
        self,
        configure: Configure,
        excludes: Collection[str],
        stopped: Callable[[], bool] | None = None,
    ) -> Run:
        loaded = load(self.workspace, self._paths, excludes, preferences=configure.preferences)
        project = loaded.project
        for path, (data, facts) in self._facts.items():
            if _data(project, path) == data:
                project.facts.adopt({path: facts})
        project.memo.keep_ledger()
        options = configure(loaded)
        rules = tuple(options.rules)
        if rules != self._rules:
            self._results.clear()
            self._rules = rules
        self.loaded = loaded
        return Run(loaded, options, stopped)

    def _check(self, run: Run, path: str) -> None:
        project = run.loaded.project
        data = _data(project, path)
        if data is None:
            self._results.pop(path, None)
            return
        with without_collector():
            outcome = run.modules([path])
        reads = outcome.results[-1].reads
        touched = {
            document.path
            for finding in outcome.findings
            for document in documents_of(finding)
            if document.path != path
        }
        self._results[path] = _ModuleResult(
            outcome,
            data,
            _signature(project, path),
            {read: _data(project, read) for read in (reads.texts | touched) - {path}},
            {read: self._facts_without_places(project, read) for read in reads.facts - reads.texts - {path}},
        )

    def _keep_facts(self, project: Project) -> None:
        for path, facts in project.facts.known.items():
            data = _data(project, path)
            if data is not None:
                self._facts[path] = (data, facts)

    def _progress(self, run: Run, model: Outcome, incomplete_paths: frozenset[str]) -> Progress:
        outcomes = [model]
        for path in run.loaded.modules:
            result = self._results.get(path)
            if result is not None:
                outcomes.append(
                    _still(result.outcome, run.loaded.project) if incomplete_paths else result.outcome
                )
        return Progress(
            run.report(merge(outcomes), self._base, incomplete_paths=incomplete_paths), incomplete_paths
        )

    # -- what a change leaves standing ---------------------------------------------------------------------

    def _is_tracked(self, path: str) -> bool:
        """Whether dependencies name a file: those that are modules and configurations; the rest may matter to
        anything."""
        loaded = self.loaded
        if loaded is None or path.endswith(EXTENSIONS):
            return True
        return any(config.path == path for config in loaded.configs)

    def _has_new_text(self, run: Run, path: str) -> bool:
        result = self._results.get(path)
        return result is not None and result.data != _data(run.loaded.project, path)

    def _stale(self, run: Run) -> list[str]:
        """The modules to run the rules on again, in order."""
        project = run.loaded.project
        for gone in self._results.keys() - set(run.loaded.modules):
            del self._results[gone]
        return [path for path in run.loaded.modules if not self._stands(project, path)]

    def _stands(self, project: Project, path: str) -> bool:
        result = self._results.get(path)
        return (
            result is not None
            and result.data == _data(project, path)
            and result.workers == _signature(project, path)
            and all(data == _data(project, read) for read, data in result.texts.items())
            and all(
                facts is self._facts_without_places(project, read) for read, facts in result.facts.items()
            )
        )

    def _facts_without_places(self, project: Project, path: str) -> object:
        """The facts of a module without their places; the same object as long as they are equal."""
        data = _data(project, path)
        if data is None:
            return None
        known = self._placeless.get(path)
        if known is not None and known[0] == data:
            return known[1]
        # Of generated types only a part is read, and they change all at once.
        facts: object = data if path.endswith(".d.ts") else without_places(project.facts.of(path))
        if known is not None and known[1] == facts:
            facts = known[1]
        self._placeless[path] = (data, facts)
        return facts


def _pause(pause: Callable[[], bool]) -> None:
    if pause():
        raise Stopped


def _data(project: Project, path: str) -> bytes | None:
    document = project.sources.document(path)
    return document.data if document is not None else None


def _still(outcome: Outcome, project: Project) -> Outcome:
    """What of a result can be shown although it may be out of date: its places have to be right."""

    def holds(document: Document) -> bool:
        return document.data == _data(project, document.path)

    findings = [
        finding if all(map(holds, documents_of(finding))) else replace(finding, related=(), fix=None)
        for finding in outcome.findings
        if holds(finding.at.document)
    ]
    return replace(outcome, findings=findings)


def _signature(project: Project, path: str) -> object:
    """All that the Workers of a module are, but for the text of their modules."""
    realms = project.realms
    return (realms.of(path), realms.is_beside(path), *map(_worker_signature, project.owners.of(path)))


def _worker_signature(worker: Worker) -> object:
    config = worker.config
    return (
        (tuple((one.path, one.data) for one in config.documents), config.deployment)
        if config is not None
        else None,
        worker.entries,
        worker.modules,
        worker.unresolved,
        worker.idle,
        worker.app.kinds if worker.app is not None else None,
        worker.bound,
    )
