"""Tasks in forked processes. What comes back is plain data; documents travel as their paths."""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar

from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.model import Project

T = TypeVar("T")


def run_in_processes(
    work: Callable[[Sequence[str]], T],
    chunks: Sequence[Sequence[str]],
    here: Callable[[], T],
    project: Project,
) -> tuple[list[T], list[str]]:
    """Do `work` on each chunk in a forked process of its own, and `here` in this one meanwhile; the results,
    that of `here` last, and the items of chunks that could not be done.

    When a process is killed, its chunk is done again in halves, until it is known which item does that. No
    process outlives the call, whatever ends it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    processes = _Processes(work, project)
    try:
        started = [(chunk, processes.start(chunk)) for chunk in chunks]
        last = here()
        results: list[T] = []
        lost: list[str] = []
        for chunk, process in started:
            try:
                results.append(processes.result(chunk, process))
            except _Killed:
                lost += processes.in_halves(chunk, results)
        return [*results, last], lost
    finally:
        processes.end()


class _Killed(Exception):
    """A process was ended by a signal: there was no memory, the parser crashed, somebody killed it."""


class _Processes(Generic[T]):
    def __init__(self, work: Callable[[Sequence[str]], T], project: Project) -> None:
        self._work = work
        self._project = project
        self._running: dict[int, BinaryIO] = {}

    def start(self, chunk: Sequence[str]) -> int:
        """Start a process; its id."""
        process, reading = _fork(lambda: self._work(chunk))
        self._running[process] = os.fdopen(reading, "rb")
        return process

    def result(self, chunk: Sequence[str], process: int) -> T:
        """Wait for what a process has to say. Raises _Killed, and what the work raises."""
        with self._running[process] as stream:
            answer = stream.read()
        _, status = os.waitpid(process, 0)
        del self._running[process]
        if os.WIFSIGNALED(status):
            raise _Killed
        if status or not answer:
            return self._work(chunk)  # what it raised is raised here
        found: T = _Reader(answer, self._project).load()
        return found

    def in_halves(self, chunk: Sequence[str], results: list[T]) -> list[str]:
        """Do a chunk again, one part after the other since memory may be short; the items that kill."""
        lost: list[str] = []
        todo = [chunk]
        while todo:
            whole = todo.pop()
            middle = len(whole) // 2
            if not middle:
                lost += whole
                continue
            for part in (whole[:middle], whole[middle:]):
                try:
                    results.append(self.result(part, self.start(part)))
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
