"""Tasks in forked processes. What comes back is plain data; documents travel as their paths."""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.model import Project

T = TypeVar("T")


def run_in_processes(tasks: Sequence[Callable[[], T]], project: Project) -> list[T]:
    """Run the tasks, all but the last in a forked process each, the last one here; results in order.

    A task whose process dies is run again here, so that nothing is lost but time.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    children = [_fork(task) for task in tasks[:-1]]
    try:
        last = tasks[-1]()
    except BaseException:
        for pid, reading in children:
            os.close(reading)
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        raise
    results: list[T] = []
    for task, (pid, reading) in zip(tasks[:-1], children, strict=True):
        with os.fdopen(reading, "rb") as stream:
            answer = stream.read()
        _, status = os.waitpid(pid, 0)
        if status == 0 and answer:
            results.append(_Reader(answer, project).load())
        else:
            results.append(task())
    return [*results, last]


def _fork(task: Callable[[], Any]) -> tuple[int, int]:
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
