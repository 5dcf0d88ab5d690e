"""One analysis of a loaded project, in this process or several: work items, their outcome, the report."""

# Imported where used: what only a run with several processes needs, or one that shows how far it is.

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.cache.observed import mark, observed
from cflint.engine.index import RuleIndex
from cflint.engine.outcome import ItemResult, Outcome, merge
from cflint.engine.plan import (
    Chunk,
    ItemKind,
    Options,
    WorkItem,
    by_unit,
    divide,
    is_much,
    own_modules,
    paths_of,
    size_of,
    unit_of,
    work_items,
)
from cflint.engine.report import open_findings, report_of
from cflint.engine.run import ModelChecks, ModuleChecks, RuleRunner
from cflint.finding import Finding, Report
from cflint.project.modules.reads import fingerprint_of
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.source import Span

if TYPE_CHECKING:
    from cflint.engine.progress import Progress
    from cflint.project.files.workspace import Workspace
    from cflint.project.workers.worker import Worker
    from cflint.rule import Rule
    from cflint.syntax.javascript import Syntax

_PHASE = "find trigger words"
"""What of an analysis is neither parsing nor rules."""


def analyse(workspace: Workspace, paths: Iterable[str], options: Options, base: Path) -> Report:
    """Analyse the Workers that paths of a workspace mean, without settings: the options of rules have their
    defaults. `base` is where the user stands."""
    loaded = load(workspace, paths, options.excludes, preferences=no_preferences)
    return analyse_loaded(loaded, options, base)


def analyse_loaded(loaded: Loaded, options: Options, base: Path) -> Report:
    """Analyse a project that was loaded."""
    run = Run(loaded, options)
    clock = options.clock
    if clock is None:
        with without_collector():
            outcome = run.everything()
        return run.report(outcome, base)
    with without_collector(), clock.around(_PHASE):
        outcome = run.everything()
    with clock.around("apply suppressions and sort"):
        return run.report(outcome, base)


