"""A line on a terminal that shows how far a run is, gone at the end."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cflint.cli.console import DEFAULT_WIDTH, columns_of, counted, put
from cflint.report.cells import cells_of, end_within, start_within
from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.engine.progress import Progress

PATIENCE = 1.0
"""After how many seconds the line is shown."""

_ROOMY = 80
"""With fewer columns, modules are not counted beside several Workers."""
_LEAST_PATH = 10
_ECHO = 2
"""The cells of `^C`, which the terminal writes behind the line."""
_PAUSE = 0.1
"""The seconds from one drawing to the next, at least."""


class StatusLine:
    """The line, on stderr, which goes to a terminal: there after `patience` seconds, drawn again after
    `pause` seconds at the earliest.

    It is drawn by whoever works, between two pieces of work, so there is no thread and no signal.
    """

    def __init__(self, patience: float, pause: float) -> None:
        self._pause = pause
        self._due = time.monotonic() + patience
        self._cells = 0

    @property
    def is_due(self) -> bool:
        """Whether it is time to show something."""
        return time.monotonic() >= self._due

    @property
    def room(self) -> int:
        """The cells that a text may take."""
        # After the last column the cursor may be on the next line, which `\r` does not leave.
        return (columns_of(sys.stderr) or DEFAULT_WIDTH) - 1 - _ECHO

    def draw(self, text: str) -> None:
        """Show a text in place of the one before; what there is no room for is left out."""
        self._due = time.monotonic() + self._pause
        text = start_within(text, self.room)
        cells, before = cells_of(text), self._cells
        self._cells = max(cells, before)  # already now: a signal may end the run as soon as it is written
        put(f"\r{text}{' ' * (before - cells)}")
        self._cells = cells

    def erase(self) -> None:
        """Take the line away."""
        if self._cells:
            put(f"\r{' ' * (self._cells + _ECHO)}\r")
            self._cells = 0


class ProgressLine(StatusLine):
    """How far a check is. Paths are of the workspace at `root`, and shown from `base`, where the user
    stands."""

    def __init__(self, root: Path | None, base: Path) -> None:
        super().__init__(PATIENCE, _PAUSE)
        self._root = root
        self._base = base

    def visit(self, path: str) -> None:
        """Show that a configuration is looked at, when it is time to show something."""
        if self.is_due:
            self.draw(self._with("Looking for Workers", path))

    def show(self, progress: Progress) -> None:
        """Show how far the rules are, when it is time to."""
        if not self.is_due:
            return
        found = progress.standing
        text = f"Checked {found.workers_done} of {counted(found.workers, 'Worker')}"
        modules = f", {found.modules_done} of {counted(found.modules, 'module')}"
        if found.workers < 2 or columns_of(sys.stderr) >= _ROOMY:
            text += modules
        self.draw(self._with(text, found.current))

    def _with(self, text: str, path: str) -> str:
        """A text with as much of a path as there is room for."""
        left = self.room - len(text)
        if not path or left <= _LEAST_PATH:
            return text
        return f"{text}: {end_within(visible(self._from_base(path)), left - 2)}"

    def _from_base(self, path: str) -> str:
        with suppress(ValueError):  # another drive
            return os.path.relpath((self._root or self._base) / path, self._base).replace(os.sep, "/")
        return path
