"""How far a run is, whatever the number of its processes: for who shows it while the rules run.

Imported where used: shared memory, which only several processes need.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cflint.record import record

if TYPE_CHECKING:
    from mmap import mmap

_BEGUN, _DONE = 1, 2


@record(frozen=True)
class Standing:
    """How many of the Workers, and of the modules, are done. A Worker is done when its modules are; those of
    several belong to the first of them. `current` is the folder of the Worker that is worked on (of its
    configuration), or a path where there is none, "" when nothing is worked on."""

    workers_done: int
    workers: int
    modules_done: int
    modules: int
    current: str = ""


Show = Callable[["Progress"], None]
"""Is called again and again while rules run, some ten thousand times a second; asks for the `standing`."""


class Progress:
    """What a run over so many Workers works on. `rows` are the modules to work on by the Worker that they
    belong to, None for those of none. One byte for each module is all that the processes of a run share."""

    def __init__(
        self,
        workers: int,
        rows: Iterable[tuple[str | None, Sequence[str]]],
        show: Show,
        *,
        shared: bool = False,
    ) -> None:
        self._show = show
        self._workers = workers
        self._rows: list[tuple[int, int, str]] = []
        self._paths: list[str] = []
        for name, own in rows:
            start = len(self._paths)
            self._paths += own
            if name is not None and own:
                self._rows.append((start, len(self._paths), name))
        self._starts = [start for start, _, _ in self._rows]
        self._places = {path: place for place, path in enumerate(self._paths)}
        self._states: bytearray | mmap = bytearray(len(self._paths))
        if shared:
            self._states = _shared(len(self._paths))
        self._at: int | None = None

    def begin(self, path: str | None) -> None:
        """Note that this process begins a module, or none, and so is done with the one before."""
        if self._at is not None:
            self._states[self._at] = _DONE
        self._at = self._places.get(path) if path is not None else None
        if self._at is not None:
            self._states[self._at] = _BEGUN
        self.tick()

    def tick(self) -> None:
        """Let it be shown."""
        self._show(self)

    def hide(self) -> None:
        """Let this process show nothing: another one does."""
        self._show = _nothing

    @property
    def standing(self) -> Standing:
        """How far all processes are."""
        states = bytes(self._states)
        left = sum(1 for start, end, _ in self._rows if states.count(_DONE, start, end) < end - start)
        at = states.rfind(_BEGUN)
        return Standing(
            self._workers - left,
            self._workers,
            states.count(_DONE),
            len(self._paths),
            self._name(at) if at >= 0 else "",
        )

    def _name(self, at: int) -> str:
        row = bisect_right(self._starts, at) - 1
        if row >= 0 and at < self._rows[row][1]:
            return self._rows[row][2]
        return self._paths[at]


def _nothing(_progress: Progress) -> None:
    pass


def _shared(size: int) -> mmap:
    """Zeros that forked processes share."""
    from mmap import mmap  # which is never empty

    return mmap(-1, max(size, 1))