class Run:
    """The rules of a run over a loaded project, all at once or item by item. `stopped` is called again and
    again within a module; when it returns True, Stopped is raised."""

    def __init__(self, loaded: Loaded, options: Options, stopped: Callable[[], bool] | None = None) -> None:
        if options.clock is not None:
            options.clock.watch(loaded.project)
        self.loaded = loaded
        self._project = loaded.project
        self._options = options
        self._index = options.rules.derived(RuleIndex)
        self._runner = RuleRunner(loaded.project, options)
        self._progress: Progress | None = None
        if options.show is not None:
            self._runner.check = partial(self._shown, self._runner.check)
        begin = self._begin if options.show is not None else None
        self._modules = ModuleChecks(loaded, self._index, self._runner, stopped, begin)
        self._model = ModelChecks(loaded, self._index, self._runner)

    # -- in this process -----------------------------------------------------------------------------------

    def modules(self, paths: Sequence[str]) -> Outcome:
        """Run the rules on some of the modules, and keep no tree of them."""
        outcome = self._modules.check(paths)
        self._project.trees.clear_aside()
        return outcome

    def model(self, units: Iterable[str] | None = None) -> Outcome:
        """Run the rules on units of the model (see `unit_of`), all of them unless they are given."""
        return self._model.check(units)

    def part(self, syntax: Syntax, span: Span) -> list[Finding]:
        """The open findings in a part of a module whose text is `syntax` by now, of the rules that run on the
        constructs around words; everything else is taken to be as it was."""
        found = self._modules.check_part(syntax, span)
        return list(open_findings(self.loaded, self._options, found, syntax.document))

    def covers_in_part(self, rule: str) -> bool:
        """Whether `part` gives all findings of a rule in that part."""
        return self._index.is_local(rule)

    def report(
        self,
        outcome: Outcome,
        base: Path,
        *,
        incomplete_paths: Collection[str] = (),
        carried_over: Iterable[Finding] = (),
    ) -> Report:
        """An outcome as a report (see `report_of`)."""
        return report_of(
            self.loaded,
            self._options,
            outcome,
            base,
            incomplete_paths=incomplete_paths,
            carried_over=carried_over,
        )

    # -- how far it is -------------------------------------------------------------------------------------

    def _begin(self, path: str | None) -> None:
        if self._progress is not None:
            self._progress.begin(path)

    def _shown(self, check: Callable[..., None], rule: Rule, *given: Any) -> None:
        """Run a rule, and show how far the run is."""
        check(rule, *given)
        if self._progress is not None:
            self._progress.tick()

    def _watch(self, modules: Sequence[str], *, shared: bool) -> None:
        """From here on, show how far the run is, when it is to be shown."""
        if self._options.show is not None:
            from cflint.engine.progress import Progress

            rows = ((_name(worker), own) for worker, own in own_modules(self.loaded, modules))
            count = len(self._project.workers)
            self._progress = Progress(count, rows, self._options.show, shared=shared)

    # -- in any number of processes ------------------------------------------------------------------------

    def everything(
        self, modules: Sequence[str] | None = None, units: Collection[str] | None = None
    ) -> Outcome:
        """Run the rules on modules and units of the model, all of them unless they are given."""
        modules = self.loaded.modules if modules is None else modules
        units = [unit for unit in self._model.owners if units is None or unit in units]
        jobs = self._options.jobs or os.cpu_count() or 1
        items = work_items(self.loaded, modules, dict.fromkeys(units))
        if jobs > 1 and _can_fork() and is_much(items, self._size):
            self._watch(modules, shared=True)
            return self._in_processes(items, jobs)
        self._watch(modules, shared=False)
        return self._work(by_unit(items))

    def _size(self, item: WorkItem) -> int:
        return size_of(self._project, item)

    def _in_processes(self, items: Sequence[WorkItem], jobs: int) -> Outcome:
        from cflint.engine.pool import ChunkQueue, from_both_ends, run_in_processes

        division = divide(items, self._size, jobs)
        with from_both_ends(division.shared) as (front, back):
            queues = [queue for queue in (*map(ChunkQueue.of, division.apart), front) if queue.items]
            here = partial(self._work, back)
            waiting = self._progress.tick if self._progress is not None else None
            outcomes, lost = run_in_processes(
                self._work_apart, queues, here, self._project, back, waiting=waiting
            )
        for outcome in outcomes:
            if self._options.clock is not None and outcome.spent is not None:
                self._options.clock.add(outcome.spent)
        skipped = [(item.path, "the worker process was killed or crashed") for item in lost]
        return merge([*outcomes, Outcome(skipped=skipped)])

    def _work(self, chunks: Iterable[Chunk]) -> Outcome:
        """Run the rules on the items of chunks, one chunk after the other."""
        outcomes = []
        for chunk in chunks:
            outcomes.append(self._modules.check(paths_of(chunk, ItemKind.MODULE)))
            units = paths_of(chunk, ItemKind.MODEL)
            if units:
                outcomes.append(self.model(units))
        return merge(outcomes)

    def _work_apart(self, chunks: Iterable[Chunk]) -> Outcome:
        """The same in a process of its own: what it read and how long it took is part of the outcome."""
        workspace, clock = self._project.workspace, self._options.clock
        if self._progress is not None:
            self._progress.hide()
        begun = mark(workspace)
        if clock is not None:
            clock.begin_apart()
            with clock.around(_PHASE):
                outcome = self._work(chunks)
            outcome.spent = clock.spent
        else:
            outcome = self._work(chunks)
        if self._options.observed:
            outcome.observed = observed(workspace, begun)
            outcome.fingerprints = self._fingerprints(outcome.results)
        return outcome

    def _fingerprints(self, results: Iterable[ItemResult]) -> dict[str, str]:
        """The fingerprints of the facts that were read of other modules than the item's own, and of the
        modules that Workers begin with, which another process may have read."""
        known = self._project.facts.known
        paths = {path for result in results for path in result.reads.facts if path != result.item.path}
        paths.update(path for worker in self._project.workers for path in worker.entries)
        return {
            path: fingerprint_of(known[path])
            for path in paths
            if path in known and not path.endswith(".d.ts")
        }


def _name(worker: Worker | None) -> str | None:
    """What a Worker is called while it is worked on: the folder of its configuration, or a path."""
    if worker is None:
        return None
    unit = unit_of(worker)
    return unit.removeprefix("#") if worker.config is None else worker.config.directory or unit


def _can_fork() -> bool:
    return hasattr(os, "fork") and not os.environ.get("CFLINT_NO_FORK")


@contextmanager
def without_collector() -> Iterator[None]:
    """Trees are freed as soon as they are done with; looking for cycles among them is a fifth of a run."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
