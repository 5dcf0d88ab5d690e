"""A line on a terminal that shows how far a run is; there after a second, gone at the end."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cflint.cli.console import DEFAULT_WIDTH, columns_of, counted, put
from cflint.report.cells import cells_of, end_within
from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.engine.progress import Progress

PATIENCE = 1.0
"""After how many seconds the line is shown."""

_PAUSE = 0.1
"""The seconds from one drawing to the next, at least."""


class ProgressLine:
    """The line, on stderr, which goes to a terminal. Paths are of the workspace at `root`, and shown from
    `base`, where the user stands.

    It is drawn by whoever works, between two pieces of work, so there is no thread and no signal.
    """

    def __init__(self, root: Path | None, base: Path) -> None:
        self._root = root
        self._base = base
        self._due = time.monotonic() + PATIENCE
        self._cells = 0

    def visit(self, path: str) -> None:
        """Show that a configuration is looked at, when it is time to show something."""
        if time.monotonic() >= self._due:
            self._draw("Looking for Workers", path)

    def show(self, progress: Progress) -> None:
        """Show how far the rules are, when it is time to."""
        if time.monotonic() < self._due:
            return
        found = progress.standing
        workers = f"{found.workers_done} of {counted(found.workers, 'Worker')}"
        modules = f"{found.modules_done} of {counted(found.modules, 'module')}"
        self._draw(f"Checked {workers}, {modules}", found.current)

    def erase(self) -> None:
        """Take the line away."""
        if self._cells:
            put(f"\r{' ' * self._cells}\r")
            self._cells = 0

    def _draw(self, text: str, path: str) -> None:
        self._due = time.monotonic() + _PAUSE
        room = (
            columns_of(sys.stderr) or DEFAULT_WIDTH
        ) - 1  # in the last column some terminals go to the next line
        if path and room - len(text) > 12:
            text = f"{text}: {end_within(visible(self._from_base(path)), room - len(text) - 2)}"
        text = text[:room]
        cells = cells_of(text)
        put(f"\r{text}{' ' * (self._cells - cells)}")
        self._cells = cells

    def _from_base(self, path: str) -> str:
        with suppress(ValueError):  # another drive
            return os.path.relpath((self._root or self._base) / path, self._base).replace(os.sep, "/")
        return path
