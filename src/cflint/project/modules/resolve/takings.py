"""Of which modules a value is taken: an import takes what it names, `export … from` what is taken of its own
module. Of all others nothing runs but their top level, and bundlers leave the rest out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from cflint.project.modules.imports import Import, ImportKind

_MOST_STARS = 200
"""How many `export *` of one module are followed by name: all is taken of those behind more."""


class _Barrel:
    """What a module hands on: by name where the names stand there, and by `export *`."""

    def __init__(self, edges: Iterable[tuple[str, Import]]) -> None:
        self.imports: list[tuple[str, frozenset[str] | None]] = []
        self.named: dict[str, list[tuple[str, str]]] = {}
        self.stars: dict[str, None] = {}
        self.handing: dict[str, None] = {}
        for path, item in edges:
            if item.kind is not ImportKind.REEXPORT:
                self.imports.append((path, item.taken))
                continue
            names = item.names
            self.handing[path] = None
            if names is None:
                self.stars[path] = None
            for there, here in names or ():
                self.named.setdefault(here, []).append((path, there))


class Takings:
    """Finds the modules of which something is taken. `edges_of` gives the imports of a module of values, each
    with the module that it leads to; `has_word` tells whether a word stands in a module's text."""

    def __init__(
        self,
        edges_of: Callable[[str], Iterable[tuple[str, Import]]],
        has_word: Callable[[str, str], bool],
    ) -> None:
        self._edges_of = edges_of
        self._has_word = has_word
        self._barrels: dict[str, _Barrel] = {}
        self._visited: set[str] = set()
        self._taken: dict[str, set[str] | None] = {}  # None: all that it exports
        self._new: dict[str, set[str] | None] = {}  # of what is taken, what has not been handed on yet

    def of(self, starts: Iterable[str]) -> frozenset[str]:
        """The modules of which something is taken where all of `starts` is, these among them."""
        for start in starts:
            self._take(start, None)
        while self._new:
            path = next(iter(self._new))
            names = self._new.pop(path)
            barrel = self._barrel(path)
            if path not in self._visited:
                self._visited.add(path)
                for other, wanted in barrel.imports:
                    self._take(other, wanted)
            self._hand_on(barrel, names)
        return frozenset(self._taken)

    def _barrel(self, path: str) -> _Barrel:
        found = self._barrels.get(path)
        if found is None:
            found = self._barrels[path] = _Barrel(self._edges_of(path))
        return found

    def _take(self, path: str, names: AbstractSet[str] | None) -> None:
        """Note what is taken of a module, and go on with what of it is new."""
        is_new = path not in self._taken
        before = self._taken.setdefault(path, set())
        if before is None:
            return
        if names is None:
            self._taken[path] = self._new[path] = None
        elif is_new or not names <= before:
            found = self._new.setdefault(path, set())
            assert found is not None  # else all was taken before
            found |= names - before
            before |= names

    def _hand_on(self, barrel: _Barrel, names: AbstractSet[str] | None) -> None:
        if names is None or "*" in names or len(barrel.stars) > _MOST_STARS:
            for path in barrel.handing:
                self._take(path, None)
            return
        for name in names:
            for path, there in barrel.named.get(name, ()):
                self._take(path, None if there == "*" else frozenset({there}))
        for path in barrel.stars:
            passed = self._exported(path, names)
            if passed:
                self._take(path, passed)

    def _exported(self, path: str, names: AbstractSet[str]) -> AbstractSet[str]:
        """Those of the names that a module may have for others: they stand there, or it hands on all that
        another one has."""
        if self._barrel(path).stars:
            return names
        return {name for name in names if self._has_word(path, name)}
