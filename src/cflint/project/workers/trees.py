"""The syntax trees of a project's modules, as many as memory allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from cflint.project.modules.queries import Memo
from cflint.project.workers.sources import Sources
from cflint.scope import ModuleScope
from cflint.source import Document
from cflint.syntax.javascript import ParseTimeout, Syntax, parse
from cflint.syntax.suffixes import MODULE_SUFFIXES

T = TypeVar("T")

KEPT_BYTES = 1_200_000
"""Trees are kept for at most this much source."""

Tree = tuple[Syntax, ModuleScope]


class Trees:
    """Trees and names of modules of JavaScript, kept until `release` or until there are too many: a tree
    weighs twenty times its source.

    `read` makes a tree of a document; None when that takes too long.
    """

    def __init__(self, memo: Memo, sources: Sources) -> None:
        self.memo = memo
        self.read: Callable[[Document], Tree | None] = _read
        self._sources = sources
        self._kept: dict[str, Tree] = {}
        self._kept_bytes = 0
        self._held: dict[str, object] = {}

    def of(self, path: str) -> Tree | None:
        """The tree and names of a module; None when it cannot be read or parsed, or is no JavaScript."""
        if self.memo.ledger is not None:
            self.memo.ledger.text(path)
        found = self._kept.get(path)
        if found is not None:
            return found
        document = self._sources.place(path)
        if document is None or not document.path.endswith(MODULE_SUFFIXES):
            return None
        found = self.read(document)
        if found is None:
            return None
        self._kept_bytes += len(document.data)
        while self._kept and self._kept_bytes > KEPT_BYTES:
            self.release(next(iter(self._kept)))
        self._kept[path] = found
        return found

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

    def release(self, path: str) -> None:
        """Forget a module's tree, and what is held of it: nothing but its facts will be asked for."""
        self._held.pop(path, None)
        found = self._kept.pop(path, None)
        if found is not None:
            self._kept_bytes -= len(found[0].document.data)


def _read(document: Document) -> Tree | None:
    try:
        syntax = parse(document)
    except ParseTimeout:
        return None
    return syntax, ModuleScope(syntax)
