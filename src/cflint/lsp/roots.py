"""A folder of the editor as a project: its session, its settings, its files, what was last found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from cflint.engine import Options, Stopped
from cflint.engine.preview import Preview
from cflint.engine.session import Progress, Session
from cflint.finding import Finding, Report
from cflint.lsp.known import KnownRules
from cflint.naming.names import Names
from cflint.project.files.discovery import is_config_name
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loaded import Loaded
from cflint.rule import RuleSet, UnknownSelector
from cflint.settings import Policy, Settings, SettingsError, SettingsTree, allows_packages

_PAUSE = 0.2
"""Seconds without an edit before a long module is analysed as a whole, when there was a preview of it."""
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What the client sets on top of the settings files, as options of the command line would."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    shows_references: bool = False
    """Whether the client has the command `cflint.showReferences`."""

    def on(self, settings: Settings) -> Settings:
        """The settings with the options."""
        return settings.overridden(self.select, self.ignore)


@dataclass(slots=True)
class Root:
    """A folder that is analysed as one.

    `given` is the path of the workspace that is looked at ("" is all of it). `generation` counts the changes
    to analyse, `reported` is that of the last report, `preview_of` that of the last preview; `pending` are
    overlays to lay before the next analysis; `is_settled`: there was a whole report since everything had to
    be analysed; `published` has a hash of the diagnostics that were sent, by URI, and under "" of those that
    a refresh was sent for; `published_error` is the settings file whose error was sent; `counted` is how many
    modules of how many the analysis under way is done with; `names` knows where bindings are named; `lenses`
    has a hash of those that were sent, by URI, and `compares_lenses` says that they are being compared.
    `session`, `counted` and `names` belong to the worker's thread, all else to the event loop's.
    """

    target: Path
    workspace: Workspace
    given: str
    session: Session
    rules: KnownRules
    options: ClientOptions
    is_adhoc: bool = False
    generation: int = 0
    reported: int = -1
    pending: dict[str, bytes | None] = field(default_factory=dict)
    wants_refresh: bool = False
    stop: Event = field(default_factory=Event)
    progress: Progress | None = None
    preview: Preview | None = None
    preview_of: int = -1
    settings_error: SettingsError | None = None
    published_error: str | None = None
    published: dict[str, int] = field(default_factory=dict)
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    is_settled: bool = False
    counted: tuple[int, int] = (0, 0)
    names: Names = field(default_factory=Names)
    lenses: dict[str, int] = field(default_factory=dict)
    compares_lenses: bool = False

    @classmethod
    def of(cls, target: Path, rules: KnownRules, options: ClientOptions, *, is_adhoc: bool = False) -> Root:
        """The root for a folder or a single file; an ad-hoc one lasts as long as a file of it is open."""
        workspace = Workspace.around([target])
        given = workspace.relative(target) or ""
        session = Session(workspace, (given,), workspace.root or target)
        return cls(target, workspace, given, session, rules, options, is_adhoc)

    @property
    def known(self) -> RuleSet:
        """All rules there are for the folder, as its settings are now."""
        lets_run = allows_packages(self.workspace, [self.given])
        return self.rules.every if lets_run else self.rules.own

    # -- places --------------------------------------------------------------------------------------------

    def path_of(self, file: str) -> str | None:
        """The path in the workspace of a file of the system; None when it lies outside of the folder."""
        path = self.workspace.relative(file)
        if path is None or not path:
            return None
        if self.given and path != self.given and not path.startswith(f"{self.given}/"):
            return None
        return path

    def path_seen(self, file: str | None) -> str | None:
        """The path in the workspace of a file of the system, also one outside of the folder, which code may
        import; None when the root cannot see it."""
        return (self.workspace.relative(file) or None) if file is not None else None

    def uri_of(self, path: str) -> str:
        """The URI of a path of the workspace."""
        place = self.workspace.on_disk(path)
        return (place or Path("/", path)).as_uri()

    # -- analysis, on the worker's thread ------------------------------------------------------------------

    def apply(self, pending: Mapping[str, bytes | None], *, refresh: bool) -> None:
        """Lay the buffers that changed over the disk."""
        if refresh:
            self.session.refresh()
        for path, data in pending.items():
            self.session.change(path, data)

    def analyse(
        self,
        first: frozenset[str],
        serve_calls: Callable[[], bool],
        emit: Callable[[Progress], None],
        show: Callable[[Preview], None] = lambda preview: None,
    ) -> bool:
        """Analyse and emit the reports; False when it was stopped. A preview is shown before, where there is
        one, and then the whole waits until nobody types. `serve_calls` runs between two steps; True stops."""
        try:
            preview = self.session.preview()
            if preview is not None:
                show(preview)
                if self._is_stopped_within(_PAUSE, serve_calls):
                    return False
            steps = self.session.analyse(
                self.configure,
                excludes=self.excludes(),
                first=first,
                pause=lambda: serve_calls() or self.stop.is_set(),
                stopped=self.stop.is_set,
                reported=self._count,
            )
            for progress in steps:
                emit(progress)
        except Stopped:
            return False
        return True

    def _is_stopped_within(self, seconds: float, serve_calls: Callable[[], bool]) -> bool:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.stop.wait(min(left, _STEP)) or serve_calls():
                return True
        return False

    def previewed(self, path: str) -> tuple[Finding, ...] | None:
        """The findings of a preview of a file as it is now; None when there is none, or more by now."""
        is_present = self.preview_of == self.generation and not self.is_current(path)
        return self.preview.findings if is_present and self.preview and self.preview.path == path else None

    def _count(self, done: int, total: int) -> None:
        self.counted = done, total

    def excludes(self) -> tuple[str, ...]:
        """The patterns that the settings of the folder leave out."""
        try:
            return SettingsTree(self.workspace, self.known).for_folder(self._settings_folder()).exclude
        except SettingsError:
            return ()

    def _settings_folder(self) -> str:
        return self.given if self.workspace.is_dir(self.given) else self.given.rpartition("/")[0]

    @property
    def configure(self) -> Configured:
        """The settings of the folder as they are now."""
        return Configured(self)

    # -- what was found ------------------------------------------------------------------------------------

    def accept(self, progress: Progress) -> list[str]:
        """Take a report; the paths of settled files whose findings may have changed."""
        self.progress = progress
        self.is_settled = self.is_settled or not progress.incomplete_paths
        grouped: dict[str, list[Finding]] = {}
        for finding in progress.report.findings:
            grouped.setdefault(finding.at.document.path, []).append(finding)
        changed: list[str] = []
        for path in [*self.findings.keys(), *(path for path in grouped if path not in self.findings)]:
            if path in progress.incomplete_paths:
                continue
            found = tuple(grouped.get(path, ()))
            if found:
                self.findings[path] = found
            else:
                self.findings.pop(path, None)
            changed.append(path)
        return changed

    @property
    def report(self) -> Report | None:
        """The last report, whole or not."""
        return self.progress.report if self.progress is not None else None

    def is_current(self, path: str) -> bool:
        """Whether the last report is about the present, and has everything about a file."""
        return (
            self.progress is not None
            and self.reported == self.generation
            and path not in self.progress.incomplete_paths
        )


def project_around(file: Path) -> Path | None:
    """The nearest folder above a file that holds a wrangler configuration, within its repository."""
    for folder in file.parents:
        if any(is_config_name(name) for name in _names(folder)):
            return folder
        if (folder / ".git").exists():
            return None
    return None


def _names(folder: Path) -> Iterator[str]:
    try:
        yield from (entry.name for entry in folder.iterdir())
    except OSError:
        return


class Configured:
    """The settings of a root, with the client's options. An error in them is kept in the root, and the
    defaults count."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._known = known = root.known
        self._policy = Policy(SettingsTree(root.workspace, known), known, root.options.on)

    def preferences(self, path: str) -> Mapping[tuple[str, str], int]:
        """What the settings that count for a file say of the options of rules."""
        return self._policy.options_for(path)

    def __call__(self, loaded: Loaded) -> Options:
        """The options of a run."""
        root, policy = self._root, self._policy
        root.settings_error = None

        def apply_policy(finding: Finding) -> Finding | None:
            try:
                return policy.apply_policy(finding)
            except SettingsError as error:
                root.settings_error = error
                return finding

        try:
            paths = (root.given, *loaded.paths)
            known = policy.known_for(paths)
            root.rules.learn(rule for rule in known.values() if rule.made_of is not None)
            return Options(policy.rules(paths), known, jobs=1, apply_policy=apply_policy)
        except SettingsError as error:
            root.settings_error = error
        except UnknownSelector:
            pass  # of the client's options, which were reported when they came
        return Options(self._known.select(), self._known, jobs=1)
