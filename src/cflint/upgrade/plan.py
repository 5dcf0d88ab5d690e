"""What moving the compatibility date does to each Worker of a project: flag by flag, and what is in the way.

A flag touches a Worker where a detector finds a place in its code or configuration; packages are not read.
Where a part of the code is not there to be looked at, nothing is concluded from what is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import Enum

from cflint.finding import Edit, Finding, Fix, Location, Safety, Severity
from cflint.platform.clock import today
from cflint.platform.compatibility import NEWEST_DATE, Switch, find_flag, switches
from cflint.platform.flag_effects import SINCE, FlagEffect, effect_of
from cflint.platform.packages import RETIRED
from cflint.project.apps.realms import Realm
from cflint.project.code.calls import running_paths
from cflint.project.code.module import module_of
from cflint.project.config.edits import replace_text
from cflint.project.config.wrangler import Environment
from cflint.project.modules.installed import Installed, installed_version
from cflint.project.modules.resolve import Unknown
from cflint.project.modules.toolchain import newest_date
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.record import record, replace
from cflint.syntax.suffixes import SOURCE_SUFFIXES
from cflint.upgrade.detectors import DETECTORS
from cflint.upgrade.surroundings import IN_ENVIRONMENTS, IN_PYTHON, in_python

_DATA = (".wasm", ".html", ".txt", ".sql", ".css", ".json", ".md", ".bin", ".svg", ".png", ".ttf")

RULE = "upgrade"
"""What the fixes of an upgrade are reported under."""


class Touch(Enum):
    """What is known of a flag and a Worker."""

    TOUCHED = "touched"
    NOTHING = "nothing"
    UNTOLD = "untold"


@record(frozen=True)
class FlagChange:
    """A flag that a later date turns on for a Worker.

    `brought` are flags that it turns on at the same day as a consequence, and that touch nothing. `places`
    are those it touches, `untold` is why nothing can be said.
    """

    switch: Switch
    effect: FlagEffect | None
    places: tuple[Location, ...] = ()
    untold: str = ""
    brought: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.switch.flag.enable

    @property
    def touch(self) -> Touch:
        if self.places:
            return Touch.TOUCHED
        return Touch.UNTOLD if self.untold else Touch.NOTHING

    @property
    def stands_in_the_way(self) -> bool:
        """Whether somebody has to look before the date moves past the flag."""
        return self.touch is Touch.TOUCHED and self.effect is not None and not self.effect.harmless


@record(frozen=True)
class Move:
    """The move of one compatibility date, for the environments that share it and the same flags.

    `until` is the target, `reach` how far the date can move with nothing in the way, and `obstacle` says what
    is (None: nothing is). `redundant` are flags that the target turns on by itself. `unknown` says which part
    of the code could not be looked at.
    """

    environments: tuple[str | None, ...]
    since: date
    until: date
    changes: tuple[FlagChange, ...]
    redundant: tuple[str, ...]
    reach: date
    obstacle: str | None = None
    unknown: str = ""


@record(frozen=True)
class Retired:
    """A package of a Worker that its authors gave up."""

    name: str
    version: str
    instead: str
    at: Location | None


@record(frozen=True)
class WorkerUpgrade:
    """What an upgrade means for a Worker.

    `wrangler` and `workerd` are the versions that it has, `newest` the last date that these and today allow,
    `undated` the environments without a date.
    """

    name: str
    path: str
    moves: tuple[Move, ...]
    undated: tuple[str | None, ...]
    retired: tuple[Retired, ...]
    wrangler: Installed | None
    workerd: Installed | None
    newest: date


def upgrades(project: Project, to: date | None) -> tuple[WorkerUpgrade, ...]:
    """All Workers that are deployed, in the order of their paths. Without `to` the target is today, or the
    last day that the table of flags knows."""
    found = [_of_worker(project, worker, to) for worker in project.workers if _counts(worker)]
    return tuple(sorted(found, key=lambda it: it.path))


def _counts(worker: Worker) -> bool:
    return worker.config is not None and worker.is_deployed and not worker.is_document


def _of_worker(project: Project, worker: Worker, to: date | None) -> WorkerUpgrade:
    config = worker.config
    assert config is not None
    folder = config.directory
    newest = newest_date(project.workspace, folder)
    until = to if to is not None else min(today(), NEWEST_DATE)
    groups: dict[tuple[date, tuple[str, ...]], list[Environment]] = {}
    undated: list[str | None] = []
    for environment in worker.environments:
        when = environment.compatibility_date
        if when is None:
            undated.append(environment.name)
        else:
            groups.setdefault((when, environment.compatibility_flags), []).append(environment)
    looked = _Looked(project, worker)
    moves = [
        _move(looked, environments, since, until, newest)
        for (since, _), environments in groups.items()
        if since < until
    ]
    return WorkerUpgrade(
        worker.name or "(no name)",
        config.path,
        tuple(moves),
        tuple(undated),
        tuple(_retired(project, folder)),
        installed_version(project.workspace, folder, "wrangler"),
        installed_version(project.workspace, folder, "workerd"),
        newest,
    )


def _retired(project: Project, folder: str) -> Iterator[Retired]:
    for name, instead in RETIRED.items():
        found = installed_version(project.workspace, folder, name)
        if found is not None and found.at is not None:  # else another package brings it
            yield Retired(name, found.text, instead, found.at)


def _move(looked: _Looked, environments: list[Environment], since: date, until: date, newest: date) -> Move:
    flags = environments[0].compatibility_flags
    found = (looked.at(it, environments) for it in switches(since, until, flags))
    changes = _folded(change for change in found if change is not None)
    most = min(until, newest, NEWEST_DATE)
    reach, obstacle = most, None
    if newest < min(until, NEWEST_DATE):
        is_today = newest == today()
        obstacle = "today" if is_today else "the workerd that is installed, which knows no later date,"
    for change in changes:
        if change.switch.day <= most and (change.stands_in_the_way or _is_blind(change)):
            reach = change.switch.day - timedelta(days=1)
            unseen = ", which could not be looked for," if change.touch is Touch.UNTOLD else ""
            obstacle = f"`{change.name}` ({change.switch.day.isoformat()}){unseen}"
            break
    return Move(
        tuple(environment.name for environment in environments),
        since,
        until,
        changes,
        tuple(name for name in flags if _is_default(name, until)),
        max(since, reach),
        obstacle,
        looked.unknown,
    )


def _is_blind(change: FlagChange) -> bool:
    """Whether a flag that code can feel was not looked for."""
    effect = change.effect
    return change.touch is Touch.UNTOLD and (effect is None or not (effect.untold or effect.harmless))


def _is_default(name: str, on: date) -> bool:
    flag = find_flag(name)
    since = flag.default_from if flag is not None and flag.enable == name else None
    return since is not None and since <= on


def _folded(changes: Iterable[FlagChange]) -> tuple[FlagChange, ...]:
    """The changes, without flags that another one brings on the same day and that touch nothing."""
    changes = list(changes)
    head_of = {_key(it): _key(it) for it in changes if not it.switch.by}
    brought: dict[tuple[date, str], list[str]] = {}
    kept: list[FlagChange] = []
    for change in changes:
        day = change.switch.day
        head = next((head_of[day, name] for name in change.switch.by if (day, name) in head_of), None)
        if head is not None and change.touch is not Touch.TOUCHED:
            head_of[_key(change)] = head
            brought.setdefault(head, []).append(change.name)
        else:
            kept.append(change)
    return tuple(replace(it, brought=tuple(brought.get(_key(it), ()))) for it in kept)


def _key(change: FlagChange) -> tuple[date, str]:
    return change.switch.day, change.name


class _Looked:
    """A Worker's code, looked at for one flag after the other; each module is parsed at most once."""

    def __init__(self, project: Project, worker: Worker) -> None:
        self._project = project
        self._worker = worker
        self._known: dict[str, tuple[Location, ...]] = {}
        self._shared: set[str] = set()
        self._is_python = any(path.endswith(".py") for path in worker.modules)
        self._paths = [
            path
            for path in running_paths(worker)
            if path.endswith(SOURCE_SUFFIXES)
            and not project.realms.is_test(path)
            and project.realms.of(path) in (Realm.SERVER, Realm.BOTH)
        ]
        self.unknown = _why_unknown(project, worker)

    def at(self, switch: Switch, environments: list[Environment]) -> FlagChange | None:
        """What a flag touches; None of one that is about Python, where the Worker is in JavaScript."""
        name = switch.flag.enable
        if "python" in name and not self._is_python and not self.unknown:
            return None
        effect = effect_of(name)
        if effect is None:
            return FlagChange(switch, None, untold=f"flags from before {SINCE[:7]} are not looked for")
        if effect.unfelt:
            return FlagChange(switch, effect)
        if effect.untold:
            return FlagChange(switch, effect, untold=effect.untold)
        places = self._places(name, environments)
        if places:
            return FlagChange(switch, effect, places)
        if name in self._shared:
            return FlagChange(switch, effect, untold="what it touches is in code that a browser runs, too")
        return FlagChange(switch, effect, untold="" if name in IN_ENVIRONMENTS else self.unknown)

    def _places(self, name: str, environments: list[Environment]) -> tuple[Location, ...]:
        if name in IN_ENVIRONMENTS:
            look = IN_ENVIRONMENTS[name]
            found = [place for it in environments for place in look(self._project, self._worker, it)]
            return _once(found)
        if name not in self._known:
            if name in IN_PYTHON:
                self._known[name] = _once(in_python(name, self._project, self._worker))
            else:
                self._known[name] = _once(self._in_code(name))
        return self._known[name]

    def _in_code(self, name: str) -> Iterator[Location]:
        detector = DETECTORS[name]
        words = [word.encode() for word in detector.words]
        for path in self._paths:
            document = self._project.sources.document(path)
            if document is None or not any(word in document.data for word in words):
                continue
            module = module_of(self._project, path)
            if module is not None:
                is_shared = module.realm is Realm.BOTH
                for node in detector.find(module):
                    if module.sides.in_browser(node.start_byte):
                        continue
                    if is_shared and not module.sides.on_server(node.start_byte):
                        self._shared.add(name)
                    else:
                        yield module.at(node)


