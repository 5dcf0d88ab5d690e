"""One workspace analysed again and again, as an editor does: only what a change can touch is done again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cflint.engine import Options, Outcome, Run, Stopped, merge, without_collector
from cflint.finding import Finding, Report
from cflint.project.modules.facts import ModuleFacts
from cflint.project.modules.reads import without_places
from cflint.project.workers.loading import Loaded, load
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.source import Document, change_between
from cflint.syntax.javascript import EXTENSIONS, ParseTimeout, parse, parse_again

if TYPE_CHECKING:
    from cflint.engine.preview import Preview
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
    """A report, and the files of which it does not have everything yet; the last one has none."""

    report: Report
    unsettled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the rules said about a module, and what they looked at: its own text and its Workers, the texts of
    others, the shapes of the facts of others."""

    outcome: Outcome
    data: bytes
    workers: object
    texts: Mapping[str, bytes | None]
    shapes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Whole:
    """The last whole report, the run that made it, and the texts of the modules that were looked at first."""

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
        self._answers: dict[str, _Answer] = {}
        self._facts: dict[str, tuple[bytes, ModuleFacts]] = {}
        self._shapes: dict[str, tuple[bytes, object]] = {}
        self._rules: tuple[str, ...] = ()
        self._whole: _Whole | None = None
        self._changed: set[str] = set()  # since the last whole report
        self._syntax: Syntax | None = None  # of the last preview

    def change(self, path: str, data: bytes | None) -> None:
        """Lay a buffer over a file, or take it away again with None."""
        known = self.workspace.is_file(path)
        self._changed.add(path)
        self.workspace.overlay(path, data)
        if known != self.workspace.is_file(path) or not self._is_followed(path):
            self._answers.clear()

    def refresh(self) -> None:
        """Take notice of the disk: anything may have changed there."""
        self._whole = None
        self.workspace.refresh()
        self._answers.clear()

    def analyse(
        self,
        configure: Configure,
        *,
        excludes: Collection[str] = (),
        first: Collection[str] = (),
        pause: Callable[[], bool] = lambda: False,
        stopped: Callable[[], bool] | None = None,
        told: Callable[[int, int], None] = lambda done, total: None,
    ) -> Iterator[Progress]:
        """Analyse the workspace as it is now; the last report is whole.

        Before it comes a quick one when there is much to do: modules that changed themselves, and those in
        `first`, are done before those that only may be touched by it. `pause` is called between modules, and
        may ask the session something else; `stopped`, which has to be quick, is called within them too; when
        one says True, Stopped is raised, and what was found out about whole modules is kept. `told` hears how
        many of the modules to look at are done.
        """
        run = self._prepare(configure, excludes, stopped)
        try:
            _pause(pause)
            yield from self._steps(run, first, pause, told)
        finally:
            self._remember(run.loaded.project)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Around questions about a workspace that is not as it is, which is restored before the end: what the
        session had found out stays, also for an analysis that goes on afterwards."""
        kept = dict(self._answers), self.loaded, self._rules, set(self._changed)
        try:
            yield
        finally:
            self._answers, self.loaded, self._rules, self._changed = kept

    def _steps(
        self,
        run: Run,
        first: Collection[str],
        pause: Callable[[], bool],
        told: Callable[[int, int], None],
    ) -> Iterator[Progress]:
        stale = self._stale(run)
        told(0, len(stale))
        changed = {path for path in stale if path in first or self._has_new_text(run, path)}
        soon = [path for path in stale if path in changed]
        later = [path for path in stale if path not in changed]
        _pause(pause)
        model = run.model()
        _pause(pause)
        for done, path in enumerate(soon, 1):
            self._ask(run, path)
            told(done, len(stale))
            _pause(pause)
        if later:
            yield self._progress(run, model, frozenset(later))
            _pause(pause)
        for done, path in enumerate(later, len(soon) + 1):
            self._ask(run, path)
            told(done, len(stale))
            _pause(pause)
        whole = self._progress(run, model, frozenset())
        texts = {path: data for path in first if (data := _data(run.loaded.project, path)) is not None}
        self._whole = _Whole(run, whole.report, texts)
        self._changed.clear()
        yield whole

    def preview(self) -> Preview | None:
        """What can be said at once when a long module was edited since the last whole report, and nothing
        else changed; None otherwise."""
        from cflint.engine.preview import LONG, Preview, carried_over, part_around

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
            if before.covers(finding.at.span) and whole.run.asks_in_parts(finding.rule):
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
                self._ask(run, path)
        return self._progress(run, model, frozenset(stale) - frozenset(paths)).report

    # -- asking --------------------------------------------------------------------------------------------

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
                project.adopt_facts({path: facts})
        project.keep_ledger()
        options = configure(loaded)
        rules = tuple(options.rules)
        if rules != self._rules:
            self._answers.clear()
            self._rules = rules
        self.loaded = loaded
        return Run(loaded, options, stopped)

    def _ask(self, run: Run, path: str) -> None:
        project = run.loaded.project
        data = _data(project, path)
        if data is None:
            self._answers.pop(path, None)
            return
        with without_collector():
            outcome = run.modules([path])
        reads = outcome.answers[-1].reads
        touched = {
            document.path
            for finding in outcome.findings
            for document in documents_of(finding)
            if document.path != path
        }
        self._answers[path] = _Answer(
            outcome,
            data,
            _signature(project, path),
            {read: _data(project, read) for read in (reads.texts | touched) - {path}},
            {read: self._shape(project, read) for read in reads.facts - reads.texts - {path}},
        )

    def _remember(self, project: Project) -> None:
        for path, facts in project.known_facts.items():
            data = _data(project, path)
            if data is not None:
                self._facts[path] = (data, facts)

    def _progress(self, run: Run, model: Outcome, unsettled: frozenset[str]) -> Progress:
        outcomes = [model]
        for path in run.loaded.modules:
            answer = self._answers.get(path)
            if answer is not None:
                outcomes.append(_still(answer.outcome, run.loaded.project) if unsettled else answer.outcome)
        return Progress(run.report(merge(outcomes), self._base, unsettled), unsettled)

    # -- what a change leaves standing ---------------------------------------------------------------------

    def _is_followed(self, path: str) -> bool:
        """Whether answers tell that they depend on a file: modules and configurations do, the rest may matter
        to anything."""
        loaded = self.loaded
        if loaded is None or path.endswith(EXTENSIONS):
            return True
        return any(config.path == path for config in loaded.configs)

    def _has_new_text(self, run: Run, path: str) -> bool:
        answer = self._answers.get(path)
        return answer is not None and answer.data != _data(run.loaded.project, path)

    def _stale(self, run: Run) -> list[str]:
        """The modules to ask about again, in order."""
        project = run.loaded.project
        for gone in self._answers.keys() - set(run.loaded.modules):
            del self._answers[gone]
        return [path for path in run.loaded.modules if not self._stands(project, path)]

    def _stands(self, project: Project, path: str) -> bool:
        answer = self._answers.get(path)
        return (
            answer is not None
            and answer.data == _data(project, path)
            and answer.workers == _signature(project, path)
            and all(data == _data(project, read) for read, data in answer.texts.items())
            and all(shape is self._shape(project, read) for read, shape in answer.shapes.items())
        )

    def _shape(self, project: Project, path: str) -> object:
        """The facts of a module without their places; the same object as long as they are equal."""
        data = _data(project, path)
        if data is None:
            return None
        known = self._shapes.get(path)
        if known is not None and known[0] == data:
            return known[1]
        # Of generated types only a part is read, and they change all at once.
        shape: object = data if path.endswith(".d.ts") else without_places(project.facts(path))
        if known is not None and known[1] == shape:
            shape = known[1]
        self._shapes[path] = (data, shape)
        return shape


def _pause(pause: Callable[[], bool]) -> None:
    if pause():
        raise Stopped


def _data(project: Project, path: str) -> bytes | None:
    document = project.document(path)
    return document.data if document is not None else None


def documents_of(finding: Finding) -> Iterator[Document]:
    """The documents that a finding speaks of or would change."""
    yield finding.at.document
    for place in finding.related:
        yield place.document
    for edit in finding.fix.edits if finding.fix is not None else ():
        yield edit.document


def _still(outcome: Outcome, project: Project) -> Outcome:
    """What of an answer can be shown although it may be out of date: its places have to be right."""

    def holds(document: Document) -> bool:
        return document.data == _data(project, document.path)

    findings = [
        finding if all(map(holds, documents_of(finding))) else replace(finding, related=(), fix=None)
        for finding in outcome.findings
        if holds(finding.at.document)
    ]
    return replace(outcome, findings=findings)


def _signature(project: Project, path: str) -> object:
    """All that the Workers of a module are, but for what their modules say."""
    return tuple(map(_worker_signature, project.workers_of(path)))


def _worker_signature(worker: Worker) -> object:
    config = worker.config
    return (
        (config.path, config.document.data) if config is not None else None,
        worker.entries,
        worker.modules,
        worker.unresolved,
        worker.type_only,
    )
