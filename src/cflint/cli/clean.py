"""`cflint clean`: delete the cache."""

# Imported where used: what `--help` does not need.

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Delete the cache.")
@click.option(
    "--cache-dir",
    metavar="FOLDER",
    type=click.Path(),
    help="The folder that `cflint check --cache-dir` was given.  [default: the user's cache folder]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
def command(*, cache_dir: str | None, quiet: bool) -> None:
    """Delete the cache.

    You never have to: a cached result is used only while its inputs are unchanged.
    """
    from cflint.cache.storage import FOLDER, clean
    from cflint.cachedir import cache_folder
    from cflint.cli.console import counted, say
    from cflint.report.escape import visible

    folder = Path(cache_dir) if cache_dir is not None else cache_folder()
    if folder is None:
        if not quiet:
            say("nothing is cached: there is no cache folder")
        return
    files, size = clean(folder / FOLDER)
    if not quiet:
        deleted = f"{counted(files, 'cache file')} ({size / 1_000_000:.1f} MB)"
        say(f"deleted {deleted} in {visible(str(folder / FOLDER))}")
