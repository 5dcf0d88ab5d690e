"""The analysis of a plan: the disk, what stands of an earlier run, changed bytes laid over it."""

# Imported where used: what analyses, which a run does not need whose result is cached, and what only a
# terminal shows.

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from cflint.cli.check.plan import Plan
from cflint.cli.check.request import BASELINE, Request
from cflint.cli.console import counted, remark, takes_progress
from cflint.cli.exits import Failure
from cflint.finding import Finding, Notice, Report, Safety
from cflint.record import replace

if TYPE_CHECKING:
    from cflint.cli.check.place import Place
    from cflint.cli.progress import ProgressLine
    from cflint.engine.incremental import IncrementalRun
    from cflint.engine.plan import Options
    from cflint.history.workers import ChangedWorkers
    from cflint.project.workers.loaded import Loaded
    from cflint.project.workers.preferences import Preferences
    from cflint.report.baseline import Compared
    from cflint.rule import RuleSet


class Analysis:
    """Analyses the place of a plan, with changed bytes laid over it. `loaded` is what the last analysis
    looked at."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._laid: set[str] = set()
        self._loaded: Loaded | None = None
        self._is_part = False
        self._incremental: IncrementalRun | None = None
        self._unkept: Report | None = None
        self._reports_baseline = True
        self._changed: ChangedWorkers | None = None
        self._base: Loaded | None = None
        self._progress = _progress_of(plan)

    @property
    def place(self) -> Place:
        """Where the plan takes place."""
        return self._plan.place

    @property
    def loaded(self) -> Loaded:
        """The project, loaded when it is needed."""
        if self._loaded is None:
            from cflint.project.workers.loading import load

            place, excludes = self._plan.place, self._plan.settings.excludes
            with self.clocked("find the project"):
                self._loaded = load(
                    place.workspace,
                    place.paths,
                    excludes,
                    preferences=self._preferences,
                    visit=self._progress.visit if self._progress is not None else None,
                )
            self._give_base(self._loaded)
        return self._loaded

    def whole(self) -> Loaded:
        """The project as `loaded`, but never one that was read only where something has changed."""
        if self._is_part:
            self._loaded, self._is_part = None, False
        return self.loaded

    def _give_base(self, loaded: Loaded) -> None:
        """Give a project the model of the base, where the run has one."""
        if self._plan.base is None:
            return
        if self._base is None:
            from cflint.cli.history import load_base

            place, excludes = self._plan.place, self._plan.settings.excludes
            with self.clocked("find the base's project"):
                self._base = load_base(self._plan.base, place.paths, excludes, self._preferences)
        loaded.project.base = self._base.project

    @property
    def _preferences(self) -> Preferences:
        return self._plan.settings.policy.options_for

    @property
    def rules(self) -> RuleSet:
        """The rules that run. Raises Failure when there are none, see `CheckSettings.rules`, or when all of
        them need a base and the run has none."""
        rules = self._plan.settings.rules(self.loaded.paths)
        if rules and self._plan.base is None and all(rule.spec.needs_base for rule in rules.values()):
            raise Failure("the rules that are selected are about a change: say `--base REV`")
        return rules

    def _options(self, *, observed: bool = False) -> Options:
        from cflint.engine.plan import Options

        settings, request = self._plan.settings, self._plan.request
        return Options(
            self.rules,
            settings.known_for(self.loaded.paths),
            excludes=settings.excludes,
            jobs=request.jobs,
            debug=request.debug,
            apply_policy=settings.policy.apply_policy,
            observed=observed,
            clock=self._plan.clock,
            show=self._progress.show if self._progress is not None else None,
            renamed=settings.renamed(self.loaded.paths),
        )

    @contextmanager
    def _erased(self) -> Iterator[None]:
        """Take away afterwards, whatever happens, the line that shows how far the run is."""
        try:
            yield
        finally:
            if self._progress is not None:
                self._progress.erase()

    def clocked(self, phase: str) -> AbstractContextManager[None]:
        """Measure a phase, with `--profile`."""
        clock = self._plan.clock
        return nullcontext() if clock is None else clock.around(phase)

    def first(self) -> Report:
        """The report on what is on the disk, as an earlier run left it or analysed; the baseline not
        counted."""
        if self._plan.kept is not None:
            return self._plan.kept.report
        with self._erased():
            return self._first()

    def _first(self) -> Report:
        plan = self._plan
        if plan.cache is None:
            return self._analysed({})
        from cflint.engine.incremental import IncrementalRun, load_by

        earlier = plan.cache.earlier()
        if earlier is not None and not plan.request.verbose:
            excludes = plan.settings.excludes
            self._loaded = load_by(earlier, plan.place.workspace, excludes, preferences=self._preferences)
            self._is_part = self._loaded is not None
            if self._loaded is not None:
                self._give_base(self._loaded)
        self._incremental = IncrementalRun(
            self.loaded, self._options(observed=True), plan.cache.mask, earlier
        )
        self._unkept = self._incremental.report(plan.place.base)
        return self._unkept

    def keep(self) -> None:
        """Write the first report to the cache, as long as the files are as they were read."""
        plan, report, run = self._plan, self._unkept, self._incremental
        if plan.cache is None or run is None or report is None or report.partial:
            return
        from cflint.cache.observed import observed

        memo = run.for_next()
        seen = observed(plan.place.workspace)
        seen.add(run.outcome.observed)
        plan.cache.keep(report, seen, plan.settings_fail_on, memo, takes_over=run.takes_over)

    def __call__(self, overlay: Mapping[str, bytes]) -> Report:
        """The report with changed bytes laid over the disk, by path."""
        with self._erased():
            report = self._analysed(overlay)
        return self.compared(report)

    def again(self) -> Report:
        """The report on what is on the disk now."""
        self._plan.place.workspace.refresh()
        return self({})

    def _analysed(self, overlay: Mapping[str, bytes]) -> Report:
        from cflint.engine.analysis import analyse_loaded

        place, shard = self._plan.place, self._plan.request.shard
        for path in self._laid - overlay.keys():
            place.workspace.overlay(path, place.data if path == place.buffer else None)
        for path, data in overlay.items():
            place.workspace.overlay(path, data)
        self._laid = set(overlay)
        self._loaded, self._is_part = None, False
        if shard is not None:
            from cflint.engine.shards import report_shard

            return report_shard(self.loaded, self._options(), place.base, *shard)
        report = analyse_loaded(self.loaded, self._options(), place.base)
        return report if place.buffer is None else _fixing_only(report, place.buffer)

    def compared(self, report: Report) -> Report:
        """The report without what the baseline has (the first time, print how much that is, and say what its
        age deserves), and without what is not about changed Workers."""
        return self._narrowed(self._without_known(report))

    def _narrowed(self, report: Report) -> Report:
        """The report on the Workers that had changed when the run began."""
        if self._plan.base is None or self._plan.request.changed_since is None:
            return report
        from cflint.cli.history import changed_workers, failures
        from cflint.history.base import Base

        if self._changed is None:
            base = self._plan.base
            assert isinstance(base, Base), "what has changed is asked of commits"
            self._changed = changed_workers(self.loaded, base)
        with failures():
            return self._changed.narrowed(report)

    def _without_known(self, report: Report) -> Report:
        plan = self._plan
        if plan.baseline is None:
            return report
        from cflint.report.baseline import compared

        result = compared(report, plan.baseline, plan.place.workspace.exists)
        request = plan.request
        is_said = self._reports_baseline and request.is_for_people and not request.quiet
        if is_said and result.hidden:
            remark(f"{counted(len(result.hidden), 'finding')} of the baseline not shown")
        self._reports_baseline = False
        age = tuple(_age(result, request))
        return replace(result.report, notices=(*result.report.notices, *age)) if age else result.report


def _age(result: Compared, request: Request) -> Iterator[Notice]:
    """What a baseline says that is older than the project or the rules, each once."""
    file = request.baseline or ""
    option = "" if file == BASELINE else f" --baseline {file}"
    if result.gone and not request.paths:  # of some paths not all is found
        number = sum(entry.count for entry in result.gone)
        occur, them = ("no longer occurs", "it") if number == 1 else ("no longer occur", "them")
        what = f"{counted(number, 'finding')} of the baseline {file} {occur}"
        yield Notice(f"{what}: `cflint baseline prune{option}` removes {them}")
    if result.newer:
        names = ", ".join(f"`{rule}`" for rule in result.newer[:3])
        rest = len(result.newer) - 3
        listed = names + (f" and {rest} more" if rest > 0 else "")
        new = sum(finding.rule in result.newer for finding in result.report.findings)
        what = f"the baseline {file} was written before {counted(len(result.newer), 'rule')} ({listed})"
        takes = f"takes in what they find ({counted(new, 'finding')})" if new else "says that they ran"
        yield Notice(f"{what}: `cflint baseline update{option}` {takes}")


def _progress_of(plan: Plan) -> ProgressLine | None:
    """The line that shows how far the run is; None where nobody would see it."""
    if plan.kept is not None or plan.request.quiet or not takes_progress(sys.stderr):
        return None
    from cflint.cli.progress import ProgressLine

    return ProgressLine(plan.place.workspace.root, plan.place.base)


def _fixing_only(report: Report, buffer: str) -> Report:
    """The report with every fix that would change another file than the one on stdin only shown."""

    def limited(finding: Finding) -> Finding:
        fix = finding.fix
        if fix is None or all(edit.document.path == buffer for edit in fix.edits):
            return finding
        return replace(finding, fix=replace(fix, safety=Safety.MANUAL))

    return replace(report, findings=tuple(map(limited, report.findings)))