def _once(places: Iterable[Location]) -> tuple[Location, ...]:
    """The places by file and offset, those of one line once."""
    found: dict[tuple[str, int], Location] = {}
    for place in sorted(places, key=lambda it: (it.document.path, it.span.start)):
        found.setdefault((place.document.path, place.document.line_of(place.span.start)), place)
    return tuple(found.values())


def _why_unknown(project: Project, worker: Worker) -> str:
    """Which code of a Worker is not there to be looked at; "" where all is. What a bundler takes as data has
    no code, nor has a Worker of static assets alone; the entry of an app is made by a build of modules that
    are known."""
    if worker.modules:
        for path in running_paths(worker):
            if project.sources.document(path) is None:
                return f"`{path}` cannot be read"
            for edge in project.imports.of(path) if worker.unresolved else ():
                if (
                    isinstance(edge.to, Unknown)
                    and not edge.item.type_only
                    and not _is_data(edge.to.specifier)
                ):
                    return f"`{edge.to.specifier}`, which `{path}` imports, leads to no file that is there"
        return ""
    has_main = any(it.main is not None for it in worker.environments)
    has_assets = any(it.value("assets") is not None for it in worker.environments)
    return "" if has_assets and not has_main and worker.app is None else "its code was not found"


def _is_data(specifier: str) -> bool:
    """Whether an import is of data by its name (`./page.html`, `../esbuild.wasm?module`), of what a plugin of
    the bundler makes (`virtual:routes`), or of a name that a run makes up."""
    return not specifier or specifier.split("?", 1)[0].endswith(_DATA) or ":" in specifier


