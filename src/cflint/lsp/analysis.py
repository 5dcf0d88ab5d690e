"""When which root is analysed, and who waits for it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cflint.engine.preview import Preview
from cflint.engine.session import Progress
from cflint.lsp.roots import Root
from cflint.lsp.state import State

DEBOUNCE = 0.01
"""Seconds without a further change before an analysis begins; one under way ends when there is a change."""

PATIENCE = 0.3
"""Seconds after which it begins all the same."""

QUIET = 0.5
"""Seconds that analysing everything may take without the client being shown how far it is."""

_HANDOVER = 0.05
"""Seconds at most that an analysis pauses so that what it has found already can be sent."""

_log = logging.getLogger("cflint.lsp")
T = TypeVar("T")

ReportSink = Callable[[State, Root, dict[str, int], Progress, list[str]], None]
"""Takes a report of a root: the versions of the open documents that it is about, and the paths of settled
files whose findings may have changed."""

PreviewSink = Callable[[State, Root, str, Preview], None]
"""Takes a preview of an open document, by URI."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request of the client about a document as it is now."""

    root: Root
    path: str
    done: asyncio.Future[None]
    takes_preview: bool

    @property
    def is_served(self) -> bool:
        """Whether what it waits for is there."""
        preview = self.root.previewed(self.path) if self.takes_preview else None
        return preview is not None or self.root.is_current(self.path)


