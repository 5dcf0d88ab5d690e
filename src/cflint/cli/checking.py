"""What `cflint check` does: find the project, analyse, fix, report, and say how it went."""

from __future__ import annotations

import json
import os
import posixpath
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cflint.cli.check import Request
from cflint.cli.console import say, takes_hyperlinks, wants_color, warn, width_of, write, write_bytes
from cflint.cli.exits import Exit, Failure
from cflint.cli.output import check_output_file, write_file
from cflint.cli.selection import names
from cflint.finding import Finding, Notice, Report, Safety, Severity
from cflint.pattern import pattern
from cflint.project.files.workspace import Unreadable, Workspace
from cflint.record import record
from cflint.report import FORMATS
from cflint.report import Options as Rendering
from cflint.report.escape import masked_source, paths_for, said, visible

# What analyses is imported when there is something to analyse, and not when the cache has the answer.
if TYPE_CHECKING:
    from cflint.cache import Cache, Kept
    from cflint.engine import Options
    from cflint.engine.kept import Keeping
    from cflint.engine.profile import Clock
    from cflint.project.workers.loading import Loaded
    from cflint.report.baseline import Entry
    from cflint.report.repository import Repository
    from cflint.rule import RuleSet
    from cflint.settings import Policy, Settings

_FAIL_ON = {"note": Severity.NOTE, "warning": Severity.WARNING, "error": Severity.ERROR}
_FOR_PEOPLE = ("text", "concise")
_FINDINGS_ONLY = ("gitlab", "junit", "checkstyle", "rdjson")
"""Formats with no place for what was left out: that is said on stderr."""
_ABOUT_A_FOLDER = pattern(
    r"\.?cflint\.toml|pyproject\.toml|requirements\.txt|package\.json|package-lock\.json|pnpm-lock\.yaml|"
    r"yarn\.lock|bun\.lock|[jt]sconfig[^/]*\.json|\.dev\.vars.*|\.env.*"
)
"""Names of files that are about the Workers of their folder and below: settings, packages, variables."""
_GITIGNORE_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\*?[!# "})


def perform(request: Request) -> Exit:
    """Do what was asked, and return the exit code. Raises Failure for what the user can mend, and OSError."""
    started, began, spent = time.perf_counter(), time.time_ns(), time.process_time()
    _refuse_contradictions(request)
    place = _place(request)
    analysis = _Analysis(request, place)
    if request.show_settings:
        return _show_settings(analysis.policy, place, analysis.known)
    clock = analysis.measure() if request.profile else None
    analysis.baseline = _baseline(request)
    cache = _cache(request, place, began)
    kept = cache.recall(place.base) if cache is not None else None
    if kept is not None and kept.besides not in (*_FAIL_ON, "never"):
        kept = None
    fail_on = kept.besides if kept is not None else _fail_on(analysis.policy, place)
    request = replace(request, fail_on=request.fail_on or fail_on)
    first = kept.report if kept is not None else analysis.first(cache)
    if request.verbose:
        say("".join(_background(analysis, place, kept)))
    if kept is None and analysis.loaded.empty:
        return _nothing(request, analysis, first, place)
    unread = list(_unread(request, place))
    for message in unread:
        warn(message)
    if request.write_baseline:
        return Exit.INTERNAL if unread else _write_baseline(request, first)
    fresh = first if cache is not None and kept is None else None
    first = analysis.compared(first)
    if request.diff or request.fix:
        if cache is not None and fresh is not None:
            analysis.keep(cache, fresh, fail_on)  # as long as the files are as they were read
        change = _show_changes if request.diff else _mend
        code = change(request, analysis, first)
    else:
        with analysis.clocked("write the report"):
            code = _report(request, first)
        if request.unsafe_fixes and not request.quiet:
            say(
                "`--unsafe-fixes` alone changes nothing: add `--fix` to apply the fixes, `--diff` to see them"
            )
        if cache is not None and fresh is not None:
            analysis.keep(cache, fresh, fail_on)  # nobody has to wait for it
    if clock is not None:
        from cflint.engine.profile import table

        clock.begun("start", spent)
        say(table(clock, first, spent + time.perf_counter() - started))
    if request.verbose:
        say(f"took {time.perf_counter() - started:.2f} s")
    return Exit.INTERNAL if unread else code


def _cache(request: Request, place: _Place, began: int) -> Cache | None:
    """Where the findings of these very questions are kept; None when nothing is to be kept."""
    from cflint.cachedir import cache_folder

    given = request.cache_dir
    folder = Path(given) if given is not None else cache_folder()
    workspace = place.workspace
    if (
        request.no_cache
        or request.profile
        or request.shard is not None
        or folder is None
        or workspace.root is None
        or place.buffer is not None
    ):
        return None
    from cflint.cache import Cache, Refused, findings_folder
    from cflint.platform.clock import today

    try:
        entries = findings_folder(folder, workspace.root)
    except Refused as refused:
        warn(f"nothing is cached: {refused}")
        return None
    question = [
        str(today()),
        place.paths,
        request.select,
        request.ignore,
        request.preset,
        [_from_root(pattern, place) for pattern in request.exclude],
        None if request.config is None else workspace.relative(request.config),
        request.isolated,
    ]
    try:
        return Cache(entries, workspace, question, masked_source, began)
    except OSError:  # cflint's own files cannot be listed: it runs from an archive
        return None


def _refuse_contradictions(request: Request) -> None:
    """Raise Failure for options that do not go together, and for an output file that cannot be written."""
    machine = request.output_format not in _FOR_PEOPLE
    if request.diff and (machine or request.statistics):
        other = "--statistics" if request.statistics else f"--output-format {request.output_format}"
        raise Failure(f"`--diff` shows changes instead of a report, so it does not go with `{other}`")
    if request.statistics and machine:
        raise Failure(f"`--statistics` is for people; leave out `--output-format {request.output_format}`")
    if "-" in request.paths and len(request.paths) > 1:
        raise Failure("`-` (stdin) cannot be checked together with other paths")
    if "-" in request.paths and request.stdin_filename is None:
        raise Failure(
            "`-` needs `--stdin-filename NAME`: the name says what the text is and which Worker it belongs to"
        )
    if request.stdin_filename is not None and request.paths not in ((), ("-",)):
        raise Failure("`--stdin-filename` goes with the path `-`, not with others")
    if request.write_baseline and request.baseline is None:
        raise Failure("`--write-baseline` needs `--baseline FILE`: the file to write")
    if request.write_baseline and (request.fix or request.diff):
        other = "--fix" if request.fix else "--diff"
        raise Failure(f"`--write-baseline` takes findings as they are, so it does not go with `{other}`")
    if request.baseline is not None and request.shard is not None:
        raise Failure("`--baseline` counts findings of the whole run, so it does not go with `--shard`")
    if request.shard is not None and (request.fix or request.diff or "-" in request.paths):
        other = "--fix" if request.fix else "--diff" if request.diff else "-"
        raise Failure(f"`--shard` checks a part of the Workers, so it does not go with `{other}`")
    if request.write_baseline and request.baseline is not None:
        check_output_file(request.baseline)
    if request.output_file is not None:
        check_output_file(request.output_file)


def _baseline(request: Request) -> tuple[Entry, ...] | None:
    """The entries of the baseline that was asked for. Raises Failure."""
    if request.baseline is None or request.write_baseline:
        return None
    from cflint.report.baseline import BaselineError, read_baseline

    path = Path(request.baseline)
    hint = f"`cflint check --baseline {request.baseline} --write-baseline` writes one"
    if not path.is_file():
        raise Failure(f"there is no baseline {request.baseline}", Exit.USAGE, hint)
    try:
        return read_baseline(path.read_bytes())
    except BaselineError as error:
        message = f"{request.baseline} cannot be used as a baseline: {error}"
        raise Failure(message, Exit.USAGE, hint + " anew") from error


def _write_baseline(request: Request, report: Report) -> Exit:
    from cflint.report.baseline import written

    assert request.baseline is not None
    write_file(request.baseline, written(report.findings).encode("ascii"))
    if not request.quiet:
        say(f"wrote {_count(len(report.findings), 'finding')} to {visible(request.baseline)}")
    return Exit.INTERNAL if report.partial else Exit.CLEAN


# -- the place ------------------------------------------------------------------------------------------


@record(frozen=True)
class _Place:
    """Where the run takes place: the paths of the workspace that were asked for, and where the user stands.

    `buffer` is the path, in the workspace, of what was read from stdin, whose bytes lie over the disk.
    """

    workspace: Workspace
    paths: tuple[str, ...]
    base: Path
    buffer: str | None = None
    data: bytes | None = None


def _place(request: Request) -> _Place:
    base = Path.cwd()
    if request.stdin_filename is not None:
        return _stdin_place(request.stdin_filename, base)
    given = request.paths or (".",)
    _refuse_absent(given)
    workspace = Workspace.around(given)
    return _Place(workspace, tuple(_meant(workspace, path) for path in given), base)


def _meant(workspace: Workspace, path: str) -> str:
    """What a given path stands for: a file that speaks of all that is around it, for its folder."""
    inside = _inside(workspace, path)
    if _ABOUT_A_FOLDER.fullmatch(posixpath.basename(inside)) and Path(path).is_file():
        return posixpath.dirname(inside)
    return inside


def _stdin_place(name: str, base: Path) -> _Place:
    data = sys.stdin.buffer.read() if sys.stdin is not None else b""
    if Path(name).is_dir():
        raise Failure(f"`--stdin-filename` names a folder: {name}")
    workspace = Workspace.around([name])
    path = _inside(workspace, name)
    workspace.overlay(path, data)
    path = workspace.real(path) or path
    return _Place(workspace, (path,), base, path, data)


def _refuse_absent(paths: Iterable[str]) -> None:
    absent = [path for path in paths if not _is_there(path)]
    if absent:
        listed = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
        hint = next(
            (f"{path} is a link that leads nowhere" for path in absent if Path(path).is_symlink()), None
        )
        raise Failure(f"no such file or folder: {listed}", Exit.USAGE, hint)


def _is_there(path: str) -> bool:
    try:
        Path(path).stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _inside(workspace: Workspace, path: str) -> str:
    found = workspace.relative(path)
    if found is None:
        raise Failure(f"{path} lies outside {workspace.root}, where the other paths are")
    return found


def _from_root(pattern: str, place: _Place) -> str:
    """A pattern of `--exclude`, meant from where the user stands, as one from the workspace's root."""
    here = place.workspace.relative(place.base)
    not_, bare = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    bare = bare.removeprefix("./")
    if not here or "/" not in bare.rstrip("/"):
        return not_ + bare
    return f"{not_}/{here.translate(_GITIGNORE_SPECIAL)}/{bare.lstrip('/')}"


# -- the settings ---------------------------------------------------------------------------------------


def _policy(request: Request, place: _Place, known: RuleSet) -> Policy:
    """The settings files that count, and the command line on top of them."""
    only = None
    if request.config is not None:
        only = place.workspace.relative(request.config)
        if only is None or not place.workspace.is_file(only):
            raise Failure(f"no settings file inside {place.workspace.root}: {request.config}")
    from cflint.rule import RECOMMENDED
    from cflint.settings import Policy, SettingsTree

    tree = SettingsTree(place.workspace, known, only=only, isolated=request.isolated)
    select = (*names(request.select), *request.preset) or None
    ignore = names(request.ignore)
    with _checked_settings():
        known.select(select or (RECOMMENDED,), ignore)
    return Policy(tree, known, lambda settings: settings.overridden(select, ignore))


@contextmanager
def _checked_settings() -> Iterator[None]:
    """Turn a mistake in the settings, or a name that is none, into an expected error."""
    from cflint.rule import UnknownSelector
    from cflint.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        raise Failure(str(error)) from error
    except UnknownSelector as error:
        hint = None if error.near else "`cflint rules` lists the rules, their groups and presets"
        raise Failure(str(error), Exit.USAGE, hint) from error


def _settings(policy: Policy, place: _Place, path: str) -> Settings:
    folder = path if place.workspace.is_dir(path) else posixpath.dirname(path)
    with _checked_settings():
        return policy.settings_for(posixpath.join(folder, "-"))


def _fail_on(policy: Policy, place: _Place) -> str:
    """What the settings of the first path say; a warning is the least that fails otherwise."""
    return _settings(policy, place, place.paths[0]).fail_on or "warning"


def _show_settings(policy: Policy, place: _Place, known: RuleSet) -> Exit:
    """`--show-settings`: for each path, the file that counts and what follows from it."""
    lines: list[str] = []
    for path in place.paths:
        settings = _settings(policy, place, path)
        with _checked_settings():
            rules = settings.rules(known)
        lines += [
            f"# {visible(path) or '.'}: {visible(settings.path) or 'no settings file, the defaults count'}",
            f"preset = {_toml(settings.preset)}",
            *([f"select = {_toml(list(settings.select))}"] if settings.select is not None else []),
            f"extend-select = {_toml(list(settings.extend_select))}",
            f"ignore = {_toml(list(settings.ignore))}",
            f"exclude = {_toml(list(settings.exclude))}",
            f"fail-on = {_toml(settings.fail_on or 'warning')}",
            *(
                f"severity.{name} = {_toml(level.label if level is not None else 'off')}"
                for name, level in settings.severity.items()
            ),
            *(
                f"per-file-ignores.{_toml(pattern)} = {_toml(sorted(names))}"
                for pattern, _, names in settings.per_file_ignores
            ),
            *(f"options.{rule}.{name} = {value}" for (rule, name), value in settings.options.items()),
            f"# {len(rules)} rules: {', '.join(rules)}",
            "",
        ]
    write("\n".join(lines))
    return Exit.CLEAN


def _toml(value: str | list[str]) -> str:
    """A string or an array of strings as TOML writes them."""
    return json.dumps(value, ensure_ascii=False)


# -- the analysis ---------------------------------------------------------------------------------------


class _Analysis:
    """Analyses the place with changed bytes laid over it; `loaded` is what the last analysis looked at, and
    `rules` those that run over it."""

    def __init__(self, request: Request, place: _Place) -> None:
        self._request = request
        self._laid: set[str] = set()
        self._loaded: Loaded | None = None
        self._tells_of_baseline = True
        self.baseline: tuple[Entry, ...] | None = None
        self._clock: Clock | None = None
        self._keeping: Keeping | None = None
        self.place = place

    @cached_property
    def known(self) -> RuleSet:
        from cflint.rule import RuleSet

        return RuleSet.discover()

    @cached_property
    def policy(self) -> Policy:
        return _policy(self._request, self.place, self.known)

    @cached_property
    def _excludes(self) -> tuple[str, ...]:
        place = self.place
        return (
            *(_from_root(pattern, place) for pattern in self._request.exclude),
            *dict.fromkeys(
                pattern for path in place.paths for pattern in _settings(self.policy, place, path).exclude
            ),
        )

    @property
    def loaded(self) -> Loaded:
        if self._loaded is None:
            from cflint.project.workers.loading import load

            excludes = self._excludes
            with self.clocked("find the project"):
                self._loaded = load(
                    self.place.workspace, self.place.paths, excludes, preferences=self.policy.options_for
                )
        return self._loaded

    @property
    def rules(self) -> RuleSet:
        with _checked_settings():
            rules = self.policy.rules((*self.place.paths, *self.loaded.paths))
        if not rules:
            raise Failure("no rule is left: `--ignore` and the settings take away all that are selected")
        return rules

    def _options(self, observed: bool = False) -> Options:
        from cflint.engine import Options

        request = self._request
        return Options(
            self.rules,
            self.known,
            self._excludes,
            request.jobs,
            request.debug,
            self.policy.apply_policy,
            observed,
            self._clock,
        )

    def measure(self) -> Clock:
        """Measure from now on where the time goes."""
        from cflint.engine.profile import Clock

        self._clock = Clock()
        return self._clock

    def clocked(self, phase: str) -> AbstractContextManager[None]:
        """Measure a phase, if anybody asked."""
        return nullcontext() if self._clock is None else self._clock.around(phase)

    def first(self, cache: Cache | None) -> Report:
        """Analyse what is on the disk, taking over from an earlier run what stands."""
        if cache is None:
            return self._analysed({})
        from cflint.engine.kept import Keeping, load_by

        earlier = cache.earlier()
        if earlier is not None and not self._request.verbose:
            self._loaded = load_by(
                earlier, self.place.workspace, self._excludes, preferences=self.policy.options_for
            )
        self._keeping = Keeping(self.loaded, self._options(True), cache.mask, earlier)
        return self._keeping.report(self.place.base)

    def keep(self, cache: Cache, first: Report, besides: str) -> None:
        """Keep the first analysis for the next run."""
        from cflint.cache import observed

        if self._keeping is None or first.partial:
            return
        parts = self._keeping.next()
        seen = observed(self.place.workspace)
        seen.add(self._keeping.outcome.seen)
        cache.keep(first, seen, besides, parts, self._keeping.takes_over)

    def __call__(self, overlay: Mapping[str, bytes]) -> Report:
        return self.compared(self._analysed(overlay))

    def _analysed(self, overlay: Mapping[str, bytes]) -> Report:
        from cflint.engine import analyse_loaded

        workspace, place = self.place.workspace, self.place
        for path in self._laid - overlay.keys():
            workspace.overlay(path, place.data if path == place.buffer else None)
        for path, data in overlay.items():
            workspace.overlay(path, data)
        self._laid = set(overlay)
        self._loaded = None
        if self._request.shard is not None:
            from cflint.engine.shards import report_share

            return report_share(self.loaded, self._options(), place.base, *self._request.shard)
        report = analyse_loaded(self.loaded, self._options(), place.base)
        return report if place.buffer is None else _only_fixing(report, place.buffer)

    def compared(self, report: Report) -> Report:
        """The report without what the baseline holds; the first time, tell how much that is."""
        if self.baseline is None:
            return report
        from cflint.report.baseline import compared

        result = compared(report, self.baseline, self.place.workspace.exists)
        request = self._request
        if self._tells_of_baseline and request.output_format in _FOR_PEOPLE and not request.quiet:
            if result.hidden:
                say(f"{_count(result.hidden, 'finding')} of the baseline not shown")
            if result.gone and not request.paths:
                gone = _count(result.gone, "finding")
                say(f"{gone} of the baseline not found any more: `--write-baseline` forgets them")
        self._tells_of_baseline = False
        return result.report

    def again(self) -> Report:
        """Analyse what is on the disk now."""
        self.place.workspace.refresh()
        return self({})


def _only_fixing(report: Report, buffer: str) -> Report:
    """The report with every fix that would change another file than the one on stdin only shown."""

    def limited(finding: Finding) -> Finding:
        fix = finding.fix
        if fix is None or all(edit.document.path == buffer for edit in fix.edits):
            return finding
        return replace(finding, fix=replace(fix, safety=Safety.MANUAL))

    return replace(report, findings=tuple(map(limited, report.findings)))


def _nothing(request: Request, analysis: _Analysis, report: Report, place: _Place) -> Exit:
    """There is no Worker."""
    where = ", ".join(map(visible, request.paths[:3])) if request.paths else "this folder"
    reasons = list(_unread(request, place))
    message = (
        f"no Worker project found in {where}: no wrangler.json, wrangler.jsonc or wrangler.toml, "
        "and no code that uses the APIs of Workers"
    )
    if request.allow_empty:
        if request.output_format not in _FOR_PEOPLE:
            return _report(request, report)
        if not request.quiet:
            say(message)
        return Exit.CLEAN
    for reason in reasons:
        warn(reason)
    hint = "name the folder that holds the Worker, or say that none is fine with `--allow-empty`"
    if any(item.path in place.paths for item in analysis.loaded.discovered.left_out) or request.exclude:
        hint = "`--verbose` tells what was left out and why; `--allow-empty` makes this no error"
    raise Failure(message, Exit.NO_PROJECT, hint)


def _unread(request: Request, place: _Place) -> Iterator[str]:
    """What was asked for by name and could not be read."""
    for given, path in zip(request.paths, place.paths, strict=False):
        if place.buffer is None and not place.workspace.is_dir(path):
            problem = place.workspace.problem(path)
            if problem is not None:
                yield f"{given} was not analysed: the file is {problem.value}"
        elif place.buffer is None and Path(given).is_dir() and not os.access(given, os.R_OK | os.X_OK):
            yield f"{given} was not analysed: the folder is {Unreadable.DENIED.value}"


def _background(analysis: _Analysis, place: _Place, kept: Kept | None) -> Iterator[str]:
    """What `--verbose` tells: the root, the rules, what was left out."""
    loaded = analysis.loaded
    yield f"root: {visible(str(place.workspace.root))}\n"
    yield f"rules: {len(analysis.rules)}\n"
    if kept is not None:
        yield "nothing has changed since an earlier run: these are its findings\n"
    for worker in loaded.project.workers:
        where = worker.config.path if worker.config is not None else "no configuration"
        yield f"Worker: {visible(where)} ({_count(len(worker.modules), 'module')})\n"
    for item in loaded.discovered.left_out:
        yield f"left out: {visible(item.path)} ({item.reason.value})\n"


# -- the report -----------------------------------------------------------------------------------------


def _report(request: Request, report: Report, fixed: int = 0) -> Exit:
    """Write the report where it belongs; the exit code that it deserves."""
    code = _verdict(request, report)
    if request.quiet:
        report = replace(report, notices=())
    if request.statistics:
        text = "".join(f"{row}\n" for row in _statistics(report))
    else:
        to_stream = sys.stderr if _prints_buffer(request) else sys.stdout
        rendering = Rendering(
            color=_colored(request),
            hyperlinks=request.output_file is None and _colored(request) and takes_hyperlinks(to_stream),
            width=width_of(to_stream if request.output_file is None else None),
            fixed=fixed,
            quiet=request.quiet,
            repository=_repository(request, report),
            suppressions=request.show_suppressed,
        )
        text = FORMATS[request.output_format](report, rendering)
    _deliver(request, text)
    if request.output_format in _FINDINGS_ONLY:
        for notice in report.notices:
            if notice.level == "warning":
                warn(f"{notice.path}: {notice.message}" if notice.path else notice.message)
    left_out = _left_out(request, report, text)
    if left_out:
        warn(f"{_count(left_out, 'finding')} left out, the least severe: GitHub takes no larger file")
    if request.output_file is not None and not request.quiet:
        written = min(len(report.findings), _listed(request, report) - left_out)
        say(f"wrote {_count(written, 'finding')} to {visible(request.output_file)}")
    return code


def _listed(request: Request, report: Report) -> int:
    return len(report.findings) + (len(report.silenced) if request.show_suppressed else 0)


def _left_out(request: Request, report: Report, text: str) -> int:
    """How many findings the one format with limits has no room for."""
    if request.output_format != "sarif" or request.statistics:
        return 0
    from cflint.report.sarif import results_in

    return _listed(request, report) - results_in(text)


def _repository(request: Request, report: Report) -> Repository | None:
    """What was analysed, for the one format that tells it."""
    if request.output_format != "sarif":
        return None
    from cflint.report.repository import repository_of

    return repository_of(report.root)


def _deliver(request: Request, text: str) -> None:
    if request.output_file is not None:
        write_file(request.output_file, text.encode("utf-8", "backslashreplace"))
    elif _prints_buffer(request):
        say(text)
    else:
        write(text, None if request.output_format in _FOR_PEOPLE else "utf-8")


def _prints_buffer(request: Request) -> bool:
    """Whether stdout is taken by the mended text of stdin."""
    return request.fix and not request.diff and request.stdin_filename is not None


def _colored(request: Request) -> bool:
    if request.output_file is not None and request.color == "auto":
        return False
    return wants_color(request.color, sys.stderr if _prints_buffer(request) else sys.stdout)


def _verdict(request: Request, report: Report) -> Exit:
    if report.partial or (request.strict and any(map(_is_left_out, report.notices))):
        return Exit.INTERNAL
    least = _FAIL_ON.get(request.fail_on or "warning")
    if least is None or request.exit_zero:
        return Exit.CLEAN
    failing = any((finding.severity or Severity.WARNING) >= least for finding in report.findings)
    return Exit.FINDINGS if failing else Exit.CLEAN


def _is_left_out(notice: Notice) -> bool:
    return notice.level == "warning" and notice.message.startswith("left out: ")


def _statistics(report: Report) -> Iterator[str]:
    """A line for each rule, the most frequent first: how often, which, how bad, the worst fix offered."""
    tally = Counter(finding.rule for finding in report.findings)
    fixable = Counter(finding.rule for finding in report.findings if finding.fix is not None)
    wide = max((len(str(number)) for number in tally.values()), default=0)
    longest = max(map(len, tally), default=0)
    for rule, number in sorted(tally.items(), key=lambda item: (-item[1], item[0])):
        info = report.rules.get(rule)
        mark = f"{_count(fixable[rule], 'fix')}" if fixable[rule] else ""
        summary = info.summary if info is not None else ""
        label = info.severity.label if info is not None else ""
        yield f"{number:>{wide}}  {rule:<{longest}}  {label:<7}  {mark:<9}  {summary}".rstrip()


# -- fixes ----------------------------------------------------------------------------------------------


def _allowed(request: Request) -> Safety:
    return Safety.UNSAFE if request.unsafe_fixes else Safety.SAFE


def _show_changes(request: Request, analysis: _Analysis, first: Report) -> Exit:
    """`--diff`: the changes that `--fix` would make."""
    from cflint.engine.parsing import parses_worse
    from cflint.fixer import converge
    from cflint.report.diff import diffs

    result = converge(analysis, _allowed(request), parses_worse=parses_worse, report=first)
    _deliver(request, diffs(result.changes, color=_colored(request)))
    if not request.quiet:
        for notice in result.notices:
            warn(f"{notice.path}: {notice.message}" if notice.path else notice.message)
        would = _count(len(result.applied), "finding") if result.applied else "nothing"
        say(f"Would fix {would}.{_left_for_unsafe(request, result.report)}")
    if first.partial:
        return Exit.INTERNAL
    return Exit.FINDINGS if result.changes and not request.exit_zero else Exit.CLEAN


def _left_for_unsafe(request: Request, report: Report) -> str:
    unsafe = sum(1 for item in report.findings if item.fix and item.fix.safety is Safety.UNSAFE)
    if request.unsafe_fixes or not unsafe:
        return ""
    return f" {unsafe} more with `--unsafe-fixes`."


def _mend(request: Request, analysis: _Analysis, first: Report) -> Exit:
    """`--fix`: apply the fixes, write the files, report what is left."""
    from cflint.cli.signals import held_back
    from cflint.engine.parsing import parses_worse
    from cflint.fixer import converge
    from cflint.fixer import write as write_changes

    place = analysis.place
    result = converge(analysis, _allowed(request), parses_worse=parses_worse, report=first)
    report = replace(result.report, notices=(*result.report.notices, *result.notices))
    applied = list(result.applied)
    if place.buffer is not None:
        mended = next((c.after for c in result.changes if c.path == place.buffer), place.data)
        write_bytes(mended or b"")
    elif result.changes:
        root = place.workspace.root
        assert root is not None
        with held_back():
            written = write_changes(result.changes, root)
        failed = {change.path for change in result.changes} - set(written.paths)
        if failed:
            applied = [finding for finding in applied if not _edited(finding) & failed]
            report = analysis.again()
            report = replace(report, notices=(*report.notices, *result.notices, *written.notices))
    if applied and not request.quiet:
        say("".join(_fixed(applied, report)))
    return _report(request, report, len(applied))


def _edited(finding: Finding) -> set[str]:
    return {edit.document.path for edit in finding.fix.edits} if finding.fix is not None else set()


def _fixed(applied: list[Finding], report: Report) -> Iterator[str]:
    """What was fixed, file by file, equal fixes counted."""
    shown = paths_for(report)
    yield f"Fixed {_count(len(applied), 'finding')}:\n"
    by_file: dict[str, Counter[tuple[str, str]]] = {}
    for finding in applied:
        title = finding.fix.title if finding.fix is not None else ""
        by_file.setdefault(finding.at.document.path, Counter())[finding.rule, title] += 1
    for path in sorted(by_file):
        yield f"  {shown(path)}\n"
        for (rule, title), number in sorted(by_file[path].items()):
            times = f" ({number} times)" if number > 1 else ""
            yield f"    {rule}: {said(title)}{times}\n"


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
