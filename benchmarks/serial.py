"""The part of a run that one process does alone: `cflint` with the arguments, up to where the work is divided
among processes; what would follow is left out.

    python benchmarks/serial.py check --isolated --no-cache -j 2 REPOSITORY

That is the start of the program, and all that has to be known before there is work to divide: which files
there are, what is ignored, configurations, how they are deployed, which apps of frameworks there are, what
each Worker reaches, and where each module runs. The processes inherit what was read for it. A run that is too
small to be divided goes to its end.
"""

from __future__ import annotations

import os

from cflint.cli import main
from cflint.engine.analysis import Run


def end(_run: Run, _items: object, _jobs: int) -> None:
    """In the place of the processes: the run is over."""
    os._exit(0)


Run._in_processes = end  # type: ignore[assignment, method-assign]

if __name__ == "__main__":
    main()
