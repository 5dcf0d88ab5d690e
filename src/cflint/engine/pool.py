"""Work in forked processes. What comes back is plain data; documents travel as their paths.

Imported where used: select, for who shows how far a run is.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar

from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.workers.model import Project

T = TypeVar("T")
Item = TypeVar("Item")


class ChunkQueue(Generic[Item]):
    """The chunks that one process works on, each taken when it is iterated to; `done` are the items of those
    that were iterated past.

    The first `granted` chunks are its own; each other one costs a byte from `pipe`.
    """

    def __init__(self, chunks: Sequence[Sequence[Item]], granted: int, pipe: int | None = None) -> None:
        self._chunks = chunks
        self._granted = granted
        self._pipe = pipe
        self.done: list[Item] = []

    @classmethod
    def of(cls, chunk: Sequence[Item]) -> ChunkQueue[Item]:
        """A queue of one chunk."""
        return cls([chunk], 1)

    @property
    def items(self) -> list[Item]:
        """All that may fall to this process."""
        return [item for chunk in self._chunks for item in chunk]

    def __iter__(self) -> Iterator[Sequence[Item]]:
        for place, chunk in enumerate(self._chunks):
            if place >= self._granted and not (self._pipe is not None and os.read(self._pipe, 1)):
                return
            yield chunk
            self.done += chunk


@contextmanager
def from_both_ends(
    chunks: Sequence[Sequence[Item]],
) -> Iterator[tuple[ChunkQueue[Item], ChunkQueue[Item]]]:
    """The queues of two processes over one list of chunks: one begins at its front, the other at its back;
    the quicker one takes more. The chunks at the ends are granted."""
    reading, writing = os.pipe()
    try:
        os.write(writing, bytes(max(0, len(chunks) - 2)))
        os.close(writing)
        yield ChunkQueue(chunks[:-1] or chunks, 1, reading), ChunkQueue(chunks[:0:-1], 1, reading)
    finally:
        os.close(reading)


def run_in_processes(
    work: Callable[[ChunkQueue[Item]], T],
    queues: Sequence[ChunkQueue[Item]],
    here: Callable[[], T],
    project: Project,
    mine: ChunkQueue[Item] | None = None,
    *,
    waiting: Callable[[], None] | None = None,
) -> tuple[list[T], list[Item]]:
    """Do `work` on each queue in a forked process of its own, and `here`, which works on `mine`, in this one
    meanwhile; the results, that of `here` last, and the items that could not be done.

    When a process is killed, what is left undone is done again in halves, until it is known which item does
    that. No process outlives the call, whatever ends it. While this one waits for others it calls `waiting`
    ten times a second.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    processes = _Processes(work, project, waiting)
    try:
        started = [processes.start(queue) for queue in queues]
        last = here()
        results: list[T] = []
        done = set(mine.done if mine is not None else ())
        killed = False
        for queue, process in zip(queues, started, strict=True):
            try:
                result, items = processes.result(queue, process)
            except _Killed:
                killed = True
                continue
            results.append(result)
            done.update(items)
        left = dict.fromkeys(item for queue in queues for item in queue.items if item not in done)
        lost = processes.in_halves(list(left), results) if killed else []
        return [*results, last], lost
    finally:
        processes.end()


class _Killed(Exception):
    """A process was ended by a signal: there was no memory, the parser crashed, somebody killed it."""


class _Processes(Generic[Item, T]):
    def __init__(
        self, work: Callable[[ChunkQueue[Item]], T], project: Project, waiting: Callable[[], None] | None
    ) -> None:
        self._work = work
        self._project = project
        self._waiting = waiting
        self._running: dict[int, BinaryIO] = {}

    def start(self, queue: ChunkQueue[Item]) -> int:
        """Start a process; its id."""
        process, reading = _fork(lambda: self._worked(queue))
        self._running[process] = os.fdopen(reading, "rb")
        return process

    def _worked(self, queue: ChunkQueue[Item]) -> tuple[T, list[Item]]:
        result = self._work(queue)
        return result, queue.done

    def result(self, queue: ChunkQueue[Item], process: int) -> tuple[T, list[Item]]:
        """Wait for a process: its result, and the items done. Raises _Killed, and what the work raises."""
        with self._running[process] as stream:
            if self._waiting is not None:
                _wait(stream, self._waiting)
            data = stream.read()
        _, status = os.waitpid(process, 0)
        del self._running[process]
        if os.WIFSIGNALED(status):
            raise _Killed
        if status or not data:
            return self._worked(ChunkQueue.of(queue.items))  # what it raised is raised here
        found: tuple[T, list[Item]] = _Reader(data, self._project).load()
        return found

    def in_halves(self, items: Sequence[Item], results: list[T]) -> list[Item]:
        """Do items again, one half after the other since memory may be short; the items that kill."""
        lost: list[Item] = []
        todo = [items]
        while todo:
            whole = todo.pop()
            middle = len(whole) // 2
            if not middle:
                lost += whole
                continue
            for half in (whole[:middle], whole[middle:]):
                queue = ChunkQueue.of(half)
                try:
                    results.append(self.result(queue, self.start(queue))[0])
                except _Killed:
                    todo.append(half)
        return lost

    def end(self) -> None:
        """Kill what still runs."""
        for process, stream in self._running.items():
            stream.close()
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(process, 9)
                os.waitpid(process, 0)
        self._running.clear()


def _wait(stream: BinaryIO, waiting: Callable[[], None]) -> None:
    """Wait until a process begins to write its result, or is gone."""
    from select import select

    while not select([stream], [], [], 0.1)[0]:
        waiting()


def _fork(task: Callable[[], object]) -> tuple[int, int]:
    """A process that does a task: its id, and where its result can be read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        os.close(reading)
        buffer = io.BytesIO()
        _Writer(buffer, pickle.HIGHEST_PROTOCOL).dump(task())
        with os.fdopen(writing, "wb") as stream:
            stream.write(buffer.getbuffer())
        status = 0
    finally:
        os._exit(status)


class _Writer(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        return obj.path if isinstance(obj, Document) else None


class _Reader(pickle.Unpickler):
    """Reads what a process of our own wrote; a document is looked up by its path."""

    def __init__(self, data: bytes, project: Project) -> None:
        super().__init__(io.BytesIO(data))
        self._project = project

    def persistent_load(self, path: Any) -> Document:
        found = self._project.sources.document(path)
        if found is None:
            raise pickle.UnpicklingError(f"no document {path!r}")
        return found
