"""The one thread that analyses: long work in turn, short questions between the steps of the long work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """A thread of its own for all that touches a session, so that nothing else has to be guarded."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "cflint")
        self._questions: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Callable[[], Any]]]
        self._questions = SimpleQueue()
        self._ended = Event()

    async def run(self, task: Callable[[], T]) -> T:
        """Do long work when it is its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, task)

    async def ask(self, question: Callable[[], T]) -> T:
        """Answer a short question, if need be between two steps of the work under way."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._questions.put((loop, answer, question))
        self._thread.submit(self.breathe)
        return await answer

    def breathe(self) -> bool:
        """Called on the thread between two steps: answer what was asked meanwhile. True: it is all over."""
        while not self._ended.is_set():
            try:
                loop, answer, question = self._questions.get_nowait()
            except Empty:
                return False
            if answer.cancelled():
                continue
            try:
                value = question()
            except BaseException as error:  # it is the asker's
                loop.call_soon_threadsafe(_settle, answer, None, error)
            else:
                loop.call_soon_threadsafe(_settle, answer, value, None)
        return True

    def end(self) -> None:
        """Begin nothing new; the work under way ends with its step."""
        self._ended.set()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _settle(answer: asyncio.Future[Any], value: object, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(value)
