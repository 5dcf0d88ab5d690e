"""Tasks in forked processes. What comes back is plain data; documents travel as their paths."""

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


class Share:
    """The chunks that one process works on, each taken when it is iterated to; `done` are the items of those
    that were iterated past."""

    def __init__(self, chunks: Sequence[Sequence[str]], granted: int, pipe: int | None = None) -> None:
        self._chunks = chunks
        self._granted = granted
        self._pipe = pipe
        self.done: list[str] = []

    @property
    def items(self) -> list[str]:
        """All that may fall to this process."""
        return [item for chunk in self._chunks for item in chunk]

    def __iter__(self) -> Iterator[Sequence[str]]:
        for place, chunk in enumerate(self._chunks):
            if place >= self._granted and not (self._pipe is not None and os.read(self._pipe, 1)):
                return
            yield chunk
            self.done += chunk


@contextmanager
def shared(chunks: Sequence[Sequence[str]]) -> Iterator[tuple[Share, Share]]:
    """The shares of two processes in a list of chunks: one begins at its front, the other at its back, and
    who is quicker takes more. The chunks at the ends are granted; each other one costs a byte from a pipe."""
    reading, writing = os.pipe()
    try:
        os.write(writing, bytes(max(0, len(chunks) - 2)))
        os.close(writing)
        yield Share(chunks[:-1] or chunks, 1, reading), Share(chunks[:0:-1], 1, reading)
    finally:
        os.close(reading)


def run_in_processes(
    work: Callable[[Share], T],
    shares: Sequence[Share],
    here: Callable[[], T],
    project: Project,
    mine: Share | None = None,
) -> tuple[list[T], list[str]]:
    """Do `work` on each share in a forked process of its own, and `here`, which works on `mine`, in this one
    meanwhile; the results, that of `here` last, and the items that could not be done.

    When a process is killed, what is left undone is done again in halves, until it is known which item does
    that. No process outlives the call, whatever ends it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    processes = _Processes(work, project)
    try:
        started = [processes.start(share) for share in shares]
        last = here()
        results: list[T] = []
        done = set(mine.done if mine is not None else ())
        killed = False
        for share, process in zip(shares, started, strict=True):
            try:
                result, items = processes.result(share, process)
            except _Killed:
                killed = True
                continue
            results.append(result)
            done.update(items)
        left = dict.fromkeys(item for share in shares for item in share.items if item not in done)
        lost = processes.in_halves(list(left), results) if killed else []
        return [*results, last], lost
    finally:
        processes.end()


class _Killed(Exception):
    """A process was ended by a signal: there was no memory, the parser crashed, somebody killed it."""


class _Processes(Generic[T]):
    def __init__(self, work: Callable[[Share], T], project: Project) -> None:
        self._work = work
        self._project = project
        self._running: dict[int, BinaryIO] = {}

    def start(self, share: Share) -> int:
        """Start a process; its id."""
        process, reading = _fork(lambda: self._worked(share))
        self._running[process] = os.fdopen(reading, "rb")
        return process

    def _worked(self, share: Share) -> tuple[T, list[str]]:
        result = self._work(share)
        return result, share.done

    def result(self, share: Share, process: int) -> tuple[T, list[str]]:
        """Wait for what a process has to say: the result, and the items done. Raises _Killed, and what the
        work raises."""
        with self._running[process] as stream:
            answer = stream.read()
        _, status = os.waitpid(process, 0)
        del self._running[process]
        if os.WIFSIGNALED(status):
            raise _Killed
        if status or not answer:
            return self._worked(Share([share.items], 1))  # what it raised is raised here
        found: tuple[T, list[str]] = _Reader(answer, self._project).load()
        return found

    def in_halves(self, items: Sequence[str], results: list[T]) -> list[str]:
        """Do items again, one part after the other since memory may be short; the items that kill."""
        lost: list[str] = []
        todo = [items]
        while todo:
            whole = todo.pop()
            middle = len(whole) // 2
            if not middle:
                lost += whole
                continue
            for part in (whole[:middle], whole[middle:]):
                share = Share([part], 1)
                try:
                    results.append(self.result(share, self.start(share))[0])
                except _Killed:
                    todo.append(part)
        return lost

    def end(self) -> None:
        """Kill what still runs."""
        for process, stream in self._running.items():
            stream.close()
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(process, 9)
                os.waitpid(process, 0)
        self._running.clear()


def _fork(task: Callable[[], object]) -> tuple[int, int]:
    """A process that does a task: its id, and where its answer can be read."""
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
        found = self._project.document(path)
        if found is None:
            raise pickle.UnpicklingError(f"no document {path!r}")
        return found
