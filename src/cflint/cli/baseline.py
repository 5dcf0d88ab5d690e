"""`cflint baseline`: update, prune and show a baseline.

Imported where used: the check, which `--help` does not need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cflint.cli.check.interface import click_option
from cflint.cli.check.options import OPTIONS
from cflint.cli.check.request import BASELINE

if TYPE_CHECKING:
    from cflint.cli.check.place import Place
    from cflint.cli.check.plan import Plan
    from cflint.cli.exits import Exit
    from cflint.finding import Report
    from cflint.report.baseline import Baseline, Entry

_LIKE_CHECK = (
    *("select", "ignore", "preset", "exclude", "config", "isolated"),
    *("jobs", "cache_dir", "no_cache", "quiet", "debug"),
)
"""The options that mean what they mean to `cflint check`: those that choose, and those of any run."""


def _perform(action: str, **given: Any) -> Exit:
    """Do one of the commands. Raises Failure."""
    from cflint.cli.check.analysis import Analysis
    from cflint.cli.check.arguments import read
    from cflint.cli.check.perform import without_workers
    from cflint.cli.check.place import unread
    from cflint.cli.check.plan import baseline_in, plan_of
    from cflint.cli.exits import Exit, Failure
    from cflint.record import replace
    from cflint.report.baseline import Baseline

    file = given["baseline"]
    is_new = action == "update" and not Path(file).exists()
    old = Baseline(()) if is_new else baseline_in(file)
    plain = read([], {})
    assert plain is not None
    # the comparison is made here, with what the check would not show
    plan = plan_of(replace(plain, **{**given, "baseline": None}))
    analysis = Analysis(plan)
    report = analysis.first()
    if plan.kept is None and analysis.loaded.empty:
        return without_workers(plan, analysis, report)
    analysis.keep()
    problem = next(iter(unread(plan.place)), None)
    if action != "show" and (problem is not None or report.partial):
        why = problem or "not everything could be analysed; `cflint check` says what"
        raise Failure(f"{file} was left as it is: {why}", Exit.INTERNAL)
    match action:
        case "update":
            return _update(plan, report, old, file, is_new=is_new)
        case "prune":
            return _prune(plan, report, old, file)
        case _:
            return _show(plan, report, old, file)


def _update(plan: Plan, report: Report, old: Baseline, file: str, *, is_new: bool) -> Exit:
    """All findings there are; of files outside the paths what there was."""
    from cflint import __version__
    from cflint.cli.exits import Exit
    from cflint.report.baseline import Baseline, compared, entries_of

    result = compared(report, old, plan.place.workspace.exists)
    found = entries_of(report.findings)
    keys = {entry.key for entry in found}
    outside = tuple(
        entry for entry in old.entries if entry.key not in keys and not _is_within(plan.place, entry.path)
    )
    rules = frozenset(report.rules) | (old.rules or frozenset() if outside else frozenset())
    new = Baseline((*found, *outside), __version__, rules)
    added = len(result.report.findings)
    removed = old.count + added - new.count
    change = "" if is_new else f" ({added} added, {removed} removed)"
    return _written(plan, new, file, f"wrote {_findings(new.count)} to {file}{change}") or Exit.CLEAN


def _prune(plan: Plan, report: Report, old: Baseline, file: str) -> Exit:
    """What still occurs, and what cannot be judged: entries of rules that did not run, and of files outside
    the paths."""
    from cflint.cli.console import say
    from cflint.cli.exits import Exit
    from cflint.record import replace
    from cflint.report.baseline import compared, entries_of

    result = compared(report, old, plan.place.workspace.exists)
    within = [entry.path for entry in old.entries if _is_within(plan.place, entry.path)]
    known = plan.settings.known_for(within)  # what policies folders below the paths have
    found = entries_of(result.hidden)
    keys = {entry.key for entry in found}

    def is_unjudged(entry: Entry) -> bool:
        rule = known.current(entry.rule)
        return not _is_within(plan.place, entry.path) or (rule in known and rule not in report.rules)

    unjudged = (entry for entry in old.entries if entry.key not in keys and is_unjudged(entry))
    new = replace(old, entries=(*found, *unjudged))
    removed = old.count - new.count
    if set(new.entries) == set(old.entries):
        if not plan.request.quiet:
            say(f"nothing to remove: {_findings(old.count)} of {file} still occur")
        return Exit.CLEAN
    return _written(plan, new, file, f"removed {_findings(removed)} from {file}, {new.count} are left")


def _show(plan: Plan, report: Report, old: Baseline, file: str) -> Exit:
    """What a baseline hides, and how old it is."""
    from cflint.cli.console import write
    from cflint.cli.exits import Exit
    from cflint.report.baseline import compared

    result = compared(report, old, plan.place.workspace.exists)
    gone = [entry for entry in result.gone if _is_within(plan.place, entry.path)]
    entries = [entry for entry in old.entries if _is_within(plan.place, entry.path)]
    write("".join(f"{line}\n" for line in _summary(file, old, entries, gone, result.newer)))
    return Exit.CLEAN


def _summary(
    file: str, baseline: Baseline, entries: list[Entry], gone: list[Entry], newer: tuple[str, ...]
) -> Iterator[str]:
    from cflint.cli.console import counted
    from cflint.report.escape import visible

    count = sum(entry.count for entry in entries)
    files = len({entry.path for entry in entries})
    maker = "an older cflint" if baseline.version is None else f"cflint {visible(baseline.version)}"
    with_rules = "" if baseline.rules is None else f" and {counted(len(baseline.rules), 'rule')}"
    yield f"{visible(file)}: {counted(count, 'finding')} in {counted(files, 'file')}"
    yield f"written with {maker}{with_rules}"
    for title, name in (("rule", "rule"), ("file", "path")):
        yield ""
        yield from _table(title, entries, gone, name)
    lacking = sum(entry.count for entry in gone)
    if lacking or newer:
        yield ""
    if lacking:
        occur = "no longer occurs" if lacking == 1 else "no longer occur"
        yield f"{counted(lacking, 'finding')} {occur}: `cflint baseline prune`"
    if newer:
        yield f"{counted(len(newer), 'rule')} came since: {', '.join(newer)}; `cflint baseline update`"


def _table(title: str, entries: Iterable[Entry], gone: Iterable[Entry], name: str) -> Iterator[str]:
    """The findings by rule or path, the most first, with how many of them no longer occur."""
    from cflint.report.escape import visible

    all_of: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for entry in entries:
        all_of[getattr(entry, name)] += entry.count
    for entry in gone:
        lacking[getattr(entry, name)] += entry.count
    wide = max((len(str(number)) for number in all_of.values()), default=1)
    yield f"{'':>{wide}}  by {title}"
    for key, number in sorted(all_of.items(), key=lambda item: (-item[1], item[0])):
        note = f", {lacking[key]} of them no longer" if lacking[key] else ""
        yield f"{number:>{wide}}  {visible(key)}{note}"


def _is_within(place: Place, path: str) -> bool:
    """Whether a path lies in what is to be checked."""
    return any(not given or path == given or path.startswith(f"{given}/") for given in place.paths)


def _findings(number: int) -> str:
    from cflint.cli.console import counted

    return counted(number, "finding")


def _written(plan: Plan, baseline: Baseline, file: str, message: str) -> Exit:
    from cflint.cli.console import say
    from cflint.cli.exits import Exit
    from cflint.cli.output import write_file
    from cflint.report.baseline import written
    from cflint.report.escape import visible

    write_file(file, written(baseline).encode("ascii"))
    if not plan.request.quiet:
        say(visible(message))
    return Exit.CLEAN


def _command(name: str, short: str, help: str) -> click.Command:
    options = {option.name: option for option in OPTIONS}
    return click.Command(
        name,
        callback=partial(_perform, name),
        params=[
            click.Argument(("paths",), nargs=-1, type=click.Path()),
            click.Option(
                ("--baseline",),
                metavar="FILE",
                default=BASELINE,
                show_default=True,
                type=click.Path(),
                help="The baseline.",
            ),
            *(click_option(options[option]) for option in _LIKE_CHECK),
        ],
        short_help=short,
        help=help,
    )


command = click.Group(
    "baseline",
    commands=[
        _command(
            "update",
            "Take in all findings there are now.",
            """Write a baseline anew, with all findings there are now and the rules that ran.

    With PATHS only what lies there is written anew.
    """,
        ),
        _command(
            "prune",
            "Remove what no longer occurs.",
            """Remove from a baseline what no longer occurs. Nothing is added.

    With PATHS only what lies there is removed. Findings of rules that do not run stay.
    """,
        ),
        _command(
            "show",
            "Show what a baseline holds.",
            """Show what a baseline holds, by rule and by file, what of it no longer occurs, and which rules
    came since it was written.
    """,
        ),
    ],
    short_help="Update, prune or show a baseline.",
    help="""Update, prune or show a baseline, the findings that `cflint check --baseline` does not report.

    The options that choose rules and files have to be those of the check.
    """,
    epilog="""\b
Examples:
  cflint baseline show                             what cflint-baseline.json holds
  cflint baseline prune                            remove what was mended
  cflint baseline update --baseline api.json workers/api""",
)
