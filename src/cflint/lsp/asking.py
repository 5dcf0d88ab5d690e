"""A request that is answered from one state of the model, in small steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from lsprotocol import types

from cflint.lsp.analysis import Analysis
from cflint.lsp.protocol import ContentModified
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.project.workers.loaded import Loaded
from cflint.source import Document

_SLICE = 0.02
"""Seconds of work after which other calls, and whoever cancels the request, get their turn."""

T = TypeVar("T")


class Asking:
    """A document of a root, and what was loaded when the request came; ContentModified once that is gone."""

    def __init__(self, state: State, root: Root, path: str, source: Document, loaded: Loaded) -> None:
        self.root = root
        self.path = path
        self.source = source
        self.loaded = loaded
        self._state = state

    @classmethod
    async def of(cls, state: State, analysis: Analysis, uri: str) -> Asking | None:
        """About a document as it is now; None when it belongs to nothing."""
        found = await analysis.present(uri)
        source = state.source(*found, uri) if found is not None else None
        if found is None or source is None:
            return None
        root, path = found
        loaded = await state.worker.call(lambda: root.session.loaded)
        return cls(state, root, path, source, loaded) if loaded is not None else None

    def offset(self, position: types.Position) -> int:
        """The byte offset of a position in the document."""
        return self._state.offset(self.source, position)

    async def ask(self, question: Callable[[], T]) -> T:
        """The answer to something short that reads the model, on the worker's thread."""

        def answer() -> T:
            if self.root.session.loaded is not self.loaded:
                raise ContentModified()
            return question()

        return await self._state.worker.call(answer)

    async def each(self, paths: Sequence[str], look: Callable[[str], object]) -> None:
        """Do something for each of some files, a few at a time."""
        at = 0

        def some() -> int:
            end = time.monotonic() + _SLICE
            done = at
            while done < len(paths) and time.monotonic() < end:
                look(paths[done])
                done += 1
            return done

        while at < len(paths):
            at = await self.ask(some)

    async def learn(self, paths: Sequence[str], names: Collection[str] = ()) -> None:
        """Look for mentions of bindings in some files, so that whatever asks for them afterwards is quick."""
        await self.each(paths, lambda path: self.root.names.learn(self.loaded, path, names))