class Analysis:
    """Keeps the reports of all roots current. Its state belongs to the event loop's thread."""

    def __init__(self, state: State, on_report: ReportSink, on_preview: PreviewSink) -> None:
        self._state = state
        self._on_report = on_report
        self._on_preview = on_preview
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._waiting: list[_Waiting] = []
        self._shown_progress: dict[int, asyncio.Task[None]] = {}
        self._shown_failures: set[str] = set()

    def schedule(self, root: Root) -> None:
        """Something changed: stop what analyses the past, and analyse the present soon."""
        if self._state.is_shut_down:
            return
        root.generation += 1
        root.stop.set()
        task = self._tasks.get(id(root))
        if task is None or task.done():
            task = asyncio.get_running_loop().create_task(self._keep_current(root))
            self._tasks[id(root)] = task
        shows_progress = self._state.client.shows_progress
        if shows_progress and not root.is_settled and id(root) not in self._shown_progress:
            shown = asyncio.get_running_loop().create_task(self._show_progress(root))
            self._shown_progress[id(root)] = shown
            shown.add_done_callback(lambda _: self._shown_progress.pop(id(root), None))

    def refresh(self, root: Root) -> None:
        """The disk changed: analyse all of a root again."""
        root.wants_refresh = True
        root.is_settled = False
        self.schedule(root)

    def _is_gone(self, root: Root) -> bool:
        return root not in self._state.roots or self._state.is_shut_down

    async def _show_progress(self, root: Root) -> None:
        """Show how far it is until a root has a whole report, when that takes long."""

        def is_over() -> bool:
            return root.is_settled or self._is_gone(root)

        await asyncio.sleep(QUIET)
        if is_over():
            return
        progress = self._state.server.work_done_progress
        token = f"cflint-{id(root)}-{root.generation}"
        try:
            await progress.create_async(token)
        except JsonRpcException as error:
            _log.warning("the client shows no progress: %s", error)
            return
        progress.begin(token, types.WorkDoneProgressBegin("cflint", message="reading", percentage=0))
        shown = (0, 0)
        while not is_over():
            if root.counted != shown and root.counted[1]:
                shown = done, total = root.counted
                message = f"{done} of {total} modules"
                progress.report(
                    token, types.WorkDoneProgressReport(message=message, percentage=done * 100 // total)
                )
            await asyncio.sleep(0.1)
        progress.end(token, types.WorkDoneProgressEnd())

    async def _keep_current(self, root: Root) -> None:
        state = self._state
        loop = asyncio.get_running_loop()
        while root.reported != root.generation and not self._is_gone(root):
            latest = loop.time() + PATIENCE
            generation = -1
            while generation != root.generation and loop.time() < latest:
                generation = root.generation
                await asyncio.sleep(DEBOUNCE)
            generation = root.generation
            root.stop.clear()
            pending, root.pending = root.pending, {}
            refresh, root.wants_refresh = root.wants_refresh, False
            first = frozenset(path for _, path in state.open_in(root))
            versions = state.versions()

            def emit(
                progress: Progress, generation: int = generation, versions: dict[str, int] = versions
            ) -> None:
                loop.call_soon_threadsafe(self._deliver, root, generation, versions, progress)

            def show(
                preview: Preview, generation: int = generation, versions: dict[str, int] = versions
            ) -> None:
                shown = Event()
                loop.call_soon_threadsafe(self._show, root, generation, versions, preview, shown)
                shown.wait(_HANDOVER)

            def work(
                pending: dict[str, bytes | None] = pending,
                refresh: bool = refresh,
                first: frozenset[str] = first,
                emit: Callable[[Progress], None] = emit,
                show: Callable[[Preview], None] = show,
            ) -> bool:
                root.apply(pending, refresh=refresh)
                return root.analyse(first, state.worker.serve_calls, emit, show)

            try:
                await state.worker.run(work)
            except Exception:
                if state.is_shut_down:
                    return
                self._fail(root, generation)

    def _fail(self, root: Root, generation: int) -> None:
        """An analysis raised: nobody is left to wait, and the user sees a message, once for each error."""
        _log.exception("the analysis of %s failed", root.target)
        root.reported = max(root.reported, generation)
        root.is_settled = True
        error = sys.exc_info()[1]
        message = f"cflint: the analysis of {root.target.name} failed ({type(error).__name__}: {error})"
        if message not in self._shown_failures:
            self._shown_failures.add(message)
            self._state.show_message(types.MessageType.Error, f"{message}; its log says where")
        self.release_waiting(root, is_all=True)

    def _deliver(self, root: Root, generation: int, versions: dict[str, int], progress: Progress) -> None:
        """A report has come; one about the past is dropped."""
        if generation != root.generation or root not in self._state.roots:
            return
        root.reported = generation
        paths = root.accept(progress)
        self._on_report(self._state, root, versions, progress, paths)
        self.release_waiting(root)

    def _show(
        self, root: Root, generation: int, versions: dict[str, int], preview: Preview, shown: Event
    ) -> None:
        """A preview has come: it is shown, or goes to the requests that wait for it."""
        state = self._state
        uri = state.uri_of(root)(preview.path)
        version = versions.get(uri)
        is_present = generation == root.generation and root in state.roots and state.version(uri) == version
        if is_present and version is not None and state.owns(root, uri):
            root.preview, root.preview_of = preview, generation
            if state.client.pulls:
                self.release_waiting(root)
            else:
                self._on_preview(state, root, uri, preview)
        shown.set()

    # -- waiting for the present ---------------------------------------------------------------------------

    async def present(self, uri: str, *, takes_preview: bool = False) -> tuple[Root, str] | None:
        """The root of a document, and its path, once there is a report on the present that has all of the
        document, or a preview of it, if that will do."""
        found = self._state.root_of(uri)
        if found is None:
            return None
        root, path = found
        waiting = _Waiting(root, path, asyncio.get_running_loop().create_future(), takes_preview)
        if not waiting.is_served:
            if root.generation == 0:
                self.schedule(root)
            task = self._tasks.get(id(root))
            if task is not None and not task.done():
                self._waiting.append(waiting)
                await waiting.done
        return found

    def release_waiting(self, root: Root, *, is_all: bool = False) -> None:
        """Go on with what waited for a root, if it is current now, or, with `is_all`, though it is not."""
        left: list[_Waiting] = []
        for waiting in self._waiting:
            if waiting.done.done():
                continue
            is_due = waiting.root is root and (is_all or waiting.is_served)
            if is_due or self._is_gone(waiting.root):
                waiting.done.set_result(None)
            else:
                left.append(waiting)
        self._waiting = left

    async def settled(self, root: Root) -> None:
        """Wait until a root has a whole report on the present."""
        if root.generation == 0:
            self.schedule(root)
        while not self._is_gone(root):
            task = self._tasks.get(id(root))
            if task is None or task.done():
                return
            await asyncio.wait({task})

    async def query(self, function: Callable[[], T]) -> T | None:
        """Call something short that reads the model, on the worker's thread; what it raises is logged, and
        the result is None."""
        try:
            return await self._state.worker.call(function)
        except Exception:
            _log.exception("a request failed")
            return None
