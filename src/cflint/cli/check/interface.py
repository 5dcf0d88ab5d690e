"""`cflint check` as click's command: help, completion, and what is said of wrong arguments."""

# Imported where used: what does the work, which `--help` does not need.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cflint.cli.check.options import OPTIONS, Option, Takes
from cflint.cli.check.request import Request
from cflint.cli.selection import complete_selectors


def click_option(option: Option) -> click.Option:
    """An option in click's terms."""
    named: dict[str, Any] = {"help": option.help, "envvar": option.variable}
    if option.takes is Takes.NOTHING:
        return click.Option(option.flags, is_flag=True, **named)
    if option.choices:
        named["type"] = click.Choice(option.choices)
    elif option.takes is Takes.COUNT:
        named["type"] = click.IntRange(min=0)
    elif option.takes is Takes.PATH:
        named["type"] = click.Path()
    if option.takes is Takes.SELECTORS:
        named["shell_complete"] = complete_selectors
    if option.read is not None:
        named["callback"] = _callback(option.read)
    if not option.is_repeated:
        named["default"] = option.default
    return click.Option(
        option.flags,
        metavar=option.metavar,
        multiple=option.is_repeated,
        show_default=option.is_default_shown,
        **named,
    )


def _callback(
    read: Callable[[str], object],
) -> Callable[[object, object, str | tuple[str, ...] | None], object]:
    def convert(_context: object, _option: object, given: str | tuple[str, ...] | None) -> object:
        if given is None:
            return None
        try:
            return tuple(map(read, given)) if isinstance(given, tuple) else read(given)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def _perform(**given: Any) -> int:
    from cflint.cli.check.perform import perform

    return perform(Request(**given))


command = click.Command(
    "check",
    callback=_perform,
    params=[click.Argument(("paths",), nargs=-1, type=click.Path()), *map(click_option, OPTIONS)],
    short_help="Check Workers: the code and the wrangler configuration.",
    help="""Check Workers, the wrangler configuration and the code together.

    PATHS are folders and files; without any it is the current folder. A file stands for the Workers that it
    belongs to, each of which is analysed whole.
    """,
    epilog="""\b
Examples:
  cflint check                                 this folder, whichever Workers it holds
  cflint check workers/api workers/cron        two of many
  cflint check --select websockets,d1          some groups of rules
  cflint check --ignore ws-legacy-accept       all but one rule
  cflint check --diff --unsafe-fixes           what all fixes would change
  cflint check --output sarif:cflint.sarif --output text
  cflint check --baseline cflint-baseline.json   only what is new
  cflint check - --stdin-filename src/index.ts < buffer""",
)