# -- fixes -------------------------------------------------------------------------------------------------


def date_fixes(project: Project, to: date | None) -> Iterator[Finding]:
    """A finding with a fix for each date that can move: as far as nothing stands in the way for all of the
    environments that get it from where it is written."""
    for worker in project.workers:
        if _counts(worker):
            yield from _fixes_of(worker, _of_worker(project, worker, to))


def _fixes_of(worker: Worker, upgrade: WorkerUpgrade) -> Iterator[Finding]:
    config = worker.config
    assert config is not None
    reach = {name: move.reach for move in upgrade.moves for name in move.environments}
    written: dict[tuple[int, int], list[Environment]] = {}
    for environment in worker.environments:
        node = environment.source_of("compatibility_date").own("compatibility_date")
        if node is not None and environment.compatibility_date is not None:
            written.setdefault((node.span.start, node.span.end), []).append(environment)
    done: set[Edit] = set()
    for environments in written.values():
        source = environments[0].source_of("compatibility_date")
        node = source.own("compatibility_date")
        said = environments[0].compatibility_date
        until = min((reach.get(it.name, said) or date.min for it in environments), default=None)
        if node is None or said is None or until is None or until <= said:
            continue
        if node.plain != said.isoformat() and node.text != said.isoformat():
            continue  # a command gives another date
        edits = replace_text(config, node, text=until.isoformat())
        if not edits or not done.isdisjoint(edits):
            continue
        done.update(edits)
        title = f"Move the compatibility date from {said.isoformat()} to {until.isoformat()}"
        fix = Fix.of(title, edits, Safety.SAFE)
        yield Finding(title, source.location(node), fix=fix, severity=Severity.NOTE, rule=RULE)
