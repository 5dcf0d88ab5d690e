"""The syntax trees of a project's modules, as many as memory allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar
from weakref import WeakSet

from cflint.project.modules.queries import Memo
from cflint.project.workers.sources import Sources
from cflint.scope import ModuleScope
from cflint.source import Document
from cflint.syntax.javascript import ParseTimeout, Syntax, parse
from cflint.syntax.suffixes import MODULE_SUFFIXES


class _View(Protocol):
    def close(self) -> None: ...


T = TypeVar("T")
V = TypeVar("V", bound=_View)

KEPT_BYTES = 2_200_000
"""Trees are kept for at most this much source. Large projects have modules of half a megabyte that everything
else asks for: with two thirds of this a third of their code was parsed again."""

ASIDE_BYTES = 400_000
"""So much of it may be of modules that are done with: few of these are asked for again."""

LARGE_BYTES = 250_000
"""Modules of so much source are asked for again and again, and take as long to parse as a hundred others:
they go last, as long as half of the room is left to the others."""

Tree = tuple[Syntax, ModuleScope]


class Trees:
    """Trees and names of modules of JavaScript, kept until `release` or until there are too many: a tree
    weighs twenty times its source.

    `read` makes a tree of a document; None when that takes too long. What a module is done with is put
    `aside`: others may still ask for it, and it is the first to go.
    """

    def __init__(self, memo: Memo, sources: Sources) -> None:
        self.memo = memo
        self.read: Callable[[Document], Tree | None] = _read
        self._sources = sources
        self._kept: dict[str, Tree] = {}
        self._aside: dict[str, Syntax] = {}
        self._bytes = 0  # of what is kept or aside
        self._aside_bytes = 0  # without large ones
        self._large: dict[str, int] = {}  # those that go last, with their bytes
        self._held: dict[str, object] = {}
        self._views: WeakSet[_View] = WeakSet()

    def of(self, path: str) -> Tree | None:
        """The tree and names of a module; None when it cannot be read or parsed, or is no JavaScript."""
        if self.memo.ledger is not None:
            self.memo.ledger.text(path)
        found = self._kept.pop(path, None)
        if found is not None:
            self._kept[path] = found  # what was asked for last is the last to go
            return found
        syntax = self._taken_back(path)
        if syntax is not None:
            self._kept[path] = found = syntax, ModuleScope(syntax)
            return found
        document = self._sources.place(path)
        if document is None or not document.path.endswith(MODULE_SUFFIXES):
            return None
        found = self.read(document)
        if found is None:
            return None
        self._bytes += len(document.data)
        if len(document.data) >= LARGE_BYTES:
            self._put_last(path, len(document.data))
        while self._bytes > KEPT_BYTES and (self._aside or self._kept):
            self.release(self._first_to_go())
        self._kept[path] = found
        return found

    def _put_last(self, path: str, size: int) -> None:
        """Have a large module go last; where they take more than half of the room together, the smallest of
        them goes as all others do."""
        large = self._large
        large[path] = size
        while sum(large.values()) > KEPT_BYTES // 2:
            path = min(large, key=large.__getitem__)
            size = large.pop(path)
            if path in self._aside:
                self._aside_bytes += size

    def _first_to_go(self) -> str:
        small = (path for held in (self._aside, self._kept) for path in held if path not in self._large)
        return next(small, None) or next(iter(self._aside or self._kept))

    @property
    def kept(self) -> Iterable[str]:
        """The modules whose trees are at hand, the one that will be forgotten first in front."""
        return self._kept.keys()

    def held(self, path: str, kind: type[T], make: Callable[[], T]) -> T:
        """What stands for a module of another language until `release`: one object for a path, made once."""
        found = self._held.get(path)
        if not isinstance(found, kind):
            found = self._held[path] = make()
        return found

    def view(self, view: V) -> V:
        """Remember what looks at a tree until `close_views`: it may hold itself, and the tree with it."""
        self._views.add(view)
        return view

    def close_views(self) -> None:
        """Close what looks at trees, which nobody uses any more."""
        if not self._views:
            return  # as after most rules of the model
        views, self._views = self._views, WeakSet()
        for view in views:
            view.close()

    def release(self, path: str) -> None:
        """Forget a module's tree, and what is held of it: nothing but its facts will be asked for."""
        self._held.pop(path, None)
        found = self._kept.pop(path, None)
        syntax = found[0] if found is not None else self._taken_back(path)
        if syntax is not None:
            self._bytes -= len(syntax.document.data)
        self._large.pop(path, None)

    def _taken_back(self, path: str) -> Syntax | None:
        """The tree of a module that is aside, no more there."""
        syntax = self._aside.pop(path, None)
        if syntax is not None and path not in self._large:
            self._aside_bytes -= len(syntax.document.data)
        return syntax

    def put_aside(self, path: str) -> None:
        """Forget what is held of a module, but its tree only when there is no room for it."""
        self._held.pop(path, None)
        found = self._kept.pop(path, None)
        if found is not None:
            self._aside[path] = found[0].bare
            if path not in self._large:
                self._aside_bytes += len(found[0].document.data)
            while self._aside_bytes > ASIDE_BYTES:
                self.release(self._first_to_go())

    def clear_aside(self) -> None:
        """Forget the trees that are aside."""
        for path in tuple(self._aside):
            self.release(path)


def _read(document: Document) -> Tree | None:
    try:
        syntax = parse(document)
    except ParseTimeout:
        return None
    return syntax, ModuleScope(syntax)
