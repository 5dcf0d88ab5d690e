"""The program: `cflint`, and `python -m cflint`.

Python puts the current folder first on the path of modules. It is taken off before anything else is imported:
what a checked repository calls `json.py` or `click.py` is no module of ours.

Imported where used: the current folder leaves the path first.
"""

import os
import sys


def main() -> None:
    """Run the command line, with no module of the current folder in reach. An interrupt ends it quietly from
    here on; one that comes before is Python's."""
    try:
        _start()
    except KeyboardInterrupt:
        sys.exit(130)


def _start() -> None:
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", _here()):
        del sys.path[0]
    from cflint.cli import main as run

    run()


def _here() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 (importing pathlib would look in the current folder)
    except OSError:
        return None


if __name__ == "__main__":
    main()
