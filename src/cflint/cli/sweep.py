"""`cflint sweep`: check many repositories, and read what was found.

Imported where used: everything that does the work, which `--help` does not need.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cflint.cli.check.interface import click_option
from cflint.cli.check.options import OPTIONS
from cflint.cli.console import counted, remark, takes_progress, write
from cflint.cli.exits import Exit, Failure
from cflint.cli.progress import StatusLine

if TYPE_CHECKING:
    from cflint.fleet.journal import About, Journal
    from cflint.fleet.sources import Source
    from cflint.fleet.sweep import Progress, Settings

_PAUSE = 0.2
"""Seconds from one drawing of the line to the next."""
_RUN = "run"
_LIKE_CHECK = ("select", "ignore", "preset", "isolated")
"""The options that are those of `cflint check`."""


class _Group(click.Group):
    """The commands; what names none is for `run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Group,
    short_help="Check many repositories, and answer questions about them.",
    epilog="""\b
Examples:
  cflint sweep ~/src --output sweep                 all repositories below a folder
  cflint sweep --from repositories.txt --output sweep
  cflint sweep report sweep                         ten questions, answered
  cflint sweep report sweep --output-format html --output-file sweep.html
  cflint sweep compare before after                 what differs""",
)
def command() -> None:
    """Check many repositories: `cflint sweep PATH… --output FOLDER`, which is `cflint sweep run`.

    Each is checked in a process of its own, with limits; one that crashes or hangs is a row of the results. A
    sweep that was killed goes on where it was when the same command is run again.
    """


@command.command(_RUN, short_help="Check repositories, and write tables of what was found.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--output", required=True, type=click.Path(file_okay=False), help="The folder to write to.")
@click.option(
    "--from",
    "lists",
    multiple=True,
    type=click.Path(),
    help="A file with a path a line, and maybe a tab and a commit's name; `-` is stdin.",
)
@click.option(
    "--ref",
    "refs",
    multiple=True,
    metavar="REF",
    help="The commit to look at (a branch, a tag, an id), or a pattern of references: "
    "`refs/heads/release/*`. Without it HEAD.",
)
@click.option("--working-tree", is_flag=True, help="Look at the files as they are, not at a commit.")
@click.option(
    "--scheduler", metavar="ADDRESS", help="A scheduler of Dask; without it workers are started here."
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=0),
    default=0,
    help="How many workers to start; 0 is one a processor.",
)
@click.option(
    "--dashboard", metavar="PORT", default="8787", show_default=True, help="The port of Dask's dashboard."
)
@click.option(
    "--time-limit",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="Seconds of a processor that a repository may take.",
)
@click.option(
    "--memory-limit",
    type=click.IntRange(min=256),
    default=3072,
    show_default=True,
    help="MiB of memory that a repository may take.",
)
@click.option(
    "--config", type=click.Path(dir_okay=False), help="Settings in place of those of the repositories."
)
@click.option(
    "--config-above", type=click.Path(dir_okay=False), help="Settings on top of those of the repositories."
)
@click.option("--cache", type=click.Path(file_okay=False), help="A folder of results that sweeps share.")
@click.option(
    "--again", is_flag=True, help="Look at all repositories again; what has not changed is not examined."
)
@click.option("--retry", is_flag=True, help="Try again what could not be examined.")
@click.option("--quiet", "-q", is_flag=True, help="Print mistakes alone.")
def run(
    paths: tuple[str, ...],
    output: str,
    lists: tuple[str, ...],
    refs: tuple[str, ...],
    working_tree: bool,
    scheduler: str | None,
    jobs: int,
    dashboard: str,
    time_limit: int,
    memory_limit: int,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    preset: tuple[str, ...],
    config: str | None,
    config_above: str | None,
    isolated: bool,
    cache: str | None,
    again: bool,
    retry: bool,
    quiet: bool,
) -> int:
    """Check repositories: folders with a `.git`, bare repositories, folders that have some of these below
    them, and plain folders. Of a repository the commit that HEAD names is read from git's objects; nothing
    is checked out, and no program is started.
    """
    if not hasattr(os, "fork"):
        raise Failure("a sweep needs a system that can fork: Linux or macOS")
    from cflint.fleet.identity import code_identity
    from cflint.fleet.isolation import Limits
    from cflint.fleet.journal import Journal, JournalError
    from cflint.fleet.sweep import Settings, about_of
    from cflint.platform.clock import today

    if working_tree and refs:
        raise Failure("`--working-tree` looks at no commit, so it does not go with `--ref`")
    sources = _sources(paths, lists, ("",) if working_tree else refs)
    _refuse_inside(output, sources)
    if config is not None and config_above is not None:
        raise Failure("`--config` is in place of all settings, so it does not go with `--config-above`")
    given = config or config_above
    text = _settings_in(given) if given is not None else None
    is_above = config_above is not None
    options = [
        *(["--isolated"] if isolated else []),
        *(word for name in select for word in ("--select", name)),
        *(word for name in ignore for word in ("--ignore", name)),
        *(word for name in preset for word in ("--preset", name)),
    ]
    _check_rules(options, text, given, is_above=is_above)
    folder = Path(output)
    try:
        with closing(Journal(folder, Path(cache) if cache is not None else None)) as journal:
            new = about_of(code_identity(), options, text, today().isoformat(), is_above=is_above)
            about = _about(journal, new, again=again, retry=retry)
            settings = Settings(about, text, Limits(time_limit, memory_limit << 20), is_above)
            started = time.monotonic()
            progress = _swept(journal, settings, sources, scheduler, jobs, dashboard, quiet=quiet)
            statuses, severities = _written(journal, settings, sources)
    except JournalError as error:
        raise Failure(str(error)) from error
    if not quiet:
        seconds = time.monotonic() - started
        rows = sum(statuses.values())
        parts = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
        found = ", ".join(f"{severities[label]} {label}s" for label in ("error", "warning", "note"))
        remark(f"{counted(rows, 'state')} of {counted(len(sources), 'source')} ({parts}): {found}")
        contents = counted(progress.contents, "content")
        rest = f"{progress.resumed} known before, {progress.shared} found again elsewhere"
        remark(f"{contents}, {rest}; took {seconds:.1f} s")
    return Exit.CLEAN


run.params += [click_option(option) for option in OPTIONS if option.name in _LIKE_CHECK]


def _sources(paths: tuple[str, ...], lists: tuple[str, ...], refs: tuple[str, ...]) -> list[Source]:
    from cflint.fleet.sources import SourceError, sources_of

    texts = []
    for name in lists:
        try:
            text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f"the list {name} cannot be read: {error}") from error
        texts.append(("stdin" if name == "-" else name, text))
    try:
        sources = sources_of(paths, texts, refs)
    except SourceError as error:
        raise Failure(str(error)) from error
    if not sources:
        raise Failure("nothing to sweep: name folders, or a list of them with `--from`")
    return sources


def _refuse_inside(output: str, sources: list[Source]) -> None:
    """Raise Failure for an output that would become a part of what is looked at."""
    target = Path(os.path.realpath(output))
    around = {str(folder) for folder in (target, *target.parents)}
    for source in sources:
        if source.path in around and (not source.ref or not source.is_git):  # read as it is
            raise Failure(f"the output {output} lies inside of {source.name}, which is looked at")


def _settings_in(config: str) -> str:
    try:
        return Path(config).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"the settings {config} cannot be read: {error}") from error


def _check_rules(options: list[str], settings: str | None, file: str | None, *, is_above: bool) -> None:
    """Raise Failure for a mistake in what chooses rules, once and not for each repository."""
    from cflint.cli.console import warn
    from cflint.fleet.examine import SETTINGS, remarks_on

    try:
        remarks = remarks_on(options, settings, is_above=is_above)
    except Failure as failure:
        message = failure.message.replace(SETTINGS, file or SETTINGS)
        raise Failure(message, failure.code, failure.hint) from failure
    for remark_ in remarks:
        warn(remark_)


def _about(journal: Journal, new: About, *, again: bool, retry: bool) -> About:
    """What the sweep in the folder is, begun or gone on with. Raises Failure when it is not this one."""
    from cflint.fleet.journal import read_about
    from cflint.record import replace

    old = read_about(journal.folder)
    if old is not None and not again:
        if (old.code, old.options, old.settings) != (new.code, new.options, new.settings):
            what = "another cflint" if old.code != new.code else "other options or settings"
            hint = "name another folder; or say `--again`, which replaces what is there"
            raise Failure(f"{journal.folder} has a sweep with {what}", Exit.USAGE, hint)
        if retry:
            journal.start_over(failures=False)
        old = replace(old, finished=False)
        journal.begin(old)
        return old
    journal.start_over()
    journal.begin(new)
    return new


def _swept(
    journal: Journal,
    settings: Settings,
    sources: list[Source],
    scheduler: str | None,
    jobs: int,
    dashboard: str,
    *,
    quiet: bool,
) -> Progress:
    from cflint.fleet.cluster import ClusterError, connected, dashboard_of
    from cflint.fleet.sweep import Sweep
    from cflint.fleet.work import OtherCode

    line = _Line() if not quiet and takes_progress(sys.stderr) else None
    sweep = Sweep(journal, settings, sources, line.show if line is not None else None)
    try:
        with connected(scheduler, jobs or os.cpu_count() or 1, dashboard=f":{dashboard}") as client:
            shown = dashboard_of(client)
            if shown is not None and not quiet:
                remark(f"Dask's dashboard: {shown}")
            sweep.run(client)
    except ClusterError as error:
        raise Failure(str(error), Exit.INTERNAL, error.hint) from error
    except OtherCode as error:
        raise Failure(str(error), Exit.USAGE, "install the same versions everywhere") from error
    finally:
        if line is not None:
            line.erase()
    return sweep.progress


def _written(
    journal: Journal, settings: Settings, sources: list[Source]
) -> tuple[dict[str, int], dict[str, int]]:
    """Write the tables; how many states and findings there are, by status and severity."""
    from cflint.fleet.sweep import states_in
    from cflint.fleet.tables import Writer
    from cflint.record import replace

    writer = Writer(journal.folder, settings.about.code)
    writer.write(
        (found.repository, found.state, found.key, journal.result(found.key) if found.key else None)
        for found in states_in(journal, settings, sources)
    )
    journal.begin(replace(settings.about, finished=True))
    return writer.statuses, writer.severities


class _Line(StatusLine):
    """How far a sweep is. It takes long, so the line is there at once."""

    def __init__(self) -> None:
        super().__init__(0.0, _PAUSE)
        self._started = time.monotonic()

    def show(self, progress: Progress) -> None:
        """Show how far it is, when it is time to."""
        if not self.is_due:
            return
        rate = progress.looked / max(0.001, time.monotonic() - self._started)
        text = f"Looked at {progress.looked} of {progress.sources} repositories ({rate:.1f} a second), "
        text += f"examined {progress.examined} of {progress.contents} contents, {progress.failed} failed"
        self.draw(text)


# -- what was found ----------------------------------------------------------------------------------------

_FORMATS = ("text", "json", "html")


@command.command("report", short_help="Answer questions about a sweep.")
@click.argument("folder", type=click.Path())
@click.option(
    "--question", "questions", multiple=True, metavar="NAME", help="Answer this one; without it all of them."
)
@click.option("--before", metavar="DATE", help="The date that compatibility dates are held against.")
@click.option(
    "--against", type=click.Path(), metavar="FOLDER", help="An older sweep: what has changed since?"
)
@click.option(
    "--output-format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How to write it; `html` is a page for browsers.",
)
@click.option("--output-file", type=click.Path(), help="Write it to this file.")
def report(
    folder: str,
    questions: tuple[str, ...],
    before: str | None,
    against: str | None,
    output_format: str,
    output_file: str | None,
) -> int:
    """Answer the questions that organisations ask: who is on old compatibility dates, which rules fire where,
    who has what to do, what is bound, what is shared, what could not be examined.
    """
    from datetime import date

    from cflint.cli.output import Output, check_output_file, write_output
    from cflint.fleet.journal import JournalError
    from cflint.fleet.page import FORMATS
    from cflint.fleet.questions import QUESTIONS, TREND, MissingDuckDB, ask

    if output_file is not None:
        check_output_file(output_file)
    names = questions or (*([TREND.name] if against is not None else []), *QUESTIONS)
    for name in names:
        if name not in QUESTIONS and not (name == TREND.name and against is not None):
            raise Failure(f"there is no question `{name}`", hint=f"there are {', '.join(QUESTIONS)}")
    try:
        day = date.fromisoformat(before) if before is not None else None
    except ValueError as error:
        raise Failure(f"`--before` takes a date, 2026-01-31, not `{before}`") from error
    try:
        asked = ask(Path(folder), names, day, Path(against) if against is not None else None)
    except JournalError as error:
        raise Failure(str(error)) from error
    except MissingDuckDB as error:
        hint = "install `duckdb` beside cflint, or cflint with its extra `sweep-report`"
        raise Failure("questions are answered by DuckDB, which is not installed", Exit.USAGE, hint) from error
    write_output(Output(output_format, output_file), FORMATS[output_format](asked))
    return Exit.CLEAN


@command.command("compare", short_help="Show what differs between two sweeps.")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option(
    "--output-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to write it.",
)
def compare(old: str, new: str, output_format: str) -> int:
    """Show what one sweep found and another did not, by rule: after a change of cflint, its settings, or the
    code. Findings are the same when rule, file and message are. The exit code is 1 when something differs.
    """
    import json

    from cflint.fleet.compare import compare as compared
    from cflint.fleet.journal import JournalError
    from cflint.report.escape import visible

    try:
        found = compared(Path(old), Path(new))
    except JournalError as error:
        raise Failure(str(error)) from error
    if output_format == "json":
        rows = [it.as_data() for it in found.differences]
        data = {"version": 1, "before": found.before, "after": found.after, "differences": rows}
        write(json.dumps(data, indent=1) + "\n", "utf-8")
    else:
        rule: str | None = None
        for it in found.differences:
            if it.rule != rule:
                rule = it.rule
                write(f"{visible(rule) or '(how it ended)'}\n")
            write(f"  {it.sign}  {it.what}  {visible(it.where)}\n")
        write(f"{found.before} findings before, {found.after} after, {len(found.differences)} differences\n")
    return Exit.FINDINGS if found.differences else Exit.CLEAN
