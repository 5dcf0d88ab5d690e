"""A request made into a plan: where the run takes place, which settings count, what is cached, what to do."""

# Imported where used: what only a run needs that has a baseline, a cache or a clock.

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from cflint.cli.check.place import Place, from_root, place_of
from cflint.cli.check.request import Request, refuse_contradictions
from cflint.cli.check.settings import CheckSettings
from cflint.cli.console import warn
from cflint.cli.exits import Exit, Failure
from cflint.finding import Safety, Severity
from cflint.record import record
from cflint.report.escape import masked_source

if TYPE_CHECKING:
    from cflint.cache.entries import Cache, Kept
    from cflint.engine.profile import Clock
    from cflint.history.base import Base, Folder
    from cflint.packages import Package
    from cflint.report.baseline import Baseline
    from cflint.report.comparing import Earlier

FAIL_ON = {"note": Severity.NOTE, "warning": Severity.WARNING, "error": Severity.ERROR}


class Action(Enum):
    """What is done with the findings."""

    REPORT = "report"
    FIX = "fix"
    DIFF = "diff"
    ADD_IGNORES = "add-ignores"
    WRITE_BASELINE = "write-baseline"
    SHOW_SETTINGS = "show-settings"

    @classmethod
    def of(cls, request: Request) -> Action:
        """The action that the options name."""
        if request.show_settings:
            return cls.SHOW_SETTINGS
        if request.write_baseline:
            return cls.WRITE_BASELINE
        if request.add_ignore is not None:
            return cls.ADD_IGNORES
        if request.diff:
            return cls.DIFF
        return cls.FIX if request.fix else cls.REPORT


@record(frozen=True, kw_only=True)
class Plan:
    """What a run of `cflint check` does, decided before anything is analysed.

    `cache` has the entry of this request, if anything is to be cached, and `kept` the result of an earlier
    run that still stands. `settings_fail_on` is that of the settings, "" where they are not read. `clock`
    measures with `--profile`; `earlier` has the reports to compare with, and `base` is what `--base` and
    `--changed-since` count from. Planning `started` at a time of `perf_counter`, when the process had `spent`
    so many seconds of a processor.
    """

    request: Request
    action: Action
    place: Place
    settings: CheckSettings
    baseline: Baseline | None = None
    cache: Cache | None = None
    kept: Kept | None = None
    settings_fail_on: str = ""
    clock: Clock | None = None
    earlier: tuple[Earlier, ...] = ()
    started: float = 0.0
    spent: float = 0.0
    base: Base | Folder | None = None

    @property
    def fail_on(self) -> str:
        """The least severity that makes the exit code 1, or `never`."""
        return self.request.fail_on or self.settings_fail_on

    @property
    def allowed(self) -> Safety:
        """The least safe fixes to apply."""
        return Safety.UNSAFE if self.request.unsafe_fixes else Safety.SAFE

    @property
    def stdout_is_taken(self) -> bool:
        """Whether the fixed text of stdin goes to stdout, so that the report goes to stderr."""
        return self.action is Action.FIX and self.place.buffer is not None


def plan_of(request: Request) -> Plan:
    """The plan of a request. Raises Failure for what the user can mend, and OSError."""
    began, started, spent = time.time_ns(), time.perf_counter(), time.process_time()
    refuse_contradictions(request)
    action = Action.of(request)
    place = place_of(request)
    settings = CheckSettings(request, place)
    if action is Action.SHOW_SETTINGS:
        return Plan(request=request, action=action, place=place, settings=settings)
    baseline = _baseline(request)
    base = _base(request, place)
    cache = _cache(request, place, began, base)
    kept = cache.recall(place.base) if cache is not None else None
    if kept is not None and kept.fail_on not in (*FAIL_ON, "never"):
        kept = None
    return Plan(
        request=request,
        action=action,
        place=place,
        settings=settings,
        baseline=baseline,
        cache=cache,
        kept=kept,
        settings_fail_on=kept.fail_on if kept is not None else settings.fail_on,
        clock=_clock() if request.profile else None,
        earlier=tuple(map(_earlier, request.compare)),
        started=started,
        spent=spent,
        base=base,
    )


