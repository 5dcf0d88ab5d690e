"""The options of `cflint check` on the command line."""

# Imported where used: what does the work, which `--help` does not need.

from __future__ import annotations

from typing import Any

import click

from cflint.cli.check.request import Request
from cflint.cli.console import COLOR_CHOICES
from cflint.cli.selection import complete_selectors
from cflint.report import FORMATS

PRESET_NAMES = ("recommended", "reference", "strict", "all")


def _shard(_ctx: click.Context, _option: click.Parameter, given: str | None) -> tuple[int, int] | None:
    """`2/8` as numbers."""
    if given is None:
        return None
    index, _, count = given.partition("/")
    plain = index.isascii() and index.isdigit() and count.isascii() and count.isdigit()
    if not plain or len(count) > 4 or not 1 <= int(index) <= int(count):
        raise click.BadParameter(f"`{given}` is not a shard: `2/8` is the second of eight")
    return int(index), int(count)


@click.command(
    short_help="Check Workers: the code and the wrangler configuration.",
    epilog="""\b
Examples:
  cflint check                                 this folder, whichever Workers it holds
  cflint check workers/api workers/cron        two of many
  cflint check --select websockets,d1          some groups of rules
  cflint check --ignore ws-legacy-accept       all but one rule
  cflint check --diff --unsafe-fixes           what all fixes would change
  cflint check --output-format sarif --output-file cflint.sarif
  cflint check --baseline cflint-baseline.json   only what is new
  cflint check - --stdin-filename src/index.ts < buffer""",
)
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--select",
    multiple=True,
    metavar="NAMES",
    shell_complete=complete_selectors,
    help="Rules, groups or presets to run, with commas between; may be repeated.  [default: recommended]",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="NAMES",
    shell_complete=complete_selectors,
    help="Rules, groups or presets not to run; may be repeated. A rule that --select names stays.",
)
@click.option("--preset", multiple=True, type=click.Choice(PRESET_NAMES), help="The same as --select PRESET.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Leave out what a pattern, as in a .gitignore, matches; may be repeated.",
)
@click.option("--config", metavar="FILE", type=click.Path(), help="Use this settings file and no other.")
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
@click.option("--show-settings", is_flag=True, help="Print the effective settings for the paths and exit.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes, then report what is left.")
@click.option(
    "--unsafe-fixes", is_flag=True, help="With --fix or --diff, include unsafe fixes (review them)."
)
@click.option(
    "--diff",
    is_flag=True,
    help="Show the changes --fix would make, without writing them; exit 1 if there are any.",
)
@click.option(
    "--output-format",
    type=click.Choice(tuple(FORMATS)),
    default="text",
    show_default=True,
    help="How to write the report.",
)
@click.option("--output-file", metavar="FILE", type=click.Path(), help="Write the report to a file.")
@click.option(
    "--show-suppressed",
    is_flag=True,
    help="In SARIF, list what comments silence as well, marked as suppressed.",
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option(
    "--fail-on",
    type=click.Choice(("note", "warning", "error", "never")),
    help="Exit with 1 if there is a finding of this severity or higher.  [default: warning]",
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(),
    help="Report only findings that are not in this baseline file.",
)
@click.option(
    "--write-baseline", is_flag=True, help="With --baseline: write all current findings to the file and exit."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when there are findings.")
@click.option("--strict", is_flag=True, help="Exit with 4 when a file could not be read, or was too large.")
@click.option("--allow-empty", is_flag=True, help="Exit with 0 when there is no Worker.")
@click.option(
    "--stdin-filename",
    metavar="NAME",
    type=click.Path(),
    help="Analyse the text on stdin (the path `-`) as if this file of the project held it.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Processes to use.  [default: one per processor]",
)
@click.option(
    "--cache-dir",
    metavar="FOLDER",
    type=click.Path(),
    help="The folder of the cache.  [default: the user's cache folder]",
)
@click.option(
    "--no-cache",
    is_flag=True,
    envvar="CFLINT_NO_CACHE",
    help="Do not read or write the cache (also CFLINT_NO_CACHE=1).",
)
@click.option(
    "--shard",
    metavar="I/N",
    callback=_shard,
    help="Check only shard I of N, some of the Workers; `cflint merge` merges the reports of all shards.",
)
@click.option(
    "--profile",
    is_flag=True,
    help="Print the time spent in each phase and rule to stderr (disables the cache).",
)
@click.option("-v", "--verbose", is_flag=True, help="Print skipped files, and the reason, to stderr.")
@click.option("-q", "--quiet", is_flag=True, help="Only the findings.")
@click.option(
    "--color",
    type=click.Choice(COLOR_CHOICES),
    default="auto",
    show_default=True,
    help="Colours; `auto` heeds NO_COLOR, FORCE_COLOR and whether the output is a terminal.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def command(**given: Any) -> int:
    """Check Workers, the wrangler configuration and the code together.

    PATHS are folders and files; without any it is the current folder. A file stands for the Workers that it
    belongs to, each of which is analysed whole.
    """
    from cflint.cli.check.perform import perform

    return perform(Request(**given))
