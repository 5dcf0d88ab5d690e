"""`cflint mcp` as click's command.

Imported where used: the SDK, the extra `mcp`, and everything that reads a project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cflint.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from cflint.cli.mcp.tools import Tools


@click.command(
    short_help="Serve an assistant: check, explain, fix, list, draw (MCP).",
    epilog="""\b
Examples:
  cflint mcp                         serve the current folder
  cflint mcp workers/api --read-only""",
)
@click.argument(
    "path", metavar="[PATH]", default=".", type=click.Path(exists=True, file_okay=False), required=False
)
@click.option("--read-only", is_flag=True, help="Let no tool write: fixes are shown alone.")
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
def command(path: str, read_only: bool, isolated: bool) -> int:
    """Serve an assistant over the Model Context Protocol, on stdin and stdout. It needs the extra `mcp`.

    The tools take paths inside PATH, the current folder by default, and no others. One of them alone writes:
    `fix`, when it is called with `apply`, and only files inside PATH that have a fix.
    """
    from pathlib import Path

    from cflint.cli.mcp.tools import Tools

    try:
        from cflint.cli.mcp.server import server_of
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "cflint":
            raise
        hint = "install mcp beside cflint, or cflint with its extra `mcp`"
        raise Failure("`cflint mcp` needs the package mcp, 2.3 or later", Exit.USAGE, hint) from error
    tools = Tools(Path(path), is_isolated=isolated)
    _end_at_signals(tools)
    server_of(tools, read_only=read_only).run("stdio")
    return Exit.CLEAN


def _end_at_signals(tools: Tools) -> None:
    """End at an interrupt at once, though the SDK waits in a thread for the next line of stdin; but not in
    the midst of files being written."""
    import os
    import signal

    def end(number: int, _: object) -> None:
        with tools.writing:
            os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