def plan_at(
    request: Request,
    place: Place,
    *,
    above: str | None = None,
    one_of_many: bool = False,
    base: Base | Folder | None = None,
) -> Plan:
    """The plan of a report on a place that is known, nothing cached or compared. `above` and `one_of_many`
    are those of CheckSettings, `base` what changes are counted from."""
    settings = CheckSettings(request, place, above=above, one_of_many=one_of_many)
    return Plan(request=request, action=Action.REPORT, place=place, settings=settings, base=base)


def _clock() -> Clock:
    from cflint.engine.profile import Clock

    return Clock()


def _base(request: Request, place: Place) -> Base | None:
    """The commit from which the one that was named and the working tree part. Raises Failure."""
    root = place.workspace.root
    name = request.base or request.changed_since
    if name is None or root is None:
        return None
    from cflint.cli.history import base_of

    return base_of(root, name)


def _baseline(request: Request) -> Baseline | None:
    """The baseline that was given. Raises Failure."""
    return None if request.baseline is None or request.write_baseline else baseline_in(request.baseline)


def baseline_in(file: str) -> Baseline:
    """The baseline in a file. Raises Failure, and OSError."""
    from cflint.report.baseline import BaselineError, read_baseline

    path = Path(file)
    hint = f"`cflint check --baseline {file} --write-baseline` writes one"
    if not path.is_file():
        raise Failure(f"there is no baseline {file}", Exit.USAGE, hint)
    try:
        return read_baseline(path.read_bytes())
    except BaselineError as error:
        message = f"{file} cannot be used as a baseline: {error}"
        raise Failure(message, Exit.USAGE, hint + " anew") from error


def _earlier(name: str) -> Earlier:
    """An earlier report of a name that was given. Raises Failure."""
    from cflint.report.comparing import Incomparable, read_earlier

    if not Path(name).is_file():
        raise Failure(f"there is no report {name} to compare with")
    try:
        return read_earlier(name, Path(name).read_bytes())
    except Incomparable as error:
        raise Failure(f"{name} cannot be compared with: {error}") from error


def _cache(request: Request, place: Place, began: int, base: Base | None) -> Cache | None:
    """The cache entry of this very request; None when nothing is to be cached."""
    from cflint.cachedir import cache_folder

    folder = Path(request.cache_dir) if request.cache_dir is not None else cache_folder()
    root = place.workspace.root
    switched_off = request.no_cache or request.profile or request.shard is not None
    if switched_off or folder is None or root is None or place.buffer is not None:
        return None
    from cflint.cache.entries import Cache
    from cflint.cache.storage import Refused, findings_folder

    try:
        entries = findings_folder(folder, root)
    except Refused as refused:
        warn(f"nothing is cached: {refused}")
        return None
    try:
        # settings that leave packages out are files, which the entry names
        packages = () if request.isolated else _packages()
        return Cache(
            entries, place.workspace, _cache_key(request, place, base), masked_source, began, packages
        )
    except OSError:  # cflint's own files cannot be listed: it runs from an archive
        return None


def _packages() -> tuple[Package, ...]:
    from cflint.packages import installed

    return installed()


def _cache_key(request: Request, place: Place, base: Base | None) -> list[object]:
    """All that findings depend on but files: the day, the paths, the options that select and exclude, the
    base."""
    from cflint.platform.clock import day

    return [
        day(),
        place.paths,
        request.select,
        request.ignore,
        request.preset,
        [from_root(pattern, place) for pattern in request.exclude],
        None if request.config is None else place.workspace.relative(request.config),
        request.isolated,
        *([base.commit] if base is not None else []),
    ]
