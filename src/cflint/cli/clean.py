"""`cflint clean`: take away what earlier runs kept."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Take away the findings that earlier runs kept.")
@click.option(
    "--cache-dir",
    metavar="FOLDER",
    type=click.Path(),
    help="The folder that `cflint check --cache-dir` was given.  [default: the user's cache folder]",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
def command(cache_dir: str | None, quiet: bool) -> None:
    """Take away the findings that earlier runs of `cflint check` kept.

    There is never a need to: they count only as long as nothing that they were drawn from has changed.
    """
    from cflint.cache import FOLDER, clean
    from cflint.cachedir import cache_folder
    from cflint.cli.console import say
    from cflint.report.escape import visible

    folder = Path(cache_dir) if cache_dir is not None else cache_folder()
    if folder is None:
        if not quiet:
            say("nothing is kept: there is no cache folder")
        return
    files, size = clean(folder / FOLDER)
    if not quiet:
        noun = "file" if files == 1 else "files"
        say(f"took away {files} {noun} ({size / 1_000_000:.1f} MB) in {visible(str(folder / FOLDER))}")
