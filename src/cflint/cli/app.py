"""The command `cflint`: its commands by name, each imported only when it is called or listed."""

# Imported where used: what looks for a near name after a mistake.

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from cflint import __version__

_NAMES = (
    "check diff upgrade sweep init baseline explain inspect graph rules doctor server mcp merge clean "
    "completion"
)
COMMANDS = tuple(_NAMES.split())
"""Each is the module of that name in this package and, there, `command`."""


_VERSION = frozenset({"-V", "--version"})
_VERBOSE = frozenset({"-v", "--verbose"})
_OWN = _VERSION | _VERBOSE


def _ages() -> list[str]:
    """What `--version --verbose` prints: the version, and how old the tables are that findings rest on."""
    # Imported where used: no other command needs all tables.
    from cflint.platform.clock import today
    from cflint.platform.tables import dated_tables

    lines = [f"cflint {__version__}"]
    for table in dated_tables():
        age = table.age(today())
        days = "" if age is None else f", {age} days old"
        made = f"scripts/{table.script}" if table.script else "written by hand"
        lines.append(f"  {table.name}: {table.as_of}{days} ({made})")
    return lines


class LateGroup(click.Group):
    """A group whose commands are modules, imported when they are needed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if _VERSION.intersection(args) and _VERBOSE.intersection(args) and _OWN.issuperset(args):
            click.echo("\n".join(_ages()))
            ctx.exit()
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = import_module(f"cflint.cli.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(f"there is no command `{name}`{_meant(name)}")
        return super().resolve_command(ctx, args)


def _meant(name: str) -> str:
    """What may have been meant by a name that is no command: a path to check, or a command misspelled."""
    from difflib import get_close_matches

    if Path(name).exists():
        return f"; did you mean `cflint check {name}`?"
    near = get_close_matches(name, COMMANDS, n=1)
    return f"; did you mean `cflint {near[0]}`?" if near else f"; there are {', '.join(COMMANDS)}"


@click.group(
    cls=LateGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Exit codes:
  0  nothing found                3  no Worker project found
  1  findings                     4  the analysis is partial, or an internal error
  2  wrong usage or settings      130  interrupted""",
)
@click.version_option(__version__, "-V", "--version", prog_name="cflint", message="%(prog)s %(version)s")
def cli() -> None:
    """A static analyser for Cloudflare Workers: the code, the wrangler configuration, and how they belong
    together.

    \b
    cflint check               check the Workers in this folder
    cflint check --fix         ... and apply the fixes that are safe
    cflint check --diff        show what --fix would change
    cflint diff                what a change does to each Worker's deployment
    cflint upgrade             what a later compatibility date does to each Worker
    cflint sweep               check many repositories
    cflint init                set cflint up in a repository
    cflint baseline            update, prune or show a baseline
    cflint explain RULE        what a rule means, and what to do
    cflint inspect PLACE       what is known of a place, and why a rule is silent there
    cflint graph               a picture of the Workers, and of what is broken
    cflint rules               all rules
    cflint doctor              what cflint sees here and rests on, for a bug report
    cflint server              serve an editor
    cflint mcp                 serve an assistant
    cflint merge REPORTS       merge the reports of `check --shard`
    cflint clean               delete the cache
    """
