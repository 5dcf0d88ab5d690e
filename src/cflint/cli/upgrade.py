"""`cflint upgrade`: what a later compatibility date does to each Worker.

Imported where used: everything that reads a project, which `--help` does not need.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from cflint.cli.console import counted, say, warn, write
from cflint.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cflint.cli.check.analysis import Analysis
    from cflint.cli.check.plan import Plan
    from cflint.finding import Finding, Report

_FORMATS = ("text", "markdown", "json")
_REDUNDANT = "compat-flag-redundant"
_RULES = (
    _REDUNDANT,
    *("compat-flag-invalid", "config-removed-key", "workers-sites-deprecated"),
    *("ai-model-retired", "do-legacy-state-property", "service-worker-unsupported", "import-not-exported"),
    *("agent-namespace-deprecated", "mcp-agent-deprecated", "astro-removed-option", "astro-runtime-removed"),
    *("framework-main-outdated", "hyperdrive-driver-version", "py-global-handler"),
)
"""The rules about what is gone or will go: keys, APIs, models, packages."""


@click.command(short_help="Show what a later compatibility date does to each Worker.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--to",
    "to",
    metavar="DATE",
    help="The date to move to.  [default: the newest that is known]",
)
@click.option("--fix", is_flag=True, help="Move dates as far as nothing stands in the way.")
@click.option("--diff", "show", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--output-format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How to write it; `markdown` is for an issue or a pull request.",
)
@click.option("--output-file", type=click.Path(), help="Write it to this file.")
@click.option("-v", "--verbose", is_flag=True, help="Describe the flags that touch nothing, too.")
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
def command(
    paths: tuple[str, ...],
    to: str | None,
    fix: bool,
    show: bool,
    output_format: str,
    output_file: str | None,
    verbose: bool,
    isolated: bool,
) -> int:
    """Show what happens when the compatibility date of each Worker moves: the flags that become the default,
    in order, what each of them changes, and where this code or configuration touches it; then keys, APIs,
    models and packages that are gone or will go.

    --fix moves each date as far as nothing stands in the way: to the day before the first flag that touches
    something, or that was not looked for because code is missing. It also takes flags away that the date
    turns on by itself.

    \b
    cflint upgrade                      up to the newest date
    cflint upgrade --to 2026-03-01 -v   up to a date, all flags described
    cflint upgrade --diff               what --fix would change
    """
    from cflint.cli.check.analysis import Analysis
    from cflint.cli.check.arguments import asked
    from cflint.cli.check.plan import plan_of
    from cflint.cli.output import Output, check_output_file, write_output
    from cflint.upgrade.formats import FORMATS, Outcome
    from cflint.upgrade.plan import upgrades

    target = _date(to)
    if output_file is not None:
        check_output_file(output_file)
    plan = plan_of(asked("--select", ",".join(_RULES), paths=paths, isolated=isolated))
    analysis = Analysis(plan)
    report = analysis.again()
    project = analysis.loaded.project
    if not any(not worker.is_document for worker in project.workers):
        say("no Worker project found")
        return Exit.NO_PROJECT
    if fix or show:
        return _fixed(plan, analysis, report, target, show=show)
    outcome = Outcome(upgrades(project, target), report, verbose)
    text = FORMATS[output_format](outcome)
    write_output(Output(output_format, output_file), text)
    if report.partial:
        warn("not everything could be analysed: `cflint check` says what was left out")
    return Exit.INTERNAL if report.partial else Exit.CLEAN


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failure(f"`{text}` is no date like 2026-08-01", Exit.USAGE) from None


def _fixed(plan: Plan, analysis: Analysis, first: Report, to: date | None, *, show: bool) -> int:
    """Move the dates, or show what that would change. What was not written is an error of the run."""
    from cflint.cli.check.delivery import located
    from cflint.cli.check.fixing import write_held_back
    from cflint.engine.parsing import parses_worse
    from cflint.finding import Safety
    from cflint.fixer import converge
    from cflint.report.diff import diffs
    from cflint.report.escape import escape_message, visible

    def analysed(overlay: Mapping[str, bytes]) -> Report:
        return _with_dates(analysis, analysis(overlay), to)

    result = converge(
        analysed, Safety.SAFE, parses_worse=parses_worse, report=_with_dates(analysis, first, to)
    )
    for notice in result.notices:
        warn(located(notice))
    if show:
        write(diffs(result.changes))
        return Exit.INTERNAL if first.partial else Exit.CLEAN
    if not result.changes:
        say("no date can move: `cflint upgrade` says what is in the way")
        return Exit.INTERNAL if first.partial else Exit.CLEAN
    root = plan.place.workspace.root
    assert root is not None, "the paths are on the disk"
    written = write_held_back(result.changes, root)
    for notice in written.notices:
        warn(located(notice))
    for finding in result.applied:
        if finding.at.document.path in written.paths and finding.fix is not None:
            say(f"{visible(finding.at.document.path)}: {escape_message(finding.fix.title)}")
    say(f"Changed {counted(len(written.paths), 'file')}.")
    return Exit.INTERNAL if first.partial or written.notices else Exit.CLEAN


def _with_dates(analysis: Analysis, report: Report, to: date | None) -> Report:
    """The report with a fix for each date that can move, and of the others those of redundant flags alone."""
    from cflint.record import replace
    from cflint.upgrade.plan import date_fixes

    kept: list[Finding] = [
        finding if finding.rule == _REDUNDANT else replace(finding, fix=None) for finding in report.findings
    ]
    return replace(report, findings=(*kept, *date_fixes(analysis.loaded.project, to)))
