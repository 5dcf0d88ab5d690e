"""The one thread that analyses: long work in turn, short calls between the steps of the long work."""

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
        self._calls: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Callable[[], Any]]]
        self._calls = SimpleQueue()
        self._ended = Event()

    async def run(self, task: Callable[[], T]) -> T:
        """Do long work when it is its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, task)

    async def call(self, function: Callable[[], T]) -> T:
        """Call something short, if need be between two steps of the work under way."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._calls.put((loop, result, function))
        self._thread.submit(self.serve_calls)
        return await result

    def serve_calls(self) -> bool:
        """On the thread, between two steps: make the calls that have come. True: the server has ended."""
        while not self._ended.is_set():
            try:
                loop, result, function = self._calls.get_nowait()
            except Empty:
                return False
            if result.cancelled():
                continue
            try:
                value = function()
            except BaseException as error:  # it belongs to the caller
                loop.call_soon_threadsafe(_settle, result, None, error)
            else:
                loop.call_soon_threadsafe(_settle, result, value, None)
        return True

    def end(self) -> None:
        """Begin nothing new; the work under way ends with its step."""
        self._ended.set()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _settle(result: asyncio.Future[Any], value: object, error: BaseException | None) -> None:
    if result.done():
        return
    if error is not None:
        result.set_exception(error)
    else:
        result.set_result(value)
